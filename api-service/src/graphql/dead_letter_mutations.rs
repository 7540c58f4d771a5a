//! Replays and purges of dead letters. GitLab has none; ours take the id of a destination in either
//! generation and at either level.

use async_graphql::{Context, ID, InputObject, Object, Result};

use super::any_destination::{self, AnyDestination};
use super::gid::{DeadLetterResource, Gid, Resource};
use super::replay_payload::{PurgePayload, ReplayPayload};
use super::surface::ConsolidatedGroup;
use super::{app, caller, errors};
use crate::destinations::{self, AuthorisedDestination};
use crate::domain::set_aside::Chosen;

/// Which dead letters are to be delivered again.
#[derive(InputObject)]
pub(super) struct AuditEventStreamingDeadLettersReplayInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of a destination of any of the four classes.
    destination_id: ID,
    /// Global ids of dead letters of the destination; all of them when absent.
    ids: Option<Vec<Gid<DeadLetterResource>>>,
}

/// Which dead letters are to be deleted.
#[derive(InputObject)]
pub(super) struct AuditEventStreamingDeadLettersPurgeInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of a destination of any of the four classes.
    destination_id: ID,
    /// Global ids of dead letters of the destination; all that are not being replayed when absent.
    ids: Option<Vec<Gid<DeadLetterResource>>>,
}

/// The mutations of this file.
#[derive(Default)]
pub(super) struct DeadLetterMutations;

#[Object]
impl DeadLetterMutations {
    /// Has dead letters of a destination delivered to it again, for who may change it: all that are
    /// named, or none. Each leaves the dead letters when it is on its way, and comes back to them if the
    /// destination never takes it this time either. Not in GitLab.
    async fn audit_event_streaming_dead_letters_replay(
        &self,
        ctx: &Context<'_>,
        input: AuditEventStreamingDeadLettersReplayInput,
    ) -> Result<Option<ReplayPayload<DeadLetterResource>>> {
        let (destination, chosen) = chosen(ctx, &input.destination_id, input.ids).await?;
        let replayed = destinations::replay_dead_letters(app(ctx), &destination, &chosen).await;
        let (accepted, errors) = errors::split::<ConsolidatedGroup, _>(replayed)?;
        Ok(Some(ReplayPayload::new(
            input.client_mutation_id,
            accepted,
            errors,
        )))
    }

    /// Deletes dead letters of a destination, for who may change it: all that are named, or none. What is
    /// being replayed cannot be deleted. Not in GitLab.
    async fn audit_event_streaming_dead_letters_purge(
        &self,
        ctx: &Context<'_>,
        input: AuditEventStreamingDeadLettersPurgeInput,
    ) -> Result<Option<PurgePayload<DeadLetterResource>>> {
        let (destination, chosen) = chosen(ctx, &input.destination_id, input.ids).await?;
        let purged = destinations::purge_dead_letters(app(ctx), &destination, &chosen).await;
        let (purged, errors) = errors::split::<ConsolidatedGroup, _>(purged)?;
        Ok(Some(PurgePayload::new(
            input.client_mutation_id,
            purged,
            errors,
        )))
    }
}

/// What both begin with: the permission check, and what is meant.
async fn chosen(
    ctx: &Context<'_>,
    destination_id: &ID,
    ids: Option<Vec<Gid<DeadLetterResource>>>,
) -> Result<(AuthorisedDestination, Chosen)> {
    let (app, caller) = (app(ctx), caller(ctx)?);
    let id: AnyDestination = destination_id.parse().map_err(errors::bad_input)?;
    let chosen = choice(ids)?;
    let destination = id.authorise(app, &caller).await;
    Ok((destination.map_err(any_destination::error)?, chosen))
}

/// What a list of ids means.
pub(super) fn choice<R: Resource>(ids: Option<Vec<Gid<R>>>) -> Result<Chosen> {
    let numbers = ids.map(|ids| ids.into_iter().map(|id| id.number));
    Chosen::new(numbers).map_err(errors::bad_input)
}
