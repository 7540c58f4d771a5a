//! Mutations of the event types that a destination is limited to.

use std::marker::PhantomData;

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use super::done::{Done, EventsRemove};
use super::errors;
use super::gid::Gid;
use super::session::Session;
use super::surface::{
    ConsolidatedGroup, ConsolidatedInstance, LegacyGroup, LegacyInstance, Surface,
};
use super::wording::NO_EVENT_TYPES;
use crate::destinations;
use crate::domain::EventTypes;

/// Which event types a destination is to be limited to, beside those that it is limited to already.
#[derive(InputObject)]
#[graphql(concrete(
    name = "AuditEventsStreamingDestinationEventsAddInput",
    params(LegacyGroup)
))]
#[graphql(concrete(
    name = "AuditEventsStreamingDestinationInstanceEventsAddInput",
    params(LegacyInstance)
))]
#[graphql(concrete(
    name = "AuditEventsGroupDestinationEventsAddInput",
    params(ConsolidatedGroup)
))]
#[graphql(concrete(
    name = "AuditEventsInstanceDestinationEventsAddInput",
    params(ConsolidatedInstance)
))]
pub(super) struct AddEventTypes<S: Surface> {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of the destination.
    destination_id: Gid<S::Destination>,
    /// Names of known event types, each of which is new to the destination; at least one.
    event_type_filters: Vec<String>,
}

/// Which event types a destination is not to be limited to any more.
#[derive(InputObject)]
#[graphql(concrete(
    name = "AuditEventsStreamingDestinationEventsRemoveInput",
    params(LegacyGroup)
))]
#[graphql(concrete(
    name = "AuditEventsStreamingDestinationInstanceEventsRemoveInput",
    params(LegacyInstance)
))]
#[graphql(concrete(
    name = "AuditEventsGroupDestinationEventsDeleteInput",
    params(ConsolidatedGroup)
))]
#[graphql(concrete(
    name = "AuditEventsInstanceDestinationEventsDeleteInput",
    params(ConsolidatedInstance)
))]
pub(super) struct RemoveEventTypes<S: Surface> {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of the destination.
    destination_id: Gid<S::Destination>,
    /// Names of event types that the destination is limited to; at least one.
    event_type_filters: Vec<String>,
}

/// The event types were added, all of them or none.
#[derive(SimpleObject)]
#[graphql(concrete(
    name = "AuditEventsStreamingDestinationEventsAddPayload",
    params(LegacyGroup)
))]
#[graphql(concrete(
    name = "AuditEventsStreamingDestinationInstanceEventsAddPayload",
    params(LegacyInstance)
))]
#[graphql(concrete(
    name = "AuditEventsGroupDestinationEventsAddPayload",
    params(ConsolidatedGroup)
))]
#[graphql(concrete(
    name = "AuditEventsInstanceDestinationEventsAddPayload",
    params(ConsolidatedInstance)
))]
pub(super) struct EventTypesAdded<S: Surface> {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// Why nothing was added.
    errors: Vec<String>,
    /// All event types that the destination is limited to now.
    event_type_filters: Option<Vec<String>>,
    #[graphql(skip)]
    _surface: PhantomData<fn() -> S>,
}

async fn add<S: Surface>(
    ctx: &Context<'_>,
    input: AddEventTypes<S>,
) -> Result<Option<EventTypesAdded<S>>> {
    let session = Session::<S>::open(ctx)?;
    let event_types = names(input.event_type_filters)?;
    let destination = session.destination(&input.destination_id).await;
    let destination = destination.map_err(errors::top_level_of_resource::<S>)?;
    let added = destinations::add_event_types(session.app, &destination, &event_types).await;
    let (mut event_type_filters, errors) = errors::split::<S, _>(added)?;
    if event_type_filters.is_none() {
        let unchanged = destinations::read(session.app, &destination).await;
        let unchanged = unchanged.map_err(errors::top_level_of_resource::<S>)?;
        event_type_filters = Some(unchanged.event_type_filters);
    }
    Ok(Some(EventTypesAdded {
        client_mutation_id: input.client_mutation_id,
        errors: errors.iter().map(|error| errors::invalid(error)).collect(),
        event_type_filters,
        _surface: PhantomData,
    }))
}

