//! Holds the parser and the published JSON Schema to the same verdict on one table of events.

use serde_json::{Value, json};

use super::*;

fn valid() -> Value {
    json!({
        "id": "018f2b6c-0b5e-7cc2-9f5e-3a3f1d6f0c11",
        "author_id": 7, "author_name": "Ada",
        "entity_id": 29, "entity_type": "Project", "entity_path": "acme/web",
        "details": {"custom_message": "Added SSH key"},
        "ip_address": "127.0.0.1",
        "target_id": null, "target_type": "Key", "target_details": "laptop",
        "created_at": "2022-07-26T05:43:53.662Z", "event_type": "add_ssh_key",
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut event = valid();
    event[field] = value;
    event
}

fn of_type(entity_type: &str, entity_path: &str) -> Value {
    let mut event = with("entity_type", json!(entity_type));
    event["entity_path"] = json!(entity_path);
    event
}

fn without(field: &str) -> Value {
    let mut event = valid();
    event.as_object_mut().unwrap().remove(field);
    event
}

fn table() -> Vec<(Value, bool)> {
    let mut table = vec![
        (valid(), true),
        (with("id", json!(1)), true),
        (with("id", json!(-5)), true),
        (with("id", json!(1.5)), false),
        (with("id", json!(null)), false),
        (with("id", json!("")), false),
        (with("id", json!("with blank")), false),
        (with("id", json!("a".repeat(128))), true),
        (with("id", json!("a".repeat(129))), false),
        (with("id", json!("evt_1:2.3-4")), true),
        (with("event_type", json!("Add_Key")), false),
        (with("event_type", json!("")), false),
        (with("event_type", json!("a".repeat(255))), true),
        (with("event_type", json!("a".repeat(256))), false),
        (with("author_id", json!(-3)), true),
        (with("author_id", json!("7")), false),
        (with("author_name", json!(null)), false),
        (with("entity_id", json!(1.5)), false),
        (with("entity_type", json!("")), false),
        (with("entity_path", json!("ä".repeat(5_500))), true),
        (with("entity_path", json!("ä".repeat(5_501))), false),
        (with("entity_path", json!("acme")), true),
        (with("entity_path", json!("acme/a b/c")), true),
        (with("entity_path", json!("acme\nweb")), true),
        (with("entity_path", json!("")), false),
        (with("entity_path", json!("/")), false),
        (with("entity_path", json!("/acme")), false),
        (with("entity_path", json!("acme/")), false),
        (with("entity_path", json!("acme/\n")), true),
        (with("entity_path", json!("acme//x")), false),
        (of_type("User", ""), true),
        (of_type("User", "/ada/"), true),
        (of_type(INSTANCE_ENTITY, INSTANCE_PATH), true),
        (of_type(INSTANCE_ENTITY, ""), true),
        (of_type("user", ""), false),
        (of_type("Group", ""), false),
        (with("target_details", json!("a".repeat(5_501))), false),
        (with("target_id", json!(3)), true),
        (with("target_id", json!("3")), false),
        (with("details", json!("text")), false),
        (with("details", json!([])), false),
        (
            with("details", json!({"custom_message": {"protocol": "ssh"}})),
            true,
        ),
        (with("ip_address", json!("")), true),
        (with("ip_address", json!(4)), false),
        (with("created_at", json!("yesterday")), false),
        (with("created_at", json!("2022-07-26T05:43:53+02:00")), true),
        (with("created_at", json!("2022-07-26 05:43:53Z")), false),
        (with("created_at", json!("2022-07-26_05:43:53Z")), false),
        (with("created_at", json!("2022-07-26t05:43:53Z")), false),
        (with("created_at", json!("2022-07-26T05:43:53")), false),
        (with("created_at", json!("2022-07-26")), false),
        (with("a_field_of_ours", json!([1, {"b": null}])), true),
        (json!([valid()]), false),
        (json!("text"), false),
    ];
    for field in valid().as_object().unwrap().keys() {
        table.push((without(field), false));
    }
    table
}

#[test]
fn the_parser_and_the_published_schema_agree() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/audit-event.schema.json"
    );
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap();
    for (event, expected) in table() {
        let text = event.to_string();
        let parsed = Envelope::parse(text.as_bytes());
        assert_eq!(parsed.is_ok(), expected, "parser: {text}\n{parsed:?}");
        assert_eq!(validator.is_valid(&event), expected, "schema: {text}");
    }
}

#[test]
fn routing_fields_are_read_whatever_their_spelling() {
    let text = valid().to_string().replace("acme/web", "acme\\/w\\u0065b");
    let envelope = Envelope::parse(text.as_bytes()).unwrap();
    assert_eq!(envelope.entity_path, "acme/web");
    assert_eq!(envelope.event_type, "add_ssh_key");
}

#[test]
fn bytes_that_are_no_event_are_refused_with_a_reason() {
    let deep = format!(
        "{{\"details\":{}1{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let doubled = valid().to_string().replacen("{\"", "{\"id\":1,\"", 1);
    for body in [
        &b""[..],
        b"null",
        b"{",
        b"\xff\xfe",
        b"{\"id\":1}",
        deep.as_bytes(),
        doubled.as_bytes(),
    ] {
        let InvalidEvent(reason) = Envelope::parse(body).unwrap_err();
        assert!(!reason.is_empty());
    }
}

#[test]
fn a_reason_is_short_however_long_the_value_that_it_quotes() {
    let text = with("author_id", json!("a".repeat(200_000))).to_string();
    let InvalidEvent(reason) = Envelope::parse(text.as_bytes()).unwrap_err();
    assert!(reason.len() <= LONGEST_REASON, "{}", reason.len());
    assert!(reason.contains("line 1 column"), "{reason}");
}

#[test]
fn nesting_is_refused_where_the_parsers_of_receivers_end_whatever_field_it_is_in() {
    let event = |depth: usize| {
        let nested = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        // Brackets in a text are no nesting.
        let extra = format!("{{\"extra\":{nested},\"text\":\"{}\\\"\",", "[".repeat(200));
        valid().to_string().replacen('{', &extra, 1)
    };
    assert!(Envelope::parse(event(DEEPEST - 1).as_bytes()).is_ok());
    for depth in [DEEPEST, 100_000] {
        let error = Envelope::parse(event(depth).as_bytes()).unwrap_err();
        assert_eq!(error.0, "nested deeper than 128");
    }
}
