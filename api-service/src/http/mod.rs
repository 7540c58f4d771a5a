//! The service's routes, and what they share: the state, the caller, the body, the form of an error.

mod asset;
mod body;
mod console;
mod credentials;
mod deliveries;
mod error;
mod explorer;
mod graphql;
mod health;
mod ingest;
mod metrics;
mod request_rate;
mod trace;
mod traceparent;

use std::future::ready;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{HttpRequest, web};
use shared::healthcheck::READINESS_PATH;
use shared::secrets::token_digest;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::auth::Caller;
use crate::auth::token::{Refused, TokenCache};
use crate::deliveries::Places;
use crate::graphql::Schema;
use error::HttpError;
use request_rate::Client;
pub(crate) use request_rate::RequestRate;

/// What the routes work with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) app: App,
    pub(crate) tokens: Arc<TokenCache>,
    pub(crate) schema: Schema,
    pub(crate) request_rate: Arc<RequestRate>,
    /// For those who watch deliveries.
    pub(crate) places: Places,
    /// Cancelled before the server is to stop: what is watched has no end of its own.
    pub(crate) stop_streams: CancellationToken,
    /// Where the work is done. Each thread of the server has a runtime of its own that ends with the
    /// server; a database connection opened there would die with it.
    pub(crate) runtime: Handle,
}

impl State {
    /// Does something to its end, even when the client goes away meanwhile: a change is not to be
    /// left between its commit and its announcement.
    async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, HttpError> {
        self.runtime.spawn(work).await.map_err(|error| {
            tracing::error!(error = %error, "a request failed");
            HttpError::internal()
        })
    }

    /// As [`Self::run`], with an answer in time.
    async fn run_within<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, HttpError> {
        // The task is detached, not ended, when nobody waits for it any longer.
        let answered = tokio::time::timeout(limit, self.run(work)).await;
        answered.unwrap_or_else(|_elapsed| {
            tracing::warn!(limit = ?limit, "a request takes too long, it goes on unanswered");
            Err(HttpError::timeout(limit))
        })
    }

    /// Who is calling, and whom the request is counted for. Nobody, when the request has no token;
    /// an error, when it has one that is not taken.
    async fn caller(&self, request: &HttpRequest) -> Result<(Caller, Client), HttpError> {
        let address = ip_address(request);
        let Some(token) = credentials::token(request.headers(), request.query_string()) else {
            return Ok((Caller::anonymous(), Client::at(address)));
        };
        let digest = token_digest(&token);
        let client = Client::Token(digest.clone());
        let tokens = self.tokens.clone();
        match self.run(async move { tokens.user(&digest).await }).await? {
            Ok(user) => {
                let caller = Caller::signed_in(user).from_address(address.to_string());
                Ok((caller, client))
            }
            Err(Refused::Invalid) => Err(HttpError::unauthorized("Invalid token")),
            Err(Refused::Unavailable) => Err(HttpError::unavailable(
                "The token cannot be checked at the moment, try again later",
            )),
        }
    }
}

/// All routes.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    let only = |method: &'static str| web::to(move || ready(HttpError::only(method)));
    config
        .service(
            web::resource("/api/graphql")
                .route(web::post().to(graphql::post))
                .default_service(only("POST")),
        )
        .service(
            web::resource("/api/v1/audit_events")
                .route(web::post().to(ingest::post))
                .default_service(only("POST")),
        )
        .service(
            web::resource("/")
                .route(web::get().to(console::page))
                .default_service(only("GET")),
        )
        .service(
            web::resource("/-/console/{part}")
                .route(web::get().to(console::part))
                .default_service(only("GET")),
        )
        .service(
            web::resource("/api/v1/deliveries")
                .route(web::get().to(deliveries::get))
                .default_service(only("GET")),
        )
        .service(
            web::resource("/metrics")
                .route(web::get().to(metrics::get))
                .default_service(only("GET")),
        )
        .service(
            web::resource("/-/liveness")
                .route(web::get().to(health::liveness))
                .default_service(only("GET")),
        )
        .service(
            web::resource(["/-/graphql-explorer", "/-/graphql-explorer/"])
                .route(web::get().to(explorer::page))
                .default_service(only("GET")),
        )
        .service(
            web::resource("/-/graphql-explorer/{part}")
                .route(web::get().to(explorer::part))
                .default_service(only("GET")),
        )
        .service(
            web::resource(READINESS_PATH)
                .route(web::get().to(health::readiness))
                .default_service(only("GET")),
        )
        .default_service(web::to(async || HttpError::not_found()));
}

/// Counts and times every request by its route's pattern; what matches none is one label.
pub(crate) async fn measure(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let started = Instant::now();
    let state = request.app_data::<web::Data<State>>().cloned();
    let route = request.match_pattern();
    let mut span = state
        .as_ref()
        .map(|state| trace::begin(&state.app.foundation.traces, &request, route.as_deref()));
    let answered = next.call(request).await;
    let status = match &answered {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    if let Some(span) = &mut span {
        trace::answered(span, status);
    }
    if let Some(state) = state {
        let route = route.as_deref().unwrap_or("unmatched");
        state
            .app
            .metrics
            .answered(route, status.as_u16(), started.elapsed());
    }
    answered
}

/// Where the connection comes from, which is the proxy where there is one: what the headers of a
/// request say of it, everybody can write.
fn ip_address(request: &HttpRequest) -> IpAddr {
    let address = request.peer_addr().map(|address| address.ip());
    // There is always one: the service listens on TCP alone.
    address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| {
        address.to_canonical()
    })
}

/// A header as text; none, when it is missing or not visible ASCII.
fn text_header(request: &HttpRequest, name: header::HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}
