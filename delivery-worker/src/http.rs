//! The worker's own port: `/metrics`, `/-/liveness`, `/-/readiness`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::json;
use shared::foundation::Foundation;
use shared::healthcheck::{self, READINESS_PATH};
use shared::metrics::CONTENT_TYPE;
use shared::snapshot;
use tokio::runtime::Handle;

use crate::metrics::Metrics;

#[derive(Clone)]
struct State {
    foundation: Foundation,
    metrics: Metrics,
    consuming: Arc<AtomicBool>,
    runtime: Handle,
}

/// How long the database may take to answer.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(1);

/// Binds the port; the server answers once it is polled. `consuming` becomes true when the worker
/// takes events.
pub(crate) fn server(
    foundation: &Foundation,
    metrics: &Metrics,
    consuming: &Arc<AtomicBool>,
) -> std::io::Result<(Server, std::net::SocketAddr)> {
    let state = State {
        foundation: foundation.clone(),
        metrics: metrics.clone(),
        consuming: consuming.clone(),
        runtime: Handle::current(),
    };
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(state.clone()))
            .route("/metrics", web::get().to(serve_metrics))
            .route("/-/liveness", web::get().to(liveness))
            .route(READINESS_PATH, web::get().to(readiness))
            .default_service(web::to(not_found))
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(2)
    .bind(foundation.config.worker.bind)?;
    let address = server.addrs()[0];
    Ok((server.run(), address))
}

async fn serve_metrics(state: web::Data<State>) -> HttpResponse {
    let connected = state.foundation.queue.is_connected();
    match state.metrics.service.text(connected) {
        Ok(text) => HttpResponse::Ok().content_type(CONTENT_TYPE).body(text),
        Err(error) => {
            tracing::error!(error = %error, "metrics cannot be rendered");
            HttpResponse::InternalServerError()
                .json(json!({"errors": [{"message": "Internal server error"}]}))
        }
    }
}

async fn liveness() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// Ready means that events are consumed. A worker goes on without its database, so that it is away
/// is told but makes nobody unready.
async fn readiness(state: web::Data<State>) -> HttpResponse {
    let queue = state.foundation.queue.is_connected();
    let consuming = state.consuming.load(Ordering::Relaxed);
    let foundation = state.foundation.clone();
    // On the runtime of the worker: the thread that serves this has one of its own, and connections
    // to the database must not end with it.
    let read = state.runtime.spawn(async move {
        let read = snapshot::current_version(&foundation.database);
        matches!(
            tokio::time::timeout(DATABASE_TIMEOUT, read).await,
            Ok(Ok(_))
        )
    });
    let database = read.await.unwrap_or(false);
    let ready = queue && consuming;
    let mut response = if ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    let mut report = healthcheck::report(ready, &[("queue", queue), ("database", database)]);
    report["consuming"] = consuming.into();
    response.json(report)
}

async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().json(json!({"errors": [{"message": "There is nothing at this path"}]}))
}
