//! The schema as clients know it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use api_service::graphql::sdl;
use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    FieldDefinition, InputValueDefinition, InterfaceType, ObjectType, TypeDefinition, TypeKind,
    TypeSystemDefinition,
};

/// GitLab's types of this surface, in full.
const GITLABS: &str = include_str!("gitlab.graphql");
/// What is here and not in GitLab, beside whole types, and fields of the types in [`OPEN`].
const SURPLUS: [(&str, &str); 20] = [
    ("AuditEventDefinition", "scopes: [String!]!"),
    ("ExternalAuditEventDestination", "signingSecret: String!"),
    ("ExternalAuditEventDestination", DEAD_LETTERS),
    ("InstanceExternalAuditEventDestination", DEAD_LETTERS),
    ("GroupAuditEventStreamingDestination", DEAD_LETTERS),
    ("InstanceAuditEventStreamingDestination", DEAD_LETTERS),
    ("ExternalAuditEventDestination", HEALTH),
    ("InstanceExternalAuditEventDestination", HEALTH),
    ("GroupAuditEventStreamingDestination", HEALTH),
    ("InstanceAuditEventStreamingDestination", HEALTH),
    (
        "InstanceExternalAuditEventDestination",
        "signingSecret: String!",
    ),
    (
        "GroupAuditEventStreamingDestination",
        "signingSecret: String!",
    ),
    (
        "InstanceAuditEventStreamingDestination",
        "signingSecret: String!",
    ),
    (
        "ExternalAuditEventDestinationUpdateInput",
        "verificationToken: String",
    ),
    (
        "InstanceExternalAuditEventDestinationCreateInput",
        "verificationToken: String",
    ),
    (
        "InstanceExternalAuditEventDestinationUpdateInput",
        "verificationToken: String",
    ),
    ("ExternalAuditEventDestinationCreateInput", ACTIVE),
    ("InstanceExternalAuditEventDestinationCreateInput", ACTIVE),
    ("GroupAuditEventStreamingDestinationsCreateInput", ACTIVE),
    ("InstanceAuditEventStreamingDestinationsCreateInput", ACTIVE),
];
const ACTIVE: &str = "active: Boolean";
const DEAD_LETTERS: &str = "deadLetters{\"after: String\", \"before: String\", \"first: Int\", \"last: Int\"}: AuditEventStreamingDeadLetterConnection";
const HEALTH: &str = "health: AuditEventStreamingHealth";
/// Types of which both have further fields.
const OPEN: [&str; 4] = ["Mutation", "Query", "Group", "Namespace"];

/// The fields of each object, interface and input type, with arguments, types and defaults.
fn types(sdl: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut types = BTreeMap::new();
    for definition in parse_schema(sdl).unwrap().definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let fields = match &definition.node.kind {
            TypeKind::Object(object) => {
                let implements = object.implements.iter();
                let implements = implements.map(|interface| format!("implements {interface}"));
                object.fields.iter().map(field).chain(implements).collect()
            }
            TypeKind::Interface(interface) => interface.fields.iter().map(field).collect(),
            TypeKind::InputObject(object) => object.fields.iter().map(input).collect(),
            _ => continue,
        };
        types.insert(definition.node.name.node.to_string(), fields);
    }
    types
}

fn field(field: &Positioned<FieldDefinition>) -> String {
    let field = &field.node;
    let arguments: BTreeSet<String> = field.arguments.iter().map(input).collect();
    format!("{}{arguments:?}: {}", field.name.node, field.ty.node).replace("{}", "")
}

fn input(value: &Positioned<InputValueDefinition>) -> String {
    let value = &value.node;
    let (name, kind) = (&value.name.node, &value.ty.node);
    match &value.default_value {
        Some(default) => format!("{name}: {kind} = {}", default.node),
        None => format!("{name}: {kind}"),
    }
}

#[test]
fn the_committed_schema_is_the_services() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let committed = std::fs::read_to_string(file).unwrap();
    assert!(
        committed == sdl(),
        "run `cargo run -- schema > api-service/schema.graphql`"
    );
}

#[test]
fn names_types_and_nullability_are_gitlabs_but_for_what_is_named() {
    let ours = types(&sdl());
    let mut expected = types(GITLABS);
    assert_eq!(expected["Mutation"].len(), 32);
    for (name, field) in SURPLUS {
        let new = expected.get_mut(name).unwrap().insert(field.to_owned());
        assert!(new, "{field}");
    }
    for (name, fields) in expected {
        let ours = ours
            .get(&name)
            .unwrap_or_else(|| panic!("there is no {name}"));
        let missing: Vec<_> = fields.difference(ours).collect();
        assert!(missing.is_empty(), "{name} has no {missing:#?}");
        if !OPEN.contains(&name.as_str()) {
            assert_eq!(*ours, fields, "{name}");
        }
    }
}

