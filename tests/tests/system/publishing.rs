//! An event gets from its producer to the receiver, whichever way it is published.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sea_orm::{EntityTrait as _, PaginatorTrait as _};
use serde_json::{Value, json};
use shared::entities::{outbox, rejected_messages};
use standalone::receiver::{Received, Receiver};
use tests::backend::Backend;
use tests::database::connect;
use tests::events::{complete_event, event};
use tests::metrics::total;
use tests::scenario::{
    receiving, stream_acme_to, until_received, until_routed_by_version, willing,
};
use tests::system::{Administer as _, Setup};
use tests::wait::until;
use tests::{on_backend, on_every_backend};

on_every_backend!(
    an_event_published_over_http_or_graphql_reaches_group_and_instance,
    a_failed_delivery_is_tried_again,
    a_batch_with_one_bad_element_stores_nothing,
);

async fn an_event_published_over_http_or_graphql_reaches_group_and_instance(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = willing();
    client.create_group("acme", None).await;
    client.create_group("web", Some("acme")).await;
    let group = client
        .create_group_destination("acme", &receiver.url("/group"))
        .await;
    let instance = client
        .create_instance_destination(&receiver.url("/instance"))
        .await;

    client
        .publish_all(vec![event("over-http", "acme/web", "user_created")])
        .await;
    let document =
        "mutation($input: AuditEventCreateInput!) { auditEventCreate(input: $input) { errors } }";
    let input = json!({
        "id": "over-graphql", "eventType": "user_created", "authorId": 1, "authorName": "Ada",
        "entityId": 20, "entityType": "Group", "entityPath": "acme", "details": {"custom_message": "hello"},
    });
    client
        .graphql_ok(document, json!({"input": input}))
        .await
        .unwrap();

    let expected: Vec<(&str, &str)> = ["/group", "/instance"]
        .into_iter()
        .flat_map(|path| ["over-http", "over-graphql"].map(|id| (path, id)))
        .collect();
    until_received("four deliveries", &receiver, |got| has_all(got, &expected)).await;

    let requests = receiver.received();
    let find = |path: &str| {
        requests
            .iter()
            .find(|request| request.path == path && request.event_id == "over-http")
            .unwrap()
    };
    for (path, destination) in [("/group", &group), ("/instance", &instance)] {
        let request = find(path);
        let token = destination["verificationToken"].as_str();
        assert_eq!(request.header("x-gitlab-event-streaming-token"), token);
        assert_eq!(
            request.header("x-gitlab-audit-event-type"),
            Some("user_created")
        );
        assert_eq!(request.header("content-type"), Some("application/json"));
        let sent = request.event();
        assert_eq!(sent["entity_path"], "acme/web");
        assert_eq!(sent["details"]["custom_message"], "something happened");
        assert!(sent["created_at"].is_string() && sent["target_id"].is_null());
    }
    assert_eq!(
        find("/group").body,
        find("/instance").body,
        "every receiver gets the same bytes"
    );
    system.stop().await;
}

async fn a_failed_delivery_is_tried_again(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let failures = Arc::new(AtomicUsize::new(0));
    let answer = {
        let failures = failures.clone();
        Arc::new(move |request: &Received| {
            if request.event_id == "unlucky" && failures.fetch_add(1, Ordering::SeqCst) == 0 {
                503
            } else {
                200
            }
        })
    };
    let receiver = Receiver::start(([127, 0, 0, 1], 0).into(), answer).unwrap();
    stream_acme_to(&client, &receiver).await;
    client
        .publish_all(vec![event("unlucky", "acme", "user_created")])
        .await;
    until_received("the second attempt", &receiver, |got| {
        got.iter().filter(|one| one.event_id == "unlucky").count() == 2
    })
    .await;
    let attempts: Vec<Received> = receiver
        .received()
        .into_iter()
        .filter(|one| one.event_id == "unlucky")
        .collect();
    assert_eq!(attempts[0].body, attempts[1].body);
    system.stop().await;
}

on_backend!(
    over_amqp_with_sqlite,
    RabbitSqlite,
    an_event_published_over_amqp_is_delivered_byte_for_byte
);
on_backend!(
    over_amqp_with_postgres,
    RabbitPostgres,
    an_event_published_over_amqp_is_delivered_byte_for_byte,
    what_is_no_event_is_kept_with_its_reason_and_stops_nobody
);

