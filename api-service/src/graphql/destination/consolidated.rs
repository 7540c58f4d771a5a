//! Destinations as the consolidated generation shows them.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use async_graphql::{Context, ID, Interface, Json, Object, Result, TypeName};
use serde_json::Value;

use super::CommonFields;
use super::level::{Fields, OfGroup, OfInstance};
use crate::domain::{Destination, Header, Target, http_config};
use crate::graphql::namespace_filter::StreamingNamespaceFilter;
use crate::graphql::secret;
use crate::graphql::surface::{ConsolidatedGroup, ConsolidatedInstance, ConsolidatedSurface};

/// What the destinations of both levels show.
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "Global id."),
    field(
        name = "name",
        ty = "String",
        desc = "Name, unique among the destinations of its category beside it."
    ),
    field(name = "category", ty = "String", desc = "The kind of target: `http`."),
    field(
        name = "config",
        ty = "Json<Value>",
        desc = "The settings of the target: `url` and `headers`."
    ),
    field(
        name = "event_type_filters",
        ty = "Vec<String>",
        desc = "The event types that are streamed; all when empty."
    ),
    field(
        name = "secret_token",
        ty = "String",
        desc = "What each request has in its header `X-Gitlab-Event-Streaming-Token`."
    ),
    field(name = "active", ty = "bool", desc = "Whether anything is streamed.")
)]
pub(in crate::graphql) enum AuditEventStreamingDestinationInterface {
    /// Of a group.
    Group(GroupAuditEventStreamingDestination),
    /// Of the instance.
    Instance(InstanceAuditEventStreamingDestination),
}

/// Where a group's audit events are streamed to.
pub(in crate::graphql) type GroupAuditEventStreamingDestination =
    OfGroup<ConsolidatedFields<ConsolidatedGroup>>;

/// Where the audit events of the whole instance are streamed to.
pub(in crate::graphql) type InstanceAuditEventStreamingDestination =
    OfInstance<ConsolidatedFields<ConsolidatedInstance>>;

/// What the destinations of both levels have in common.
pub(in crate::graphql) struct ConsolidatedFields<S> {
    common: CommonFields<S>,
}

impl<S> From<Arc<Destination>> for ConsolidatedFields<S> {
    fn from(destination: Arc<Destination>) -> Self {
        Self {
            common: destination.into(),
        }
    }
}

impl<S: ConsolidatedSurface> Fields for ConsolidatedFields<S> {
    const OBJECT: &'static str = S::OBJECT;

    fn destination(&self) -> &Arc<Destination> {
        &self.common.0
    }
}

impl<S: ConsolidatedSurface> TypeName for ConsolidatedFields<S> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Settings", S::OBJECT).into()
    }
}

#[Object(name_type)]
#[expect(clippy::unused_async, reason = "resolvers must be async")]
impl<S: ConsolidatedSurface> ConsolidatedFields<S> {
    #[graphql(flatten)]
    async fn common(&self) -> &CommonFields<S> {
        &self.common
    }

    /// The kind of target: `http`.
    async fn category(&self) -> &'static str {
        self.common.0.target.category().name()
    }

    /// The settings of the target. Of an HTTP target: `url`, and, when there are any, `headers`: an
    /// object with the `value` of each and whether it is `active`.
    async fn config(&self, ctx: &Context<'_>) -> Result<Json<Value>> {
        let Target::Http(target) = &self.common.0.target;
        let shown = |header: &Header| secret::show(ctx, &header.value, "header", header.id);
        http_config::write(target, shown).map(Json)
    }

    /// What each request has in its header `X-Gitlab-Event-Streaming-Token`.
    async fn secret_token(&self, ctx: &Context<'_>) -> Result<String> {
        let destination = &self.common.0;
        let token = &destination.verification_token;
        secret::show(ctx, token, "verification token", destination.id)
    }

    /// The groups and projects that the destination is limited to; all when empty.
    async fn namespace_filters(&self) -> Option<Vec<StreamingNamespaceFilter<S>>> {
        let destination = &self.common.0;
        let filters = destination.namespace_filters.iter();
        let shown = filters
            .map(|filter| StreamingNamespaceFilter::new(destination.clone(), filter.clone()));
        Some(shown.collect())
    }
}

impl<S> Deref for ConsolidatedFields<S> {
    type Target = CommonFields<S>;

    fn deref(&self) -> &CommonFields<S> {
        &self.common
    }
}
