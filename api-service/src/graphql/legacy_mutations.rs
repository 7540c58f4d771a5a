//! Mutations of destinations in the legacy generation, and under the names of GitLab's first plan.

use async_graphql::{Context, ID, InputObject, Object, Result};

use super::destination_payload::{
    Created, GroupDestination, InstanceDestination, Outcome, PlanDestination, Updated,
};
use super::destroy::{DestroyDestination, destroy};
use super::done::{Destroy, Done};
use super::errors;
use super::gid::Gid;
use super::session::Session;
use super::surface::{LegacyGroup, LegacyInstance, PlanInstance, Surface};
use crate::destinations::{
    self, Authorised, DestinationUpdate, Failure, NewDestination, TargetUpdate,
};
use crate::domain::{ChosenToken, NewHttpTarget};

/// The constructor of a token that a caller chose: names differ in the rule that it keeps.
type TokenRule = fn(String) -> ChosenToken;

/// What a destination is made from, under all names.
#[derive(InputObject)]
pub(super) struct DestinationInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Where to POST each event; at most 255 characters.
    destination_url: String,
    /// At most 72 characters; made up when absent.
    name: Option<String>,
    /// 16 to 24 printable ASCII characters (8 to 24 in `instanceAuditEventExternalDestinationCreate`);
    /// made when absent. GitLab takes one for destinations of groups only.
    verification_token: Option<String>,
    /// Whether it gets events at once: absent, it does. Without, its filters and headers can be given to it
    /// first. Not in GitLab.
    active: Option<bool>,
}

impl DestinationInput {
    fn into_new(self, token: TokenRule) -> NewDestination {
        NewDestination {
            target: Ok(NewHttpTarget {
                url: self.destination_url,
                headers: Vec::new(),
            }),
            name: self.name,
            verification_token: self.verification_token.map(token),
            active: self.active.unwrap_or(true),
        }
    }
}

/// What a group's destination is made from.
#[derive(InputObject)]
pub(super) struct ExternalAuditEventDestinationCreateInput {
    /// Full path of a top-level group.
    group_path: ID,
    #[graphql(flatten)]
    destination: DestinationInput,
}

/// What a destination of the instance is made from.
#[derive(InputObject)]
pub(super) struct InstanceExternalAuditEventDestinationCreateInput {
    #[graphql(flatten)]
    destination: DestinationInput,
}

/// What a destination of the instance is made from.
#[derive(InputObject)]
pub(super) struct InstanceAuditEventExternalDestinationCreateInput {
    #[graphql(flatten)]
    destination: DestinationInput,
}

/// What is to become of a destination; what is absent or null stays as it is.
#[derive(InputObject)]
#[graphql(concrete(name = "ExternalAuditEventDestinationUpdateInput", params(LegacyGroup)))]
#[graphql(concrete(
    name = "InstanceExternalAuditEventDestinationUpdateInput",
    params(LegacyInstance)
))]
#[graphql(concrete(
    name = "InstanceAuditEventExternalDestinationUpdateInput",
    params(PlanInstance)
))]
pub(super) struct UpdateDestination<S: Surface> {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of the destination.
    id: Gid<S::Destination>,
    /// Where to POST each event; at most 255 characters.
    destination_url: Option<String>,
    /// 1 to 72 characters.
    name: Option<String>,
    /// 16 to 24 printable ASCII characters (8 to 24 in `instanceAuditEventExternalDestinationUpdate`). Not
    /// in GitLab.
    verification_token: Option<String>,
    /// Whether anything is streamed.
    active: Option<bool>,
}

/// What is wrong with a new destination is an error of the whole field, as in GitLab.
async fn create<S: Surface>(
    session: Session<'_, S>,
    authorised: Result<Authorised, Failure>,
    input: DestinationInput,
    token: TokenRule,
) -> Result<Outcome<S>> {
    let client_mutation_id = input.client_mutation_id.clone();
    let created =
        async { destinations::create(session.app, &authorised?, input.into_new(token)).await };
    let destination = created.await.map_err(errors::top_level::<S>)?;
    Ok(Outcome::new(
        client_mutation_id,
        Some(destination),
        Vec::new(),
    ))
}

