//! What narrows a destination is never lost, nor late.

use serde_json::{Value, json};
use tests::scenario::publish;

use crate::stage::Stage;

/// Whether the only destination of the instance is active, and the paths that it is limited to.
async fn active_and_paths(stage: &Stage) -> Value {
    let document = "{ auditEventsInstanceStreamingDestinations { nodes {
        active namespaceFilters { namespace { fullPath } }
    } } }";
    let client = stage.system.client();
    let data = client.graphql_ok(document, Value::Null).await.unwrap();
    data["auditEventsInstanceStreamingDestinations"]["nodes"].clone()
}

fn with_acme(active: bool) -> Value {
    json!([{"active": active, "namespaceFilters": [{"namespace": {"fullPath": "acme"}}]}])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_filter_leaves_a_new_destination_paused_and_an_old_one_as_narrow_as_it_was() {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    stage.sign_in_to("Instance").await;
    browser.press("New destination").await;
    browser.fill("URL", &stage.receiver.url("/narrow")).await;
    browser.press("Add group or project").await;
    browser.fill("Full path", "nothing").await;
    browser.press("Create destination").await;
    browser
        .until_shown("The destination is paused until all of it is saved.")
        .await;
    let paused = json!([{"active": false, "namespaceFilters": []}]);
    assert_eq!(active_and_paths(&stage).await, paused);
    publish(&stage.system.client(), &["too-early".to_owned()]).await;

    browser.fill("Full path", "acme").await;
    browser.press("Save").await;
    stage
        .until_text("//main//h1", |text| text.contains("1 namespace"))
        .await;
    assert_eq!(active_and_paths(&stage).await, with_acme(true));

    browser.press("Edit").await;
    browser.fill("Full path", "nothing").await;
    browser.press("Save").await;
    browser.until_shown("Not all of it could be saved.").await;
    assert_eq!(active_and_paths(&stage).await, with_acme(true));
    let got = stage.receiver.received();
    assert!(
        !got.iter()
            .any(|one| one.path == "/narrow" && one.event_id == "too-early")
    );
    stage.end().await;
}
