//! Publishing over HTTP: who may, in which forms, within which limits, and what gets onto the queue.

use api_service::auth::AccessTokenScope;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::service::{ADMIN, Service, event};

const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";

#[tokio::test]
async fn one_event_an_array_and_lines_are_accepted_and_get_onto_the_queue() {
    let service = Service::start().await;
    let array = json!([event(2), event(3)]).to_string();
    let lines = format!("{}\n\n{}\r\n", event(4), event(5));
    for (content_type, body, ids) in [
        (JSON, event(1).to_string(), json!(["1"])),
        ("application/json; charset=utf-8", array, json!(["2", "3"])),
        (NDJSON, lines, json!(["4", "5"])),
    ] {
        let answer = service.publish(content_type, body).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        assert_eq!(answer.json(), json!({ "ids": ids }));
    }
    let mut queued: Vec<Value> = service
        .queued(5)
        .await
        .iter()
        .map(|message| {
            assert_eq!(message.event_type, "add_ssh_key");
            assert_eq!(message.headers.config_version, Some(0));
            serde_json::from_slice(&message.body).unwrap()
        })
        .collect();
    queued.sort_by_key(|event| event["id"].as_i64());
    let ids: Vec<_> = queued.iter().map(|event| event["id"].clone()).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5]);
    assert_eq!(queued[0]["details"], event(1)["details"]);
}

#[tokio::test]
async fn an_event_without_an_id_gets_one_and_extra_fields_are_kept() {
    let service = Service::start().await;
    let mut sent = event(1);
    sent.as_object_mut().unwrap().remove("id");
    sent["mine"] = json!({"a": [1, null]});
    let answer = service.publish(JSON, sent.to_string()).await.json();
    let id = answer["ids"][0].as_str().unwrap();
    assert_eq!(id.parse::<uuid::Uuid>().unwrap().get_version_num(), 7);
    let queued: Value = serde_json::from_slice(&service.queued(1).await[0].body).unwrap();
    assert_eq!(queued["id"], id);
    assert_eq!(queued["mine"], sent["mine"]);
}

#[tokio::test]
async fn the_producers_trace_travels_along_when_it_is_one() {
    let service = Service::start().await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (sent, expected) in [(trace, Some(trace)), ("of-no-form", None)] {
        let headers = [
            ("content-type", JSON),
            ("private-token", ADMIN),
            ("traceparent", sent),
        ];
        let body = event(1).to_string();
        let answer = service
            .send(Method::POST, "/api/v1/audit_events", &headers, body)
            .await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        let queued = service.queued(1).await;
        assert_eq!(queued[0].headers.traceparent.as_deref(), expected);
    }
}

#[tokio::test]
async fn the_moment_of_acceptance_travels_along() {
    let service = Service::start().await;
    let before = service.foundation.clock.now();
    let answer = service.publish(JSON, event(1).to_string()).await;
    let after = service.foundation.clock.now();
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let accepted_at = service.queued(1).await[0].headers.accepted_at.unwrap();
    assert!(before <= accepted_at && accepted_at <= after);
}

#[tokio::test]
async fn only_a_token_with_the_scope_publishes() {
    let service = Service::start().await;
    let api_only = service.token(&[AccessTokenScope::Api]).await;
    let publish_only = service.token(&[AccessTokenScope::Publish]).await;
    for (token, status, message) in [
        (None, StatusCode::UNAUTHORIZED, "Authentication required"),
        (
            Some(&api_only),
            StatusCode::FORBIDDEN,
            "The token does not have the scope PUBLISH",
        ),
        (Some(&publish_only), StatusCode::ACCEPTED, ""),
    ] {
        let mut headers = vec![("content-type", JSON)];
        headers.extend(token.map(|token| ("private-token", token.as_str())));
        let body = event(1).to_string();
        let answer = service
            .send(Method::POST, "/api/v1/audit_events", &headers, body)
            .await;
        assert_eq!(answer.status, status);
        if status != StatusCode::ACCEPTED {
            assert_eq!(answer.message(), message);
        }
    }
}

