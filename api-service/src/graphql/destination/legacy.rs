//! Destinations as the legacy generation shows them.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use async_graphql::{Context, ID, Interface, Object, Result, TypeName};

use super::CommonFields;
use super::level::{Fields, OfGroup, OfInstance};
use crate::domain::page::Page;
use crate::domain::{Destination, HttpTarget, Target};
use crate::graphql::connection::{Connection, PageArguments};
use crate::graphql::header::StreamingHeader;
use crate::graphql::namespace_filter::HttpNamespaceFilter;
use crate::graphql::secret;
use crate::graphql::surface::{HeaderSurface, LegacyGroup, LegacyInstance, Surface as _};

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
pub(in crate::graphql) type ExternalAuditEventDestination = OfGroup<GroupFields>;

/// Where the audit events of the whole instance are streamed to.
pub(in crate::graphql) type InstanceExternalAuditEventDestination =
    OfInstance<LegacyFields<LegacyInstance>>;

/// What only the destinations of groups show, beside all others.
pub(in crate::graphql) struct GroupFields {
    fields: LegacyFields<LegacyGroup>,
}

#[Object(name = "ExternalAuditEventDestinationFieldsOfGroup")]
#[expect(clippy::unused_async, reason = "resolvers must be async")]
impl GroupFields {
    #[graphql(flatten)]
    async fn fields(&self) -> &LegacyFields<LegacyGroup> {
        &self.fields
    }

    /// The group or project that the destination is limited to; null when there is none, and when
    /// there are several, which only the newer generation of the API can make and show.
    async fn namespace_filter(&self) -> Option<HttpNamespaceFilter> {
        let destination = self.destination();
        match &destination.namespace_filters[..] {
            [only] => Some(HttpNamespaceFilter::new(destination.clone(), only.clone())),
            _ => None,
        }
    }
}

impl From<Arc<Destination>> for GroupFields {
    fn from(destination: Arc<Destination>) -> Self {
        Self {
            fields: destination.into(),
        }
    }
}

impl Fields for GroupFields {
    const OBJECT: &'static str = LegacyGroup::OBJECT;

    fn destination(&self) -> &Arc<Destination> {
        self.fields.destination()
    }
}

impl Deref for GroupFields {
    type Target = LegacyFields<LegacyGroup>;

    fn deref(&self) -> &Self::Target {
        &self.fields
    }
}

/// What the destinations of both levels have in common.
pub(in crate::graphql) struct LegacyFields<S> {
    common: CommonFields<S>,
}

impl<S> From<Arc<Destination>> for LegacyFields<S> {
    fn from(destination: Arc<Destination>) -> Self {
        Self {
            common: destination.into(),
        }
    }
}

impl<S: HeaderSurface> Fields for LegacyFields<S> {
    const OBJECT: &'static str = S::OBJECT;

    fn destination(&self) -> &Arc<Destination> {
        &self.common.0
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
        format!("{}Settings", S::OBJECT).into()
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
        let arguments = PageArguments {
            after,
            before,
            first,
            last,
        };
        let request = arguments.request()?;
        let page = Page::of(self.target().headers.clone(), &request);
        Ok(page.map(StreamingHeader::from).into())
    }
}

impl<S> Deref for LegacyFields<S> {
    type Target = CommonFields<S>;

    fn deref(&self) -> &CommonFields<S> {
        &self.common
    }
}
