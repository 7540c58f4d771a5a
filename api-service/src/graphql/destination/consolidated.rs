//! Destinations as the consolidated generation shows them.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use async_graphql::{
    Context, ID, Interface, Json, Object, OutputType, Result, SimpleObject, TypeName,
};
use serde_json::Value;

use super::CommonFields;
use crate::domain::page::Numbered;
use crate::domain::{Destination, Target, http_config};
use crate::graphql::group::Group;
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
#[derive(SimpleObject)]
pub(in crate::graphql) struct GroupAuditEventStreamingDestination {
    #[graphql(flatten)]
    fields: ConsolidatedFields<ConsolidatedGroup>,
    /// The group whose events are streamed.
    group: Group,
}

/// Where the audit events of the whole instance are streamed to.
#[derive(SimpleObject)]
pub(in crate::graphql) struct InstanceAuditEventStreamingDestination {
    #[graphql(flatten)]
    fields: ConsolidatedFields<ConsolidatedInstance>,
}

impl From<Arc<Destination>> for GroupAuditEventStreamingDestination {
    fn from(destination: Arc<Destination>) -> Self {
        Self {
            group: Group::of(&destination),
            fields: destination.into(),
        }
    }
}

impl From<Arc<Destination>> for InstanceAuditEventStreamingDestination {
    fn from(destination: Arc<Destination>) -> Self {
        Self {
            fields: destination.into(),
        }
    }
}

impl Numbered for GroupAuditEventStreamingDestination {
    fn number(&self) -> i64 {
        self.fields.common.0.id
    }
}

impl Numbered for InstanceAuditEventStreamingDestination {
    fn number(&self) -> i64 {
        self.fields.common.0.id
    }
}

/// What the destinations of both levels have in common.
pub(in crate::graphql) struct ConsolidatedFields<S> {
    common: CommonFields<S>,
}

impl<S> From<Arc<Destination>> for ConsolidatedFields<S> {
    fn from(destination: Arc<Destination>) -> Self {
        Self {
            common: CommonFields(destination, PhantomData),
        }
    }
}

impl<S: ConsolidatedSurface> TypeName for ConsolidatedFields<S> {
    fn type_name() -> Cow<'static, str> {
        format!(
            "{}ConsolidatedFields",
            <S::Object as OutputType>::type_name()
        )
        .into()
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
        let shown =
            |header: &crate::domain::Header| secret::show(ctx, &header.value, "header", header.id);
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

// The interface calls the resolvers as methods of the objects.

impl Deref for GroupAuditEventStreamingDestination {
    type Target = ConsolidatedFields<ConsolidatedGroup>;

    fn deref(&self) -> &Self::Target {
        &self.fields
    }
}

impl Deref for InstanceAuditEventStreamingDestination {
    type Target = ConsolidatedFields<ConsolidatedInstance>;

    fn deref(&self) -> &Self::Target {
        &self.fields
    }
}

impl<S> Deref for ConsolidatedFields<S> {
    type Target = CommonFields<S>;

    fn deref(&self) -> &Self::Target {
        &self.common
    }
}