async fn remove<S: Surface>(
    ctx: &Context<'_>,
    input: RemoveEventTypes<S>,
) -> Result<Option<Done<S, EventsRemove>>> {
    let session = Session::<S>::open(ctx)?;
    let event_types = names(input.event_type_filters)?;
    let destination = session.destination(&input.destination_id).await;
    let destination = destination.map_err(errors::top_level_of_resource::<S>)?;
    let removed = destinations::remove_event_types(session.app, &destination, event_types).await;
    let (_, errors) = errors::split::<S, _>(removed)?;
    Ok(Some(Done::new(input.client_mutation_id, errors)))
}

fn names(names: Vec<String>) -> Result<EventTypes> {
    EventTypes::new(names).ok_or_else(|| errors::bad_input(NO_EVENT_TYPES))
}

/// The mutations of this file.
#[derive(Default)]
pub(super) struct EventTypeFilterMutations;

#[Object]
impl EventTypeFilterMutations {
    /// Limits a destination of a group to further event types, for its owners.
    async fn audit_events_streaming_destination_events_add(
        &self,
        ctx: &Context<'_>,
        input: AddEventTypes<LegacyGroup>,
    ) -> Result<Option<EventTypesAdded<LegacyGroup>>> {
        add(ctx, input).await
    }

    /// Takes event types from those that a destination of a group is limited to, for its owners.
    async fn audit_events_streaming_destination_events_remove(
        &self,
        ctx: &Context<'_>,
        input: RemoveEventTypes<LegacyGroup>,
    ) -> Result<Option<Done<LegacyGroup, EventsRemove>>> {
        remove(ctx, input).await
    }

    /// Limits a destination of the instance to further event types, for its admins.
    async fn audit_events_streaming_destination_instance_events_add(
        &self,
        ctx: &Context<'_>,
        input: AddEventTypes<LegacyInstance>,
    ) -> Result<Option<EventTypesAdded<LegacyInstance>>> {
        add(ctx, input).await
    }

    /// Takes event types from those that a destination of the instance is limited to, for its admins.
    async fn audit_events_streaming_destination_instance_events_remove(
        &self,
        ctx: &Context<'_>,
        input: RemoveEventTypes<LegacyInstance>,
    ) -> Result<Option<Done<LegacyInstance, EventsRemove>>> {
        remove(ctx, input).await
    }

    /// Limits a destination of a group to further event types, for its owners.
    async fn audit_events_group_destination_events_add(
        &self,
        ctx: &Context<'_>,
        input: AddEventTypes<ConsolidatedGroup>,
    ) -> Result<Option<EventTypesAdded<ConsolidatedGroup>>> {
        add(ctx, input).await
    }

    /// Takes event types from those that a destination of a group is limited to, for its owners.
    async fn audit_events_group_destination_events_delete(
        &self,
        ctx: &Context<'_>,
        input: RemoveEventTypes<ConsolidatedGroup>,
    ) -> Result<Option<Done<ConsolidatedGroup, EventsRemove>>> {
        remove(ctx, input).await
    }

    /// Limits a destination of the instance to further event types, for its admins.
    async fn audit_events_instance_destination_events_add(
        &self,
        ctx: &Context<'_>,
        input: AddEventTypes<ConsolidatedInstance>,
    ) -> Result<Option<EventTypesAdded<ConsolidatedInstance>>> {
        add(ctx, input).await
    }

    /// Takes event types from those that a destination of the instance is limited to, for its admins.
    async fn audit_events_instance_destination_events_delete(
        &self,
        ctx: &Context<'_>,
        input: RemoveEventTypes<ConsolidatedInstance>,
    ) -> Result<Option<Done<ConsolidatedInstance, EventsRemove>>> {
        remove(ctx, input).await
    }
}
