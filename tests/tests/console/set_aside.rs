//! Dead letters and rejected messages: chosen over several pages, replayed and purged.

use serde_json::json;
use tests::database::connect;
use tests::events::{complete_event, ids};
use tests::rejected::reject;
use tests::scenario::{all_arrived, publish, until_received};
use tests::system::Administer as _;

use crate::stage::Stage;

const WAITING: &str = "//dl[@class='tiles']/div[dt='Waiting']/dd[1]";
const CHOICE: &str = "//div[contains(@class, 'choice')]/span";
const ALL_OF_PAGE: &str = "//input[@aria-label='Choose all of this page']";
/// Two pages.
const LETTERS: usize = 30;

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_stay_chosen_from_page_to_page_until_they_are_gone() {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    let client = stage.system.client();
    stage.sign_in_at_a_destination().await;
    stage.set_well(false);
    publish(&client, &ids("dead", LETTERS)).await;
    stage
        .until_text(WAITING, |text| text == LETTERS.to_string())
        .await;
    browser.press("Move what waits to the dead letters…").await;
    browser.press_in_dialog("Move to the dead letters").await;
    stage
        .until_text("//h2[@id='letters-title']", |text| {
            text == "Dead letters 30"
        })
        .await;
    stage.set_well(true);

    let mut chosen = shown(&stage).await[..2].to_vec();
    choose(&stage, &chosen).await;
    stage.until_text(CHOICE, |text| text == "2 chosen").await;
    browser.press("Next page").await;
    stage
        .until_text(CHOICE, |text| text == "2 chosen, 2 on other pages")
        .await;
    let third = shown(&stage).await[..1].to_vec();
    choose(&stage, &third).await;
    chosen.extend(third);
    stage
        .until_text(CHOICE, |text| text == "3 chosen, 2 on other pages")
        .await;
    stage.inspect("dead-letters-chosen").await;

    // One that is not to be seen goes: somebody else purges it.
    purge(&stage, &chosen.remove(0)).await;
    stage
        .until_text(CHOICE, |text| text == "2 chosen, 1 on other pages")
        .await;
    browser.press("Replay 2 chosen").await;
    browser
        .until_shown("2 dead letters will be delivered again.")
        .await;
    all_arrived(&stage.receiver, &chosen).await;
    stage
        .until_text("//h2[@id='letters-title']", |text| {
            text == "Dead letters 27"
        })
        .await;

    let last = shown(&stage).await.pop().unwrap();
    choose(&stage, &[last]).await;
    browser.press("Previous page").await;
    stage
        .until_text(CHOICE, |text| text == "1 chosen, 1 on other pages")
        .await;
    browser.click(ALL_OF_PAGE).await;
    stage
        .until_text(CHOICE, |text| text == "26 chosen, 1 on other pages")
        .await;
    browser.click(ALL_OF_PAGE).await;
    stage
        .until_text(CHOICE, |text| text == "1 chosen, 1 on other pages")
        .await;
    browser.press("Clear the choice").await;
    browser.until_shown("Replay all").await;
    let focused = "return document.activeElement.id";
    assert_eq!(browser.script(focused, vec![]).await, "letters-title");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    stage.end().await;
}

/// The ids of the events of the dead letters on the page.
async fn shown(stage: &Stage) -> Vec<String> {
    let ids = "//table[@class='letters']//td//div[@class='hint id']";
    stage.browser.texts(ids).await
}

async fn choose(stage: &Stage, ids: &[String]) {
    for id in ids {
        let xpath = format!("//input[@aria-label='Choose {id}']");
        stage.browser.click(&xpath).await;
    }
}

async fn purge(stage: &Stage, event_id: &str) {
    let client = stage.system.client();
    let fields = "id deadLetters(first: 100) { nodes { id eventId } }";
    let destination = &client.group_destinations("acme", fields).await[0];
    let letters = destination["deadLetters"]["nodes"].as_array().unwrap();
    let letter = letters.iter().find(|one| one["eventId"] == event_id);
    let document = "mutation($input: AuditEventStreamingDeadLettersPurgeInput!) {
        auditEventStreamingDeadLettersPurge(input: $input) { errors purged }
    }";
    let input = json!({"destinationId": destination["id"], "ids": [letter.unwrap()["id"]]});
    let data = client
        .graphql_ok(document, json!({ "input": input }))
        .await
        .unwrap();
    let expected = json!({"errors": [], "purged": 1});
    assert_eq!(data["auditEventStreamingDeadLettersPurge"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_looks_at_rejected_messages_replays_and_purges_them() {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    let client = stage.system.client();
    client
        .create_group_destination("acme", &stage.receiver.url("/siem"))
        .await;
    stage.sign_in_to("Instance").await;
    let links = browser.texts("//main//a[contains(., 'rejected message')]");
    assert!(links.await.is_empty());
    let database = connect(&stage.system.database_url()).await;
    let valid = complete_event("again", "acme", "user_created").to_string();
    let long = vec![b'['; 2048];
    for (reason, body, bytes) in [
        ("redelivered too often", valid.as_bytes(), valid.len()),
        ("expected value at line 1 column 1", b"not JSON", 8),
        ("larger than 1048576 bytes", &long[..], 2_000_000),
    ] {
        reject(&database, reason, body, bytes).await;
    }
    for (scope, title) in [
        ("Everything", "All destinations"),
        ("Instance", "Destinations Instance"),
    ] {
        stage.choose_scope(scope).await;
        stage.until_text("//main//h1", |text| text == title).await;
        browser
            .until_shown("3 rejected messages got to no destination.")
            .await;
        stage
            .inspect(&format!("rejected-link-{}", scope.to_lowercase()))
            .await;
    }
    browser.press("3 rejected messages").await;
    let rows = "//table[@class='rejected']/tbody/tr";
    stage
        .until_text(rows, |text| {
            text.contains("larger than")
                && text.contains("2,000,000 bytes")
                && text.contains("not possible")
        })
        .await;
    browser.press("Message").await;
    browser
        .click("//input[starts-with(@aria-label, 'Choose message') and contains(@aria-label, 'redelivered')]")
        .await;
    stage.inspect("rejected-messages").await;
    browser.press("Replay 1 chosen").await;
    browser
        .until_shown("1 rejected message will be published again.")
        .await;
    until_received("the replayed event", &stage.receiver, |got| {
        got.iter().any(|one| one.event_id == "again")
    })
    .await;
    stage
        .until_text("//h2[@id='rejected-title']", |text| text == "Messages 2")
        .await;
    browser.press("Purge all…").await;
    browser.until_shown("Purge all rejected messages?").await;
    browser.press_in_dialog("Purge").await;
    browser
        .until_shown("None: what came over AMQP was taken, or is replayed or purged by now.")
        .await;
    stage.inspect("rejected-none").await;
    browser.press("Destinations of Instance").await;
    browser.until_shown("New destination").await;
    let links = browser.texts("//main//a[contains(., 'rejected message')]");
    assert!(links.await.is_empty());
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    stage.end().await;
}
