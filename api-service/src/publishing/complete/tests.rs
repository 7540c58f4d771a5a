//! What is filled in, what is kept and what is refused, as tables.

use serde_json::{Map, Value, json};

use super::*;

const NOW: Timestamp = Timestamp(1_658_814_233_662);
const MOST: usize = 1024 * 1024;

fn completed(json: &str) -> Result<OutgoingEvent, Vec<Problem>> {
    let completion = Completion {
        id: Uuid::from_u128(7),
        now: NOW,
        most_bytes: MOST,
    };
    complete(json, &Catalogue::built_in(), completion)
}

/// The least that a producer must send.
fn least() -> Value {
    json!({
        "author_id": 7, "author_name": "Ada",
        "entity_id": 29, "entity_type": "Project", "entity_path": "acme/web",
        "details": {}, "event_type": "add_ssh_key",
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut event = least();
    event[field] = value;
    event
}

fn body(event: &Value) -> Value {
    let event = completed(&event.to_string()).unwrap();
    serde_json::from_slice(&event.body).unwrap()
}

fn text(event: &OutgoingEvent) -> &str {
    std::str::from_utf8(&event.body).unwrap()
}

/// The fields and messages of what was refused.
fn refused(json: &str) -> Vec<(Option<String>, String)> {
    completed(json)
        .unwrap_err()
        .into_iter()
        .map(|problem| (problem.field, problem.message))
        .collect()
}

#[test]
fn what_is_left_out_is_filled_in_and_known_fields_stand_in_gitlabs_order() {
    let event = completed(&with("mine", json!(1)).to_string()).unwrap();
    assert_eq!(
        text(&event),
        r#"{"id":"00000000-0000-0000-0000-000000000007","author_id":7,"entity_id":29,"entity_type":"Project","details":{},"ip_address":"","author_name":"Ada","entity_path":"acme/web","target_details":"","created_at":"2022-07-26T05:43:53.662Z","target_type":"","target_id":null,"event_type":"add_ssh_key","mine":1}"#
    );
    assert_eq!(event.id, "00000000-0000-0000-0000-000000000007");
    assert_eq!(event.event_type, "add_ssh_key");
}

#[test]
fn details_tell_what_is_left_out() {
    let told = json!({
        "ip_address": "127.0.0.1", "target_id": 5, "target_type": "Key", "target_details": "laptop",
    });
    let completed = body(&with("details", told.clone()));
    for (field, value) in told.as_object().unwrap() {
        assert_eq!(&completed[field], value);
    }
}

#[test]
fn what_the_producer_says_goes_before_what_details_tell() {
    let mut event = with("details", json!({"ip_address": "10.0.0.1", "target_id": 5}));
    event["ip_address"] = json!("10.0.0.2");
    event["target_id"] = json!(6);
    let completed = body(&event);
    assert_eq!(completed["ip_address"], "10.0.0.2");
    assert_eq!(completed["target_id"], 6);
}

#[test]
fn details_of_another_kind_tell_nothing() {
    let untold =
        json!({"ip_address": 4, "target_id": "5", "target_type": null, "target_details": {}});
    let completed = body(&with("details", untold));
    assert_eq!(completed["ip_address"], "");
    assert_eq!(completed["target_id"], Value::Null);
    assert_eq!(completed["target_type"], "");
    assert_eq!(completed["target_details"], "");
}

#[test]
fn null_counts_as_left_out() {
    for field in [
        "id",
        "created_at",
        "ip_address",
        "target_id",
        "target_type",
        "target_details",
    ] {
        let filled = body(&with(field, Value::Null));
        assert_eq!(filled, body(&least()), "{field}");
    }
    for field in least().as_object().unwrap().keys() {
        let problems = refused(&with(field, Value::Null).to_string());
        assert_eq!(problems, [(Some(field.clone()), "is missing".to_owned())]);
    }
}

#[test]
fn what_the_producer_gives_is_kept_byte_for_byte() {
    let details =
        r#"{ "b" : 1.0e+2,	"a":[1,  -0.0, 123456789012345678901234567890.10],"b":"\u00e4ä\/" }"#;
    let extra = r#"{"deep": [ { } ], "x":1E400}"#;
    let sent = format!(
        r#"{{"my \"field\"": {extra}, "id" : 12, "event_type":"add_ssh_k\u0065y","details": {details},"author_id":-1,"author_name":"\u0041da","entity_id":29,"entity_type":"Project","entity_path":"acme\/web","created_at":"2022-07-26T05:43:53+02:00"}}"#
    );
    let event = completed(&sent).unwrap();
    let text = text(&event);
    for kept in [
        format!(r#""details":{details},"#),
        format!(r#""my \"field\"":{extra}}}"#),
        r#""author_name":"\u0041da""#.to_owned(),
        r#""entity_path":"acme\/web""#.to_owned(),
        r#""created_at":"2022-07-26T05:43:53+02:00""#.to_owned(),
        r#"{"id":12,"#.to_owned(),
        r#""event_type":"add_ssh_key""#.to_owned(),
    ] {
        assert!(text.contains(&kept), "{kept}\n{text}");
    }
    assert_eq!(event.id, "12");
    assert_eq!(event.event_type, "add_ssh_key");
}

#[test]
fn ids_are_integers_or_short_words() {
    let long = "a".repeat(128);
    for (id, taken) in [
        (json!(0), Some("0")),
        (json!(-5), Some("-5")),
        (json!(i64::MAX), Some("9223372036854775807")),
        (json!(u64::MAX), None),
        (json!(1.0), None),
        (json!(""), None),
        (json!("evt_1:2.3-4"), Some("evt_1:2.3-4")),
        (json!(long), Some(long.as_str())),
        (json!("a".repeat(129)), None),
        (json!("with blank"), None),
        (json!("ä"), None),
        (json!([]), None),
        (json!(true), None),
    ] {
        let event = completed(&with("id", id.clone()).to_string());
        match taken {
            Some(expected) => assert_eq!(event.unwrap().id, expected),
            None => assert_eq!(event.unwrap_err()[0].field.as_deref(), Some("id"), "{id}"),
        }
    }
}

#[test]
fn long_paths_are_cut_by_characters() {
    for (sent, characters) in [
        ("a".repeat(5_500), 5_500),
        ("a".repeat(5_501), 5_500),
        ("ä".repeat(5_500), 5_500),
        ("ä".repeat(9_000), 5_500),
        ("\u{1f980}".repeat(5_501), 5_500),
        ("\n".repeat(5_499), 5_499),
        ("\"\\".repeat(4_000), 5_500),
    ] {
        for field in ["entity_path", "target_details"] {
            let body = body(&with(field, json!(sent)));
            let kept = body[field].as_str().unwrap();
            assert_eq!(kept.chars().count(), characters);
            assert!(sent.starts_with(kept));
        }
        let told = body(&with("details", json!({"target_details": sent})));
        assert_eq!(
            told["target_details"].as_str().unwrap().chars().count(),
            characters
        );
        assert_eq!(
            told["details"]["target_details"],
            json!(sent),
            "details are not cut"
        );
    }
}

#[test]
fn a_cut_path_does_not_end_with_a_slash() {
    let sent = format!("{}/web", "a".repeat(5_499));
    let body = body(&with("entity_path", json!(sent)));
    assert_eq!(body["entity_path"], "a".repeat(5_499));
}

#[test]
fn events_of_users_and_of_the_instance_may_have_any_path() {
    for entity_type in ["User", "Gitlab::Audit::InstanceScope"] {
        for path in ["", "/ada", "gitlab_instance"] {
            let mut event = with("entity_type", json!(entity_type));
            event["entity_path"] = json!(path);
            assert_eq!(body(&event)["entity_path"], path, "{entity_type}");
        }
    }
}

#[test]
fn a_character_written_as_an_escape_counts_as_one() {
    let escaped = r"\ud83e\udd80".repeat(5_501);
    let sent = least().to_string().replace("acme/web", &escaped);
    let event = completed(&sent).unwrap();
    let body: Value = serde_json::from_slice(&event.body).unwrap();
    assert_eq!(body["entity_path"], "\u{1f980}".repeat(5_500));
}

#[test]
fn each_field_is_refused_with_its_name_and_a_reason() {
    let table = [
        (
            "event_type",
            json!("no_such_type"),
            "is not a known event type: \"no_such_type\"",
        ),
        (
            "event_type",
            json!("a".repeat(256)),
            "is longer than 255 characters",
        ),
        ("event_type", json!(""), "is not a known event type: \"\""),
        ("event_type", json!(7), "must be a string"),
        ("author_id", json!("7"), "must be an integer of 64 bits"),
        ("author_id", json!(1.5), "must be an integer of 64 bits"),
        (
            "entity_id",
            json!(u64::MAX),
            "must be an integer of 64 bits",
        ),
        ("target_id", json!("3"), "must be an integer of 64 bits"),
        ("author_name", json!(["Ada"]), "must be a string"),
        ("entity_type", json!(""), "must not be empty"),
        ("entity_path", json!(1), "must be a string"),
        ("entity_path", json!(""), UNROUTABLE),
        ("entity_path", json!("/acme"), UNROUTABLE),
        ("entity_path", json!("acme/"), UNROUTABLE),
        ("entity_path", json!("acme//x"), UNROUTABLE),
        ("ip_address", json!(1), "must be a string"),
        ("target_type", json!({}), "must be a string"),
        ("target_details", json!(false), "must be a string"),
        ("details", json!("text"), "must be an object"),
        ("details", json!([]), "must be an object"),
        (
            "created_at",
            json!("yesterday"),
            "must be a date and time with a zone, such as 2022-07-26T05:43:53.662Z",
        ),
        ("created_at", json!("2022-07-26 05:43:53Z"), NO_DATE_TIME),
        (
            "created_at",
            json!("2022-07-26T05:43:53"),
            "must be a date and time with a zone, such as 2022-07-26T05:43:53.662Z",
        ),
    ];
    for (field, value, message) in table {
        let problems = refused(&with(field, value).to_string());
        assert_eq!(problems, [(Some(field.to_owned()), message.to_owned())]);
    }
}

#[test]
fn every_problem_is_reported_at_once() {
    let problems = refused(r#"{"id":1.5,"details":7,"mine":1,"mine":2,"mine":3}"#);
    let mut fields: Vec<_> = problems
        .into_iter()
        .filter_map(|(field, _)| field)
        .collect();
    fields.sort_unstable();
    let expected = [
        "author_id",
        "author_name",
        "details",
        "entity_id",
        "entity_path",
        "entity_type",
        "event_type",
        "id",
        "mine",
    ];
    assert_eq!(fields, expected);
}

#[test]
fn a_name_that_comes_twice_is_refused_however_it_is_spelled() {
    for doubled in [r#""author_id":8"#, r#""author_\u0069d":8"#] {
        let sent = least()
            .to_string()
            .replacen('{', &format!("{{{doubled},"), 1);
        let problems = refused(&sent);
        assert_eq!(
            problems,
            [(
                Some("author_id".to_owned()),
                "stands more than once".to_owned()
            )]
        );
    }
}

#[test]
fn what_is_no_object_is_refused_as_a_whole() {
    for (sent, sentence) in [
        ("", "an event must be a JSON object"),
        ("null", "an event must be a JSON object"),
        ("[{}]", "an event must be a JSON object"),
        ("\"text\"", "an event must be a JSON object"),
        ("{", "the event is not valid JSON: EOF"),
        ("{} {}", "the event is not valid JSON: trailing characters"),
        (r#"{"\ud800":1}"#, "the event is not valid JSON: "),
    ] {
        let problems = refused(sent);
        assert_eq!(problems.len(), 1, "{sent}");
        assert_eq!(problems[0].0, None);
        assert!(
            problems[0].1.starts_with(sentence),
            "{sent}: {}",
            problems[0].1
        );
    }
}

#[test]
fn text_that_is_no_unicode_is_refused_where_it_is_read_and_kept_where_it_is_not() {
    let lone = least().to_string().replace("\"Ada\"", r#""\ud800""#);
    assert_eq!(
        refused(&lone),
        [(
            Some("author_name".to_owned()),
            "must be a string".to_owned()
        )]
    );
    let kept = least().to_string().replace("{}", r#"{"x":"\ud800"}"#);
    assert!(text(&completed(&kept).unwrap()).contains(r#"{"x":"\ud800"}"#));
}

#[test]
fn a_hundred_levels_are_kept_and_ten_thousand_are_refused_without_exhausting_the_stack() {
    let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for sent in [
        with("mine", json!("HERE")),
        with("details", json!({"mine": "HERE", "target_id": 1})),
    ] {
        let sent = |levels| sent.to_string().replace("\"HERE\"", &nested(levels));
        assert!(text(&completed(&sent(100)).unwrap()).contains(&nested(100)));
        assert_eq!(refused(&sent(10_000)).len(), 1);
    }
    let nested = nested(10_000);
    let sent = least().to_string().replace("\"Ada\"", &nested);
    assert_eq!(refused(&sent).len(), 1);
}

#[test]
fn the_size_of_the_complete_event_is_limited() {
    let size = completed(&least().to_string()).unwrap().body.len();
    for (most_bytes, taken) in [(size, true), (size - 1, false)] {
        let completion = Completion {
            id: Uuid::from_u128(7),
            now: NOW,
            most_bytes,
        };
        let event = complete(&least().to_string(), &Catalogue::built_in(), completion);
        assert_eq!(event.is_ok(), taken);
        if let Err(problems) = event {
            assert_eq!(
                problems[0].message,
                format!("the event has {size} bytes, the most are {most_bytes}")
            );
        }
    }
}

#[test]
fn a_complete_event_stays_as_it_is() {
    let once = completed(&least().to_string()).unwrap();
    let twice = completed(text(&once)).unwrap();
    assert_eq!(once, twice);
}

#[test]
fn whatever_is_accepted_keeps_the_contract() {
    let values = [
        json!(null),
        json!(""),
        json!("text"),
        json!("add_ssh_key"),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(-0.0),
        json!(u64::MAX),
        json!([]),
        json!({}),
        json!(true),
        json!("2022-07-26T05:43:53Z"),
    ];
    let mut accepted = 0;
    for field in [
        "id",
        "author_id",
        "author_name",
        "entity_id",
        "entity_type",
        "entity_path",
        "details",
        "ip_address",
        "target_id",
        "target_type",
        "target_details",
        "created_at",
        "event_type",
        "mine",
    ] {
        for value in &values {
            if let Ok(event) = completed(&with(field, value.clone()).to_string()) {
                let envelope = Envelope::parse(&event.body).unwrap();
                assert_eq!(envelope.id, event.id);
                assert_eq!(envelope.event_type, event.event_type);
                let body: Map<String, Value> = serde_json::from_slice(&event.body).unwrap();
                assert!(body.len() >= 13);
                accepted += 1;
            }
        }
    }
    assert!(accepted > 50, "{accepted}");
}
