//! The transport of GraphQL requests and the tokens that come with them.

use api_service::auth::AccessTokenScope;
use http::{Method, StatusCode};

use crate::service::{ADMIN, Service};

#[tokio::test]
async fn a_token_comes_in_a_header_or_in_the_query_string_and_none_is_anonymous() {
    let service = Service::start().await;
    let bearer = format!("Bearer {ADMIN}");
    let private = format!("?private_token={ADMIN}");
    let access = format!("?access_token={ADMIN}");
    let body = r#"{"query": "{ currentUser { username } }"}"#;
    for (headers, query, username) in [
        (None, "", None),
        (Some(("authorization", bearer.as_str())), "", Some("root")),
        (Some(("private-token", ADMIN)), "", Some("root")),
        (None, private.as_str(), Some("root")),
        (None, access.as_str(), Some("root")),
    ] {
        let mut all = vec![("content-type", "application/json")];
        all.extend(headers);
        let path = format!("/api/graphql{query}");
        let answer = service.send(Method::POST, &path, &all, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{headers:?} {query}");
        let user = &answer.json()["data"]["currentUser"];
        assert_eq!(user["username"].as_str(), username, "{headers:?} {query}");
    }
}

#[tokio::test]
async fn an_event_is_published_with_a_token_in_the_query_string() {
    let service = Service::start().await;
    let path = format!("/api/v1/audit_events?private_token={ADMIN}");
    let headers = [("content-type", "application/json")];
    let body = crate::service::event(1).to_string();
    let answer = service.send(Method::POST, &path, &headers, body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn an_unknown_token_is_refused_everywhere() {
    let service = Service::start().await;
    for headers in [
        &[("authorization", "Bearer of-nobody-we-know-at-all")][..],
        &[("private-token", "of-nobody-we-know-at-all")],
        &[("private-token", "")],
    ] {
        for path in ["/api/graphql", "/api/v1/audit_events"] {
            let answer = service.send(Method::POST, path, headers, "{}").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{headers:?}");
            assert_eq!(answer.text, r#"{"errors":[{"message":"Invalid token"}]}"#);
        }
    }
    let path = "/api/graphql?private_token=of-nobody-we-know-at-all";
    let answer = service.send(Method::POST, path, &[], "{}").await;
    assert_eq!(answer.text, r#"{"errors":[{"message":"Invalid token"}]}"#);
}

#[tokio::test]
async fn a_new_token_is_taken_and_a_revoked_one_is_not() {
    use api_service::accounts::{TokenReference, revoke_access_token};
    use api_service::auth::InstanceAdmin;

    let service = Service::start().await;
    let token = service.token(&[AccessTokenScope::Api]).await;
    let headers = [("private-token", token.as_str())];
    assert_eq!(service.query(&headers).await.status, StatusCode::OK);
    let reference = TokenReference::Token(token.as_str().into());
    revoke_access_token(&service.foundation, &InstanceAdmin::operator(), reference)
        .await
        .unwrap();
    // The notice takes its way through the queue.
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(5);
    while service.query(&headers).await.status != StatusCode::UNAUTHORIZED {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the token is still taken"
        );
    }
}

#[tokio::test]
async fn the_audit_event_of_a_change_says_where_the_request_came_from() {
    let service = Service::start().await;
    let query = r#"mutation { instanceExternalAuditEventDestinationCreate(input: {destinationUrl: "https://1.1.1.1/logs"}) { errors } }"#;
    let headers = [
        ("content-type", "application/json"),
        ("private-token", ADMIN),
        ("x-forwarded-for", "192.0.2.1"),
    ];
    let body = serde_json::json!({ "query": query }).to_string();
    let answer = service
        .send(Method::POST, "/api/graphql", &headers, body)
        .await;
    assert_eq!(answer.json()["errors"], serde_json::Value::Null);
    let queued = service.queued(1).await;
    let event: serde_json::Value = serde_json::from_slice(&queued[0].body).unwrap();
    assert_eq!(event["ip_address"], "127.0.0.1");
    assert_eq!(event["details"]["ip_address"], "127.0.0.1");
}

#[tokio::test]
async fn what_is_no_single_operation_in_json_is_refused_with_a_code() {
    let service = Service::start().await;
    let json = "application/json";
    let large = format!("{{\"query\":\"{}\"}}", " ".repeat(1024 * 1024));
    let long = format!("{{\"query\":\"{}\"}}", "a".repeat(10_001));
    let bad = (StatusCode::BAD_REQUEST, "BAD_REQUEST");
    let unsupported = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE");
    let too_large = (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE");
    for (content_type, body, (status, code)) in [
        ("text/plain", r#"{"query":"{ __typename }"}"#, unsupported),
        ("application/graphql", "{ __typename }", unsupported),
        (json, "{", bad),
        (json, "", bad),
        (json, "{}", bad),
        (json, r#"[{"query":"{ __typename }"}]"#, bad),
        (json, long.as_str(), bad),
        (json, large.as_str(), too_large),
    ] {
        let headers = [("content-type", content_type)];
        let answer = service
            .send(Method::POST, "/api/graphql", &headers, body.to_owned())
            .await;
        assert_eq!(answer.status, status, "{body:.40}");
        assert_eq!(answer.code(), code, "{body:.40}");
    }
    let headers = [("content-type", json), ("content-encoding", "gzip")];
    let answer = service
        .send(Method::POST, "/api/graphql", &headers, "{}")
        .await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(answer.code(), "UNSUPPORTED_MEDIA_TYPE");
    let answer = service.get("/api/graphql").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.code(), "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn several_operations_come_with_the_name_of_the_one_that_is_wanted() {
    let service = Service::start().await;
    let body =
        r#"{"query": "query A { a: __typename } query B { b: __typename }", "operationName": "B"}"#;
    let headers = [("content-type", "application/json")];
    let answer = service
        .send(Method::POST, "/api/graphql", &headers, body)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.json(),
        serde_json::json!({"data": {"b": "Query"}}),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn errors_of_the_query_itself_are_answered_with_200() {
    let service = Service::start().await;
    for query in [
        "{ noSuchField }",
        "{ unclosed",
        "query A { __typename } query B { __typename }",
    ] {
        let answer = service.graphql(query).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}");
        assert!(!answer.message().is_empty());
    }
}
