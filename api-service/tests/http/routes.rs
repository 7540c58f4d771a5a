//! Health, metrics, unknown paths and methods, and the end of the service.

use http::{Method, StatusCode};

use crate::service::{Service, event};

#[tokio::test]
async fn a_running_service_is_alive_and_ready() {
    let service = Service::start().await;
    assert_eq!(service.get("/-/liveness").await.status, StatusCode::OK);
    let ready = service.get("/-/readiness").await;
    assert_eq!(ready.status, StatusCode::OK);
    assert_eq!(
        ready.json(),
        serde_json::json!({"status": "ready", "database": "up", "queue": "up"})
    );
}

#[tokio::test]
async fn what_is_not_there_is_refused_in_json() {
    let service = Service::start().await;
    for (method, path, status) in [
        (Method::GET, "/nothing", StatusCode::NOT_FOUND),
        (Method::POST, "/api/graphql/", StatusCode::NOT_FOUND),
        (
            Method::POST,
            "/api/v1/audit_events/7",
            StatusCode::NOT_FOUND,
        ),
        (Method::GET, "/api/graphql", StatusCode::METHOD_NOT_ALLOWED),
        (
            Method::PUT,
            "/api/v1/audit_events",
            StatusCode::METHOD_NOT_ALLOWED,
        ),
        (Method::DELETE, "/metrics", StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, "/-/liveness", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let answer = service.send(method, path, &[], "").await;
        assert_eq!(answer.status, status, "{path}");
        let allow = answer.headers.contains_key("allow");
        assert_eq!(allow, status == StatusCode::METHOD_NOT_ALLOWED);
        assert!(!answer.message().is_empty());
    }
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_events_by_way() {
    let service = Service::start().await;
    service
        .publish("application/json", event(1).to_string())
        .await;
    service.publish("application/json", "{}").await;
    service.get("/one/of/many").await;
    service.get("/another").await;
    for (line, value) in [
        (
            r#"auditstream_api_requests_total{route="/api/v1/audit_events",status="202"}"#,
            1.0,
        ),
        (
            r#"auditstream_api_requests_total{route="/api/v1/audit_events",status="422"}"#,
            1.0,
        ),
        (
            r#"auditstream_api_requests_total{route="unmatched",status="404"}"#,
            2.0,
        ),
        (
            r#"auditstream_events_accepted_total{stored_in="queue",via="http"}"#,
            1.0,
        ),
        (
            r#"auditstream_events_accepted_total{stored_in="outbox",via="http"}"#,
            0.0,
        ),
        (
            r#"auditstream_events_accepted_total{stored_in="queue",via="graphql"}"#,
            0.0,
        ),
        (
            r#"auditstream_api_request_duration_seconds_count{route="/api/v1/audit_events"}"#,
            2.0,
        ),
        (
            r#"auditstream_events_refused_total{reason="invalid",via="http"}"#,
            1.0,
        ),
        (
            r#"auditstream_events_published_total{source="request"}"#,
            1.0,
        ),
        (
            concat!(
                "auditstream_build_info{version=\"",
                env!("CARGO_PKG_VERSION"),
                "\"}"
            ),
            1.0,
        ),
    ] {
        assert_eq!(service.metric(line).await, Some(value), "{line}");
    }
    for (line, value) in [
        ("auditstream_outbox_events", 0.0),
        ("auditstream_outbox_oldest_age_seconds", 0.0),
        ("auditstream_database_up", 1.0),
        ("auditstream_queue_connected", 1.0),
    ] {
        service.until_metric(line, Some(value)).await;
    }
    let page = service.get("/metrics").await;
    assert!(
        page.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
}

#[tokio::test]
async fn graphql_requests_are_counted_by_fields_of_the_schema_and_by_how_they_end() {
    let service = Service::start().await;
    for query in [
        "query Name1 { auditEventDefinitions { nodes { name } } }",
        "query Name2 { a: auditEventDefinitions { nodes { name } } b: auditEventDefinitions { nodes { name } } }",
        r#"mutation { groupCreate(input: {path: "acme", name: "Acme"}) { errors } }"#,
        r#"mutation { groupCreate(input: {path: "a b", name: "Acme"}) { errors } }"#,
        "{ __typename }",
        "{ nothing_of_the_schema }",
        "{ not a query",
    ] {
        service.graphql_as_admin(query).await;
    }
    for (operation, outcome, requests) in [
        ("auditEventDefinitions", "ok", 2.0),
        ("groupCreate", "ok", 1.0),
        ("groupCreate", "refused", 1.0),
        ("introspection", "ok", 1.0),
        ("invalid", "refused", 2.0),
    ] {
        let line = format!(
            "auditstream_graphql_requests_total{{operation=\"{operation}\",outcome=\"{outcome}\"}}"
        );
        assert_eq!(service.metric(&line).await, Some(requests), "{line}");
    }
    let text = service.get("/metrics").await.text;
    assert!(!text.contains("Name1") && !text.contains("nothing_of"));
}

#[tokio::test]
async fn a_stop_does_not_wait_for_idle_connections() {
    let service = Service::start().await;
    service.get("/-/liveness").await;
    // Far below the time that an idle connection is kept.
    tokio::time::timeout(std::time::Duration::from_secs(10), service.stop())
        .await
        .expect("the service stops");
}
