//! `/-/liveness` and `/-/readiness`.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::State;
use super::error::HttpError;

/// How long the database may take to answer.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(1);

/// The process runs and answers.
pub(super) async fn liveness() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// Whether requests can be served. The database decides alone: without the broker, events are
/// accepted into the outbox.
pub(super) async fn readiness(state: web::Data<State>) -> Result<HttpResponse, HttpError> {
    let foundation = state.app.foundation.clone();
    let queue = foundation.queue.is_connected();
    let database = state
        .run(async move {
            let ping = foundation.database.reader().ping();
            matches!(
                tokio::time::timeout(DATABASE_TIMEOUT, ping).await,
                Ok(Ok(()))
            )
        })
        .await?;
    let word = |up| if up { "up" } else { "down" };
    let (mut response, status) = if database {
        (HttpResponse::Ok(), "ready")
    } else {
        (HttpResponse::ServiceUnavailable(), "not ready")
    };
    Ok(response.json(json!({
        "status": status,
        "database": word(database),
        "queue": word(queue),
    })))
}
