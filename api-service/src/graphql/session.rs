//! A caller at work on a surface: looks things up by the surface's ids, with the permission check that
//! belongs to it.

use std::marker::PhantomData;

use async_graphql::{Context, Result};

use super::gid::Gid;
use super::surface::{HeaderSurface, NamespaceFilterSurface, Surface};
use super::{app, caller};
use crate::app::App;
use crate::auth::Caller;
use crate::destinations::authorize::{self, Part};
use crate::destinations::{Authorised, AuthorisedDestination, AuthorisedPart, Failure};
use crate::domain::GroupScope;

/// Somebody whose token is for the GraphQL API, or somebody without a token.
pub(super) struct Session<'a, S> {
    pub(super) app: &'a App,
    caller: Caller,
    _surface: PhantomData<fn() -> S>,
}

impl<'a, S: Surface> Session<'a, S> {
    /// To be opened before anything is looked up.
    pub(super) fn open(ctx: &Context<'a>) -> Result<Self> {
        Ok(Self {
            app: app(ctx),
            caller: caller(ctx)?,
            _surface: PhantomData,
        })
    }

    /// The instance.
    pub(super) fn instance(&self) -> Result<Authorised, Failure> {
        authorize::instance(self.app, &self.caller, S::GENERATION)
    }

    /// A group that has been looked up.
    pub(super) async fn group(&self, group: GroupScope) -> Result<Authorised, Failure> {
        authorize::group(self.app, &self.caller, S::GENERATION, group).await
    }

    /// The group at a full path.
    pub(super) async fn group_at(&self, full_path: &str) -> Result<Authorised, Failure> {
        authorize::group_at(self.app, &self.caller, S::GENERATION, full_path).await
    }

    /// A destination of the surface.
    pub(super) async fn destination(
        &self,
        id: &Gid<S::Destination>,
    ) -> Result<AuthorisedDestination, Failure> {
        let (kind, generation) = (S::SCOPE, S::GENERATION);
        authorize::destination(self.app, &self.caller, kind, generation, id.number).await
    }

    async fn part(&self, part: Part, number: i64) -> Result<AuthorisedPart, Failure> {
        let (kind, generation) = (S::SCOPE, S::GENERATION);
        authorize::part(self.app, &self.caller, kind, generation, part, number).await
    }
}

impl<S: HeaderSurface> Session<'_, S> {
    /// A header of the surface.
    pub(super) async fn header(&self, id: &Gid<S::Header>) -> Result<AuthorisedPart, Failure> {
        self.part(Part::Header, id.number).await
    }
}

impl<S: NamespaceFilterSurface> Session<'_, S> {
    /// A namespace filter of the surface.
    pub(super) async fn namespace_filter(
        &self,
        id: &Gid<S::Filter>,
    ) -> Result<AuthorisedPart, Failure> {
        self.part(Part::NamespaceFilter, id.number).await
    }
}
