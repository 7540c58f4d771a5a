//! Mutations of destinations in the consolidated generation, where the target is a category with its
//! settings.

use async_graphql::{Context, ID, InputObject, Json, Object, Result};
use serde_json::Value;

use super::destination_payload::{Created, Outcome, StreamingDestination, Updated};
use super::destroy::{DestroyDestination, destroy};
use super::done::{Destroy, Done};
use super::errors;
use super::gid::Gid;
use super::session::Session;
use super::surface::{ConsolidatedGroup, ConsolidatedInstance, Surface};
use crate::app::App;
use crate::destinations::{
    self, Authorised, DestinationUpdate, Failure, NewDestination, TargetUpdate,
};
use crate::domain::{Category, ChosenToken, NewHttpTarget, Violation, http_config};

/// What a destination of either level is made from.
#[derive(InputObject)]
pub(super) struct StreamingDestinationInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// The settings of the target. Of an HTTP target: its `url` (at most 255 characters), and perhaps
    /// `headers`, up to 20, each under its name as `{"value": "…", "active": true}`.
    config: Json<Value>,
    /// At most 72 characters; made up when absent.
    name: Option<String>,
    /// The kind of target: `http`.
    category: String,
    /// 16 to 24 printable ASCII characters; made when absent.
    secret_token: Option<String>,
    /// Whether it gets events at once: absent, it does. Without, its filters and headers can be given to it
    /// first. Not in GitLab.
    active: Option<bool>,
}

/// What a group's destination is made from.
#[derive(InputObject)]
pub(super) struct GroupAuditEventStreamingDestinationsCreateInput {
    /// Full path of a top-level group.
    group_path: ID,
    #[graphql(flatten)]
    destination: StreamingDestinationInput,
}

/// What a destination of the instance is made from.
#[derive(InputObject)]
pub(super) struct InstanceAuditEventStreamingDestinationsCreateInput {
    #[graphql(flatten)]
    destination: StreamingDestinationInput,
}

/// What is to become of a destination; what is absent or null stays as it is.
#[derive(InputObject)]
#[graphql(concrete(
    name = "GroupAuditEventStreamingDestinationsUpdateInput",
    params(ConsolidatedGroup)
))]
#[graphql(concrete(
    name = "InstanceAuditEventStreamingDestinationsUpdateInput",
    params(ConsolidatedInstance)
))]
pub(super) struct UpdateStreamingDestination<S: Surface> {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of the destination.
    id: Gid<S::Destination>,
    /// All settings of the target; a header that is not among them is removed.
    config: Option<Json<Value>>,
    /// 1 to 72 characters.
    name: Option<String>,
    /// The kind of target: `http`.
    category: Option<String>,
    /// 16 to 24 printable ASCII characters.
    secret_token: Option<String>,
    /// Whether anything is streamed.
    active: Option<bool>,
}

/// The target that a category and its settings describe.
fn target(app: &App, category: &str, config: &Value) -> Result<NewHttpTarget, Vec<Violation>> {
    let limits = &app.foundation.config.limits;
    match Category::parse(category).map_err(|violation| vec![violation])? {
        Category::Http => http_config::read(config, limits.headers),
    }
}

async fn create<S: Surface>(
    session: Session<'_, S>,
    authorised: Result<Authorised, Failure>,
    input: StreamingDestinationInput,
) -> Result<Outcome<S>> {
    let wanted = NewDestination {
        target: target(session.app, &input.category, &input.config),
        name: input.name,
        verification_token: input.secret_token.map(ChosenToken::new),
        active: input.active.unwrap_or(true),
    };
    let created = async { destinations::create(session.app, &authorised?, wanted).await };
    let (destination, errors) = errors::split::<S, _>(created.await)?;
    Ok(Outcome::new(input.client_mutation_id, destination, errors))
}

async fn update<S: Surface>(
    ctx: &Context<'_>,
    input: UpdateStreamingDestination<S>,
) -> Result<Option<StreamingDestination<S, Updated>>> {
    let session = Session::<S>::open(ctx)?;
    let category = input.category.as_deref().unwrap_or(Category::Http.name());
    let target = match &input.config {
        Some(config) => Some(target(session.app, category, config)),
        None => Category::parse(category)
            .err()
            .map(|violation| Err(vec![violation])),
    };
    let wanted = DestinationUpdate {
        target: target.map(|target| target.map(TargetUpdate::from)),
        name: input.name,
        verification_token: input.secret_token.map(ChosenToken::new),
        active: input.active,
    };
    let updated = async {
        let authorised = session.destination(&input.id).await?;
        destinations::update(session.app, &authorised, wanted).await
    };
    let (destination, errors) = errors::split::<S, _>(updated.await)?;
    let outcome = Outcome::new(input.client_mutation_id, destination, errors);
    Ok(Some(outcome.into()))
}

/// The mutations of this file.
#[derive(Default)]
pub(super) struct ConsolidatedMutations;

#[Object]
impl ConsolidatedMutations {
    /// Makes a destination of a top-level group, for its owners.
    async fn group_audit_event_streaming_destinations_create(
        &self,
        ctx: &Context<'_>,
        input: GroupAuditEventStreamingDestinationsCreateInput,
    ) -> Result<Option<StreamingDestination<ConsolidatedGroup, Created>>> {
        let session = Session::<ConsolidatedGroup>::open(ctx)?;
        let authorised = session.group_at(&input.group_path).await;
        let made = create(session, authorised, input.destination);
        Ok(Some(made.await?.into()))
    }

    /// Changes a destination of a group, for its owners.
    async fn group_audit_event_streaming_destinations_update(
        &self,
        ctx: &Context<'_>,
        input: UpdateStreamingDestination<ConsolidatedGroup>,
    ) -> Result<Option<StreamingDestination<ConsolidatedGroup, Updated>>> {
        update(ctx, input).await
    }

    /// Removes a destination of a group, for its owners.
    async fn group_audit_event_streaming_destinations_delete(
        &self,
        ctx: &Context<'_>,
        input: DestroyDestination<ConsolidatedGroup>,
    ) -> Result<Option<Done<ConsolidatedGroup, Destroy>>> {
        destroy(ctx, input).await
    }

    /// Makes a destination of the instance, for its admins.
    async fn instance_audit_event_streaming_destinations_create(
        &self,
        ctx: &Context<'_>,
        input: InstanceAuditEventStreamingDestinationsCreateInput,
    ) -> Result<Option<StreamingDestination<ConsolidatedInstance, Created>>> {
        let session = Session::<ConsolidatedInstance>::open(ctx)?;
        let authorised = session.instance();
        let made = create(session, authorised, input.destination);
        Ok(Some(made.await?.into()))
    }

    /// Changes a destination of the instance, for its admins.
    async fn instance_audit_event_streaming_destinations_update(
        &self,
        ctx: &Context<'_>,
        input: UpdateStreamingDestination<ConsolidatedInstance>,
    ) -> Result<Option<StreamingDestination<ConsolidatedInstance, Updated>>> {
        update(ctx, input).await
    }

    /// Removes a destination of the instance, for its admins.
    async fn instance_audit_event_streaming_destinations_delete(
        &self,
        ctx: &Context<'_>,
        input: DestroyDestination<ConsolidatedInstance>,
    ) -> Result<Option<Done<ConsolidatedInstance, Destroy>>> {
        destroy(ctx, input).await
    }
}
