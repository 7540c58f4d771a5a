//! Destinations as objects: one for each generation of the API at each level, over the same value.

mod consolidated;
mod legacy;
mod level;

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::Arc;

use async_graphql::{Context, ID, Object, OutputType, Result, TypeName};

pub(super) use consolidated::{
    AuditEventStreamingDestinationInterface, GroupAuditEventStreamingDestination,
    InstanceAuditEventStreamingDestination,
};
pub(super) use legacy::{
    ExternalAuditEventDestination, ExternalAuditEventDestinationInterface,
    InstanceExternalAuditEventDestination,
};

use super::connection::{CountedConnection, PageArguments};
use super::dead_letters::{self, DeadLetterObject};
use super::gid::Resource as _;
use super::health::{self, DestinationHealth};
use super::secret;
use super::surface::Surface;
use crate::domain::Destination;
use crate::domain::page::Numbered;

/// The object that a surface shows a destination as.
pub(super) trait DestinationObject:
    OutputType + Numbered + From<Arc<Destination>> + Send + Sync + 'static
{
}

impl<T: OutputType + Numbered + From<Arc<Destination>> + Send + Sync + 'static> DestinationObject
    for T
{
}

/// What the destinations of all surfaces have in common.
pub(super) struct CommonFields<S>(Arc<Destination>, PhantomData<fn() -> S>);

impl<S> From<Arc<Destination>> for CommonFields<S> {
    fn from(destination: Arc<Destination>) -> Self {
        Self(destination, PhantomData)
    }
}

impl<S: Surface> TypeName for CommonFields<S> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Fields", S::OBJECT).into()
    }
}

#[Object(name_type)]
#[expect(clippy::unused_async, reason = "resolvers must be async")]
impl<S: Surface> CommonFields<S> {
    /// Global id.
    async fn id(&self) -> ID {
        S::Destination::id(self.0.id)
    }

    /// Name, unique among the destinations beside it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether anything is streamed.
    async fn active(&self) -> bool {
        self.0.active
    }

    /// The event types that are streamed; all when empty.
    async fn event_type_filters(&self) -> &[String] {
        &self.0.event_type_filters
    }

    /// What requests are signed with, as Standard Webhooks has it: `whsec_` and base64. Not in GitLab.
    async fn signing_secret(&self, ctx: &Context<'_>) -> Result<String> {
        secret::show(ctx, &self.0.signing_secret, "signing secret", self.0.id)
    }

    /// How deliveries to the destination go. Not in GitLab.
    async fn health(&self, ctx: &Context<'_>) -> Result<Option<DestinationHealth>> {
        health::of(ctx, &self.0).await.map(Some)
    }

    /// The events that the destination never took, in the order in which they were given up first. Not
    /// in GitLab.
    async fn dead_letters(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only items before this cursor.")] before: Option<String>,
        #[graphql(desc = "The first so many of them, at most 100.")] first: Option<i32>,
        #[graphql(desc = "The last so many of them, at most 100.")] last: Option<i32>,
    ) -> Result<Option<CountedConnection<DeadLetterObject>>> {
        let arguments = PageArguments {
            after,
            before,
            first,
            last,
        };
        dead_letters::of(ctx, &self.0, &arguments).await.map(Some)
    }
}
