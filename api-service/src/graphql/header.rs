//! Custom headers as objects, which they are in the legacy generation.

use std::borrow::Cow;
use std::marker::PhantomData;

use async_graphql::{Context, ID, Object, Result, TypeName};

use super::gid::Resource as _;
use super::secret;
use super::surface::HeaderSurface;
use crate::domain::Header;
use crate::domain::page::Numbered;

/// A header that is sent with every event.
pub(super) struct StreamingHeader<S>(Header, PhantomData<fn() -> S>);

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
        secret::show(ctx, &self.0.value, "header", self.0.id)
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

impl<S> From<Header> for StreamingHeader<S> {
    fn from(header: Header) -> Self {
        Self(header, PhantomData)
    }
}
