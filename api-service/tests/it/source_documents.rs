//! The documents that this API comes from work as they are printed: the plan of GitLab's destinations
//! of the instance, and GitLab's documentation of the streaming API.
//!
//! What cannot stand as it is printed is replaced, and nothing else: a misprint, and ids, groups and
//! event types that are there for others to be put in. One example has a token that breaks the
//! documentation's own rule; its refusal is what is held.

use std::collections::{BTreeMap, BTreeSet};

use api_service::domain::AccessLevel;
use serde_json::{Value, json};

use crate::databases::on_every_database_with;
use crate::placeholders::assert_like;

/// Every document under a line `## <name>`.
const DOCUMENTS: &str = include_str!("source_documents.graphql");
/// The group of the examples.
const MY_GROUP: &str = "my-group";
/// A point where a comma should be.
const MISPRINT: Replaced = ("\". ", "\", ");

/// What is printed, and what stands there instead.
type Replaced = (&'static str, &'static str);

/// Who asks.
#[derive(Clone, Copy)]
enum Asks {
    Admin,
    Owner,
}

/// A document at work.
struct Step {
    document: &'static str,
    asks: Asks,
    replaced: &'static [Replaced],
    /// The data, or the message of the refusal.
    expected: Result<Value, &'static str>,
}

impl Step {
    fn answers(
        document: &'static str,
        asks: Asks,
        replaced: &'static [Replaced],
        data: Value,
    ) -> Self {
        Self {
            document,
            asks,
            replaced,
            expected: Ok(data),
        }
    }
}

/// The plan: a destination of the instance from its creation to its end.
fn plan() -> Vec<Step> {
    const ID: &str = "gid://gitlab/AuditEvents::InstanceExternalAuditEventDestination/1";
    const THE_ID: Replaced = (
        "id: destination_id",
        "id: \"gid://gitlab/AuditEvents::InstanceExternalAuditEventDestination/1\"",
    );
    let destination = json!({
        "id": ID,
        "destinationUrl": "https://example.com/hello",
        "verificationToken": "f4242Qadaf",
    });
    let payload = json!({"errors": [], "instanceAuditEventExternalDestination": destination});
    vec![
        Step::answers(
            "plan 1",
            Asks::Admin,
            &[MISPRINT],
            json!({"instanceAuditEventExternalDestinationCreate": payload}),
        ),
        Step::answers(
            "plan 2",
            Asks::Admin,
            &[],
            json!({"instanceAuditEventExternalDestination": {"nodes": [destination]}}),
        ),
        Step::answers(
            "plan 3",
            Asks::Admin,
            &[MISPRINT, THE_ID],
            json!({"instanceAuditEventExternalDestinationUpdate": payload}),
        ),
        Step::answers(
            "plan 4",
            Asks::Admin,
            &[THE_ID],
            json!({"instanceAuditEventExternalDestinationDestroy": {"errors": []}}),
        ),
    ]
}

/// The documentation: two destinations of a group.
fn documentation_of_a_group() -> Vec<Step> {
    const EVENT_TYPES: Replaced = (
        "\"list of event type filters\"",
        "\"member_created\", \"member_destroyed\"",
    );
    let id =
        |number: u8| format!("gid://gitlab/AuditEvents::ExternalAuditEventDestination/{number}");
    let created = |number, token| {
        json!({"externalAuditEventDestinationCreate": {
            "errors": [],
            "externalAuditEventDestination": {
                "id": id(number),
                "destinationUrl": "https://mydomain.io/endpoint/ingest",
                "verificationToken": token,
                "group": {"name": "MY-GROUP"},
            },
        }})
    };
    let list = |nodes: Value| {
        json!({"group": {
            "id": "gid://gitlab/Group/3",
            "externalAuditEventDestinations": {"nodes": nodes},
        }})
    };
    let destroyed = || json!({"externalAuditEventDestinationDestroy": {"errors": []}});
    let header_created = || json!({"auditEventsStreamingHeadersCreate": {"errors": []}});
    let header_destroyed = || json!({"auditEventsStreamingHeadersDestroy": {"errors": []}});
    let owner = |document, replaced, data| Step::answers(document, Asks::Owner, replaced, data);
    vec![
        Step {
            document: "documentation 2",
            asks: Asks::Owner,
            replaced: &[],
            expected: Err(
                "Validation failed: Verification token is too long (maximum is 24 characters)",
            ),
        },
        owner(
            "documentation 2",
            &[(
                "unique-random-verification-token-here",
                "unique-random-token-here",
            )],
            created(2, "unique-random-token-here"),
        ),
        owner(
            "documentation 8",
            &[(
                "id: destination ",
                "id: \"gid://gitlab/AuditEvents::ExternalAuditEventDestination/2\" ",
            )],
            destroyed(),
        ),
        owner("documentation 1", &[], created(3, "…")),
        owner("documentation 3", &[("/24601", "/3")], header_created()),
        owner(
            "documentation 6",
            &[],
            list(json!([{
                "id": id(3),
                "destinationUrl": "https://mydomain.io/endpoint/ingest",
                "verificationToken": "…",
                "headers": {"nodes": [{
                    "id": "gid://gitlab/AuditEvents::Streaming::Header/1",
                    "key": "foo",
                    "value": "bar",
                }]},
                "eventTypeFilters": [],
            }])),
        ),
        owner(
            "documentation 15",
            &[("Destination/1", "Destination/3"), EVENT_TYPES],
            json!({"auditEventsStreamingDestinationEventsAdd": {
                "errors": [],
                "eventTypeFilters": ["member_created", "member_destroyed"],
            }}),
        ),
        owner(
            "documentation 16",
            &[("Destination/1", "Destination/3"), EVENT_TYPES],
            json!({"auditEventsStreamingDestinationEventsRemove": {"errors": []}}),
        ),
        owner("documentation 9", &[], header_destroyed()),
        owner("documentation 3", &[("/24601", "/3")], header_created()),
        owner(
            "documentation 13",
            &[("Header/1", "Header/2")],
            header_destroyed(),
        ),
        owner(
            "documentation 12",
            &[(
                "id: destination ",
                "id: \"gid://gitlab/AuditEvents::ExternalAuditEventDestination/3\" ",
            )],
            destroyed(),
        ),
        owner("documentation 6", &[], list(json!([]))),
    ]
}

