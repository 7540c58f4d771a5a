//! Mutations that make and remove destinations, in the legacy generation.

use std::marker::PhantomData;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::destination::{ExternalAuditEventDestination, InstanceExternalAuditEventDestination};
use super::gid::Gid;
use super::surface::{LegacyGroup, LegacyInstance, Surface};
use super::{app, caller, errors};
use crate::destinations::{self, NewDestination};

/// What a destination of either level is made from.
#[derive(InputObject)]
pub(super) struct DestinationInput {
    /// Where to POST each event.
    destination_url: String,
    /// At most 72 characters; made up when absent.
    name: Option<String>,
    /// 16 to 24 printable ASCII characters; made when absent. GitLab takes one for destinations of
    /// groups only.
    verification_token: Option<String>,
}

impl From<DestinationInput> for NewDestination {
    fn from(input: DestinationInput) -> Self {
        Self {
            url: input.destination_url,
            name: input.name,
            verification_token: input.verification_token.map(Into::into),
        }
    }
}

/// What a group's destination is made from.
#[derive(InputObject)]
pub(super) struct ExternalAuditEventDestinationCreateInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Full path of a top-level group.
    group_path: ID,
    #[graphql(flatten)]
    destination: DestinationInput,
}

/// What a destination of the instance is made from.
#[derive(InputObject)]
pub(super) struct InstanceExternalAuditEventDestinationCreateInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    #[graphql(flatten)]
    destination: DestinationInput,
}

/// The destination that was made.
#[derive(SimpleObject)]
pub(super) struct ExternalAuditEventDestinationCreatePayload {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// Always empty: what is wrong with the input is an error of the whole field.
    errors: Vec<String>,
    /// The new destination.
    external_audit_event_destination: Option<ExternalAuditEventDestination>,
}

/// The destination that was made.
#[derive(SimpleObject)]
pub(super) struct InstanceExternalAuditEventDestinationCreatePayload {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// Always empty: what is wrong with the input is an error of the whole field.
    errors: Vec<String>,
    /// The new destination.
    instance_external_audit_event_destination: Option<InstanceExternalAuditEventDestination>,
}

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
pub(super) struct DestroyDestination<S: Surface> {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of the destination.
    id: Gid<S::Destination>,
}

/// The destination was removed.
#[derive(SimpleObject)]
#[graphql(concrete(
    name = "ExternalAuditEventDestinationDestroyPayload",
    params(LegacyGroup)
))]
#[graphql(concrete(
    name = "InstanceExternalAuditEventDestinationDestroyPayload",
    params(LegacyInstance)
))]
pub(super) struct DestinationDestroyed<S: Surface> {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// Always empty.
    errors: Vec<String>,
    #[graphql(skip)]
    _surface: PhantomData<fn() -> S>,
}

async fn destroy<S: Surface>(
    ctx: &Context<'_>,
    input: DestroyDestination<S>,
) -> Result<Option<DestinationDestroyed<S>>> {
    let (app, caller) = (app(ctx), caller(ctx)?);
    let destroyed = async {
        let number = input.id.number;
        let destination =
            destinations::authorize::destination(app, &caller, S::SCOPE, number).await?;
        destinations::destroy(app, &destination).await
    };
    destroyed.await.map_err(errors::top_level::<S>)?;
    Ok(Some(DestinationDestroyed {
        client_mutation_id: input.client_mutation_id,
        errors: Vec::new(),
        _surface: PhantomData,
    }))
}

/// The mutations of this file.
#[derive(Default)]
pub(super) struct DestinationMutations;

#[Object]
impl DestinationMutations {
    /// Makes a destination of a top-level group, for its owners.
    async fn external_audit_event_destination_create(
        &self,
        ctx: &Context<'_>,
        input: ExternalAuditEventDestinationCreateInput,
    ) -> Result<Option<ExternalAuditEventDestinationCreatePayload>> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let created = async {
            let group = destinations::authorize::find_group(app, &input.group_path).await?;
            let authorised = destinations::authorize::group(app, &caller, group.clone()).await?;
            let destination =
                destinations::create(app, &authorised, input.destination.into()).await?;
            Ok(ExternalAuditEventDestination::new(destination, group))
        };
        let destination = created.await.map_err(errors::top_level::<LegacyGroup>)?;
        Ok(Some(ExternalAuditEventDestinationCreatePayload {
            client_mutation_id: input.client_mutation_id,
            errors: Vec::new(),
            external_audit_event_destination: Some(destination),
        }))
    }

    /// Removes a destination of a group, for its owners.
    async fn external_audit_event_destination_destroy(
        &self,
        ctx: &Context<'_>,
        input: DestroyDestination<LegacyGroup>,
    ) -> Result<Option<DestinationDestroyed<LegacyGroup>>> {
        destroy(ctx, input).await
    }

    /// Makes a destination of the instance, for its admins.
    async fn instance_external_audit_event_destination_create(
        &self,
        ctx: &Context<'_>,
        input: InstanceExternalAuditEventDestinationCreateInput,
    ) -> Result<Option<InstanceExternalAuditEventDestinationCreatePayload>> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let created = async {
            let authorised = destinations::authorize::instance(app, &caller)?;
            destinations::create(app, &authorised, input.destination.into()).await
        };
        let destination = created.await.map_err(errors::top_level::<LegacyInstance>)?;
        Ok(Some(InstanceExternalAuditEventDestinationCreatePayload {
            client_mutation_id: input.client_mutation_id,
            errors: Vec::new(),
            instance_external_audit_event_destination: Some(
                InstanceExternalAuditEventDestination::new(destination),
            ),
        }))
    }

    /// Removes a destination of the instance, for its admins.
    async fn instance_external_audit_event_destination_destroy(
        &self,
        ctx: &Context<'_>,
        input: DestroyDestination<LegacyInstance>,
    ) -> Result<Option<DestinationDestroyed<LegacyInstance>>> {
        destroy(ctx, input).await
    }
}
