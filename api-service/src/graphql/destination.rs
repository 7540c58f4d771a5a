//! Destinations as the legacy generation shows them.

use std::borrow::Cow;
use std::marker::PhantomData;

use async_graphql::{Context, ID, Object, Result, SimpleObject, TypeName};
use secrecy::ExposeSecret as _;

use super::connection::{Connection, page_request};
use super::gid::Resource;
use super::group::Group;
use super::surface::{HeaderSurface, LegacyGroup, LegacyInstance};
use super::{app, errors};
use crate::domain::page::{Numbered, Page};
use crate::domain::{self, GroupScope};

/// Where a group's audit events are streamed to.
#[derive(SimpleObject)]
pub(super) struct ExternalAuditEventDestination {
    #[graphql(flatten)]
    fields: DestinationFields<LegacyGroup>,
    /// The group whose events are streamed.
    group: Group,
}

/// Where the audit events of the whole instance are streamed to.
#[derive(SimpleObject)]
pub(super) struct InstanceExternalAuditEventDestination {
    #[graphql(flatten)]
    fields: DestinationFields<LegacyInstance>,
}

impl ExternalAuditEventDestination {
    pub(super) fn new(destination: domain::Destination, group: GroupScope) -> Self {
        Self {
            fields: DestinationFields(destination, PhantomData),
            group: Group(group),
        }
    }
}

impl InstanceExternalAuditEventDestination {
    pub(super) fn new(destination: domain::Destination) -> Self {
        Self {
            fields: DestinationFields(destination, PhantomData),
        }
    }
}

impl Numbered for ExternalAuditEventDestination {
    fn number(&self) -> i64 {
        self.fields.0.number()
    }
}

impl Numbered for InstanceExternalAuditEventDestination {
    fn number(&self) -> i64 {
        self.fields.0.number()
    }
}

/// What the destinations of both levels have in common.
struct DestinationFields<S>(domain::Destination, PhantomData<fn() -> S>);

impl<S: HeaderSurface> TypeName for DestinationFields<S> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Fields", <S::Destination as Resource>::SCALAR).into()
    }
}

#[Object(name_type)]
#[expect(clippy::unused_async, reason = "resolvers must be async")]
impl<S: HeaderSurface> DestinationFields<S> {
    /// Global id.
    async fn id(&self) -> ID {
        S::Destination::id(self.0.id)
    }

    /// Name, unique among the destinations beside it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Where each event is sent with POST.
    async fn destination_url(&self) -> &str {
        &self.0.url
    }

    /// What each request has in its header `X-Gitlab-Event-Streaming-Token`.
    async fn verification_token(&self, ctx: &Context<'_>) -> Result<String> {
        let opened = self.0.verification_token.open(&app(ctx).foundation.keyring);
        let token = opened.map_err(|error| {
            tracing::error!(
                destination.id = self.0.id,
                error = %error,
                "a verification token cannot be shown"
            );
            errors::opaque()
        })?;
        Ok(token.expose_secret().to_owned())
    }

    /// The event types that are streamed; all when empty.
    async fn event_type_filters(&self) -> &[String] {
        &self.0.event_type_filters
    }

    /// Whether anything is streamed.
    async fn active(&self) -> bool {
        self.0.active
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
        let page = Page::of(self.0.headers.clone(), request);
        Ok(page.map(StreamingHeader::from).into())
    }
}

/// A header that is sent with every event.
pub(super) struct StreamingHeader<S>(domain::Header, PhantomData<fn() -> S>);

impl<S: HeaderSurface> TypeName for StreamingHeader<S> {
    fn type_name() -> Cow<'static, str> {
        S::HEADER_TYPE.into()
    }
}

/// A header that is sent with every event.
#[Object(name_type)]
#[expect(clippy::unused_async, reason = "resolvers must be async")]
impl<S: HeaderSurface> StreamingHeader<S> {
    /// Global id.
    async fn id(&self) -> ID {
        S::Header::id(self.0.id)
    }

    /// The header's name.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// The header's value.
    async fn value(&self, ctx: &Context<'_>) -> Result<String> {
        let opened = self.0.value.open(&app(ctx).foundation.keyring);
        let value = opened.map_err(|error| {
            tracing::error!(
                header.id = self.0.id,
                error = %error,
                "the value of a header cannot be shown"
            );
            errors::opaque()
        })?;
        Ok(value.expose_secret().to_owned())
    }

    /// Whether it is sent.
    async fn active(&self) -> bool {
        self.0.active
    }
}

impl<S: HeaderSurface> Numbered for StreamingHeader<S> {
    fn number(&self) -> i64 {
        self.0.number()
    }
}

impl<S: HeaderSurface> From<domain::Header> for StreamingHeader<S> {
    fn from(header: domain::Header) -> Self {
        Self(header, PhantomData)
    }
}
