//! What is logged as an error is a fault of ours: whatever clients send to the calls of the schema, it is
//! answered, and nobody has to look after it.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use api_service::auth::Caller;
use api_service::graphql::sdl;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use sea_orm::ConnectionTrait as _;
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::bad_input::BAD_QUERIES;
use crate::databases::on_every_database_with;
use crate::dead_letters::bury;
use crate::level::{Level, on_both_levels};
use crate::rejected_messages::reject;
use crate::stage::{GROUP, Stage};
use crate::surface::{Surface, number};

/// The errors that are logged on the thread of a test, which is where its requests are answered.
#[derive(Clone, Default)]
struct ErrorLog(Arc<Mutex<Vec<String>>>);

impl ErrorLog {
    /// What was logged since it was asked last.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Subscriber for ErrorLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::ERROR
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().target().to_owned());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

/// A mutation with the fields of its input and their types.
struct Mutation {
    name: String,
    input_type: String,
    fields: Vec<(String, String)>,
}

/// Those that take something away come last.
fn mutations() -> Vec<Mutation> {
    let mut inputs = BTreeMap::new();
    let mut mutations = Vec::new();
    for definition in parse_schema(sdl()).unwrap().definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let definition = definition.node;
        match definition.kind {
            TypeKind::InputObject(object) => {
                let fields = object.fields.into_iter().map(|field| {
                    let kind = field.node.ty.node.to_string();
                    (field.node.name.node.to_string(), kind)
                });
                inputs.insert(definition.name.node.to_string(), fields.collect::<Vec<_>>());
            }
            TypeKind::Object(object) if definition.name.node == "Mutation" => {
                mutations = object.fields;
            }
            _ => {}
        }
    }
    let mut mutations: Vec<Mutation> = mutations
        .into_iter()
        .map(|field| {
            let input = &field.node.arguments[0].node.ty.node;
            let input_type = input.to_string().trim_end_matches('!').to_owned();
            Mutation {
                name: field.node.name.node.to_string(),
                fields: inputs[&input_type].clone(),
                input_type,
            }
        })
        .collect();
    let takes_away = |name: &str| {
        let ends = ["Destroy", "Delete", "Remove", "Revoke", "Purge"];
        ends.iter().any(|end| name.ends_with(end))
    };
    mutations.sort_by_key(|mutation| takes_away(&mutation.name));
    mutations
}

/// Global ids of what there is, by the types that take them.
async fn ids(stage: &Stage, root: &Caller) -> BTreeMap<&'static str, String> {
    use Surface::{ConsolidatedGroup, ConsolidatedInstance, LegacyGroup, LegacyInstance};
    let url = "https://1.1.1.1/logs";
    let of_group = number(&LegacyGroup.created(stage, root, url).await["id"]);
    let of_instance = number(&LegacyInstance.created(stage, root, url).await["id"]);
    let header = async |level: Level, id: String| {
        let header = level.add_header(stage, root, &id, "X-There").await;
        header["id"].as_str().unwrap().to_owned()
    };
    let filter = async |surface: Surface, id: i64| {
        let id = json!(surface.id(id));
        let filter = surface.filtered(stage, root, &id, GROUP).await;
        filter["id"].as_str().unwrap().to_owned()
    };
    let filter_of_group = filter(LegacyGroup, of_group).await;
    let dead_letter = bury(stage, of_group, "dead").await;
    let rejected = reject(stage, b"a\0b", 0).await;
    BTreeMap::from([
        ("ID", LegacyGroup.id(of_group)),
        (
            "AuditEventsExternalAuditEventDestinationID",
            LegacyGroup.id(of_group),
        ),
        (
            "AuditEventsInstanceExternalAuditEventDestinationID",
            LegacyInstance.id(of_instance),
        ),
        (
            "AuditEventsGroupExternalStreamingDestinationID",
            ConsolidatedGroup.id(of_group),
        ),
        (
            "AuditEventsInstanceExternalStreamingDestinationID",
            ConsolidatedInstance.id(of_instance),
        ),
        (
            "AuditEventsStreamingHeaderID",
            header(Level::Group, LegacyGroup.id(of_group)).await,
        ),
        (
            "AuditEventsStreamingInstanceHeaderID",
            header(Level::Instance, LegacyInstance.id(of_instance)).await,
        ),
        (
            "AuditEventsGroupNamespaceFilterID",
            filter_of_group.replace("Streaming::HTTP", "Group"),
        ),
        ("AuditEventsStreamingHTTPNamespaceFilterID", filter_of_group),
        (
            "AuditEventsInstanceNamespaceFilterID",
            filter(ConsolidatedInstance, of_instance).await,
        ),
        (
            "AuditEventsStreamingDeadLetterID",
            format!("gid://gitlab/AuditEvents::Streaming::DeadLetter/{dead_letter}"),
        ),
        (
            "AuditEventsStreamingRejectedMessageID",
            format!("gid://gitlab/AuditEvents::Streaming::RejectedMessage/{rejected}"),
        ),
        ("AccessTokenID", "gid://gitlab/AccessToken/999".to_owned()),
    ])
}

