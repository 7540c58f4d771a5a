//! Audit events about streaming itself: every change of the configuration is one, with GitLab's
//! types and texts.

use serde::Serialize;
use shared::clock::Timestamp;
use shared::event::{INSTANCE_ENTITY, INSTANCE_PATH};
use uuid::Uuid;

use crate::auth::Author;
use crate::domain::{Destination, EventTypes, GroupScope, Scope, ScopeKind};
use crate::publishing::OutgoingEvent;

/// The number that the instance has as an entity, as in GitLab.
const INSTANCE_ID: i64 = 1;

/// What happened, and to what. Who did it, where and when is added by [`AuditEvent::complete`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditEvent {
    event_type: &'static str,
    message: String,
    target: Target,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    id: i64,
    class: &'static str,
    details: String,
}

impl AuditEvent {
    /// A destination was made.
    pub(crate) fn destination_created(scope: &Scope, destination: &Destination) -> Self {
        let target = target(scope, destination.id, &destination.name);
        let url = &destination.url;
        match scope {
            Scope::Group(_) => Self {
                event_type: "create_event_streaming_destination",
                message: format!("Create event streaming destination {url}"),
                target,
            },
            Scope::Instance => Self {
                event_type: "create_instance_event_streaming_destination",
                message: format!("Create instance event streaming destination {url}"),
                target,
            },
        }
    }

    /// A destination was removed.
    pub(crate) fn destination_destroyed(scope: &Scope, id: i64, name: &str, url: &str) -> Self {
        let target = target(scope, id, name);
        match scope {
            Scope::Group(_) => Self {
                event_type: "destroy_event_streaming_destination",
                message: format!("Destroy event streaming destination {url}"),
                target,
            },
            Scope::Instance => Self {
                event_type: "destroy_instance_event_streaming_destination",
                message: format!("Destroy instance event streaming destination {url}"),
                target,
            },
        }
    }

    /// A destination was limited to further event types.
    pub(crate) fn event_type_filters_created(
        scope: &Scope,
        id: i64,
        name: &str,
        event_types: &EventTypes,
    ) -> Self {
        Self {
            event_type: "event_type_filters_created",
            message: format!(
                "Created audit event type filter(s): {}",
                to_sentence(event_types.names())
            ),
            target: itself(scope, id, name),
        }
    }

