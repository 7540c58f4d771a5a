//! What the console does about a token that has ended, a permission that is missing, a connection that is
//! lost and a form that is not saved: it says so, and loses nothing that was typed.

use serde_json::json;
use tests::browser::keys::ESCAPE;
use tests::system::{ADMIN_TOKEN, Administer as _};
use tests::wait::until;

use crate::stage::Stage;

async fn revoke(stage: &Stage, token: &str) {
    let revoke =
        "mutation($token: String!) { accessTokenRevoke(input: {token: $token}) { errors } }";
    let client = stage.system.client();
    let revoked = client.graphql_ok(revoke, json!({ "token": token })).await;
    revoked.unwrap();
}

/// In the dialog over the page.
async fn sign_in_again(stage: &Stage, token: &str) {
    let browser = &stage.browser;
    let field = browser.find("(//input[@name='token'])[last()]").await;
    field.send_keys(token).await.unwrap();
    browser.press_in_dialog("Sign in").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_typed_is_lost_when_the_token_ends_or_the_connection_is_gone() {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    let client = stage.system.client();
    let token = client.create_owner("ada", "acme").await;
    browser.fill("Access token", "a-token-that-is-none").await;
    browser.press("Sign in").await;
    browser.until_shown("The access token is not valid").await;
    stage.inspect("sign-in-refused").await;
    browser.fill("Access token", &token).await;
    browser.press("Sign in").await;
    // An owner has one scope, and is there at once.
    browser.until_shown("New destination").await;
    browser.press("New destination").await;
    browser.fill("URL", &stage.receiver.url("/siem")).await;
    browser.fill("Name", "Of Ada").await;

    browser.set_offline(true).await;
    browser.press("Create destination").await;
    browser.until_shown("The service cannot be reached.").await;
    stage.inspect("form-offline").await;
    browser.set_offline(false).await;

    revoke(&stage, &token).await;
    browser.press("Create destination").await;
    browser.until_shown("Sign in again").await;
    stage.inspect("sign-in-again").await;
    // It is not closed without a token, however often.
    browser.type_keys(&ESCAPE.repeat(3)).await;
    sign_in_again(&stage, ADMIN_TOKEN).await;
    browser.until_shown("root (admin)").await;
    assert_eq!(browser.value_of("Name").await, "Of Ada");
    // One goes on where one was.
    let focused = browser.script("return document.activeElement.type", vec![]);
    assert_eq!(focused.await, "submit");
    browser.press("Create destination").await;
    stage
        .until_text("//main//h1", |text| text.contains("Of Ada"))
        .await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_for_the_api_is_told_so() {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    let document = "mutation($input: AccessTokenCreateInput!) { accessTokenCreate(input: $input) { errors token } }";
    let input = json!({"username": "root", "name": "producer", "scopes": ["PUBLISH"]});
    let client = stage.system.client();
    let data = client
        .graphql_ok(document, json!({ "input": input }))
        .await
        .unwrap();
    let token = data["accessTokenCreate"]["token"].as_str().unwrap();
    browser.fill("Access token", token).await;
    browser.press("Sign in").await;
    browser
        .until_shown("The token does not have the scope API")
        .await;
    assert!(!browser.shows("Sign out").await);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsaved_form_is_not_left_unasked_and_a_lost_connection_is_told() {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    stage.sign_in().await;
    browser.press("New destination").await;
    browser.fill("Name", "Half done").await;
    browser.press("Cancel").await;
    browser.until_shown("Leave without saving?").await;
    stage.inspect("unsaved").await;
    browser.press_in_dialog("Stay").await;
    assert_eq!(browser.value_of("Name").await, "Half done");
    browser.press("Sign out").await;
    browser.until_shown("Leave without saving?").await;
    let in_dialog = browser.find("//dialog[@open]//button[1]").await;
    in_dialog.send_keys(ESCAPE).await.unwrap();
    // Who works with the keyboard goes on where they were.
    browser.until_focused("textContent", "Sign out").await;
    assert_eq!(browser.value_of("Name").await, "Half done");
    let asks = browser
        .script(
            "return !dispatchEvent(new Event('beforeunload', {cancelable: true}))",
            vec![],
        )
        .await;
    assert_eq!(asks, json!(true), "the browser asks as well");
    stage.choose_scope("Everything").await;
    browser.until_shown("Leave without saving?").await;
    // Asked something else, one has not agreed to this.
    browser.script("history.back()", vec![]).await;
    until("the scope is what is shown", async || {
        let scope = "return document.querySelector('.scope select').selectedOptions[0].textContent";
        (browser.script(scope, vec![]).await == "acme").then_some(())
    })
    .await;
    browser.press_in_dialog("Stay").await;
    assert_eq!(browser.value_of("Name").await, "Half done");
    stage.choose_scope("Everything").await;
    browser.press_in_dialog("Leave").await;
    browser.until_shown("All destinations").await;

    stage.choose_scope("acme").await;
    stage
        .until_text("//main//h1", |text| text == "Destinations acme")
        .await;
    browser.press("New destination").await;
    browser.fill("Name", "Half done").await;
    browser.press("Cancel").await;
    browser.press_in_dialog("Leave").await;
    browser.until_shown("there is no destination yet").await;
    browser.set_offline(true).await;
    browser
        .until_shown("The connection to the service is lost.")
        .await;
    browser.set_offline(false).await;
    stage
        .until_text("//main", |text| !text.contains("is lost"))
        .await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_stands_at_its_field_and_the_rest_is_saved() {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    stage.sign_in_at_a_destination().await;
    browser.press("Edit").await;
    browser.fill("Name", "Archive").await;
    browser.press("Add header").await;
    browser.fill_nth("Name", 2, "X-Good").await;
    browser.fill("Value", "kept").await;
    browser.press("Add header").await;
    browser.fill_nth("Name", 3, "Content-Length").await;
    browser.fill_nth("Value", 2, "7").await;
    browser.press("Add group or project").await;
    browser.fill("Full path", "acme/nothing").await;
    browser.press("Save").await;
    let at_header = "//div[@aria-label='Header 2']//div[@role='alert']";
    stage
        .until_text(at_header, |text| text.contains("Key cannot be"))
        .await;
    let at_namespace = "//div[@aria-label='Group or project 1']//div[@role='alert']";
    stage
        .until_text(at_namespace, |text| !text.is_empty())
        .await;
    assert!(
        browser
            .texts("//div[@aria-label='Header 1']//div[@role='alert']")
            .await
            .is_empty()
    );
    stage.inspect("form-refused").await;
    browser.press("Remove header Content-Length").await;
    browser.fill("Full path", "acme/web").await;
    browser.press("Save").await;
    stage
        .until_text("//main//h1", |text| {
            text.contains("Archive") && text.contains("1 namespace")
        })
        .await;
    browser.until_shown("X-Good").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_seen_is_told_as_that() {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    let client = stage.system.client();
    client.create_group("other", None).await;
    let token = client.create_owner("ada", "other").await;
    browser.fill("Access token", &token).await;
    browser.press("Sign in").await;
    browser.until_shown("New destination").await;
    browser.open(&stage.url("/#/groups/acme")).await;
    browser.until_shown("You may not see this").await;
    stage.inspect("refused").await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_stays_when_who_signs_in_again_may_not_see_the_group() {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    let client = stage.system.client();
    client.create_group("other", None).await;
    let ada = client.create_owner("ada", "acme").await;
    let bob = client.create_owner("bob", "other").await;
    browser.fill("Access token", &ada).await;
    browser.press("Sign in").await;
    browser.until_shown("New destination").await;
    browser.press("New destination").await;
    browser.fill("Name", "Of Ada").await;
    revoke(&stage, &ada).await;
    browser.press("Create destination").await;
    browser.until_shown("Sign in again").await;
    sign_in_again(&stage, &bob).await;
    browser
        .until_shown("You may not administer acme any more")
        .await;
    assert_eq!(browser.value_of("Name").await, "Of Ada");
    stage.end().await;
}