#[tokio::test]
async fn a_batch_with_one_bad_event_stores_nothing_and_names_each_problem() {
    let service = Service::start().await;
    let mut unknown = event(2);
    unknown["event_type"] = json!("no_such_type");
    let batch = json!([event(1), unknown, event(3), 7]).to_string();
    let answer = service.publish(JSON, batch).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        answer.json()["errors"],
        json!([
            {"index": 1, "field": "event_type", "message": "is not a known event type: \"no_such_type\""},
            {"index": 3, "field": null, "message": "an event must be a JSON object"},
        ])
    );
    let lines = format!("{}\n{{\n{}", event(4), event(5));
    let answer = service.publish(NDJSON, lines).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.json()["errors"][0]["index"], 1);
    // The first event on the queue is one that was accepted.
    service.publish(JSON, event(6).to_string()).await;
    let queued: Value = serde_json::from_slice(&service.queued(1).await[0].body).unwrap();
    assert_eq!(queued["id"], 6);
}

#[tokio::test]
async fn what_holds_no_events_is_refused_with_a_sentence() {
    let service = Service::start().await;
    for (content_type, body, status) in [
        (JSON, &b""[..], StatusCode::UNPROCESSABLE_ENTITY),
        (JSON, b"[]", StatusCode::UNPROCESSABLE_ENTITY),
        (JSON, b"7", StatusCode::UNPROCESSABLE_ENTITY),
        (NDJSON, b"\n\n", StatusCode::UNPROCESSABLE_ENTITY),
        (JSON, b"[{}", StatusCode::BAD_REQUEST),
        (JSON, b"\xff", StatusCode::BAD_REQUEST),
        ("text/plain", b"{}", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("", b"{}", StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ] {
        let answer = service.publish(content_type, body.to_vec()).await;
        assert_eq!(answer.status, status, "{body:?}");
        assert!(!answer.message().is_empty());
    }
}

#[tokio::test]
async fn a_compressed_body_is_refused_instead_of_misread() {
    let service = Service::start().await;
    let headers = [
        ("content-type", JSON),
        ("private-token", ADMIN),
        ("content-encoding", "gzip"),
    ];
    let answer = service
        .send(Method::POST, "/api/v1/audit_events", &headers, "{}")
        .await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn the_limits_of_a_batch_and_of_an_event_are_named_when_they_are_passed() {
    let limits = [
        ("LIMITS__EVENT_BYTES", "1024"),
        ("LIMITS__BATCH_BYTES", "4096"),
        ("LIMITS__BATCH_EVENTS", "3"),
    ];
    let service = Service::with(&limits).await;
    let many = json!([event(1), event(2), event(3), event(4)]).to_string();
    let answer = service.publish(JSON, many).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.message(), "The body holds 4 events, the most are 3");

    let answer = service.publish(JSON, " ".repeat(4097)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.message(), "The body is larger than 4096 bytes");

    let mut large = event(1);
    large["mine"] = json!("a".repeat(1024));
    let answer = service.publish(JSON, large.to_string()).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.message().ends_with("the most are 1024"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_body_of_unknown_length_is_refused_as_soon_as_it_is_too_large() {
    let limits = [
        ("LIMITS__EVENT_BYTES", "1024"),
        ("LIMITS__BATCH_BYTES", "4096"),
    ];
    let service = Service::with(&limits).await;
    let mut stream = tokio::net::TcpStream::connect(service.api.address())
        .await
        .unwrap();
    let head = format!(
        "POST /api/v1/audit_events HTTP/1.1\r\nhost: test\r\ncontent-type: {JSON}\r\nprivate-token: {ADMIN}\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The body never ends: only its size can have it refused.
    stream
        .write_all(format!("1400\r\n{}\r\n", " ".repeat(0x1400)).as_bytes())
        .await
        .unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn a_thousand_events_are_accepted_in_one_request() {
    let service = Service::start().await;
    let events: Vec<Value> = (0..1_000).map(event).collect();
    let answer = service.publish(JSON, json!(events).to_string()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let ids: Vec<String> = (0..1_000).map(|id: usize| id.to_string()).collect();
    assert_eq!(answer.json()["ids"], json!(ids));
    assert_eq!(service.queued(1_000).await.len(), 1_000);
}

#[tokio::test]
async fn event_types_of_the_operators_own_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let definition = "name: invoice_paid\ndescription: An invoice was paid.\nscope: [Group]\n";
    std::fs::write(folder.path().join("invoice_paid.yml"), definition).unwrap();
    let definitions = folder.path().to_str().unwrap();
    let service = Service::with(&[("CATALOGUE__DEFINITIONS", definitions)]).await;
    let mut own = event(1);
    own["event_type"] = json!("invoice_paid");
    let answer = service.publish(JSON, own.to_string()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    service.stop().await;
}