/// The documentation: a destination of the instance.
fn documentation_of_the_instance() -> Vec<Step> {
    const ID: &str = "gid://gitlab/AuditEvents::InstanceExternalAuditEventDestination/4";
    let destination = |url| json!({"id": ID, "destinationUrl": url, "verificationToken": "…"});
    let header = |key, value| {
        let id = "gid://gitlab/AuditEvents::Streaming::InstanceHeader/3";
        json!({"id": id, "key": key, "value": value})
    };
    let list = |nodes: Value| json!({"instanceExternalAuditEventDestinations": {"nodes": nodes}});
    let mut listed = destination("https://mydomain.io/endpoint/ingest");
    listed["headers"] = json!({"nodes": [header("foo", "bar")]});
    let admin = |document, replaced, data| Step::answers(document, Asks::Admin, replaced, data);
    vec![
        admin(
            "documentation 4",
            &[],
            json!({"instanceExternalAuditEventDestinationCreate": {
                "errors": [],
                "instanceExternalAuditEventDestination":
                    destination("https://mydomain.io/endpoint/ingest"),
            }}),
        ),
        admin(
            "documentation 5",
            &[("/42", "/4")],
            json!({"auditEventsStreamingInstanceHeadersCreate": {
                "errors": [],
                "header": header("foo", "bar"),
            }}),
        ),
        admin("documentation 7", &[], list(json!([listed]))),
        admin(
            "documentation 10",
            &[("Destination/1", "Destination/4")],
            json!({"instanceExternalAuditEventDestinationUpdate": {
                "errors": [],
                "instanceExternalAuditEventDestination":
                    destination("https://www.new-domain.com/webhook"),
            }}),
        ),
        admin(
            "documentation 11",
            &[("InstanceHeader/2", "InstanceHeader/3")],
            json!({"auditEventsStreamingInstanceHeadersUpdate": {
                "errors": [],
                "header": header("new-key", "new-value"),
            }}),
        ),
        admin(
            "documentation 14",
            &[("Destination/1", "Destination/4")],
            json!({"instanceExternalAuditEventDestinationDestroy": {"errors": []}}),
        ),
        admin("documentation 7", &[], list(json!([]))),
    ]
}

/// The documents by their names.
fn documents() -> BTreeMap<&'static str, &'static str> {
    let documents = DOCUMENTS.split("\n## ").skip(1);
    documents
        .map(|document| document.split_once('\n').unwrap())
        .collect()
}

#[tokio::test]
async fn every_document_works_as_it_is_printed() {
    let documents = documents();
    assert_eq!(documents.len(), 4 + 16);
    // Whatever address a resolver gives for the names of the examples.
    let settings = [("DELIVERY__ALLOW_LOCAL_REQUESTS", "true")];
    on_every_database_with(&settings, async |stage| {
        stage.group(MY_GROUP).await;
        let owner = stage.member(MY_GROUP, AccessLevel::Owner).await;
        let admin = stage.user("admin", true).await;
        let mut done = BTreeSet::new();
        let parts = [
            plan(),
            documentation_of_a_group(),
            documentation_of_the_instance(),
        ];
        for step in parts.into_iter().flatten() {
            let mut document = documents[step.document].to_owned();
            for (printed, instead) in step.replaced {
                assert!(document.contains(printed), "{}: {printed}", step.document);
                document = document.replace(printed, instead);
            }
            let caller = match step.asks {
                Asks::Admin => &admin,
                Asks::Owner => &owner,
            };
            let answer = stage.run(caller, &document, json!({})).await;
            match step.expected {
                Ok(data) => assert_like(answer.data(), &data, step.document),
                Err(message) => assert_eq!(answer.refused().0, message, "{}", step.document),
            }
            done.insert(step.document);
        }
        assert!(done.iter().eq(documents.keys()), "{done:?}");
    })
    .await;
}
