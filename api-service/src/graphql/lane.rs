//! The mutation that gives up what waits for a destination. GitLab has none; ours takes the id of a
//! destination in either generation and at either level.

use async_graphql::{Context, ID, InputObject, Object, Result};

use super::any_destination::{self, AnyDestination};
use super::done::{Done, LanePurge};
use super::surface::ConsolidatedGroup;
use super::{app, caller, errors};
use crate::destinations;

/// Of which destination what waits is to be given up.
#[derive(InputObject)]
pub(super) struct AuditEventStreamingLanePurgeInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of a destination of any of the four classes.
    destination_id: ID,
}

/// The mutation of this file.
#[derive(Default)]
pub(super) struct LaneMutations;

#[Object]
impl LaneMutations {
    /// Moves what waits for a destination that is in trouble or paused to its dead letters, for who may
    /// change it. It begins within seconds, and can be replayed from there. Not in GitLab.
    async fn audit_event_streaming_lane_purge(
        &self,
        ctx: &Context<'_>,
        input: AuditEventStreamingLanePurgeInput,
    ) -> Result<Option<Done<AnyDestination, LanePurge>>> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let id: AnyDestination = input.destination_id.parse().map_err(errors::bad_input)?;
        let destination = id.authorise(app, &caller).await;
        let destination = destination.map_err(any_destination::error)?;
        let purged = destinations::purge_lane(app, &destination).await;
        let (_, errors) = errors::split::<ConsolidatedGroup, _>(purged)?;
        Ok(Some(Done::new(input.client_mutation_id, errors)))
    }
}
