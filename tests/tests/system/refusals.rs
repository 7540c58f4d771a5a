//! Who may not, does not.

use serde_json::json;
use standalone::client::Client;
use tests::backend::Backend;
use tests::events::event;
use tests::system::{ADMIN_TOKEN, Administer as _, Setup, messages};
use tests::{on_backend, on_every_backend};

on_every_backend!(
    a_wrong_token_is_refused_everywhere,
    the_owner_of_another_group_is_refused,
);

on_backend!(
    embedded,
    EmbeddedSqlite,
    a_token_is_not_logged_wherever_it_stands
);

async fn a_token_is_not_logged_wherever_it_stands(backend: Backend) {
    const UNKNOWN: &str = "a-token-that-nobody-ever-made";
    let system = Setup::on(backend)
        .set("AUDITSTREAM_LOG__LEVEL", "trace")
        .start()
        .await;
    let api = system.api.as_ref().unwrap();
    let anonymous = Client::new(api.address(), None);
    let query = "{ currentUser { username } }";
    let question = json!({ "query": query }).to_string();
    let json = "application/json";
    for parameter in ["private_token", "access_token"] {
        for (token, status) in [(ADMIN_TOKEN, 200), (UNKNOWN, 401)] {
            let path = format!("/api/graphql?{parameter}={token}");
            let answer = anonymous.post(&path, json, question.clone()).await.unwrap();
            assert_eq!(answer.status, status);
        }
        let path = format!("/api/v1/audit_events?{parameter}={ADMIN_TOKEN}");
        let body = event(parameter, "acme", "user_created").to_string();
        let answer = anonymous.post(&path, json, body).await.unwrap();
        assert_eq!(answer.status, 202);
    }
    let by_header = system.client().graphql_ok(query, json!(null)).await;
    by_header.unwrap();
    let (_, metrics) = system.client().get("/metrics").await.unwrap();
    let written = format!("{}{}", api.log(), String::from_utf8_lossy(&metrics));
    assert!(written.contains("TRACE"), "{written}");
    for secret in [ADMIN_TOKEN, UNKNOWN, "_token="] {
        assert!(!written.contains(secret), "{written}");
    }
    system.stop().await;
}

async fn a_wrong_token_is_refused_everywhere(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let stranger = system.client().with_token("a-token-that-nobody-ever-made");
    let answers = [
        stranger
            .graphql("{ __typename }", json!(null))
            .await
            .unwrap(),
        stranger
            .publish(&event("1", "acme", "user_created"))
            .await
            .unwrap(),
    ];
    for answer in answers {
        assert_eq!(answer.status, 401);
        assert_eq!(
            answer.body,
            json!({"errors": [{"message": "Invalid token"}]})
        );
    }
    system.stop().await;
}

async fn the_owner_of_another_group_is_refused(backend: Backend) {
    const REFUSED: &str = "The resource that you are attempting to access does not exist or you don't have permission to perform this action";
    let system = Setup::on(backend).start().await;
    let admin = system.client();
    admin.create_group("acme", None).await;
    admin.create_group("other", None).await;
    let destination = admin
        .create_group_destination("acme", "https://siem.example.com/ingest")
        .await;
    let owner = admin.with_token(&admin.create_owner("eve", "other").await);

    let create = owner
        .graphql(
            r#"mutation { externalAuditEventDestinationCreate(input: {groupPath: "acme", destinationUrl: "https://eve.example.com"}) { errors } }"#,
            json!(null),
        )
        .await
        .unwrap();
    assert_eq!(messages(&create), [REFUSED]);
    let destroy = owner
        .graphql(
            "mutation($id: AuditEventsExternalAuditEventDestinationID!) { externalAuditEventDestinationDestroy(input: {id: $id}) { errors } }",
            json!({"id": destination["id"]}),
        )
        .await
        .unwrap();
    assert_eq!(messages(&destroy), [REFUSED]);
    let list = "{ group(fullPath: \"acme\") { externalAuditEventDestinations { nodes { id } } } }";
    let seen_by_owner = owner.graphql(list, json!(null)).await.unwrap();
    assert!(
        seen_by_owner.body["data"]["group"]["externalAuditEventDestinations"].is_null(),
        "{}",
        seen_by_owner.body
    );
    let seen_by_admin = admin.graphql_ok(list, json!(null)).await.unwrap();
    assert_eq!(
        seen_by_admin["group"]["externalAuditEventDestinations"]["nodes"],
        json!([{"id": destination["id"]}])
    );
    system.stop().await;
}
