//! `/metrics`.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use sea_orm::{EntityTrait as _, PaginatorTrait as _};
use shared::entities::outbox;

use super::State;
use super::error::HttpError;

/// How long the outbox may take to be counted.
const COUNT_TIMEOUT: Duration = Duration::from_secs(1);

pub(super) async fn get(state: web::Data<State>) -> Result<HttpResponse, HttpError> {
    let database = state.app.foundation.database.clone();
    let waiting = state
        .run(async move {
            let count = outbox::Entity::find().count(database.reader());
            tokio::time::timeout(COUNT_TIMEOUT, count).await
        })
        .await?;
    let waiting = waiting.ok().and_then(Result::ok);
    let metrics = &state.app.metrics;
    metrics.outbox_holds(waiting.and_then(|events| i64::try_from(events).ok()));
    let text = metrics.text().map_err(|error| {
        tracing::error!(error = %error, "the metrics cannot be written");
        HttpError::internal()
    })?;
    Ok(HttpResponse::Ok()
        .content_type(prometheus::TEXT_FORMAT)
        .body(text))
}
