//! Messages that are no valid events, as objects for instance admins.

use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};
use shared::clock::Timestamp;

use super::connection::{Counted, CountedConnection, PageArguments};
use super::gid::{RejectedMessageResource, Resource as _};
use super::time::time;
use super::{any_destination, app, caller, errors};
use crate::auth::InstanceAdmin;
use crate::domain::page::Numbered;
use crate::rejected_messages::{self, RejectedMessage};

/// A part of the rejected messages.
pub(super) async fn page(
    ctx: &Context<'_>,
    arguments: &PageArguments,
) -> Result<CountedConnection<RejectedMessageObject>> {
    let admin = caller(ctx)?
        .instance_admin()
        .ok_or_else(|| errors::forbidden(errors::NO_SUCH_RESOURCE))?;
    let request = arguments.request()?;
    let page = rejected_messages::list(app(ctx), &admin, request).await;
    let page = page.map_err(any_destination::error)?;
    Ok(CountedConnection::new(
        page.map(RejectedMessageObject),
        admin,
    ))
}

/// A message that is no valid event.
pub(super) struct RejectedMessageObject(RejectedMessage);

impl Numbered for RejectedMessageObject {
    fn number(&self) -> i64 {
        self.0.id
    }
}

impl Counted for RejectedMessageObject {
    type List = InstanceAdmin;

    async fn count(ctx: &Context<'_>, admin: &InstanceAdmin) -> Result<i64> {
        let count = rejected_messages::count(app(ctx), admin).await;
        let count = count.map_err(any_destination::error)?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

/// A message that came over AMQP and is no valid event.
#[Object(name = "AuditEventStreamingRejectedMessage")]
impl RejectedMessageObject {
    /// Global id.
    async fn id(&self) -> ID {
        RejectedMessageResource::id(self.0.id)
    }

    /// Why it was rejected.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// When it was rejected.
    async fn rejected_at(&self) -> DateTime<Utc> {
        Timestamp(self.0.rejected_at).to_datetime()
    }

    /// How many bytes it had.
    async fn body_bytes(&self) -> i64 {
        self.0.body_bytes
    }

    /// The first 1,024 bytes of it as text, with U+FFFD in the place of what is none.
    async fn excerpt(&self) -> String {
        self.0.excerpt()
    }

    /// Whether all of it was kept, so that it can be published again.
    async fn replayable(&self) -> bool {
        self.0.is_whole
    }

    /// When its replay was asked for; null, when it was not. Once the queue has it, it leaves the list.
    async fn replay_requested_at(&self) -> Option<DateTime<Utc>> {
        time(self.0.replay_requested_at.map(Timestamp))
    }
}
