//! The payload of mutations that take something away: there is nothing to show.

use std::marker::PhantomData;

use async_graphql::SimpleObject;

use super::any_destination::AnyDestination;
use super::surface::{
    ConsolidatedGroup, ConsolidatedInstance, LegacyGroup, LegacyInstance, PlanInstance,
};

/// A destination was removed.
pub(super) struct Destroy;
/// A header was removed.
pub(super) struct HeaderDestroy;
/// Event-type filters were removed.
pub(super) struct EventsRemove;
/// A namespace filter was removed.
pub(super) struct NamespaceFilterDelete;
/// A lane is to be moved to the dead letters.
pub(super) struct LanePurge;

/// It is done, or it is told why not.
#[derive(SimpleObject)]
#[graphql(concrete(
    name = "ExternalAuditEventDestinationDestroyPayload",
    params(LegacyGroup, Destroy)
))]
#[graphql(concrete(
    name = "InstanceExternalAuditEventDestinationDestroyPayload",
    params(LegacyInstance, Destroy)
))]
#[graphql(concrete(
    name = "InstanceAuditEventExternalDestinationDestroyPayload",
    params(PlanInstance, Destroy)
))]
#[graphql(concrete(
    name = "GroupAuditEventStreamingDestinationsDeletePayload",
    params(ConsolidatedGroup, Destroy)
))]
#[graphql(concrete(
    name = "InstanceAuditEventStreamingDestinationsDeletePayload",
    params(ConsolidatedInstance, Destroy)
))]
#[graphql(concrete(
    name = "AuditEventsStreamingHeadersDestroyPayload",
    params(LegacyGroup, HeaderDestroy)
))]
#[graphql(concrete(
    name = "AuditEventsStreamingInstanceHeadersDestroyPayload",
    params(LegacyInstance, HeaderDestroy)
))]
#[graphql(concrete(
    name = "AuditEventsStreamingDestinationEventsRemovePayload",
    params(LegacyGroup, EventsRemove)
))]
#[graphql(concrete(
    name = "AuditEventsStreamingDestinationInstanceEventsRemovePayload",
    params(LegacyInstance, EventsRemove)
))]
#[graphql(concrete(
    name = "AuditEventsGroupDestinationEventsDeletePayload",
    params(ConsolidatedGroup, EventsRemove)
))]
#[graphql(concrete(
    name = "AuditEventsInstanceDestinationEventsDeletePayload",
    params(ConsolidatedInstance, EventsRemove)
))]
#[graphql(concrete(
    name = "AuditEventsStreamingHTTPNamespaceFiltersDeletePayload",
    params(LegacyGroup, NamespaceFilterDelete)
))]
#[graphql(concrete(
    name = "AuditEventsGroupDestinationNamespaceFilterDeletePayload",
    params(ConsolidatedGroup, NamespaceFilterDelete)
))]
#[graphql(concrete(
    name = "AuditEventsInstanceDestinationNamespaceFilterDeletePayload",
    params(ConsolidatedInstance, NamespaceFilterDelete)
))]
#[graphql(concrete(
    name = "AuditEventStreamingLanePurgePayload",
    params(AnyDestination, LanePurge)
))]
pub(super) struct Done<S, O> {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// Why it was not done.
    errors: Vec<String>,
    #[graphql(skip)]
    _names: PhantomData<fn() -> (S, O)>,
}

impl<S, O> Done<S, O> {
    pub(super) fn new(client_mutation_id: Option<String>, errors: Vec<String>) -> Self {
        Self {
            client_mutation_id,
            errors,
            _names: PhantomData,
        }
    }
}
