//! Watching deliveries: how many may at the same time.

use api_service::accounts::{NewUser, create_user};
use api_service::auth::{AccessTokenScope, InstanceAdmin};
use http::StatusCode;
use http_body_util::BodyExt as _;

use crate::service::{ADMIN, Service};

/// The id of a destination of the instance.
async fn destination(service: &Service) -> String {
    let mutation = r#"mutation { instanceExternalAuditEventDestinationCreate(input: {destinationUrl: "https://1.1.1.1/logs"}) {
        errors instanceExternalAuditEventDestination { id }
    } }"#;
    let made = service.graphql_as_admin(mutation).await.json();
    let made = &made["data"]["instanceExternalAuditEventDestinationCreate"];
    let id = &made["instanceExternalAuditEventDestination"]["id"];
    id.as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

#[tokio::test]
async fn a_user_watches_with_ten_requests_at_most_and_takes_no_place_from_others() {
    let service = Service::start().await;
    let path = format!(
        "/api/v1/deliveries?destination_id={}",
        destination(&service).await
    );
    let mut watched = Vec::new();
    for _ in 0..10 {
        let mut response = service.follow(&path, ADMIN).await;
        assert_eq!(response.status(), StatusCode::OK);
        let first = response.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(first.into_data().unwrap(), ":\n\n");
        watched.push(response);
    }
    let token = service.token(&[AccessTokenScope::Api]).await;
    for token in [ADMIN, token.as_str()] {
        let refused = service.get_as(&path, token).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(
            refused.message(),
            "You watch with 10 requests already, end one of them first"
        );
        assert_eq!(refused.code(), "RATE_LIMITED");
    }

    let other = NewUser {
        username: "grace".to_owned(),
        name: "Grace".to_owned(),
        admin: true,
    };
    create_user(&service.foundation, &InstanceAdmin::operator(), other)
        .await
        .unwrap();
    let other = service.token_of("grace", &[AccessTokenScope::Api]).await;
    let response = service.follow(&path, &other).await;
    assert_eq!(response.status(), StatusCode::OK);

    drop(watched.pop());
    Service::until("a place that is free again", async || {
        service.follow(&path, ADMIN).await.status() == StatusCode::OK
    })
    .await;
}

#[tokio::test]
async fn a_token_that_is_only_for_publishing_watches_nothing() {
    let service = Service::start().await;
    let path = format!(
        "/api/v1/deliveries?destination_id={}",
        destination(&service).await
    );
    let token = service.token(&[AccessTokenScope::Publish]).await;
    let refused = service.get_as(&path, &token).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.message(), "The token does not have the scope API");
}
