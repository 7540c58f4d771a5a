//! `GET /api/v1/deliveries`: what becomes of the deliveries to some destinations, as they are tried, as
//! server-sent events.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;
use shared::queue::Notice;
use shared::secrets::token_digest;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use url::form_urlencoded;

use super::error::HttpError;
use super::{State, credentials};
use crate::auth::{AccessTokenScope, Caller};
use crate::deliveries::{Watched, missed};
use crate::destinations::Failure;
use crate::graphql::destination_number;

/// Destinations that one request watches at most.
const MOST_DESTINATIONS: usize = 100;
/// Requests that watch at the same time at most.
const MOST_WATCHERS: usize = 100;
/// How often workers are told that somebody watches, and the client that the connection is alive.
const EVERY: Duration = Duration::from_secs(2);
/// For how long they take that word: some of them may be lost.
const WATCH_SECONDS: u64 = 6;
/// How often it is asked whether the client still may.
const CHECK: Duration = Duration::from_secs(10);
/// How long a client that does not read keeps its place.
const PATIENCE: Duration = Duration::from_secs(15);
/// Events that wait for a slow client before it misses some.
const WAITING: usize = 64;

/// Bounds the watchers, and ends them before the server stops.
#[derive(Clone)]
pub(crate) struct Watchers {
    slots: Arc<Semaphore>,
    /// Cancelled when the server is to stop.
    pub(crate) stop: CancellationToken,
}

impl Default for Watchers {
    fn default() -> Self {
        Self {
            slots: Arc::new(Semaphore::new(MOST_WATCHERS)),
            stop: CancellationToken::new(),
        }
    }
}

pub(super) async fn get(
    state: web::Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, HttpError> {
    let (caller, client) = state.caller(&request).await?;
    let rate = state.request_rate.count(client);
    rate.map_err(HttpError::rate_limited)?;
    let ids = destination_ids(request.query_string())?;
    let token = credentials::token(request.headers(), request.query_string())
        .ok_or_else(|| HttpError::unauthorized("Authentication required"))?;
    let watching = Watching {
        state: State::clone(&state),
        digest: token_digest(&token),
        ids,
    };
    let (watching, numbers) = state
        .run(async move {
            let numbers = watching.authorise(&caller).await;
            (watching, numbers)
        })
        .await?;
    let watched = Watched::new(numbers?);
    let slots = state.watchers.slots.clone();
    let slot = slots.try_acquire_owned().map_err(|_| {
        HttpError::unavailable(format!("There are {MOST_WATCHERS} watchers already"))
    })?;
    let (sender, receiver) = mpsc::channel(WAITING);
    state.runtime.spawn(async move {
        watching.run(watched, sender).await;
        drop(slot);
    });
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

/// A request that watches.
struct Watching {
    state: State,
    digest: String,
    ids: Vec<String>,
}

impl Watching {
    /// The ids by the numbers of their destinations, when the caller may administer all of them.
    async fn authorise(&self, caller: &Caller) -> Result<BTreeMap<i64, String>, HttpError> {
        caller
            .with_scope(AccessTokenScope::Api)
            .map_err(|missing| HttpError::new(StatusCode::FORBIDDEN, missing.to_string()))?;
        let mut numbers = BTreeMap::new();
        for id in &self.ids {
            match destination_number(&self.state.app, caller, id).await {
                Ok(Ok(number)) => {
                    numbers.insert(number, id.clone());
                }
                Err(not_an_id) => return Err(HttpError::bad_request(not_an_id)),
                Ok(Err(Failure::Internal(error))) => {
                    tracing::error!(error = %error, "a destination cannot be looked up");
                    return Err(HttpError::internal());
                }
                Ok(Err(_)) => {
                    let message = format!("There is no destination {id} that you may administer");
                    return Err(HttpError::new(StatusCode::NOT_FOUND, message));
                }
            }
        }
        Ok(numbers)
    }

    /// Whether the token is still valid, and its user may still do this.
    async fn may_go_on(&self) -> bool {
        let Ok(user) = self.state.tokens.user(&self.digest).await else {
            return false;
        };
        self.authorise(&Caller::signed_in(user)).await.is_ok()
    }

    /// Sends what is told until the client has gone, may no more, or the server stops.
    async fn run(self, mut watched: Watched, sender: mpsc::Sender<Bytes>) {
        let queue = &self.state.app.foundation.queue;
        let mut notices = queue.notices();
        let (mut alive, mut check) = (interval(EVERY), interval(CHECK));
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stop = &self.state.watchers.stop;
        loop {
            let text = tokio::select! {
                () = sender.closed() => return,
                () = stop.cancelled() => return,
                _ = check.tick() => {
                    if !self.may_go_on().await {
                        return;
                    }
                    continue;
                }
                _ = alive.tick() => {
                    queue.announce(Notice::WatchDeliveries { seconds: WATCH_SECONDS });
                    // A comment, by which the client knows that the connection is alive.
                    ":\n\n".to_owned()
                }
                notice = notices.recv() => match notice {
                    Ok(Notice::Deliveries(reports)) => watched.events(&reports),
                    Ok(_) => continue,
                    Err(RecvError::Lagged(_)) => missed(),
                    Err(RecvError::Closed) => return,
                },
            };
            if text.is_empty() {
                continue;
            }
            let sent = tokio::select! {
                () = stop.cancelled() => return,
                sent = sender.send_timeout(Bytes::from(text), PATIENCE) => sent,
            };
            // It has gone, or does not read: its place is for another.
            if sent.is_err() {
                return;
            }
        }
    }
}
