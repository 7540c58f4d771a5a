//! The queries.

use async_graphql::{Context, ID, Object, Result};

use super::connection::{Connection, page_request};
use super::destination::InstanceExternalAuditEventDestination;
use super::group::Group;
use super::surface::{LegacyGroup, LegacyInstance};
use super::user::CurrentUser;
use super::{app, caller, destination_list, errors};
use crate::destinations;

/// The query root.
pub struct Query;

/// The queries.
#[Object]
#[expect(clippy::unused_async, reason = "resolvers must be async")]
impl Query {
    /// Who is calling; null for somebody without a token.
    async fn current_user(&self, ctx: &Context<'_>) -> Result<Option<CurrentUser>> {
        Ok(caller(ctx)?.api_user().map(CurrentUser::from))
    }

    /// The group at a full path; null for who may not know of it.
    async fn group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Full path of the group.")] full_path: ID,
    ) -> Result<Option<Group>> {
        destinations::authorize::visible_group(app(ctx), &caller(ctx)?, &full_path)
            .await
            .map(|group| group.map(Group))
            .map_err(errors::top_level::<LegacyGroup>)
    }

    /// Where the audit events of the whole instance are streamed to; empty for who may not
    /// administer it.
    async fn instance_external_audit_event_destinations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only items before this cursor.")] before: Option<String>,
        #[graphql(desc = "The first so many of them, at most 100.")] first: Option<i32>,
        #[graphql(desc = "The last so many of them, at most 100.")] last: Option<i32>,
    ) -> Result<Option<Connection<InstanceExternalAuditEventDestination>>> {
        let request = page_request(after.as_deref(), before.as_deref(), first, last)?;
        let app = app(ctx);
        let authorised = destinations::authorize::instance(app, &caller(ctx)?);
        let page = destination_list::page::<LegacyInstance>(app, authorised, request).await?;
        let shown = page.map(|page| page.map(InstanceExternalAuditEventDestination::new).into());
        Ok(Some(shown.unwrap_or_else(Connection::redacted)))
    }
}
