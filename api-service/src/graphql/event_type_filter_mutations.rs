//! Mutations of the event types that a destination is limited to.

use std::marker::PhantomData;

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use super::gid::Gid;
use super::surface::{LegacyGroup, LegacyInstance, NO_EVENT_TYPES, Surface};
use super::{app, caller, errors};
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
pub(super) struct AddEventTypes<S: Surface> {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of the destination.
    destination_id: Gid<S::Destination>,
    /// Names of known event types, each of which is new to the destination; at least one.
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
    let event_types = EventTypes::new(input.event_type_filters)
        .ok_or_else(|| errors::bad_input(NO_EVENT_TYPES))?;
    let (app, caller) = (app(ctx), caller(ctx)?);
    let added = async {
        let number = input.destination_id.number;
        let destination =
            destinations::authorize::destination(app, &caller, S::SCOPE, number).await?;
        destinations::add_event_types(app, &destination, &event_types).await
    };
    let addition = added.await.map_err(errors::top_level_of_resource::<S>)?;
    Ok(Some(EventTypesAdded {
        client_mutation_id: input.client_mutation_id,
        errors: errors::in_payload::<S>(&addition.violations),
        event_type_filters: Some(addition.event_type_filters),
        _surface: PhantomData,
    }))
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

    /// Limits a destination of the instance to further event types, for its admins.
    async fn audit_events_streaming_destination_instance_events_add(
        &self,
        ctx: &Context<'_>,
        input: AddEventTypes<LegacyInstance>,
    ) -> Result<Option<EventTypesAdded<LegacyInstance>>> {
        add(ctx, input).await
    }
}
