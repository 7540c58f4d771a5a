//! `/metrics`.

use actix_web::{HttpResponse, web};
use shared::metrics::CONTENT_TYPE;

use super::State;
use super::error::HttpError;

pub(super) async fn get(state: web::Data<State>) -> Result<HttpResponse, HttpError> {
    let app = &state.app;
    let connected = app.foundation.queue.is_connected();
    let text = app.metrics.service.text(connected).map_err(|error| {
        tracing::error!(error = %error, "the metrics cannot be written");
        HttpError::internal()
    })?;
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).body(text))
}
