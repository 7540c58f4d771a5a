//! What audit events about streaming say.

use serde_json::{Value, json};
use shared::event::Envelope;
use shared::event::catalogue::Catalogue;
use shared::secrets::Purpose;

use super::*;
use crate::auth::Author;
use crate::domain::namespace::NamespaceKind;
use crate::domain::{
    EventTypes, Generation, GroupScope, Header, HttpTarget, Namespace, Scope, SealedSecret,
    Target as Sink,
};

/// A sealed secret that no text of an event may hold.
const SEALED: &str = "a-sealed-secret";

const SURFACES: [(Generation, fn() -> Scope); 4] = [
    (Generation::Legacy, group),
    (Generation::Legacy, || Scope::Instance),
    (Generation::Consolidated, group),
    (Generation::Consolidated, || Scope::Instance),
];

pub(super) fn group() -> Scope {
    Scope::Group(GroupScope {
        id: 29,
        parent_id: None,
        path: "acme".to_owned(),
        name: "Acme Inc".to_owned(),
        full_path: "acme".to_owned(),
    })
}

fn header(key: &str, active: bool) -> Header {
    Header {
        id: 3,
        key: key.to_owned(),
        value: SealedSecret::new(Purpose::HeaderValue, SEALED.to_owned()),
        active,
    }
}

pub(crate) fn destination(scope: Scope) -> Destination {
    Destination {
        id: 7,
        scope,
        name: "SIEM".to_owned(),
        active: true,
        active_changed_at: None,
        created_at: Timestamp(0),
        verification_token: SealedSecret::new(Purpose::VerificationToken, SEALED.to_owned()),
        signing_secret: SealedSecret::new(Purpose::SigningSecret, SEALED.to_owned()),
        target: Sink::Http(HttpTarget {
            url: "https://siem.example.com".to_owned(),
            headers: vec![header("X-A", true)],
        }),
        event_type_filters: Vec::new(),
        namespace_filters: Vec::new(),
    }
}

fn namespace() -> Namespace {
    Namespace {
        id: 31,
        kind: NamespaceKind::Group,
        path: "web".to_owned(),
        name: "Web".to_owned(),
        full_path: "acme/web".to_owned(),
    }
}

