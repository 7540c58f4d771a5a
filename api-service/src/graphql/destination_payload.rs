//! The payloads of mutations that make or change a destination: each surface has a name of its own
//! for the same thing.

use std::marker::PhantomData;
use std::sync::Arc;

use async_graphql::SimpleObject;

use super::destination::{ExternalAuditEventDestination, InstanceExternalAuditEventDestination};
use super::surface::{
    ConsolidatedGroup, ConsolidatedInstance, LegacyGroup, LegacyInstance, PlanInstance, Surface,
};
use crate::domain::Destination;

/// The destination was made.
pub(super) struct Created;
/// The destination was changed.
pub(super) struct Updated;

/// What came of making or changing a destination.
pub(super) struct Outcome<S: Surface> {
    client_mutation_id: Option<String>,
    errors: Vec<String>,
    destination: Option<S::Object>,
}

impl<S: Surface> Outcome<S> {
    pub(super) fn new(
        client_mutation_id: Option<String>,
        destination: Option<Destination>,
        errors: Vec<String>,
    ) -> Self {
        Self {
            client_mutation_id,
            errors,
            destination: destination.map(|destination| Arc::new(destination).into()),
        }
    }
}

/// A destination of a group.
#[derive(SimpleObject)]
#[graphql(concrete(name = "ExternalAuditEventDestinationCreatePayload", params(Created)))]
#[graphql(concrete(name = "ExternalAuditEventDestinationUpdatePayload", params(Updated)))]
pub(super) struct GroupDestination<O> {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// What is wrong with the input, unless it is an error of the whole field.
    errors: Vec<String>,
    /// The destination as it is now.
    external_audit_event_destination: Option<ExternalAuditEventDestination>,
    #[graphql(skip)]
    _names: PhantomData<fn() -> O>,
}

impl<O> From<Outcome<LegacyGroup>> for GroupDestination<O> {
    fn from(outcome: Outcome<LegacyGroup>) -> Self {
        Self {
            client_mutation_id: outcome.client_mutation_id,
            errors: outcome.errors,
            external_audit_event_destination: outcome.destination,
            _names: PhantomData,
        }
    }
}

/// A destination of the instance.
#[derive(SimpleObject)]
#[graphql(concrete(
    name = "InstanceExternalAuditEventDestinationCreatePayload",
    params(Created)
))]
#[graphql(concrete(
    name = "InstanceExternalAuditEventDestinationUpdatePayload",
    params(Updated)
))]
pub(super) struct InstanceDestination<O> {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// What is wrong with the input, unless it is an error of the whole field.
    errors: Vec<String>,
    /// The destination as it is now.
    instance_external_audit_event_destination: Option<InstanceExternalAuditEventDestination>,
    #[graphql(skip)]
    _names: PhantomData<fn() -> O>,
}

impl<O> From<Outcome<LegacyInstance>> for InstanceDestination<O> {
    fn from(outcome: Outcome<LegacyInstance>) -> Self {
        Self {
            client_mutation_id: outcome.client_mutation_id,
            errors: outcome.errors,
            instance_external_audit_event_destination: outcome.destination,
            _names: PhantomData,
        }
    }
}

/// A destination of the instance, under the plan's name.
#[derive(SimpleObject)]
#[graphql(concrete(
    name = "InstanceAuditEventExternalDestinationCreatePayload",
    params(Created)
))]
#[graphql(concrete(
    name = "InstanceAuditEventExternalDestinationUpdatePayload",
    params(Updated)
))]
pub(super) struct PlanDestination<O> {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// What is wrong with the input, unless it is an error of the whole field.
    errors: Vec<String>,
    /// The destination as it is now.
    instance_audit_event_external_destination: Option<InstanceExternalAuditEventDestination>,
    #[graphql(skip)]
    _names: PhantomData<fn() -> O>,
}

impl<O> From<Outcome<PlanInstance>> for PlanDestination<O> {
    fn from(outcome: Outcome<PlanInstance>) -> Self {
        Self {
            client_mutation_id: outcome.client_mutation_id,
            errors: outcome.errors,
            instance_audit_event_external_destination: outcome.destination,
            _names: PhantomData,
        }
    }
}

/// A destination of the consolidated generation.
#[derive(SimpleObject)]
#[graphql(concrete(
    name = "GroupAuditEventStreamingDestinationsCreatePayload",
    params(ConsolidatedGroup, Created)
))]
#[graphql(concrete(
    name = "GroupAuditEventStreamingDestinationsUpdatePayload",
    params(ConsolidatedGroup, Updated)
))]
#[graphql(concrete(
    name = "InstanceAuditEventStreamingDestinationsCreatePayload",
    params(ConsolidatedInstance, Created)
))]
#[graphql(concrete(
    name = "InstanceAuditEventStreamingDestinationsUpdatePayload",
    params(ConsolidatedInstance, Updated)
))]
pub(super) struct StreamingDestination<S: Surface, O> {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// What is wrong with the input, unless it is an error of the whole field.
    errors: Vec<String>,
    /// The destination as it is now.
    external_audit_event_destination: Option<S::Object>,
    #[graphql(skip)]
    _names: PhantomData<fn() -> (S, O)>,
}

impl<S: Surface, O> From<Outcome<S>> for StreamingDestination<S, O> {
    fn from(outcome: Outcome<S>) -> Self {
        Self {
            client_mutation_id: outcome.client_mutation_id,
            errors: outcome.errors,
            external_audit_event_destination: outcome.destination,
            _names: PhantomData,
        }
    }
}
