//! A list costs a constant number of SQL statements, however much is in it.

use serde_json::json;

use crate::level::Level;
use crate::stage::{GROUP, Stage};
use crate::surface::{Surface, mutate, on_every_surface_with};

/// A list with everything that a destination has.
fn query(surface: Surface) -> String {
    let filters = "id namespace { id name fullName fullPath }";
    let (list, fields) = match surface {
        Surface::LegacyGroup => (
            "externalAuditEventDestinations",
            format!(
                "destinationUrl verificationToken headers {{ nodes {{ id key value active }} }} namespaceFilter {{ {filters} externalAuditEventDestination {{ id headers {{ nodes {{ id }} }} }} }} group {{ id name fullPath }}"
            ),
        ),
        Surface::LegacyInstance => (
            "instanceExternalAuditEventDestinations",
            "destinationUrl verificationToken headers { nodes { id key value active } }".to_owned(),
        ),
        Surface::ConsolidatedGroup => (
            "externalAuditEventStreamingDestinations",
            format!(
                "config secretToken namespaceFilters {{ {filters} externalStreamingDestination {{ id config }} }} group {{ id name fullPath }}"
            ),
        ),
        Surface::ConsolidatedInstance => (
            "auditEventsInstanceStreamingDestinations",
            format!(
                "config secretToken namespaceFilters {{ {filters} externalStreamingDestination {{ id config }} }}"
            ),
        ),
    };
    let list = format!(
        "{list} {{ nodes {{ id name active eventTypeFilters signingSecret {fields} }} pageInfo {{ hasNextPage }} }}"
    );
    match surface.level() {
        Level::Group => format!("{{ group(fullPath: \"{GROUP}\") {{ {list} }} }}"),
        Level::Instance => format!("{{ {list} }}"),
    }
}

/// A destination with two headers, two event-type filters, and a namespace filter of its own.
async fn add(stage: &Stage, surface: Surface, ada: &api_service::auth::Caller, number: usize) {
    let consolidated = match surface.level() {
        Level::Group => Surface::ConsolidatedGroup,
        Level::Instance => Surface::ConsolidatedInstance,
    };
    let headers = json!({"X-A": {"value": "a"}, "X-B": {"value": "b"}});
    let url = format!("https://1.1.1.1/{number}");
    let mut input = json!({"category": "http", "config": {"url": url, "headers": headers}});
    if surface.level() == Level::Group {
        input["groupPath"] = GROUP.into();
    }
    let selection = "errors externalAuditEventDestination { id }";
    let made = mutate(
        stage,
        ada,
        &consolidated.create_mutation(),
        selection,
        input,
    )
    .await;
    let id = made.data()["externalAuditEventDestination"]["id"].clone();
    let types = json!(["user_created", "group_created"]);
    let text = id.as_str().unwrap();
    consolidated
        .add_event_types(stage, ada, text, types)
        .await
        .data();
    let path = format!("{GROUP}/g{number}");
    stage.group(&path).await;
    let mutation = match surface.level() {
        Level::Group => "auditEventsGroupDestinationNamespaceFilterCreate",
        Level::Instance => "auditEventsInstanceDestinationNamespaceFilterCreate",
    };
    let input = json!({"destinationId": id, "namespacePath": path});
    mutate(stage, ada, mutation, "errors", input).await.data();
}

/// Lists in lists: each destination shows its group, and that its destinations.
fn nested(surface: Surface) -> Option<String> {
    let list = match surface {
        Surface::LegacyGroup => "externalAuditEventDestinations",
        Surface::ConsolidatedGroup => "externalAuditEventStreamingDestinations",
        _ => return None,
    };
    let inner = format!("{list}(first: 2) {{ nodes {{ name }} }}");
    Some(format!(
        "{{ group(fullPath: \"{GROUP}\") {{ {list} {{ nodes {{ name group {{ {list} {{ nodes {{ group {{ {inner} }} }} }} }} }} }} }} }}"
    ))
}

#[tokio::test]
async fn lists_in_lists_are_read_once() {
    let settings = [("LIMITS__DESTINATIONS", "0")];
    on_every_surface_with(&settings, async |stage, surface, ada| {
        let Some(query) = nested(surface) else { return };
        let mut counts = Vec::new();
        for (from, to) in [(0, 1), (1, 12)] {
            for number in from..to {
                add(stage, surface, ada, number).await;
            }
            let before = stage.statements();
            let answer = stage.run(ada, &query, json!({})).await;
            answer.data();
            counts.push(stage.statements() - before);
        }
        assert_eq!(counts[0], counts[1], "{surface:?}");
    })
    .await;
}

#[tokio::test]
async fn a_mutation_shows_what_it_made_though_another_one_showed_the_list_before() {
    let settings = [];
    on_every_surface_with(&settings, async |stage, surface, ada| {
        if surface != Surface::LegacyGroup {
            return;
        }
        let create = |alias: &str| {
            format!(
                "{alias}: externalAuditEventDestinationCreate(input: {{groupPath: \"{GROUP}\", destinationUrl: \"https://1.1.1.1/{alias}\"}}) {{ externalAuditEventDestination {{ group {{ externalAuditEventDestinations {{ nodes {{ id }} }} }} }} }}"
            )
        };
        let query = format!("mutation {{ {} {} }}", create("one"), create("two"));
        let answer = stage.run(ada, &query, json!({})).await;
        let seen = |alias: &str| {
            let made = &answer.data()[alias]["externalAuditEventDestination"];
            let nodes = &made["group"]["externalAuditEventDestinations"]["nodes"];
            nodes.as_array().unwrap().len()
        };
        assert_eq!((seen("one"), seen("two")), (1, 2));
    })
    .await;
}

#[tokio::test]
async fn a_list_of_50_destinations_takes_as_many_statements_as_a_list_of_one() {
    let settings = [("LIMITS__DESTINATIONS", "0")];
    on_every_surface_with(&settings, async |stage, surface, ada| {
        let query = query(surface);
        let mut counts = Vec::new();
        for (from, to) in [(0, 1), (1, 50)] {
            for number in from..to {
                add(stage, surface, ada, number).await;
            }
            let before = stage.statements();
            let answer = stage.run(ada, &query, json!({})).await;
            counts.push(stage.statements() - before);
            let data = answer.data().to_string();
            let urls =
                (0..to).filter(|number| data.contains(&format!("https://1.1.1.1/{number}\"")));
            assert_eq!(urls.count(), to, "{surface:?}");
        }
        assert!(counts[0] > 0, "{surface:?}: no statement was counted");
        assert_eq!(counts[0], counts[1], "{surface:?}");
    })
    .await;
}
