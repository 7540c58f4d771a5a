//! Destinations of the instance, whose calls have other names than those of groups.

use serde_json::{Value, json};

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_makes_and_changes_a_destination_of_the_instance() {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    stage.sign_in_to("Instance").await;
    browser.press("New destination").await;
    browser.fill("URL", &stage.receiver.url("/all")).await;
    browser.fill("Name", "All").await;
    browser.press("Add header").await;
    browser.fill_nth("Name", 2, "X-Team").await;
    browser.fill("Value", "security").await;
    browser.fill("Search the catalogue", "user_created").await;
    browser.click("//label[.//code='user_created']/input").await;
    browser.press("Add group or project").await;
    browser.fill("Full path", "acme").await;
    browser.press("Create destination").await;
    stage
        .until_text("//main//h1", |text| {
            text.contains("All") && text.contains("filtered") && text.contains("1 namespace")
        })
        .await;

    browser.press("Edit").await;
    browser.press("Remove header X-Team").await;
    browser.press("Remove user_created").await;
    browser.press("Remove acme").await;
    browser
        .click("//label[contains(., 'Active: ')]/input")
        .await;
    browser.press("Save").await;
    stage
        .until_text("//main//h1", |text| text.contains("Paused"))
        .await;
    let document = "{ auditEventsInstanceStreamingDestinations { nodes {
        name active config eventTypeFilters namespaceFilters { id }
    } } }";
    let client = stage.system.client();
    let data = client.graphql_ok(document, Value::Null).await.unwrap();
    let expected = json!([{
        "name": "All",
        "active": false,
        "config": {"url": stage.receiver.url("/all")},
        "eventTypeFilters": [],
        "namespaceFilters": [],
    }]);
    assert_eq!(
        data["auditEventsInstanceStreamingDestinations"]["nodes"],
        expected
    );
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    stage.end().await;
}
