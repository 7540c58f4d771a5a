//! Destinations as the legacy generation shows them.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use async_graphql::{
    ComplexObject, Context, ID, Interface, Object, OutputType, Result, SimpleObject, TypeName,
};

use super::CommonFields;
use crate::domain::page::{Numbered, Page};
use crate::domain::{Destination, HttpTarget, Target};
use crate::graphql::connection::{Connection, page_request};
use crate::graphql::group::Group;
use crate::graphql::header::StreamingHeader;
use crate::graphql::namespace_filter::HttpNamespaceFilter;
use crate::graphql::secret;
use crate::graphql::surface::{HeaderSurface, LegacyGroup, LegacyInstance};

/// What the destinations of both levels show.
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "Global id."),
    field(
        name = "name",
        ty = "String",
        desc = "Name, unique among the destinations beside it."
    ),
    field(
        name = "destination_url",
        ty = "String",
        desc = "Where each event is sent with POST."
    ),
    field(
        name = "verification_token",
        ty = "String",
        desc = "What each request has in its header `X-Gitlab-Event-Streaming-Token`."
    ),
    field(
        name = "event_type_filters",
        ty = "Vec<String>",
        desc = "The event types that are streamed; all when empty."
    ),
    field(name = "active", ty = "bool", desc = "Whether anything is streamed.")
)]
pub(in crate::graphql) enum ExternalAuditEventDestinationInterface {
    /// Of a group.
    Group(ExternalAuditEventDestination),
    /// Of the instance.
    Instance(InstanceExternalAuditEventDestination),
}

/// Where a group's audit events are streamed to.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(in crate::graphql) struct ExternalAuditEventDestination {
    #[graphql(flatten)]
    fields: LegacyFields<LegacyGroup>,
    /// The group whose events are streamed.
    group: Group,
}

/// Where the audit events of the whole instance are streamed to.
#[derive(SimpleObject)]
pub(in crate::graphql) struct InstanceExternalAuditEventDestination {
    #[graphql(flatten)]
    fields: LegacyFields<LegacyInstance>,
}

#[ComplexObject]
impl ExternalAuditEventDestination {
    /// The group or project that the destination is limited to; null when there is none, and when
    /// there are several, which only the newer generation of the API can make and show.
    async fn namespace_filter(&self) -> Option<HttpNamespaceFilter> {
        let destination = &self.fields.common.0;
        match &destination.namespace_filters[..] {
            [only] => Some(HttpNamespaceFilter::new(destination.clone(), only.clone())),
            _ => None,
        }
    }
}

impl From<Arc<Destination>> for ExternalAuditEventDestination {
    fn from(destination: Arc<Destination>) -> Self {
        Self {
            group: Group::of(&destination),
            fields: destination.into(),
        }
    }
}

impl From<Arc<Destination>> for InstanceExternalAuditEventDestination {
    fn from(destination: Arc<Destination>) -> Self {
        Self {
            fields: destination.into(),
        }
    }
}

impl Numbered for ExternalAuditEventDestination {
    fn number(&self) -> i64 {
        self.fields.common.0.id
    }
}

impl Numbered for InstanceExternalAuditEventDestination {
    fn number(&self) -> i64 {
        self.fields.common.0.id
    }
}

/// What the destinations of both levels have in common.
pub(in crate::graphql) struct LegacyFields<S> {
    common: CommonFields<S>,
}

impl<S> From<Arc<Destination>> for LegacyFields<S> {
    fn from(destination: Arc<Destination>) -> Self {
        Self {
            common: CommonFields(destination, PhantomData),
        }
    }
}

impl<S> LegacyFields<S> {
    fn target(&self) -> &HttpTarget {
        let Target::Http(target) = &self.common.0.target;
        target
    }
}

impl<S: HeaderSurface> TypeName for LegacyFields<S> {
    fn type_name() -> Cow<'static, str> {
        format!("{}LegacyFields", <S::Object as OutputType>::type_name()).into()
    }
}

#[Object(name_type)]
#[expect(clippy::unused_async, reason = "resolvers must be async")]
impl<S: HeaderSurface> LegacyFields<S> {
    #[graphql(flatten)]
    async fn common(&self) -> &CommonFields<S> {
        &self.common
    }

    /// Where each event is sent with POST.
    async fn destination_url(&self) -> &str {
        &self.target().url
    }

    /// What each request has in its header `X-Gitlab-Event-Streaming-Token`.
    async fn verification_token(&self, ctx: &Context<'_>) -> Result<String> {
        let destination = &self.common.0;
        let token = &destination.verification_token;
        secret::show(ctx, token, "verification token", destination.id)
    }

    /// Headers that are sent with every event.
    async fn headers(
        &self,
        #[graphql(desc = "Only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only items before this cursor.")] before: Option<String>,
        #[graphql(desc = "The first so many of them, at most 100.")] first: Option<i32>,
        #[graphql(desc = "The last so many of them, at most 100.")] last: Option<i32>,
    ) -> Result<Connection<StreamingHeader<S>>> {
        let request = page_request(after.as_deref(), before.as_deref(), first, last)?;
        let page = Page::of(self.target().headers.clone(), &request);
        Ok(page.map(StreamingHeader::from).into())
    }
}

// The interface calls the resolvers as methods of the objects.

impl Deref for ExternalAuditEventDestination {
    type Target = LegacyFields<LegacyGroup>;

    fn deref(&self) -> &Self::Target {
        &self.fields
    }
}

impl Deref for InstanceExternalAuditEventDestination {
    type Target = LegacyFields<LegacyInstance>;

    fn deref(&self) -> &Self::Target {
        &self.fields
    }
}

impl<S> Deref for LegacyFields<S> {
    type Target = CommonFields<S>;

    fn deref(&self) -> &Self::Target {
        &self.common
    }
}
