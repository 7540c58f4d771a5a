//! Who may not, does not.

use serde_json::json;
use tests::backend::Backend;
use tests::events::event;
use tests::on_every_backend;
use tests::system::{Administer as _, Setup, messages};

on_every_backend!(
    a_wrong_token_is_refused_everywhere,
    the_owner_of_another_group_is_refused,
);

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
