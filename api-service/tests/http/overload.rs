//! What protects the service from its clients: the rate of requests, and the time that one may take.

use std::time::Duration;

use api_service::auth::AccessTokenScope;
use http::StatusCode;
use serde_json::json;

use crate::service::{ADMIN, Service, event};

/// Two requests, and the next one in a minute.
const SLOW: [(&str, &str); 2] = [
    ("LIMITS__GRAPHQL_REQUESTS_PER_MINUTE", "1"),
    ("LIMITS__GRAPHQL_BURST", "2"),
];

#[tokio::test]
async fn who_sends_too_many_graphql_requests_is_told_when_to_come_again() {
    let service = Service::with(&SLOW).await;
    let other = service.token(&[AccessTokenScope::Api]).await;
    for token in [Some(ADMIN), Some(other.as_str()), None] {
        let headers: Vec<_> = token
            .map(|token| ("private-token", token))
            .into_iter()
            .collect();
        for _ in 0..2 {
            assert_eq!(service.query(&headers).await.status, StatusCode::OK);
        }
        let answer = service.query(&headers).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        let seconds: u64 = answer.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        assert_eq!(answer.code(), "RATE_LIMITED");
        assert!(answer.message().contains(&seconds.to_string()));
    }
    let refused = r#"auditstream_api_requests_total{route="/api/graphql",status="429"}"#;
    assert_eq!(service.metric(refused).await, Some(3.0));
}

#[tokio::test]
async fn publishing_over_http_has_no_rate() {
    let service = Service::with(&SLOW).await;
    for number in 0..10 {
        let answer = service
            .publish("application/json", event(number).to_string())
            .await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
    }
}

#[tokio::test]
async fn what_takes_too_long_is_answered_in_time_and_goes_on_to_its_end() {
    let service = Service::with(&[("LIMITS__GRAPHQL_TIMEOUT", "200ms")]).await;
    let database = &service.foundation.database;
    let lock = database.begin().await.unwrap();
    let mutation = "mutation { groupCreate(input: {path: \"acme\", name: \"Acme\"}) { errors } }";
    let answer = service.graphql_as_admin(mutation).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.code(), "TIMEOUT");
    assert!(!answer.headers.contains_key("retry-after"));
    lock.rollback().await.unwrap();
    let query = "{ group(fullPath: \"acme\") { name } }";
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while service.graphql_as_admin(query).await.json()["data"]["group"] != json!({"name": "Acme"}) {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the group was not made"
        );
    }
}