#[test]
fn what_gitlab_has_not_says_so() {
    let sdl = sdl();
    for (name, field) in SURPLUS {
        let (_, fields) = sdl.split_once(&format!(" {name} ")).unwrap();
        let (fields, _) = fields.split_once("\n}").unwrap();
        // Arguments are written otherwise there, on lines of their own.
        let field = field.split('{').next().unwrap();
        let (before, _) = fields.split_once(&format!("\t{field}")).unwrap();
        let description = before.rsplit("\"\"\"").nth(1).unwrap();
        assert!(description.contains("GitLab"), "{name}: {description}");
    }
}

#[test]
fn the_names_of_the_plan_are_there_and_deprecated() {
    let ours = types(&sdl());
    for (root, field, like) in [
        (
            "Mutation",
            "instanceAuditEventExternalDestinationCreate{\"input: InstanceAuditEventExternalDestinationCreateInput!\"}: InstanceAuditEventExternalDestinationCreatePayload",
            "instanceExternalAuditEventDestinationCreate",
        ),
        (
            "Mutation",
            "instanceAuditEventExternalDestinationUpdate{\"input: InstanceAuditEventExternalDestinationUpdateInput!\"}: InstanceAuditEventExternalDestinationUpdatePayload",
            "instanceExternalAuditEventDestinationUpdate",
        ),
        (
            "Mutation",
            "instanceAuditEventExternalDestinationDestroy{\"input: InstanceAuditEventExternalDestinationDestroyInput!\"}: InstanceAuditEventExternalDestinationDestroyPayload",
            "instanceExternalAuditEventDestinationDestroy",
        ),
        (
            "Query",
            "instanceAuditEventExternalDestination{\"after: String\", \"before: String\", \"first: Int\", \"last: Int\"}: InstanceExternalAuditEventDestinationConnection",
            "instanceExternalAuditEventDestinations",
        ),
    ] {
        assert!(ours[root].contains(field), "{root} has no {field}");
        let name = field.split('{').next().unwrap();
        let reason = format!("\"Use `{like}`.\"");
        assert_eq!(deprecation(root, name), Some(reason), "{name}");
    }
    for verb in ["Create", "Update", "Destroy"] {
        let input = |object: &str| ours[&format!("{object}{verb}Input")].clone();
        assert_eq!(
            input("InstanceAuditEventExternalDestination"),
            input("InstanceExternalAuditEventDestination")
        );
    }
}

/// Why a field should not be used any more.
fn deprecation(root: &str, name: &str) -> Option<String> {
    let document = parse_schema(sdl()).unwrap();
    let object = document.definitions.iter().find_map(|definition| {
        let TypeSystemDefinition::Type(definition) = definition else {
            return None;
        };
        match &definition.node.kind {
            TypeKind::Object(object) if definition.node.name.node == root => Some(object),
            _ => None,
        }
    });
    let mut fields = object.unwrap().fields.iter();
    let field = fields.find(|field| field.node.name.node == name).unwrap();
    let directive = field.node.directives.first()?;
    let reason = directive.node.get_argument("reason")?;
    Some(reason.node.to_string())
}

