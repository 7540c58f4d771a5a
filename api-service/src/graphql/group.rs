//! Groups and projects.

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::connection::{Connection, page_request};
use super::destination::ExternalAuditEventDestination;
use super::gid::{GroupResource, ProjectResource, Resource as _};
use super::surface::LegacyGroup;
use super::{app, caller, destination_list};
use crate::accounts;
use crate::destinations;
use crate::domain::GroupScope;

/// A group.
#[derive(Clone)]
pub(super) struct Group(pub(super) GroupScope);

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
        let request = page_request(after.as_deref(), before.as_deref(), first, last)?;
        let app = app(ctx);
        let authorised = destinations::authorize::group(app, &caller(ctx)?, self.0.clone()).await;
        let page = destination_list::page::<LegacyGroup>(app, authorised, request).await?;
        let show = |destination| ExternalAuditEventDestination::new(destination, self.0.clone());
        Ok(page.map(|page| page.map(show).into()))
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
