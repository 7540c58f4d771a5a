//! Groups and projects.

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::connection::{Connection, PageArguments};
use super::destination::{ExternalAuditEventDestination, GroupAuditEventStreamingDestination};
use super::destination_list;
use super::gid::{GroupResource, ProjectResource, Resource as _};
use super::surface::{ConsolidatedGroup, LegacyGroup};
use crate::accounts;
use crate::domain::page::Numbered;
use crate::domain::{Destination, GroupScope, Scope};

/// A group.
#[derive(Clone)]
pub(super) struct Group(pub(super) GroupScope);

impl Group {
    /// The group that a destination of a group belongs to.
    pub(super) fn of(destination: &Destination) -> Self {
        match &destination.scope {
            Scope::Group(group) => Self(group.clone()),
            Scope::Instance => unreachable!("an object with a group is of a group's destination"),
        }
    }
}

impl Numbered for Group {
    fn number(&self) -> i64 {
        self.0.id
    }
}

/// A group.
#[Object]
impl Group {
    /// Global id.
    async fn id(&self) -> ID {
        GroupResource::id(self.0.id)
    }

    /// Shown name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The last part of the full path.
    async fn path(&self) -> &str {
        &self.0.path
    }

    /// Path from the top-level group on, parted by slashes.
    async fn full_path(&self) -> ID {
        ID(self.0.full_path.clone())
    }

    /// Where the group's audit events are streamed to; null for who may not administer it.
    async fn external_audit_event_destinations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only items before this cursor.")] before: Option<String>,
        #[graphql(desc = "The first so many of them, at most 100.")] first: Option<i32>,
        #[graphql(desc = "The last so many of them, at most 100.")] last: Option<i32>,
    ) -> Result<Option<Connection<ExternalAuditEventDestination>>> {
        let arguments = PageArguments {
            after,
            before,
            first,
            last,
        };
        destination_list::of_group::<LegacyGroup>(ctx, self.0.clone(), &arguments).await
    }

    /// Where the group's audit events are streamed to; null for who may not administer it.
    async fn external_audit_event_streaming_destinations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only items before this cursor.")] before: Option<String>,
        #[graphql(desc = "The first so many of them, at most 100.")] first: Option<i32>,
        #[graphql(desc = "The last so many of them, at most 100.")] last: Option<i32>,
    ) -> Result<Option<Connection<GroupAuditEventStreamingDestination>>> {
        let arguments = PageArguments {
            after,
            before,
            first,
            last,
        };
        destination_list::of_group::<ConsolidatedGroup>(ctx, self.0.clone(), &arguments).await
    }
}

/// A project.
#[derive(SimpleObject)]
pub(super) struct Project {
    /// Global id.
    id: ID,
    /// Shown name.
    name: String,
    /// Path from the top-level group on, parted by slashes.
    full_path: ID,
}

impl From<accounts::Project> for Project {
    fn from(project: accounts::Project) -> Self {
        Self {
            id: ProjectResource::id(project.id),
            name: project.name,
            full_path: ID(project.full_path),
        }
    }
}
