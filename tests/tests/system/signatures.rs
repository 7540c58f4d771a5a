//! Requests are signed, and verify with somebody else's implementation of Standard Webhooks.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use serde_json::json;
use standalone::receiver::Received;
use standardwebhooks::Webhook;
use tests::backend::Backend;
use tests::events::{event, ids};
use tests::on_every_backend;
use tests::scenario::{all_arrived, willing};
use tests::system::{Administer as _, Setup};

on_every_backend!(a_receiver_verifies_with_the_secret_that_it_has_also_during_a_rotation);

async fn a_receiver_verifies_with_the_secret_that_it_has_also_during_a_rotation(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = willing();
    client.create_group("acme", None).await;
    let destination = client
        .create_group_destination("acme", &receiver.url("/"))
        .await;
    let listed = client.group_destinations("acme", "signingSecret").await;
    let old = listed[0]["signingSecret"].as_str().unwrap();
    client
        .publish_all(vec![event("before", "acme", "user_created")])
        .await;
    all_arrived(&receiver, &["before".to_owned()]).await;

    let rotate = "mutation($input: AuditEventStreamingSigningSecretRotateInput!) { auditEventStreamingSigningSecretRotate(input: $input) { errors signingSecret } }";
    let input = json!({"destinationId": destination["id"]});
    let rotated = client
        .graphql_ok(rotate, json!({ "input": input }))
        .await
        .unwrap();
    let new = &rotated["auditEventStreamingSigningSecretRotate"]["signingSecret"];
    let new = new.as_str().unwrap();
    let after = ids("after", 5);
    client
        .publish_all(
            after
                .iter()
                .map(|id| event(id, "acme", "user_created"))
                .collect(),
        )
        .await;
    all_arrived(&receiver, &after).await;

    for one in receiver.received() {
        let during = after.contains(&one.event_id);
        if during {
            assert!(verifies(&one, old) && verifies(&one, new), "{one:?}");
        }
        if one.event_id == "before" {
            assert!(verifies(&one, old) && !verifies(&one, new), "{one:?}");
            // Not with another body.
            let tampered = Received {
                body: "{}".into(),
                ..one.clone()
            };
            assert!(!verifies(&tampered, old));
        }
    }
    system.stop().await;
}

fn verifies(one: &Received, secret: &str) -> bool {
    let mut headers = HeaderMap::new();
    for (name, value) in &one.headers {
        headers.append(
            HeaderName::try_from(name).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    let webhook = Webhook::new(secret).unwrap();
    webhook.verify(&one.body, &headers).is_ok()
}