fn event(generation: Generation, scope: &Scope, happening: &Happening<'_>) -> Value {
    let author = Author {
        id: 5,
        name: "Ada".to_owned(),
        ip_address: "192.0.2.1".to_owned(),
    };
    let event = AuditEvent::of(generation, &destination(scope.clone()), happening);
    let outgoing = event
        .complete(scope, &author, Timestamp(1_658_814_233_662))
        .unwrap();
    let envelope = Envelope::parse(&outgoing.body).unwrap();
    assert_eq!(envelope.id, outgoing.id);
    assert_eq!(envelope.event_type, outgoing.event_type);
    assert!(
        Catalogue::built_in().find(&outgoing.event_type).is_some(),
        "{outgoing:?}"
    );
    let text = String::from_utf8(outgoing.body.to_vec()).unwrap();
    assert!(!text.contains(SEALED), "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Type and text of one happening on each surface.
fn told(happening: &Happening<'_>) -> [(String, String); 4] {
    SURFACES.map(|(generation, scope)| {
        let event = event(generation, &scope(), happening);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        assert_eq!(event["details"]["event_name"], event["event_type"]);
        (
            text(&event["event_type"]),
            text(&event["details"]["custom_message"]),
        )
    })
}

fn owned<const N: usize>(told: [(&str, &str); N]) -> [(String, String); N] {
    told.map(|(event_type, message)| (event_type.to_owned(), message.to_owned()))
}

#[test]
fn creations_and_removals_have_gitlabs_types_and_texts() {
    assert_eq!(
        told(&Happening::Created),
        owned([
            (
                "create_event_streaming_destination",
                "Create event streaming destination https://siem.example.com"
            ),
            (
                "create_instance_event_streaming_destination",
                "Create instance event streaming destination https://siem.example.com"
            ),
            (
                "created_group_audit_event_streaming_destination",
                "Created audit event streaming destination for HTTP"
            ),
            (
                "created_instance_audit_event_streaming_destination",
                "Created audit event streaming destination for HTTP"
            ),
        ])
    );
    assert_eq!(
        told(&Happening::Destroyed),
        owned([
            (
                "destroy_event_streaming_destination",
                "Destroy event streaming destination https://siem.example.com"
            ),
            (
                "destroy_instance_event_streaming_destination",
                "Destroy instance event streaming destination https://siem.example.com"
            ),
            (
                "deleted_group_audit_event_streaming_destination",
                "Deleted audit event streaming destination for HTTP"
            ),
            (
                "deleted_instance_audit_event_streaming_destination",
                "Deleted audit event streaming destination for HTTP"
            ),
        ])
    );
}

#[test]
fn event_type_filters_are_told_alike_on_every_surface() {
    let names = ["user_created", "group_created"].map(str::to_owned);
    let types = EventTypes::new(names.to_vec()).unwrap();
    let list = "audit event type filter(s): user_created and group_created";
    for (happening, event_type, verb) in [
        (
            Happening::EventTypesAdded(&types),
            "event_type_filters_created",
            "Created",
        ),
        (
            Happening::EventTypesRemoved(&types),
            "event_type_filters_deleted",
            "Deleted",
        ),
    ] {
        let message = format!("{verb} {list}");
        let expected = [(event_type, message.as_str()); 4];
        assert_eq!(told(&happening), owned(expected));
    }
}

#[test]
fn namespace_filters_have_gitlabs_types_and_texts() {
    let namespace = namespace();
    let text =
        "namespace filter for http audit event streaming destination SIEM and namespace acme/web";
    for (happening, legacy, verb, done) in [
        (
            Happening::NamespaceAdded(&namespace),
            "create_http_namespace_filter",
            "Create",
            "Created",
        ),
        (
            Happening::NamespaceRemoved(&namespace),
            "delete_http_namespace_filter",
            "Delete",
            "Deleted",
        ),
    ] {
        let [of_group, _, consolidated_group, consolidated_instance] = told(&happening);
        assert_eq!(of_group, (legacy.to_owned(), format!("{verb} {text}")));
        for (event, level) in [
            (consolidated_group, "group"),
            (consolidated_instance, "instance"),
        ] {
            let event_type = format!("{}_{level}_namespace_filter", done.to_lowercase());
            let message =
                format!("{done} namespace filter for {level} audit event streaming destination.");
            assert_eq!(event, (event_type, message));
        }
        let event = event(Generation::Consolidated, &group(), &happening);
        assert_eq!(event["details"]["destination_name"], "SIEM");
        assert_eq!(event["details"]["namespace"], "acme/web");
    }
}

#[test]
fn a_changed_header_is_told_by_what_is_different_and_never_by_its_value() {
    let before = header("X-A", true);
    for (key, new_value, active, message) in [
        ("X-B", false, true, "from key X-A to have a key X-B."),
        ("X-A", true, true, "with key X-A to have a new value."),
        (
            "X-A",
            false,
            false,
            "with key X-A activation status changed to false.",
        ),
        (
            "X-B",
            true,
            false,
            "from key X-A to have a key X-B to have a new value activation status changed to false.",
        ),
    ] {
        let change = HeaderChange {
            before: &before,
            after: &header(key, active),
            new_value,
        };
        let [of_group, of_instance, ..] = told(&Happening::HeaderChanged(&change));
        let message = format!("Updated a custom HTTP header {message}");
        assert_eq!(
            of_group,
            (
                "audit_events_streaming_headers_update".to_owned(),
                message.clone()
            )
        );
        assert_eq!(
            of_instance,
            (
                "audit_events_streaming_instance_headers_update".to_owned(),
                message
            )
        );
    }
}

#[test]
fn headers_come_and_go_with_gitlabs_texts_and_the_header_as_target() {
    let header = header("X-A", true);
    for (happening, verb, message) in [
        (
            Happening::HeaderCreated(&header),
            "create",
            "Created custom HTTP header with key X-A.",
        ),
        (
            Happening::HeaderDestroyed(&header),
            "destroy",
            "Destroyed a custom HTTP header with key X-A.",
        ),
    ] {
        for (scope, word, class) in [
            (group(), "", "AuditEvents::Streaming::Header"),
            (
                Scope::Instance,
                "instance_",
                "AuditEvents::Streaming::InstanceHeader",
            ),
        ] {
            let event = event(Generation::Legacy, &scope, &happening);
            let event_type = format!("audit_events_streaming_{word}headers_{verb}");
            assert_eq!(event["event_type"], event_type);
            assert_eq!(event["details"]["custom_message"], message);
            assert_eq!(event["target_type"], class);
            assert_eq!(event["target_id"], 3);
            assert_eq!(event["target_details"], "X-A");
        }
    }
}

#[test]
fn a_change_is_of_the_surfaces_type_and_says_from_what_to_what() {
    let change = ConfigChange {
        column: "active",
        values: Some((json!(true), json!(false))),
    };
    let message = "Changed active from true to false";
    assert_eq!(
        told(&Happening::Changed(&change)),
        owned([
            ("update_event_streaming_destination", message),
            ("update_instance_event_streaming_destination", message),
            ("updated_group_audit_event_streaming_destination", message),
            (
                "updated_instance_audit_event_streaming_destination",
                message
            ),
        ])
    );
    let event = event(Generation::Legacy, &group(), &Happening::Changed(&change));
    assert_eq!(event["details"]["change"], "active");
    assert_eq!(event["details"]["from"], true);
    assert_eq!(event["details"]["to"], false);
}

#[test]
fn an_event_of_a_group_has_the_group_as_entity_and_target() {
    for generation in [Generation::Legacy, Generation::Consolidated] {
        let body = event(generation, &group(), &Happening::Created);
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
    }
}

#[test]
fn an_event_of_the_instance_has_the_instance_as_entity_and_the_destination_as_target() {
    let body = event(Generation::Legacy, &Scope::Instance, &Happening::Created);
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
fn the_consolidated_generation_says_which_destination_came_or_went() {
    for happening in [Happening::Created, Happening::Destroyed] {
        let body = event(Generation::Consolidated, &group(), &happening);
        assert_eq!(body["details"]["category"], "http");
        assert_eq!(body["details"]["id"], 7);
    }
}

#[test]
fn what_happens_to_a_destination_has_it_as_target_by_the_surfaces_class() {
    let types = EventTypes::new(vec!["user_created".to_owned()]).unwrap();
    let classes = SURFACES.map(|(generation, scope)| {
        let body = event(generation, &scope(), &Happening::EventTypesAdded(&types));
        assert_eq!(body["target_id"], 7);
        assert_eq!(body["target_details"], "SIEM");
        body["target_type"].as_str().unwrap().to_owned()
    });
    assert_eq!(
        classes,
        [
            "AuditEvents::ExternalAuditEventDestination",
            "AuditEvents::InstanceExternalAuditEventDestination",
            "AuditEvents::Group::ExternalStreamingDestination",
            "AuditEvents::Instance::ExternalStreamingDestination",
        ]
    );
}
