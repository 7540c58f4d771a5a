//! The event that is sent to a destination to try it.

use serde_json::Map;

use super::happening::destination_class;
use super::{AuditEvent, Target};
use crate::domain::{Destination, Generation};

/// Its type. None of GitLab's, and in no catalogue: it can neither be published nor filtered on, and a
/// receiver never takes it for something that happened.
const EVENT_TYPE: &str = "audit_event_streaming_destination_test";

impl AuditEvent {
    /// Tells of nothing but itself; about the destination that it is for.
    pub(crate) fn test(generation: Generation, destination: &Destination) -> Self {
        Self {
            event_type: EVENT_TYPE,
            message: "Test event of Auditstream".to_owned(),
            target: Target {
                id: destination.id,
                class: destination_class(generation, destination.scope.kind()),
                details: destination.name.clone(),
            },
            more: Map::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use shared::clock::Timestamp;
    use shared::event::Envelope;
    use shared::event::catalogue::Catalogue;

    use super::*;
    use crate::audit::tests::{destination, group};
    use crate::auth::Author;
    use crate::domain::Scope;

    #[test]
    fn a_test_event_is_valid_about_its_destination_and_of_no_type_that_there_is() {
        let author = Author {
            id: 5,
            name: "Ada".to_owned(),
            ip_address: "192.0.2.1".to_owned(),
        };
        let legacy = Generation::Legacy;
        for (scope, entity, class) in [
            (
                group(),
                "acme",
                "AuditEvents::ExternalAuditEventDestination",
            ),
            (
                Scope::Instance,
                "gitlab_instance",
                "AuditEvents::InstanceExternalAuditEventDestination",
            ),
        ] {
            let event = AuditEvent::test(legacy, &destination(scope.clone()));
            let sent = event.complete(&scope, &author, Timestamp(0)).unwrap();
            Envelope::parse(&sent.body).unwrap();
            assert!(Catalogue::built_in().find(&sent.event_type).is_none());
            let event: Value = serde_json::from_slice(&sent.body).unwrap();
            assert_eq!(event["id"], *sent.id);
            assert_eq!(event["author_id"], 5);
            assert_eq!(event["entity_path"], entity);
            assert_eq!(event["target_id"], 7);
            assert_eq!(event["target_type"], class);
            assert_eq!(event["target_details"], "SIEM");
            let message = &event["details"]["custom_message"];
            assert_eq!(message, "Test event of Auditstream");
        }
    }
}
