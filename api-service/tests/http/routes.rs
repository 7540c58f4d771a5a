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
        ("auditstream_outbox_events", 0.0),
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
    let page = service.get("/metrics").await;
    assert!(
        page.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
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
