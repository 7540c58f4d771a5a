//! What the service does while the broker or the database is away.

use http::StatusCode;
use serde_json::{Value, json};

use crate::service::{ADMIN, Service, event};

const JSON: &str = "application/json";
/// Nothing listens on port 1.
const NO_BROKER: [(&str, &str); 1] = [("QUEUE__URL", "amqp://127.0.0.1:1")];

#[tokio::test]
async fn without_the_broker_events_are_accepted_and_relayed_in_order_when_the_queue_is_back() {
    let service = Service::with(&NO_BROKER).await;
    let batch = json!([event(1), event(2)]).to_string();
    let answer = service.publish(JSON, batch).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(answer.json(), json!({"ids": ["1", "2"]}));
    service
        .until_metric("auditstream_outbox_events", Some(2.0))
        .await;
    assert_eq!(
        service.metric("auditstream_queue_connected").await,
        Some(0.0)
    );
    let accepted = r#"auditstream_events_accepted_total{stored_in="outbox",via="http"}"#;
    assert_eq!(service.metric(accepted).await, Some(2.0));

    let folder = service.stop().await;
    let service = Service::in_folder(folder, &[]).await;
    let ids: Vec<Value> = service
        .queued(2)
        .await
        .iter()
        .map(|message| serde_json::from_slice::<Value>(&message.body).unwrap()["id"].clone())
        .collect();
    assert_eq!(ids, [1, 2]);
}

#[tokio::test]
async fn without_the_broker_the_service_is_ready_and_says_that_the_queue_is_down() {
    let service = Service::with(&NO_BROKER).await;
    let answer = service.get("/-/readiness").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.json(),
        json!({"status": "ready", "database": "up", "queue": "down"})
    );
}

#[tokio::test]
async fn without_the_database_a_known_token_is_taken_and_an_unknown_one_is_not_called_invalid() {
    let service = Service::start().await;
    let known = [("private-token", ADMIN)];
    assert_eq!(service.query(&known).await.status, StatusCode::OK);
    close_readers(&service).await;
    assert_eq!(service.query(&known).await.status, StatusCode::OK);
    let unknown = [("private-token", "of-nobody-we-know-at-all")];
    let answer = service.query(&unknown).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        answer.message(),
        "The token cannot be checked at the moment, try again later"
    );
    assert_eq!(answer.code(), "UNAVAILABLE");
    assert_eq!(answer.headers["retry-after"], "5");
}

#[tokio::test]
async fn without_the_database_the_service_is_not_ready_and_does_not_guess_numbers() {
    let service = Service::start().await;
    close_readers(&service).await;
    let answer = service.get("/-/readiness").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["database"], "down");
    assert_eq!(service.get("/-/liveness").await.status, StatusCode::OK);
    for metric in [
        "auditstream_outbox_events",
        "auditstream_outbox_oldest_age_seconds",
        "auditstream_dead_letters",
        "auditstream_rejected_messages",
    ] {
        service.until_metric(metric, None).await;
    }
    service
        .until_metric("auditstream_database_up", Some(0.0))
        .await;
}

#[tokio::test]
async fn without_broker_and_database_the_producer_is_told_to_come_again() {
    let service = Service::with(&NO_BROKER).await;
    assert_eq!(
        service.publish(JSON, event(1).to_string()).await.status,
        StatusCode::ACCEPTED
    );
    service
        .foundation
        .database
        .writer()
        .clone()
        .close()
        .await
        .unwrap();
    let answer = service.publish(JSON, event(2).to_string()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers["retry-after"], "5");
    assert!(!answer.message().is_empty());
}

async fn close_readers(service: &Service) {
    service
        .foundation
        .database
        .reader()
        .clone()
        .close()
        .await
        .unwrap();
}