    /// The event as it is streamed. Its fields stand in GitLab's order.
    pub(crate) fn complete(
        &self,
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

/// Making and removing is told with the group as its target on group level, and with the destination
/// itself on instance level.
fn target(scope: &Scope, destination_id: i64, destination_name: &str) -> Target {
    match scope {
        Scope::Group(GroupScope { id, name, .. }) => Target {
            id: *id,
            class: "Group",
            details: name.clone(),
        },
        Scope::Instance => itself(scope, destination_id, destination_name),
    }
}

/// The destination as the target.
fn itself(scope: &Scope, id: i64, name: &str) -> Target {
    let class = match scope.kind() {
        ScopeKind::Group => "AuditEvents::ExternalAuditEventDestination",
        ScopeKind::Instance => "AuditEvents::InstanceExternalAuditEventDestination",
    };
    Target {
        id,
        class,
        details: name.to_owned(),
    }
}

/// `a`, `a and b`, `a, b, and c`, as Rails joins words.
fn to_sentence(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first, second] => format!("{first} and {second}"),
        [others @ .., last] => format!("{}, and {last}", others.join(", ")),
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
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use shared::event::{Envelope, catalogue};
    use shared::secrets::Purpose;

    use super::*;
    use crate::domain::SealedSecret;

    fn group() -> Scope {
        Scope::Group(GroupScope {
            id: 29,
            parent_id: None,
            path: "acme".to_owned(),
            name: "Acme Inc".to_owned(),
            full_path: "acme".to_owned(),
        })
    }

    fn destination() -> Destination {
        Destination {
            id: 7,
            name: "SIEM".to_owned(),
            url: "https://siem.example.com".to_owned(),
            verification_token: SealedSecret::new(
                Purpose::VerificationToken,
                "a-token-of-24-characters".to_owned(),
            ),
            active: true,
            event_type_filters: Vec::new(),
            headers: Vec::new(),
        }
    }

    fn event_types() -> EventTypes {
        let names = ["user_created", "group_created"].map(str::to_owned);
        EventTypes::new(names.to_vec()).unwrap()
    }

    fn events(scope: &Scope) -> [AuditEvent; 3] {
        let destination = destination();
        [
            AuditEvent::destination_created(scope, &destination),
            AuditEvent::destination_destroyed(scope, 7, "SIEM", "https://siem.example.com"),
            AuditEvent::event_type_filters_created(scope, 7, "SIEM", &event_types()),
        ]
    }

    fn complete(event: &AuditEvent, scope: &Scope) -> OutgoingEvent {
        let author = Author {
            id: 5,
            name: "Ada".to_owned(),
            ip_address: "192.0.2.1".to_owned(),
        };
        event
            .complete(scope, &author, Timestamp(1_658_814_233_662))
            .unwrap()
    }

    #[test]
    fn every_event_keeps_the_contract_and_has_a_known_type() {
        for scope in [group(), Scope::Instance] {
            for event in events(&scope) {
                let outgoing = complete(&event, &scope);
                let envelope = Envelope::parse(&outgoing.body).unwrap();
                assert_eq!(envelope.id, outgoing.id);
                assert_eq!(envelope.event_type, outgoing.event_type);
                assert!(catalogue::find(&outgoing.event_type).is_some(), "{event:?}");
                let text = String::from_utf8(outgoing.body.to_vec()).unwrap();
                assert!(!text.contains("a-token-of"), "{text}");
            }
        }
    }

    #[test]
    fn texts_and_types_are_gitlabs() {
        let told = |scope: Scope| events(&scope).map(|event| (event.event_type, event.message));
        assert_eq!(
            told(group()),
            [
                (
                    "create_event_streaming_destination",
                    "Create event streaming destination https://siem.example.com".to_owned()
                ),
                (
                    "destroy_event_streaming_destination",
                    "Destroy event streaming destination https://siem.example.com".to_owned()
                ),
                (
                    "event_type_filters_created",
                    "Created audit event type filter(s): user_created and group_created".to_owned()
                ),
            ]
        );
        assert_eq!(
            told(Scope::Instance),
            [
                (
                    "create_instance_event_streaming_destination",
                    "Create instance event streaming destination https://siem.example.com"
                        .to_owned()
                ),
                (
                    "destroy_instance_event_streaming_destination",
                    "Destroy instance event streaming destination https://siem.example.com"
                        .to_owned()
                ),
                (
                    "event_type_filters_created",
                    "Created audit event type filter(s): user_created and group_created".to_owned()
                ),
            ]
        );
    }

    #[test]
    fn an_event_of_a_group_has_the_group_as_entity_and_target() {
        let scope = group();
        let outgoing = complete(&events(&scope)[0], &scope);
        let body: Value = serde_json::from_slice(&outgoing.body).unwrap();
        assert_eq!(body["entity_id"], 29);
        assert_eq!(body["entity_type"], "Group");
        assert_eq!(body["entity_path"], "acme");
        assert_eq!(body["target_id"], 29);
        assert_eq!(body["target_type"], "Group");
        assert_eq!(body["target_details"], "Acme Inc");
        assert_eq!(body["author_id"], 5);
        assert_eq!(body["author_name"], "Ada");
        assert_eq!(body["ip_address"], "192.0.2.1");
        assert_eq!(body["details"]["ip_address"], "192.0.2.1");
        assert_eq!(body["created_at"], "2022-07-26T05:43:53.662Z");
        assert_eq!(
            body["details"]["custom_message"],
            json!("Create event streaming destination https://siem.example.com")
        );
    }

    #[test]
    fn an_event_of_the_instance_has_the_instance_as_entity_and_the_destination_as_target() {
        let outgoing = complete(&events(&Scope::Instance)[0], &Scope::Instance);
        let body: Value = serde_json::from_slice(&outgoing.body).unwrap();
        assert_eq!(body["entity_id"], 1);
        assert_eq!(body["entity_type"], "Gitlab::Audit::InstanceScope");
        assert_eq!(body["entity_path"], "gitlab_instance");
        assert_eq!(body["target_id"], 7);
        assert_eq!(
            body["target_type"],
            "AuditEvents::InstanceExternalAuditEventDestination"
        );
        assert_eq!(body["target_details"], "SIEM");
    }

    #[test]
    fn an_event_of_filters_has_the_destination_as_target_on_both_levels() {
        for (scope, class) in [
            (group(), "AuditEvents::ExternalAuditEventDestination"),
            (
                Scope::Instance,
                "AuditEvents::InstanceExternalAuditEventDestination",
            ),
        ] {
            let outgoing = complete(&events(&scope)[2], &scope);
            let body: Value = serde_json::from_slice(&outgoing.body).unwrap();
            assert_eq!(body["target_id"], 7);
            assert_eq!(body["target_type"], class);
            assert_eq!(body["target_details"], "SIEM");
        }
    }

    #[test]
    fn words_are_joined_as_rails_does() {
        let table = [
            (&["a"][..], "a"),
            (&["a", "b"], "a and b"),
            (&["a", "b", "c"], "a, b, and c"),
            (&["a", "b", "c", "d"], "a, b, c, and d"),
        ];
        for (words, sentence) in table {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            assert_eq!(to_sentence(&words), sentence);
        }
    }
}
