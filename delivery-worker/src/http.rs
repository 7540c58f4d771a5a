//! The worker's own port: `/metrics`, `/-/liveness`, `/-/readiness`.

use actix_web::dev::Server;
use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::json;
use shared::foundation::Foundation;
use shared::snapshot;

use crate::metrics::Metrics;

#[derive(Clone)]
struct State {
    foundation: Foundation,
    metrics: Metrics,
}

/// Binds the port; the server answers once it is polled.
pub(crate) fn server(
    foundation: &Foundation,
    metrics: &Metrics,
) -> std::io::Result<(Server, std::net::SocketAddr)> {
    let state = State {
        foundation: foundation.clone(),
        metrics: metrics.clone(),
    };
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(state.clone()))
            .route("/metrics", web::get().to(serve_metrics))
            .route("/-/liveness", web::get().to(liveness))
            .route("/-/readiness", web::get().to(readiness))
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
    match state.metrics.render() {
        Ok(text) => HttpResponse::Ok()
            .content_type("text/plain; version=0.0.4; charset=utf-8")
            .body(text),
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
    let database = snapshot::current_version(&state.foundation.database)
        .await
        .is_ok();
    let word = |up| if up { "ok" } else { "unavailable" };
    let body = json!({"status": word(queue), "queue": word(queue), "database": word(database)});
    if queue {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().json(body)
    }
}

async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().json(json!({"errors": [{"message": "Not found"}]}))
}
