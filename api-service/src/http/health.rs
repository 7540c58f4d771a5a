//! `/-/liveness` and `/-/readiness`.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use serde_json::json;
use shared::healthcheck;

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
    let mut response = if database {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    let parts = [("database", database), ("queue", queue)];
    Ok(response.json(healthcheck::report(database, &parts)))
}
