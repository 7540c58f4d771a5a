//! The events that a destination never took, as objects.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};
use shared::clock::Timestamp;

use super::batches::Batches;
use super::connection::{Counted, CountedConnection, PageArguments};
use super::destination_list::{beside, root_field};
use super::gid::{DeadLetterResource, Resource as _};
use super::limits::EVENT_BYTES;
use super::time::time;
use super::{app, errors};
use crate::destinations::{
    self, DeadLetter, MOST_BODIES, MOST_DESTINATIONS, dead_letter_bodies, dead_letter_counts,
};
use crate::domain::Destination;
use crate::domain::page::{Numbered, Page, PageRequest};

/// What was read for one request so far.
#[derive(Default)]
pub(super) struct DeadLettersOfRequest {
    pages: Batches<PageRequest, Arc<Page<Arc<DeadLetter>>>>,
    counts: Batches<(), i64>,
    bodies: Batches<(), Arc<str>>,
    /// By the root fields that show them.
    shown: Mutex<Vec<(String, Arc<DeadLetter>)>>,
    /// How many bytes the events in the answer have so far.
    event_bytes: AtomicUsize,
}

impl DeadLettersOfRequest {
    fn show<'a>(&self, root_field: &str, letters: impl Iterator<Item = &'a Arc<DeadLetter>>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.extend(letters.map(|letter| (root_field.to_owned(), letter.clone())));
    }

    fn shown(&self, root_field: &str) -> Vec<Arc<DeadLetter>> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let of_field = shown.iter().filter(|(field, _)| field == root_field);
        of_field.map(|(_, letter)| letter.clone()).collect()
    }
}

/// A part of a destination's dead letters.
pub(super) async fn of(
    ctx: &Context<'_>,
    destination: &Arc<Destination>,
    arguments: &PageArguments,
) -> Result<CountedConnection<DeadLetterObject>> {
    let request = arguments.request()?;
    let of_request: &DeadLettersOfRequest = ctx.data_unchecked();
    let root = root_field(ctx);
    let page = of_request
        .pages
        .get(
            (root.clone(), request),
            destination,
            || beside(ctx),
            MOST_DESTINATIONS,
            async |all| {
                let pages = destinations::dead_letters(app(ctx), &all, request).await?;
                of_request.show(&root, pages.values().flat_map(|page| &page.items));
                let pages = pages.into_iter();
                Ok(pages.map(|(id, page)| (id, Arc::new(page))).collect())
            },
        )
        .await?;
    let page = page.map_or_else(Page::empty, |page| Page {
        items: page.items.iter().cloned().map(DeadLetterObject).collect(),
        has_previous: page.has_previous,
        has_next: page.has_next,
    });
    Ok(CountedConnection::new(page, destination.clone()))
}

/// An event that a destination never took.
pub(super) struct DeadLetterObject(Arc<DeadLetter>);

impl Numbered for DeadLetterObject {
    fn number(&self) -> i64 {
        self.0.id
    }
}

impl Counted for DeadLetterObject {
    type List = Arc<Destination>;

    async fn count(ctx: &Context<'_>, destination: &Arc<Destination>) -> Result<i64> {
        let of_request: &DeadLettersOfRequest = ctx.data_unchecked();
        let count = of_request
            .counts
            .get(
                (root_field(ctx), ()),
                destination,
                || beside(ctx),
                usize::MAX,
                async |all| dead_letter_counts(app(ctx), &all).await,
            )
            .await?;
        Ok(count.unwrap_or(0))
    }
}

/// An event that a destination never took: it was tried until the retention was over, or was purged from
/// what waited for the destination.
#[Object(name = "AuditEventStreamingDeadLetter")]
impl DeadLetterObject {
    /// Global id.
    async fn id(&self) -> ID {
        DeadLetterResource::id(self.0.id)
    }

    /// Id of the event, the same at every destination and on every attempt.
    async fn event_id(&self) -> &str {
        &self.0.event_id
    }

    /// Name of the event's type.
    async fn event_type(&self) -> &str {
        &self.0.event_type
    }

    /// The event as it is delivered, the text of a JSON object. Null, when it has just left the dead
    /// letters.
    async fn body(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let of_request: &DeadLettersOfRequest = ctx.data_unchecked();
        let root = root_field(ctx);
        let body = of_request
            .bodies
            .get(
                (root.clone(), ()),
                &self.0,
                || of_request.shown(&root),
                MOST_BODIES,
                async |all| dead_letter_bodies(app(ctx), &all).await,
            )
            .await?;
        let bytes = body.as_ref().map_or(0, |body| body.len());
        let before = of_request.event_bytes.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > EVENT_BYTES {
            return Err(errors::too_large(format!(
                "The answer would hold more than {EVENT_BYTES} bytes of events. Ask for smaller pages."
            )));
        }
        Ok(body.as_deref().map(str::to_owned))
    }

    /// How often it was tried.
    async fn attempts(&self) -> i64 {
        self.0.attempts
    }

    /// Status of the last response; null, when there was none.
    async fn last_status(&self) -> Option<i64> {
        self.0.last_status
    }

    /// What went wrong last.
    async fn last_error(&self) -> &str {
        &self.0.last_error
    }

    /// When it was first tried, or began to wait for the destination without being tried.
    async fn first_attempt_at(&self) -> DateTime<Utc> {
        Timestamp(self.0.first_seen_at).to_datetime()
    }

    /// When it was last tried; null, when it waited all the time.
    async fn last_attempt_at(&self) -> Option<DateTime<Utc>> {
        time(self.0.last_attempt_at.map(Timestamp))
    }

    /// When it was given up.
    async fn died_at(&self) -> DateTime<Utc> {
        Timestamp(self.0.died_at).to_datetime()
    }

    /// When its replay was asked for; null, when it was not. Once the queue has it, it is no dead letter
    /// any more.
    async fn replay_requested_at(&self) -> Option<DateTime<Utc>> {
        time(self.0.replay_requested_at.map(Timestamp))
    }
}
