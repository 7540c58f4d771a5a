//! Replays and purges of messages that are no valid events, for instance admins.

use async_graphql::{Context, InputObject, Object, Result};

use super::administration;
use crate::graphql::dead_letter_mutations::choice;
use crate::graphql::gid::{Gid, RejectedMessageResource};
use crate::graphql::replay_payload::{PurgePayload, ReplayPayload};
use crate::graphql::surface::ConsolidatedInstance;
use crate::graphql::{app, errors};
use crate::rejected_messages;

/// Which rejected messages are to be published again.
#[derive(InputObject)]
pub(in crate::graphql) struct AuditEventStreamingRejectedMessagesReplayInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global ids of rejected messages; all that are kept whole when absent.
    ids: Option<Vec<Gid<RejectedMessageResource>>>,
}

/// Which rejected messages are to be deleted.
#[derive(InputObject)]
pub(in crate::graphql) struct AuditEventStreamingRejectedMessagesPurgeInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global ids of rejected messages; all that are not being replayed when absent.
    ids: Option<Vec<Gid<RejectedMessageResource>>>,
}

/// The mutations of this file.
#[derive(Default)]
pub(in crate::graphql) struct RejectedMessageMutations;

#[Object]
impl RejectedMessageMutations {
    /// Publishes rejected messages again as they are, for instance admins: all that are named, or none.
    /// What is still no valid event is rejected again. Not in GitLab.
    async fn audit_event_streaming_rejected_messages_replay(
        &self,
        ctx: &Context<'_>,
        input: AuditEventStreamingRejectedMessagesReplayInput,
    ) -> Result<Option<ReplayPayload<RejectedMessageResource>>> {
        let (admin, _) = administration(ctx)?;
        let chosen = choice(input.ids)?;
        let replayed = rejected_messages::replay(app(ctx), &admin, &chosen).await;
        let (accepted, errors) = errors::split::<ConsolidatedInstance, _>(replayed)?;
        Ok(Some(ReplayPayload::new(
            input.client_mutation_id,
            accepted,
            errors,
        )))
    }

    /// Deletes rejected messages, for instance admins: all that are named, or none. What is being replayed
    /// cannot be deleted. Not in GitLab.
    async fn audit_event_streaming_rejected_messages_purge(
        &self,
        ctx: &Context<'_>,
        input: AuditEventStreamingRejectedMessagesPurgeInput,
    ) -> Result<Option<PurgePayload<RejectedMessageResource>>> {
        let (admin, _) = administration(ctx)?;
        let chosen = choice(input.ids)?;
        let purged = rejected_messages::purge(app(ctx), &admin, &chosen).await;
        let (purged, errors) = errors::split::<ConsolidatedInstance, _>(purged)?;
        Ok(Some(PurgePayload::new(
            input.client_mutation_id,
            purged,
            errors,
        )))
    }
}