async fn an_event_published_over_amqp_is_delivered_byte_for_byte(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = receiving(&client).await;
    until_routed_by_version(system.workers[0].address(), 1).await;
    let body = format!(
        "  {}\n",
        complete_event("over-amqp", "acme", "a_type_of_our_own")
    );
    system
        .producer()
        .await
        .publish("a_type_of_our_own", body.as_bytes())
        .await;
    until_received("the delivery", &receiver, |got| {
        has_all(got, &[("/", "over-amqp")])
    })
    .await;
    let requests = receiver.received();
    let request = requests
        .iter()
        .find(|one| one.event_id == "over-amqp")
        .unwrap();
    assert_eq!(request.body, body.as_bytes());
    assert_eq!(
        request.header("x-gitlab-audit-event-type"),
        Some("a_type_of_our_own")
    );
    system.stop().await;
}

async fn what_is_no_event_is_kept_with_its_reason_and_stops_nobody(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = receiving(&client).await;
    let producer = system.producer().await;
    let mut without_type = complete_event("x", "acme", "user_created");
    without_type.as_object_mut().unwrap().remove("event_type");
    // Longer than any header may be: the reason must not quote it.
    let mut long_value = complete_event("x", "acme", "user_created");
    long_value["author_id"] = json!("a".repeat(200_000));
    let mut wrong_type = complete_event("x", "acme", "user_created");
    wrong_type["entity_path"] = json!(7);
    let deep = complete_event("x", "acme", "user_created").to_string();
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep = deep.replacen("null", &nested, 1);
    assert!(deep.contains(&nested));
    // More than an event may have, and all that the broker takes.
    let huge = vec![b'a'; 2_000_000];
    let broken: [Vec<u8>; 8] = [
        b"not JSON".to_vec(),
        b"".to_vec(),
        vec![0xff, 0xfe],
        without_type.to_string().into_bytes(),
        long_value.to_string().into_bytes(),
        wrong_type.to_string().into_bytes(),
        deep.into_bytes(),
        huge,
    ];
    for body in &broken {
        producer.publish("user_created", body).await;
    }
    client
        .publish_all(vec![event("good", "acme", "user_created")])
        .await;
    until_received("the good one", &receiver, |got| {
        has_all(got, &[("/", "good")])
    })
    .await;
    let database = connect(&system.database_url()).await;
    let rows = until("a row of each rejected message", async || {
        let rows = rejected_messages::Entity::find()
            .all(&database)
            .await
            .ok()?;
        (rows.len() == broken.len()).then_some(rows)
    })
    .await;
    let reasons: HashSet<String> = rows.iter().map(|row| row.reason.clone()).collect();
    assert!(
        reasons.iter().any(|reason| reason.contains("not UTF-8")),
        "{reasons:?}"
    );
    assert!(
        reasons.iter().any(|reason| reason.contains("event_type")),
        "{reasons:?}"
    );
    let bodies: HashSet<Vec<u8>> = rows.into_iter().map(|row| row.body).collect();
    let kept = broken.map(|mut body| {
        if body.len() > 1_048_576 {
            body.truncate(64 * 1024);
        }
        body
    });
    assert_eq!(bodies, HashSet::from(kept));
    system.stop().await;
}

/// Whether each of these events arrived at each of these paths.
fn has_all(got: &[Received], expected: &[(&str, &str)]) -> bool {
    expected.iter().all(|(path, id)| {
        got.iter()
            .any(|one| one.path == *path && one.event_id == *id)
    })
}

async fn a_batch_with_one_bad_element_stores_nothing(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = receiving(&client).await;
    let accepted = async || {
        let api = system.api.as_ref().unwrap().address();
        total(api, "auditstream_events_accepted_total").await
    };
    let database = connect(&system.database_url()).await;
    let in_outbox = async || outbox::Entity::find().count(&database).await.unwrap();
    // The event that tells of the destination passes through the outbox too.
    until("an outbox that is empty", async || {
        (in_outbox().await == 0).then_some(())
    })
    .await;
    let mut bad = event("bad", "acme", "user_created");
    bad["event_type"] = json!("no_such_type");
    let batch = vec![
        event("first", "acme", "user_created"),
        bad,
        event("last", "acme", "user_created"),
    ];
    let answer = client.publish(&Value::from(batch)).await.unwrap();
    assert_eq!(answer.status, 422, "{}", answer.body);
    let errors = answer.body["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{}", answer.body);
    assert_eq!(errors[0]["index"], 1);
    assert_eq!(errors[0]["field"], "event_type");
    assert_eq!(accepted().await, Some(0));
    assert_eq!(in_outbox().await, 0);
    client
        .publish_all(vec![event("after", "acme", "user_created")])
        .await;
    assert_eq!(accepted().await, Some(1));
    until_received("the next one", &receiver, |got| {
        has_all(got, &[("/", "after")])
    })
    .await;
    system.stop().await;
}
