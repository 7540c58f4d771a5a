//! `GET /api/v1/deliveries`: what becomes of the deliveries to some destinations, as they are tried, as
//! server-sent events.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;
use shared::secrets::token_digest;
use tokio::sync::mpsc;
use url::form_urlencoded;

use super::error::HttpError;
use super::{State, credentials};
use crate::app::App;
use crate::auth::{AccessTokenScope, Caller};
use crate::deliveries::{Access, NoPlace, Stream, Subscription, Timing};
use crate::destinations::{AuthorisedDestination, Failure};
use crate::graphql::{self, NotAuthorised};

/// Destinations that one request watches at most.
const MOST_DESTINATIONS: usize = 100;
/// Pieces of the answer that wait for a slow client before it misses some.
const WAITING: usize = 64;

pub(super) async fn get(
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, HttpError> {
    let (caller, client) = state.caller(&request).await?;
    let rate = state.request_rate.count(client);
    rate.map_err(HttpError::rate_limited)?;
    let user = caller
        .with_scope(AccessTokenScope::Api)
        .map_err(|missing| HttpError::new(StatusCode::FORBIDDEN, missing.to_string()))?;
    let token = credentials::token(request.headers(), request.query_string());
    let (Some(user), Some(token)) = (user, token) else {
        return Err(HttpError::unauthorized("Authentication required"));
    };
    let user_id = user.id;
    let ids = destination_ids(request.query_string())?;
    let app = state.app.clone();
    let destinations = state
        .run(async move { authorise(&app, &caller, ids).await })
        .await??;
    let place = state.places.take(user_id).map_err(refusal)?;
    let access = Arc::new(Access::new(
        state.app.clone(),
        state.tokens.clone(),
        token_digest(&token),
        destinations.iter().map(|(_, one)| one.authorised()),
    ));
    let destinations: BTreeMap<i64, String> = destinations
        .into_iter()
        .map(|(id, one)| (one.id(), id))
        .collect();
    let stream = Stream {
        queue: state.app.foundation.queue.clone(),
        subscription: Subscription::new(destinations),
        stop: state.stop_streams.clone(),
        timing: Timing::default(),
    };
    let check = move || {
        let access = access.clone();
        async move { access.check().await }
    };
    let (sender, receiver) = mpsc::channel(WAITING);
    state.runtime.spawn(stream.run(place, check, sender));
    let body = stream::unfold(receiver, async |mut receiver| {
        let bytes: Bytes = receiver.recv().await?;
        Some((Ok::<_, actix_web::Error>(bytes), receiver))
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(Box::pin(body)))
}

/// The values of the parameter `destination_id`.
fn destination_ids(query: &str) -> Result<Vec<String>, HttpError> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let ids: Vec<String> = pairs
        .filter(|(name, _)| name == "destination_id")
        .map(|(_, id)| id.into_owned())
        .collect();
    match ids.len() {
        1..=MOST_DESTINATIONS => Ok(ids),
        _ => Err(HttpError::bad_request(format!(
            "The parameter destination_id must be there 1 to {MOST_DESTINATIONS} times"
        ))),
    }
}

/// The destinations with their ids, when the caller may administer all of them.
async fn authorise(
    app: &App,
    caller: &Caller,
    ids: Vec<String>,
) -> Result<Vec<(String, AuthorisedDestination)>, HttpError> {
    let mut destinations = Vec::new();
    for id in ids {
        match graphql::authorise_destination(app, caller, &id).await {
            Ok(destination) => destinations.push((id, destination)),
            Err(NotAuthorised::NotAnId(sentence)) => return Err(HttpError::bad_request(sentence)),
            Err(NotAuthorised::Failed(Failure::Internal(error))) => {
                tracing::error!(error = %error, "a destination cannot be looked up");
                return Err(HttpError::internal());
            }
            Err(NotAuthorised::Failed(_)) => {
                let message = format!("There is no destination {id} that you may administer");
                return Err(HttpError::new(StatusCode::NOT_FOUND, message));
            }
        }
    }
    Ok(destinations)
}

fn refusal(reason: NoPlace) -> HttpError {
    let status = match reason {
        NoPlace::ForUser => StatusCode::TOO_MANY_REQUESTS,
        NoPlace::ForAnybody => StatusCode::SERVICE_UNAVAILABLE,
    };
    HttpError::new(status, reason.to_string())
}
