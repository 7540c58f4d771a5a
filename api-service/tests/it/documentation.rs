//! docs/graphql.md is true: its examples are answered as they are written, in their order on an empty
//! database, and nothing that the schema offers is missing.

use std::collections::BTreeSet;
use std::path::Path;

use api_service::domain::{destination_url, header, name, page, set_aside, verification_token};
use api_service::graphql::{limits, sdl};
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use serde_json::{Value, json};
use shared::config::{Config, Source};
use shared::event::LONGEST_EVENT_TYPE;

use crate::databases::on_every_empty_database_with;
use crate::dead_letters::bury;
use crate::placeholders::assert_like;
use crate::rejected_messages::reject;
use crate::stage::Answer;

/// A block of GraphQL with the block of JSON behind it.
struct Example<'a> {
    /// The title that it stands under.
    section: &'a str,
    /// Who asks.
    username: &'a str,
    /// What was set aside before.
    set_aside: Vec<&'a str>,
    query: &'a str,
    answer: Value,
}

fn guide() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/graphql.md");
    std::fs::read_to_string(file).unwrap()
}

/// The examples in their order. A mark such as `<!-- as ada -->` says who asks from there on, and one such
/// as `<!-- there is a dead letter of 1 -->` what was set aside before.
fn examples(guide: &str) -> Vec<Example<'_>> {
    let (mut section, mut username) = ("", "");
    let mut set_aside = Vec::new();
    let mut asked = None;
    let mut examples = Vec::new();
    // Text and blocks take turns.
    let mut parts = guide.split("```");
    while let Some(text) = parts.next() {
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("## ") {
                section = title;
            }
            if let Some(mark) = line.strip_prefix("<!-- as ") {
                username = mark.strip_suffix(" -->").unwrap();
            }
            if let Some(mark) = line.strip_prefix("<!-- there is a ") {
                set_aside.push(mark.strip_suffix(" -->").unwrap());
            }
        }
        let Some(block) = parts.next() else { break };
        let (language, text) = block.split_once('\n').unwrap();
        match (language, asked.take()) {
            ("graphql", None) => asked = Some((section, username, text)),
            ("json", Some((section, username, query))) => examples.push(Example {
                section,
                username,
                set_aside: std::mem::take(&mut set_aside),
                query,
                answer: serde_json::from_str(text).unwrap(),
            }),
            (_, None) => {}
            (_, Some((section, ..))) => panic!("{section}: an example has no answer"),
        }
    }
    assert!(asked.is_none(), "{section}: an example has no answer");
    examples
}

/// An answer as it is sent.
fn sent(answer: Answer) -> Value {
    let mut sent = json!({ "data": answer.data });
    if !answer.errors.is_empty() {
        sent["errors"] = answer.errors.into();
    }
    sent
}

#[tokio::test]
async fn every_example_is_answered_as_it_is_written() {
    let guide = guide();
    on_every_empty_database_with(&[], async |stage| {
        let examples = examples(&guide);
        assert!(examples.len() > 10);
        for example in examples {
            let caller = stage.known(example.username).await;
            for what in example.set_aside {
                match what.strip_prefix("dead letter of ") {
                    Some(of) => bury(stage, of.parse().unwrap(), "0198e3c2-6f1a-7d43").await,
                    None => reject(stage, what.as_bytes(), 0).await,
                };
            }
            let answer = stage.run(&caller, example.query, json!({})).await;
            assert_like(&sent(answer), &example.answer, example.section);
        }
    })
    .await;
}

#[test]
fn every_mutation_and_every_list_is_in_the_guide() {
    let guide = guide();
    let words: BTreeSet<&str> = guide
        .split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
        .collect();
    let mut missing = Vec::new();
    for definition in parse_schema(sdl()).unwrap().definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let TypeKind::Object(object) = &definition.node.kind else {
            continue;
        };
        let is_mutation = definition.node.name.node == "Mutation";
        for field in &object.fields {
            let kind = field.node.ty.node.to_string();
            let is_list = kind.trim_end_matches('!').ends_with("Connection");
            let name = field.node.name.node.to_string();
            if (is_mutation || is_list) && !words.contains(name.as_str()) {
                missing.push(name);
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn the_limits_in_the_guide_are_those_in_force() {
    let guide = guide();
    let config = Config::from_source(&Source::default(), Vec::new()).unwrap();
    let number = |limit: u64| usize::try_from(limit).unwrap();
    for (what, limit) in [
        (
            "requests a minute of a token, or of an address without one",
            number(config.limits.graphql_requests_per_minute.into()),
        ),
        (
            "of these at once",
            number(config.limits.graphql_burst.get().into()),
        ),
        (
            "seconds until the answer",
            number(config.limits.graphql_timeout.as_secs()),
        ),
        ("open brackets of a query", limits::NESTING),
        ("levels of a query", limits::DEPTH),
        (
            "levels of a query, each fragment being one too",
            limits::RECURSION,
        ),
        ("fields of a query", limits::COMPLEXITY),
        (
            "fields and fragments of a query, with fragments written out",
            limits::SELECTIONS,
        ),
        ("directives of a field", limits::DIRECTIVES),
        (
            "bytes of variables, each use counted",
            limits::VARIABLE_BYTES,
        ),
        ("values of an answer", limits::VALUES),
        ("bytes of events in an answer", limits::EVENT_BYTES),
        (
            "dead letters or rejected messages that are named at once",
            set_aside::MOST_NAMED,
        ),
        ("mistakes of a query that are told", limits::ERRORS),
        ("items of a page", number(page::LARGEST)),
        (
            "active destinations of a group, and of the instance",
            number(config.limits.destinations),
        ),
        ("headers of a destination", number(config.limits.headers)),
        (
            "namespace filters of a destination",
            number(config.limits.namespace_filters),
        ),
        ("characters of a destination's name", name::LONGEST),
        (
            "characters of a destination's URL",
            destination_url::LONGEST,
        ),
        (
            "characters of a verification token, at least",
            verification_token::SHORTEST,
        ),
        (
            "the same under the names of the first plan",
            verification_token::SHORTEST_OF_THE_PLAN,
        ),
        (
            "characters of a verification token, at most",
            verification_token::LONGEST,
        ),
        ("characters of a header's name", header::LONGEST_KEY),
        ("characters of a header's value", header::LONGEST_VALUE),
        ("characters of an event type", LONGEST_EVENT_TYPE),
    ] {
        let row = format!("| {what} | {} |", grouped(limit));
        assert!(guide.contains(&row), "there is no {row}");
    }
}

/// A number with a comma before each three digits.
fn grouped(number: usize) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1_000), number % 1_000),
    }
}
