//! The queries.

use async_graphql::{Context, ID, Object, Result};

use super::connection::{Connection, CountedConnection, PageArguments};
use super::definitions::AuditEventDefinition;
use super::destination::{
    InstanceAuditEventStreamingDestination, InstanceExternalAuditEventDestination,
};
use super::group::Group;
use super::rejected_messages::{self, RejectedMessageObject};
use super::surface::{ConsolidatedInstance, LegacyGroup, LegacyInstance, PlanInstance, Surface};
use super::user::CurrentUser;
use super::{app, caller, definitions, destination_list, errors};
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

    /// The top-level groups whose destinations the caller may administer, the oldest first: those that the
    /// caller owns, and all for an instance admin. Not in GitLab.
    async fn audit_event_streaming_groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "True: only groups that have a destination.")] with_destinations: Option<
            bool,
        >,
        #[graphql(desc = "Only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only items before this cursor.")] before: Option<String>,
        #[graphql(desc = "The first so many of them, at most 100.")] first: Option<i32>,
        #[graphql(desc = "The last so many of them, at most 100.")] last: Option<i32>,
    ) -> Result<Connection<Group>> {
        let caller = caller(ctx)?;
        let arguments = PageArguments {
            after,
            before,
            first,
            last,
        };
        let request = arguments.request()?;
        let with_destinations = with_destinations.unwrap_or_default();
        let groups = destinations::groups(app(ctx), &caller, with_destinations, &request).await;
        let groups = groups.map_err(errors::top_level::<LegacyGroup>)?;
        Ok(groups.map(Group).into())
    }

    /// The event types that can be published and filtered on, ordered by name; for everybody.
    async fn audit_event_definitions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only items before this cursor.")] before: Option<String>,
        #[graphql(desc = "The first so many of them, at most 100.")] first: Option<i32>,
        #[graphql(desc = "The last so many of them, at most 100.")] last: Option<i32>,
    ) -> Result<Connection<AuditEventDefinition>> {
        caller(ctx)?;
        let arguments = PageArguments {
            after,
            before,
            first,
            last,
        };
        let request = arguments.request()?;
        Ok(definitions::page(&app(ctx).foundation.catalogue, &request).into())
    }

    /// The messages that came over AMQP and are no valid events, the oldest first, for instance admins. Not
    /// in GitLab.
    async fn audit_event_streaming_rejected_messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only items before this cursor.")] before: Option<String>,
        #[graphql(desc = "The first so many of them, at most 100.")] first: Option<i32>,
        #[graphql(desc = "The last so many of them, at most 100.")] last: Option<i32>,
    ) -> Result<Option<CountedConnection<RejectedMessageObject>>> {
        let arguments = PageArguments {
            after,
            before,
            first,
            last,
        };
        rejected_messages::page(ctx, &arguments).await.map(Some)
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
        let arguments = PageArguments {
            after,
            before,
            first,
            last,
        };
        of_instance::<LegacyInstance>(ctx, &arguments).await
    }

    /// Where the audit events of the whole instance are streamed to; empty for who may not
    /// administer it.
    #[graphql(deprecation = "Use `instanceExternalAuditEventDestinations`.")]
    async fn instance_audit_event_external_destination(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only items before this cursor.")] before: Option<String>,
        #[graphql(desc = "The first so many of them, at most 100.")] first: Option<i32>,
        #[graphql(desc = "The last so many of them, at most 100.")] last: Option<i32>,
    ) -> Result<Option<Connection<InstanceExternalAuditEventDestination>>> {
        let arguments = PageArguments {
            after,
            before,
            first,
            last,
        };
        of_instance::<PlanInstance>(ctx, &arguments).await
    }

    /// Where the audit events of the whole instance are streamed to; empty for who may not
    /// administer it.
    async fn audit_events_instance_streaming_destinations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only items before this cursor.")] before: Option<String>,
        #[graphql(desc = "The first so many of them, at most 100.")] first: Option<i32>,
        #[graphql(desc = "The last so many of them, at most 100.")] last: Option<i32>,
    ) -> Result<Option<Connection<InstanceAuditEventStreamingDestination>>> {
        let arguments = PageArguments {
            after,
            before,
            first,
            last,
        };
        of_instance::<ConsolidatedInstance>(ctx, &arguments).await
    }
}

/// The destinations of the instance; who may not see them sees none.
async fn of_instance<S: Surface>(
    ctx: &Context<'_>,
    arguments: &PageArguments,
) -> Result<Option<Connection<S::Object>>> {
    let shown = destination_list::of_instance::<S>(ctx, arguments).await?;
    Ok(Some(shown.unwrap_or_else(Connection::redacted)))
}