#[test]
fn names_and_nullability_of_our_own_calls_stay() {
    let types = types(&sdl());
    for (root, field) in [
        (
            "Mutation",
            "auditEventStreamingSigningSecretRotate{\"input: AuditEventStreamingSigningSecretRotateInput!\"}: AuditEventStreamingSigningSecretRotatePayload",
        ),
        (
            "AuditEventStreamingSigningSecretRotateInput",
            "destinationId: ID!",
        ),
        (
            "AuditEventStreamingSigningSecretRotatePayload",
            "signingSecret: String",
        ),
        (
            "Mutation",
            "auditEventStreamingDeadLettersReplay{\"input: AuditEventStreamingDeadLettersReplayInput!\"}: AuditEventStreamingDeadLettersReplayPayload",
        ),
        (
            "Mutation",
            "auditEventStreamingDeadLettersPurge{\"input: AuditEventStreamingDeadLettersPurgeInput!\"}: AuditEventStreamingDeadLettersPurgePayload",
        ),
        (
            "Mutation",
            "auditEventStreamingLanePurge{\"input: AuditEventStreamingLanePurgeInput!\"}: AuditEventStreamingLanePurgePayload",
        ),
        (
            "Mutation",
            "auditEventStreamingDestinationTest{\"input: AuditEventStreamingDestinationTestInput!\"}: AuditEventStreamingDestinationTestPayload",
        ),
        (
            "AuditEventStreamingDestinationTestPayload",
            "delivered: Boolean",
        ),
        ("AuditEventStreamingDestinationTestPayload", "status: Int"),
        (
            "AuditEventStreamingDestinationTestPayload",
            "durationMs: Int",
        ),
        ("AuditEventStreamingDestinationTestPayload", "error: String"),
        (
            "AuditEventStreamingDestinationTestPayload",
            "response: String",
        ),
        (
            "AuditEventStreamingDestinationTestPayload",
            "eventId: String",
        ),
        (
            "AuditEventStreamingDeadLettersReplayInput",
            "ids: [AuditEventsStreamingDeadLetterID!]",
        ),
        (
            "AuditEventStreamingDeadLettersReplayPayload",
            "accepted: Int",
        ),
        ("AuditEventStreamingDeadLettersPurgePayload", "purged: Int"),
        ("AuditEventStreamingDeadLetter", "lastAttemptAt: DateTime"),
        (
            "Query",
            "auditEventStreamingRejectedMessages{\"after: String\", \"before: String\", \"first: Int\", \"last: Int\"}: AuditEventStreamingRejectedMessageConnection",
        ),
        (
            "Mutation",
            "auditEventStreamingRejectedMessagesReplay{\"input: AuditEventStreamingRejectedMessagesReplayInput!\"}: AuditEventStreamingRejectedMessagesReplayPayload",
        ),
        (
            "Mutation",
            "auditEventStreamingRejectedMessagesPurge{\"input: AuditEventStreamingRejectedMessagesPurgeInput!\"}: AuditEventStreamingRejectedMessagesPurgePayload",
        ),
        (
            "AuditEventStreamingHealth",
            "state: AuditEventStreamingHealthState!",
        ),
        ("AuditEventStreamingHealth", "since: DateTime"),
        ("AuditEventStreamingHealth", "backlogSize: Int"),
        (
            "AuditEventStreamingHealth",
            "stats{\"minutes: Int! = 60\"}: [AuditEventStreamingMinute!]",
        ),
        ("Query", "currentUser: CurrentUser"),
        ("UserCreateInput", "admin: Boolean = false"),
        ("AuditEventCreateInput", "details: JSON"),
        ("AuditEventCreateInput", "authorId: BigInt"),
        ("AuditEventCreateInput", "entityId: BigInt"),
        ("AuditEventCreateInput", "targetId: BigInt"),
    ] {
        assert!(
            types[root].contains(field),
            "{root} has no {field}: {:#?}",
            types[root]
        );
    }
}

#[test]
fn everything_in_the_schema_is_described() {
    let sdl = sdl();
    let mut undescribed = Vec::new();
    for definition in parse_schema(&sdl).unwrap().definitions {
        // The directives are those of every schema.
        if let TypeSystemDefinition::Type(definition) = definition {
            undescribed.extend(undescribed_in(&definition.node));
        }
    }
    // A mutation's only argument is what the description of its type says.
    undescribed.retain(|name| !(name.starts_with("Mutation.") && name.ends_with("(input)")));
    assert_eq!(undescribed, Vec::<String>::new());
}

/// What of a type has no description.
fn undescribed_in(definition: &TypeDefinition) -> Vec<String> {
    let name = definition.name.node.as_str();
    let mut undescribed = Vec::new();
    if definition.description.is_none() {
        undescribed.push(name.to_owned());
    }
    match &definition.kind {
        TypeKind::Object(ObjectType { fields, .. })
        | TypeKind::Interface(InterfaceType { fields, .. }) => {
            for Positioned { node: field, .. } in fields {
                let name = format!("{name}.{}", field.name.node);
                undescribed.extend(undescribed_of(&name, &field.arguments));
                if field.description.is_none() {
                    undescribed.push(name);
                }
            }
        }
        TypeKind::InputObject(object) => undescribed.extend(undescribed_of(name, &object.fields)),
        TypeKind::Enum(values) => {
            let values = values.values.iter().map(|value| &value.node);
            let bare = values.filter(|value| value.description.is_none());
            undescribed.extend(bare.map(|value| format!("{name}.{}", value.value.node)));
        }
        TypeKind::Scalar | TypeKind::Union(_) => {}
    }
    undescribed
}

/// Which fields of an input, or arguments of a field, have no description.
fn undescribed_of(name: &str, values: &[Positioned<InputValueDefinition>]) -> Vec<String> {
    let values = values.iter().map(|value| &value.node);
    let bare = values.filter(|value| value.description.is_none());
    bare.map(|value| format!("{name}({})", value.name.node))
        .collect()
}
