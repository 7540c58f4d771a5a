//! While a destination is saved, and when that ends halfway.

use serde_json::{Value, json};
use tests::browser::keys::ENTER;
use tests::system::Administer as _;
use tests::wait::until;

use crate::stage::Stage;

/// What can be typed into or pressed in the form, but for what saves it.
const OPEN_FIELDS: &str =
    "return document.querySelectorAll('form :is(input, button:not([type=submit])):enabled').length";

async fn focused(stage: &Stage) -> Value {
    let body =
        "const {type, name, ariaBusy} = document.activeElement; return {type, name, ariaBusy}";
    stage.browser.script(body, vec![]).await
}

async fn until_focused(stage: &Stage, expected: Value) {
    until("the focus is where it should be", async || {
        (focused(stage).await == expected).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_can_be_typed_while_a_save_runs_and_the_focus_is_not_lost() {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    stage.sign_in().await;
    browser.press("New destination").await;
    browser.fill("URL", &stage.receiver.url("/siem")).await;
    browser.fill("Name", "SIEM").await;
    browser.press("Add header").await;
    browser.hold_requests("mutation").await;
    let name = browser.find("//input[@name='name']").await;
    name.send_keys(ENTER).await.unwrap();
    until_focused(
        &stage,
        json!({"type": "submit", "name": "", "ariaBusy": "true"}),
    )
    .await;
    assert_eq!(browser.script(OPEN_FIELDS, vec![]).await, json!(0));

    // The header has no name: what is wrong is where one goes on.
    browser.let_requests_pass().await;
    browser.until_shown("Not all of it could be saved.").await;
    assert_ne!(browser.script(OPEN_FIELDS, vec![]).await, json!(0));
    browser.until_focused("ariaInvalid", "true").await;
    browser.press("Remove header 1").await;

    // Where nothing is wrong, one goes on where one was.
    browser.lose_requests("mutation").await;
    let name = browser.find("//input[@name='name']").await;
    name.send_keys(ENTER).await.unwrap();
    browser.until_shown("It could not be saved.").await;
    until_focused(
        &stage,
        json!({"type": "text", "name": "name", "ariaBusy": null}),
    )
    .await;

    browser.let_requests_pass().await;
    browser.press("Save").await;
    stage
        .until_text("//main//h1", |text| text.contains("SIEM"))
        .await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_right_after_a_creation_makes_no_second_destination() {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    stage.sign_in().await;
    // The step that reads what was made, and the one that gives it its filter.
    for (made, lost, button) in [
        (1, "headers(first", "Create destination"),
        (2, "EventsAdd", "Save"),
    ] {
        browser.press("New destination").await;
        browser
            .fill("URL", &stage.receiver.url(&format!("/{made}")))
            .await;
        browser.fill("Search the catalogue", "user_created").await;
        browser.click("//label[.//code='user_created']/input").await;
        browser.lose_requests(lost).await;
        browser.press("Create destination").await;
        browser
            .until_shown("It could not be saved. The service cannot be reached.")
            .await;
        // Without its filter it must not get a thing.
        let unfinished = json!({"active": false, "eventTypeFilters": []});
        let found = filters(&stage).await;
        assert_eq!((found.len(), found.last()), (made, Some(&unfinished)));
        let sent = browser.let_requests_pass().await;
        let creations = sent
            .bodies
            .iter()
            .filter(|body| body.contains("DestinationCreate("));
        assert_eq!(creations.count(), 1);
        browser.press(button).await;
        stage
            .until_text("//main//h1", |text| text.contains("filtered"))
            .await;
        let saved = browser.let_requests_pass().await;
        let makes = |body: &String| body.contains("DestinationCreate(");
        assert!(!saved.bodies.iter().any(makes));
        let expected = json!({"active": true, "eventTypeFilters": ["user_created"]});
        assert_eq!(filters(&stage).await, vec![expected; made]);
        browser.press("Destinations of acme").await;
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_whose_answer_is_lost_is_taken_over_and_what_others_made_is_not() {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    let client = stage.system.client();
    client
        .create_group_destination("acme", &stage.receiver.url("/other"))
        .await;
    stage.sign_in().await;
    for (path, is_made, is_others) in [
        ("/siem", true, false),
        ("/other", true, true),
        // Somebody else makes it while this one tries again.
        ("/meanwhile", false, true),
    ] {
        browser.press("New destination").await;
        browser.fill("URL", &stage.receiver.url(path)).await;
        browser.fill("Search the catalogue", "user_created").await;
        browser.click("//label[.//code='user_created']/input").await;
        if is_made {
            browser.lose_answers("DestinationCreate(").await;
        } else {
            browser.lose_requests("DestinationCreate(").await;
        }
        browser.press("Create destination").await;
        browser.until_shown("It could not be saved.").await;
        browser.let_requests_pass().await;
        if !is_made {
            client
                .create_group_destination("acme", &stage.receiver.url(path))
                .await;
        }
        browser.press("Create destination").await;
        if is_others {
            browser
                .until_shown("Destination url has already been taken")
                .await;
            browser.press("Cancel").await;
            browser.press_in_dialog("Leave").await;
        } else {
            stage
                .until_text("//main//h1", |text| text.contains("filtered"))
                .await;
            browser.press("Destinations of acme").await;
        }
    }
    let others = json!({"active": true, "eventTypeFilters": []});
    let ours = json!({"active": true, "eventTypeFilters": ["user_created"]});
    let expected = json!([others, ours, others]);
    assert_eq!(Value::from(filters(&stage).await), expected);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_saved_without_an_answer_is_not_made_again() {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    stage.sign_in().await;
    browser.press("New destination").await;
    browser.fill("URL", &stage.receiver.url("/siem")).await;
    browser.press("Add header").await;
    let header = "//*[@aria-label='Header 1']//input[@type='text' or not(@type)]";
    for (input, text) in [(1, "X-Tenant"), (2, "acme")] {
        let field = browser.find(&format!("({header})[{input}]")).await;
        field.send_keys(text).await.unwrap();
    }
    browser.press("Add group or project").await;
    browser.fill("Full path", "acme/web").await;
    browser.lose_answers("HeadersCreate").await;
    browser.press("Create destination").await;
    browser.until_shown("It could not be saved.").await;
    browser.let_requests_pass().await;
    browser.press("Save").await;
    stage
        .until_text("//main//h1", |text| text.contains("1 namespace"))
        .await;
    let client = stage.system.client();
    let nodes = client.group_destinations("acme", "active headers { nodes { key value } }");
    let expected =
        json!([{"active": true, "headers": {"nodes": [{"key": "X-Tenant", "value": "acme"}]}}]);
    assert_eq!(json!(nodes.await), expected);
    stage.end().await;
}

/// Whether each destination of the group is active, and its event types.
async fn filters(stage: &Stage) -> Vec<Value> {
    let client = stage.system.client();
    let fields = "active eventTypeFilters";
    client.group_destinations("acme", fields).await
}
