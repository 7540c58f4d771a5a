//! Owners try a destination before they rely on it, and are told in the same request how that went.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use standalone::client::Client;
use tests::backend::Backend;
use tests::repository::text;
use tests::scenario::{until_received, willing};
use tests::system::{Administer as _, Setup};
use tests::wait::until;
use tests::{on_backend, on_every_backend};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

on_every_backend!(
    a_test_event_arrives_as_every_other_and_the_answer_is_told,
    what_the_receiver_answers_to_a_test_is_told_and_nothing_is_tried_again,
    a_destination_that_cannot_be_reached_is_told_with_the_reason,
);
on_backend!(
    over_amqp,
    RabbitSqlite,
    without_a_worker_the_test_says_so_in_time
);

const TEST: &str = "mutation($id: ID!) { auditEventStreamingDestinationTest(input: {destinationId: $id}) { errors delivered status durationMs error response eventId } }";

/// What a test of a destination is answered with.
async fn test(client: &Client, id: &Value) -> Value {
    let mut data = client.graphql_ok(TEST, json!({ "id": id })).await.unwrap();
    data["auditEventStreamingDestinationTest"].take()
}

/// The blocks of the guide's section about tests, by their language.
fn example(language: &str) -> String {
    let guide = text("docs/graphql.md");
    let (_, section) = guide.split_once("\n## Trying a destination\n").unwrap();
    let fence = format!("```{language} (needs a worker)\n");
    let (_, block) = section.split_once(&fence).unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

async fn a_test_event_arrives_as_every_other_and_the_answer_is_told(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = willing();
    client.create_group("acme", None).await;
    let destination = client
        .create_group_destination("acme", &receiver.url("/"))
        .await;
    let id = &destination["id"];
    let header = "mutation($id: AuditEventsExternalAuditEventDestinationID!) { auditEventsStreamingHeadersCreate(input: {destinationId: $id, key: \"X-Key\", value: \"v\"}) { errors } }";
    client
        .graphql_ok(header, json!({ "id": id }))
        .await
        .unwrap();
    client.set_active(id, false).await;

    // The guide's own words: the first destination is meant there.
    let mut data = client
        .graphql_ok(&example("graphql"), json!({}))
        .await
        .unwrap();
    let answer = &mut data["auditEventStreamingDestinationTest"];
    let documented: Value = serde_json::from_str(&example("json")).unwrap();
    let documented = &documented["data"]["auditEventStreamingDestinationTest"];
    let event_id = answer["eventId"].as_str().unwrap().to_owned();
    assert!(answer["durationMs"].as_u64().is_some(), "{answer}");
    for different in ["eventId", "durationMs"] {
        answer[different] = documented[different].clone();
    }
    assert_eq!(answer, documented);

    until_received("the test event", &receiver, |got| {
        got.iter().any(|one| one.event_id == event_id)
    })
    .await;
    let got = receiver.received();
    let one = got.iter().find(|one| one.event_id == event_id).unwrap();
    let token = destination["verificationToken"].as_str();
    assert_eq!(one.header("x-gitlab-event-streaming-token"), token);
    assert_eq!(one.header("x-key"), Some("v"));
    assert_eq!(one.header("webhook-id"), Some(event_id.as_str()));
    let signature = one.header("webhook-signature").unwrap();
    assert!(signature.starts_with("v1,"), "{signature}");
    let event_type = "audit_event_streaming_destination_test";
    assert_eq!(one.header("x-gitlab-audit-event-type"), Some(event_type));
    let event = one.event();
    assert_eq!(event["event_type"], event_type);
    assert_eq!(event["entity_path"], "acme");
    assert_eq!(event["author_name"], "Administrator");
    assert_eq!(event["target_details"], destination["name"]);

    // Nothing of it is recorded, and the destination is as it was.
    let health = "active health { state stats { delivered failed } failedAttempts { eventId } }";
    let node = &client.group_destinations("acme", health).await[0];
    assert_eq!(node["active"], false);
    assert_eq!(node["health"]["state"], "PAUSED");
    assert_eq!(node["health"]["failedAttempts"], json!([]));
    system.stop().await;
}

/// What arrived at a receiver that is overloaded.
#[derive(Clone, Default)]
struct Arrived {
    tests: Arc<AtomicUsize>,
    others: Arc<AtomicUsize>,
}

/// Answers every request on any free port with 503 and this body.
async fn overloaded(body: String) -> (String, Arrived) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let arrived = Arrived::default();
    let Arrived { tests, others } = arrived.clone();
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let request = request(&mut stream).await;
            let is_test = request.contains("Test event of Auditstream");
            let count = if is_test { &tests } else { &others };
            count.fetch_add(1, Ordering::SeqCst);
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, arrived)
}

/// A request with a body that is JSON.
async fn request(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body);
        let whole = body.is_some_and(|body| serde_json::from_str::<Value>(body).is_ok());
        if whole || stream.read_buf(&mut bytes).await.unwrap() == 0 {
            return text;
        }
    }
}

async fn what_the_receiver_answers_to_a_test_is_told_and_nothing_is_tried_again(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let (url, arrived) = overloaded("busy ".repeat(1_000)).await;
    let destination = client.create_instance_destination(&url).await;
    let answer = test(&client, &destination["id"]).await;
    assert_eq!(answer["errors"], json!([]));
    assert_eq!(answer["delivered"], false);
    assert_eq!(answer["status"], 503);
    assert_eq!(answer["error"], "the receiver answered with status 503");
    assert_eq!(answer["response"], "busy ".repeat(1_000)[..1024]);
    // The event of the creation is tried on and on, which the test is not.
    let before = arrived.others.load(Ordering::SeqCst);
    until("two further attempts", async || {
        let others = arrived.others.load(Ordering::SeqCst);
        (others >= before + 2).then_some(())
    })
    .await;
    assert_eq!(arrived.tests.load(Ordering::SeqCst), 1);
    system.stop().await;
}

async fn a_destination_that_cannot_be_reached_is_told_with_the_reason(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    // A port that was free a moment ago.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let destination = client.create_instance_destination(&url).await;
    let answer = test(&client, &destination["id"]).await;
    assert_eq!(answer["errors"], json!([]));
    assert_eq!(answer["delivered"], false);
    assert_eq!(answer["status"], Value::Null);
    assert_eq!(answer["response"], Value::Null);
    let error = answer["error"].as_str().unwrap();
    assert!(error.starts_with("cannot connect: "), "{error}");
    system.stop().await;
}

async fn without_a_worker_the_test_says_so_in_time(backend: Backend) {
    let system = Setup::on(backend)
        .workers(0)
        .set("AUDITSTREAM_DELIVERY__TIMEOUT", "10ms")
        .start()
        .await;
    system.ready().await;
    let client = system.client();
    let receiver = willing();
    let destination = client.create_instance_destination(&receiver.url("/")).await;
    let answer = client
        .graphql(TEST, json!({ "id": destination["id"] }))
        .await
        .unwrap();
    let payload = &answer.body["data"]["auditEventStreamingDestinationTest"];
    let sentence = "No delivery worker answered within 5.01 s, try again later";
    assert_eq!(payload["errors"], json!([sentence]), "{}", answer.body);
    assert_eq!(payload["delivered"], Value::Null);
    assert!(receiver.received().is_empty());
    system.stop().await;
}