/// A value with which a field is taken; none for what is better left out.
fn good(name: &str, kind: &str, ids: &BTreeMap<&str, String>) -> Option<Value> {
    Some(match name {
        "projectPath" | "token" | "createdAt" => return None,
        "groupPath" | "namespacePath" | "entityPath" | "parentPath" => json!(GROUP),
        "destinationUrl" => json!("https://1.1.1.1/new"),
        "config" => json!({"url": "https://1.1.1.1/new", "headers": {"X-A": {"value": "v"}}}),
        "category" => json!("http"),
        "eventTypeFilters" => json!(["user_created"]),
        "eventType" => json!("user_created"),
        "entityType" => json!("Group"),
        "details" => json!({}),
        "verificationToken" | "secretToken" => json!("a-token-of-24-characters"),
        "username" => json!("root"),
        "scopes" => json!(["API"]),
        "accessLevel" => json!("OWNER"),
        "expiresAt" => json!("2100-01-01T00:00:00Z"),
        _ => match kind.trim_end_matches('!') {
            "Boolean" => json!(true),
            "BigInt" => json!(7),
            "String" => json!("new"),
            kind if kind.starts_with('[') => {
                let item = kind.trim_matches(['[', '!', ']']);
                json!([ids[item]])
            }
            kind => json!(ids.get(kind).unwrap_or_else(|| panic!("{name}: {kind}"))),
        },
    })
}

/// Values that no field was made for.
fn bad() -> Vec<Value> {
    let url = "https://1.1.1.1/x";
    vec![
        Value::Null,
        json!(""),
        json!("a\u{0}b"),
        json!("\r\nX: 😀\u{202e}"),
        json!("x".repeat(100_000)),
        json!("'; DROP TABLE users; --"),
        json!("gid://gitlab/User/1"),
        json!(-1),
        json!(u64::MAX),
        json!(1e300),
        json!(true),
        json!([]),
        json!([null]),
        json!(["a\u{0}b", "", "x".repeat(1_000)]),
        json!({}),
        json!({"url": "https://1.1.1.1/\u{0}"}),
        json!({"url": url, "headers": {"a\u{0}b": {"value": "a\u{0}b"}}}),
        json!({"a\u{0}b": {"a": [{"\u{0}": "\u{0}"}]}}),
        json!("{\"url\": \"https://1.1.1.1/x\", \"headers\": {\"X-A\": {\"value\": \"\\ud800\"}}}"),
    ]
}

/// Fields of a destination with arguments that they were not made for.
const BAD_FIELDS: [&str; 6] = [
    "deadLetters(first: 1, last: 1) { count }",
    "deadLetters(after: \"a\\u0000b\") { count }",
    "deadLetters(before: \"aWQ6OTIyMzM3MjAzNjg1NDc3NTgwOA\") { nodes { body } }",
    "health { stats(minutes: 0) { minute } }",
    "health { stats(minutes: -2147483648) { minute } }",
    "health { stats(minutes: 2147483647) { minute } }",
];

/// As [`bad`], with ids of the right class and impossible numbers.
fn bad_beside(good: Option<&Value>) -> Vec<Value> {
    let mut values = bad();
    let one = good.and_then(|good| good.as_str().or_else(|| good[0].as_str()));
    if let Some((class, _)) = one.and_then(|id| id.rsplit_once('/')) {
        let numbers = [
            "",
            "0",
            "-1",
            "9223372036854775807",
            "9223372036854775808",
            "a\u{0}b",
        ];
        let ids = numbers.map(|number| json!(format!("{class}/{number}")));
        values.extend(ids.iter().map(|id| json!([id, id])));
        values.extend(ids);
    }
    values
}

#[tokio::test]
async fn nothing_that_a_client_sends_is_logged_as_an_error() {
    let settings = [("LIMITS__DESTINATIONS", "0"), ("LIMITS__HEADERS", "100")];
    on_every_database_with(&settings, async |stage| {
        let root = stage.known("root").await;
        let ids = ids(stage, &root).await;
        let log = ErrorLog::default();
        let _guard = tracing::subscriber::set_default(log.clone());
        for (query, _) in BAD_QUERIES {
            stage.run(&root, query, json!({})).await;
            assert_eq!(log.take(), Vec::<String>::new(), "{query}");
        }
        for field in BAD_FIELDS {
            let nodes = format!("nodes {{ {field} }}");
            let list = Surface::LegacyInstance;
            let answer = list.connection(stage, &root, "", &nodes).await;
            assert_eq!(log.take(), Vec::<String>::new(), "{field}");
            assert_eq!(answer.refused().1, "BAD_USER_INPUT", "{field}");
        }
        for Mutation {
            name,
            input_type,
            fields,
        } in mutations()
        {
            let query =
                format!("mutation($input: {input_type}!) {{ {name}(input: $input) {{ errors }} }}");
            let base: Map<String, Value> = fields
                .iter()
                .filter_map(|(field, kind)| Some((field.clone(), good(field, kind, &ids)?)))
                .collect();
            let mut inputs = vec![base.clone()];
            for (field, _) in &fields {
                for value in bad_beside(base.get(field)) {
                    let mut input = base.clone();
                    input.insert(field.clone(), value);
                    inputs.push(input);
                }
            }
            for (at, input) in inputs.into_iter().enumerate() {
                for caller in [Caller::anonymous(), root.clone()] {
                    let answer = stage.run(&caller, &query, json!({ "input": input })).await;
                    assert_eq!(log.take(), Vec::<String>::new(), "{name}: {input:?}");
                    for error in &answer.errors {
                        let code = &error["extensions"]["code"];
                        assert_ne!(code, "INTERNAL", "{name}: {input:?}");
                        // Else it would be no mutation that is tried.
                        assert!(
                            at > 0 || code != "GRAPHQL_VALIDATION_FAILED",
                            "{name}: {error}"
                        );
                    }
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_fault_of_ours_is_logged_once() {
    on_both_levels(async |stage, level, ada| {
        level.destination(stage, ada).await;
        let database = stage.foundation.database.writer();
        let drop = "DROP TABLE destination_headers";
        database.execute_unprepared(drop).await.unwrap();
        let log = ErrorLog::default();
        let _guard = tracing::subscriber::set_default(log.clone());
        level.list(stage, ada, "").await.refused();
        let lines = log.take();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("destination_headers"), "{lines:?}");
    })
    .await;
}
