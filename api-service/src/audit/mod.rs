//! Audit events about streaming itself: every change of the configuration is one, with GitLab's
//! types and texts.

mod change;
mod happening;
mod test_event;
#[cfg(test)]
pub(crate) mod tests;

use serde::Serialize;
use serde_json::{Map, Value};
use shared::clock::Timestamp;
use shared::event::{INSTANCE_ENTITY, INSTANCE_PATH};
use uuid::Uuid;

pub(crate) use change::{ConfigChange, DestinationChange};
pub(crate) use happening::{Happening, HeaderChange};

use crate::auth::Author;
use crate::destinations::Authorised;
use crate::domain::{Destination, Generation, Scope};
use crate::publishing::OutgoingEvent;

/// The number that the instance has as an entity, as in GitLab.
const INSTANCE_ID: i64 = 1;

/// What happened, and to what. Who did it, where and when is added by [`AuditEvent::complete`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditEvent {
    event_type: &'static str,
    message: String,
    target: Target,
    /// What the details say beside what all of them do.
    more: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    id: i64,
    class: &'static str,
    details: String,
}

impl AuditEvent {
    /// Something that somebody did to a destination.
    pub(crate) fn new(
        authorised: &Authorised,
        destination: &Destination,
        happening: &Happening<'_>,
    ) -> Self {
        Self::of(authorised.generation(), destination, happening)
    }

    fn of(generation: Generation, destination: &Destination, happening: &Happening<'_>) -> Self {
        Self {
            event_type: happening.event_type(generation, destination.scope.kind()),
            message: happening.message(generation, destination),
            target: happening.target(generation, destination),
            more: happening.details(generation, destination),
        }
    }

    /// The event as it is streamed. Its fields stand in GitLab's order.
    pub(crate) fn complete(
        self,
        scope: &Scope,
        author: &Author,
        now: Timestamp,
    ) -> serde_json::Result<OutgoingEvent> {
        let id = Uuid::now_v7().to_string();
        let (entity_id, entity_type, entity_path) = match scope {
            Scope::Instance => (INSTANCE_ID, INSTANCE_ENTITY, INSTANCE_PATH),
            Scope::Group(group) => (group.id, "Group", group.full_path.as_str()),
        };
        let body = serde_json::to_vec(&Body {
            id: &id,
            author_id: author.id,
            entity_id,
            entity_type,
            details: Details {
                event_name: self.event_type,
                author_name: &author.name,
                author_class: "User",
                target_id: self.target.id,
                target_type: self.target.class,
                target_details: &self.target.details,
                custom_message: &self.message,
                ip_address: &author.ip_address,
                entity_path,
                more: self.more,
            },
            ip_address: &author.ip_address,
            author_name: &author.name,
            entity_path,
            target_details: &self.target.details,
            created_at: now.to_rfc3339(),
            target_type: self.target.class,
            target_id: self.target.id,
            event_type: self.event_type,
        })?;
        Ok(OutgoingEvent {
            id,
            event_type: self.event_type.to_owned(),
            body: body.into(),
            traceparent: None,
        })
    }
}

#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    author_id: i64,
    entity_id: i64,
    entity_type: &'a str,
    details: Details<'a>,
    ip_address: &'a str,
    author_name: &'a str,
    entity_path: &'a str,
    target_details: &'a str,
    created_at: String,
    target_type: &'a str,
    target_id: i64,
    event_type: &'a str,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the JSON")]
struct Details<'a> {
    event_name: &'a str,
    author_name: &'a str,
    author_class: &'a str,
    target_id: i64,
    target_type: &'a str,
    target_details: &'a str,
    custom_message: &'a str,
    ip_address: &'a str,
    entity_path: &'a str,
    #[serde(flatten)]
    more: Map<String, Value>,
}
