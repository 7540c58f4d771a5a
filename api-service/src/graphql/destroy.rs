//! Removing a destination, which is the same on every surface.

use async_graphql::{Context, InputObject, Result};

use super::done::{Destroy, Done};
use super::errors;
use super::gid::Gid;
use super::session::Session;
use super::surface::{
    ConsolidatedGroup, ConsolidatedInstance, LegacyGroup, LegacyInstance, PlanInstance, Surface,
};
use crate::destinations;

/// Which destination is to be removed.
#[derive(InputObject)]
#[graphql(concrete(
    name = "ExternalAuditEventDestinationDestroyInput",
    params(LegacyGroup)
))]
#[graphql(concrete(
    name = "InstanceExternalAuditEventDestinationDestroyInput",
    params(LegacyInstance)
))]
#[graphql(concrete(
    name = "InstanceAuditEventExternalDestinationDestroyInput",
    params(PlanInstance)
))]
#[graphql(concrete(
    name = "GroupAuditEventStreamingDestinationsDeleteInput",
    params(ConsolidatedGroup)
))]
#[graphql(concrete(
    name = "InstanceAuditEventStreamingDestinationsDeleteInput",
    params(ConsolidatedInstance)
))]
pub(super) struct DestroyDestination<S: Surface> {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of the destination.
    id: Gid<S::Destination>,
}

/// Removes the destination with its headers and filters.
pub(super) async fn destroy<S: Surface>(
    ctx: &Context<'_>,
    input: DestroyDestination<S>,
) -> Result<Option<Done<S, Destroy>>> {
    let session = Session::<S>::open(ctx)?;
    let destroyed = async {
        let destination = session.destination(&input.id).await?;
        destinations::destroy(session.app, &destination).await
    };
    destroyed.await.map_err(errors::top_level::<S>)?;
    Ok(Some(Done::new(input.client_mutation_id, Vec::new())))
}
