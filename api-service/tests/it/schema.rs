//! The schema as clients know it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use api_service::graphql::sdl;
use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{InputValueDefinition, TypeKind, TypeSystemDefinition};

/// GitLab's types of this surface, in full (the reference's 1.2 and 1.3).
const GITLABS: &str = include_str!("gitlab.graphql");
/// What is here and not in GitLab.
const SURPLUS: [(&str, &str); 1] = [(
    "InstanceExternalAuditEventDestinationCreateInput",
    "verificationToken: String",
)];
/// What is in GitLab and not here.
const ABSENT: [(&str, &str); 1] = [(
    "ExternalAuditEventDestination",
    "namespaceFilter: AuditEventStreamingHTTPNamespaceFilter",
)];

/// The fields of each object and input type, with arguments, types and defaults.
fn types(sdl: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut types = BTreeMap::new();
    for definition in parse_schema(sdl).unwrap().definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let fields = match &definition.node.kind {
            TypeKind::Object(object) => {
                let fields = object.fields.iter().map(|field| &field.node);
                let line = |field: &async_graphql::parser::types::FieldDefinition| {
                    let arguments: BTreeSet<String> = field.arguments.iter().map(input).collect();
                    format!("{}{arguments:?}: {}", field.name.node, field.ty.node).replace("{}", "")
                };
                fields.map(line).collect()
            }
            TypeKind::InputObject(object) => object.fields.iter().map(input).collect(),
            _ => continue,
        };
        types.insert(definition.node.name.node.to_string(), fields);
    }
    types
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
fn the_types_of_destinations_are_gitlabs_but_for_what_is_named() {
    let ours = types(&sdl());
    let mut expected = types(GITLABS);
    for (name, field) in ABSENT {
        assert!(expected.get_mut(name).unwrap().remove(field), "{field}");
    }
    for (name, field) in SURPLUS {
        let new = expected.get_mut(name).unwrap().insert(field.to_owned());
        assert!(new, "{field}");
    }
    assert_eq!(expected.len(), 25);
    for (name, fields) in expected {
        assert_eq!(ours.get(&name), Some(&fields), "{name}");
    }
}

#[test]
fn an_argument_that_gitlab_has_not_says_so() {
    let sdl = sdl();
    let (_, input) = sdl
        .split_once("input InstanceExternalAuditEventDestinationCreateInput {")
        .unwrap();
    let (input, _) = input.split_once('}').unwrap();
    let (before, _) = input.split_once("verificationToken: String").unwrap();
    let description = before.rsplit("\"\"\"").nth(1).unwrap();
    assert!(description.contains("GitLab"), "{description}");
}

#[test]
fn names_and_nullability_of_the_roots_are_gitlabs() {
    let types = types(&sdl());
    for (root, field) in [
        (
            "Mutation",
            "externalAuditEventDestinationCreate{\"input: ExternalAuditEventDestinationCreateInput!\"}: ExternalAuditEventDestinationCreatePayload",
        ),
        (
            "Mutation",
            "externalAuditEventDestinationDestroy{\"input: ExternalAuditEventDestinationDestroyInput!\"}: ExternalAuditEventDestinationDestroyPayload",
        ),
        (
            "Mutation",
            "instanceExternalAuditEventDestinationCreate{\"input: InstanceExternalAuditEventDestinationCreateInput!\"}: InstanceExternalAuditEventDestinationCreatePayload",
        ),
        (
            "Mutation",
            "instanceExternalAuditEventDestinationDestroy{\"input: InstanceExternalAuditEventDestinationDestroyInput!\"}: InstanceExternalAuditEventDestinationDestroyPayload",
        ),
        (
            "Mutation",
            "auditEventsStreamingDestinationEventsAdd{\"input: AuditEventsStreamingDestinationEventsAddInput!\"}: AuditEventsStreamingDestinationEventsAddPayload",
        ),
        (
            "Mutation",
            "auditEventsStreamingDestinationInstanceEventsAdd{\"input: AuditEventsStreamingDestinationInstanceEventsAddInput!\"}: AuditEventsStreamingDestinationInstanceEventsAddPayload",
        ),
        (
            "Group",
            "externalAuditEventDestinations{\"after: String\", \"before: String\", \"first: Int\", \"last: Int\"}: ExternalAuditEventDestinationConnection",
        ),
        (
            "Query",
            "instanceExternalAuditEventDestinations{\"after: String\", \"before: String\", \"first: Int\", \"last: Int\"}: InstanceExternalAuditEventDestinationConnection",
        ),
        ("Query", "group{\"fullPath: ID!\"}: Group"),
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
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let definition = definition.node;
        let name = &definition.name.node;
        if definition.description.is_none() {
            undescribed.push(name.to_string());
        }
        if let TypeKind::Object(object) = &definition.kind {
            let fields = object.fields.iter().map(|field| &field.node);
            let bare = fields.filter(|field| field.description.is_none());
            undescribed.extend(bare.map(|field| format!("{name}.{}", field.name.node)));
        }
    }
    assert_eq!(undescribed, Vec::<String>::new());
}