/// What is wrong with a change is told in the payload, with the destination as it still is.
async fn update<S: Surface>(
    ctx: &Context<'_>,
    input: UpdateDestination<S>,
    token: TokenRule,
) -> Result<Outcome<S>> {
    let session = Session::<S>::open(ctx)?;
    let authorised = session.destination(&input.id).await;
    let authorised = authorised.map_err(errors::top_level::<S>)?;
    let wanted = DestinationUpdate {
        target: Some(Ok(TargetUpdate {
            url: input.destination_url,
            headers: None,
        })),
        name: input.name,
        verification_token: input.verification_token.map(token),
        active: input.active,
    };
    let updated = destinations::update(session.app, &authorised, wanted).await;
    let (mut destination, errors) = errors::split::<S, _>(updated)?;
    if destination.is_none() {
        let unchanged = destinations::read(session.app, &authorised).await;
        destination = Some(unchanged.map_err(errors::top_level::<S>)?);
    }
    Ok(Outcome::new(input.client_mutation_id, destination, errors))
}

/// The mutations of this file.
#[derive(Default)]
pub(super) struct LegacyMutations;

#[Object]
impl LegacyMutations {
    /// Makes a destination of a top-level group, for its owners.
    async fn external_audit_event_destination_create(
        &self,
        ctx: &Context<'_>,
        input: ExternalAuditEventDestinationCreateInput,
    ) -> Result<Option<GroupDestination<Created>>> {
        let session = Session::<LegacyGroup>::open(ctx)?;
        let authorised = session.group_at(&input.group_path).await;
        let made = create(session, authorised, input.destination, ChosenToken::new);
        Ok(Some(made.await?.into()))
    }

    /// Changes a destination of a group, for its owners.
    async fn external_audit_event_destination_update(
        &self,
        ctx: &Context<'_>,
        input: UpdateDestination<LegacyGroup>,
    ) -> Result<Option<GroupDestination<Updated>>> {
        Ok(Some(update(ctx, input, ChosenToken::new).await?.into()))
    }

    /// Removes a destination of a group, for its owners.
    async fn external_audit_event_destination_destroy(
        &self,
        ctx: &Context<'_>,
        input: DestroyDestination<LegacyGroup>,
    ) -> Result<Option<Done<LegacyGroup, Destroy>>> {
        destroy(ctx, input).await
    }

    /// Makes a destination of the instance, for its admins.
    async fn instance_external_audit_event_destination_create(
        &self,
        ctx: &Context<'_>,
        input: InstanceExternalAuditEventDestinationCreateInput,
    ) -> Result<Option<InstanceDestination<Created>>> {
        let session = Session::<LegacyInstance>::open(ctx)?;
        let authorised = session.instance();
        let made = create(session, authorised, input.destination, ChosenToken::new);
        Ok(Some(made.await?.into()))
    }

    /// Changes a destination of the instance, for its admins.
    async fn instance_external_audit_event_destination_update(
        &self,
        ctx: &Context<'_>,
        input: UpdateDestination<LegacyInstance>,
    ) -> Result<Option<InstanceDestination<Updated>>> {
        Ok(Some(update(ctx, input, ChosenToken::new).await?.into()))
    }

    /// Removes a destination of the instance, for its admins.
    async fn instance_external_audit_event_destination_destroy(
        &self,
        ctx: &Context<'_>,
        input: DestroyDestination<LegacyInstance>,
    ) -> Result<Option<Done<LegacyInstance, Destroy>>> {
        destroy(ctx, input).await
    }

    /// Makes a destination of the instance, for its admins.
    #[graphql(deprecation = "Use `instanceExternalAuditEventDestinationCreate`.")]
    async fn instance_audit_event_external_destination_create(
        &self,
        ctx: &Context<'_>,
        input: InstanceAuditEventExternalDestinationCreateInput,
    ) -> Result<Option<PlanDestination<Created>>> {
        let session = Session::<PlanInstance>::open(ctx)?;
        let authorised = session.instance();
        let made = create(
            session,
            authorised,
            input.destination,
            ChosenToken::of_the_plan,
        );
        Ok(Some(made.await?.into()))
    }

    /// Changes a destination of the instance, for its admins.
    #[graphql(deprecation = "Use `instanceExternalAuditEventDestinationUpdate`.")]
    async fn instance_audit_event_external_destination_update(
        &self,
        ctx: &Context<'_>,
        input: UpdateDestination<PlanInstance>,
    ) -> Result<Option<PlanDestination<Updated>>> {
        Ok(Some(
            update(ctx, input, ChosenToken::of_the_plan).await?.into(),
        ))
    }

    /// Removes a destination of the instance, for its admins.
    #[graphql(deprecation = "Use `instanceExternalAuditEventDestinationDestroy`.")]
    async fn instance_audit_event_external_destination_destroy(
        &self,
        ctx: &Context<'_>,
        input: DestroyDestination<PlanInstance>,
    ) -> Result<Option<Done<PlanInstance, Destroy>>> {
        destroy(ctx, input).await
    }
}
