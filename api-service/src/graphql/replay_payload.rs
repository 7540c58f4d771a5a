//! The payloads of mutations that replay or purge what was set aside.

use std::marker::PhantomData;

use async_graphql::SimpleObject;

use super::gid::{DeadLetterResource, RejectedMessageResource};

/// Rows will be brought to the queue again, or it is told why not.
#[derive(SimpleObject)]
#[graphql(concrete(
    name = "AuditEventStreamingDeadLettersReplayPayload",
    params(DeadLetterResource)
))]
#[graphql(concrete(
    name = "AuditEventStreamingRejectedMessagesReplayPayload",
    params(RejectedMessageResource)
))]
pub(super) struct ReplayPayload<R> {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// How many will be replayed that were not to be already; null after an error.
    accepted: Option<u64>,
    /// Why nothing will.
    errors: Vec<String>,
    #[graphql(skip)]
    _name: PhantomData<fn() -> R>,
}

impl<R> ReplayPayload<R> {
    pub(super) fn new(
        client_mutation_id: Option<String>,
        accepted: Option<u64>,
        errors: Vec<String>,
    ) -> Self {
        Self {
            client_mutation_id,
            accepted,
            errors,
            _name: PhantomData,
        }
    }
}

/// Rows were deleted, or it is told why not.
#[derive(SimpleObject)]
#[graphql(concrete(
    name = "AuditEventStreamingDeadLettersPurgePayload",
    params(DeadLetterResource)
))]
#[graphql(concrete(
    name = "AuditEventStreamingRejectedMessagesPurgePayload",
    params(RejectedMessageResource)
))]
pub(super) struct PurgePayload<R> {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// How many were deleted; null after an error.
    purged: Option<u64>,
    /// Why nothing was.
    errors: Vec<String>,
    #[graphql(skip)]
    _name: PhantomData<fn() -> R>,
}

impl<R> PurgePayload<R> {
    pub(super) fn new(
        client_mutation_id: Option<String>,
        purged: Option<u64>,
        errors: Vec<String>,
    ) -> Self {
        Self {
            client_mutation_id,
            purged,
            errors,
            _name: PhantomData,
        }
    }
}
