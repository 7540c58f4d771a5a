//! What an owner does in the console from the first destination to the last dead letter.

use serde_json::{Value, json};
use tests::backend::Backend;
use tests::events::{event, ids};
use tests::on_backend;
use tests::scenario::{all_arrived, until_received, willing};
use tests::system::Administer as _;
use tests::wait::until;

use crate::stage::Stage;

/// More events than a worker takes from a lane at once.
const LATE: usize = 400;
const HEADING: &str = "//main//h1";
const WAITING: &str = "//dl[@class='tiles']/div[dt='Waiting']/dd[1]";
const DELIVERED: &str = "//figure[contains(., 'Delivered a minute')]";
const FAILED: &str = "//figure[contains(., 'Failed attempts a minute')]";

on_backend!(
    embedded_sqlite,
    EmbeddedSqlite,
    an_owner_makes_a_destination_sees_it_fail_and_recover_and_replays_a_dead_letter
);
on_backend!(
    rabbit_postgres,
    RabbitPostgres,
    an_owner_makes_a_destination_sees_it_fail_and_recover_and_replays_a_dead_letter
);

async fn an_owner_makes_a_destination_sees_it_fail_and_recover_and_replays_a_dead_letter(
    backend: Backend,
) {
    let stage = Stage::open_on(backend).await;
    let browser = &stage.browser;
    stage.inspect("sign-in").await;
    stage.sign_in_as_owner().await;
    browser.until_shown("there is no destination yet").await;
    stage.inspect("empty").await;

    make_a_destination(&stage).await;
    // Beside it, one that is always well.
    let archive = willing();
    let document = "mutation($input: ExternalAuditEventDestinationCreateInput!) {
        externalAuditEventDestinationCreate(input: $input) { errors }
    }";
    let input = json!({"input": {"groupPath": "acme", "name": "Archive", "destinationUrl": archive.url("/all")}});
    let client = stage.system.client();
    client.graphql_ok(document, input).await.unwrap();
    a_test_event_is_answered(&stage).await;
    what_is_published_is_seen(&stage).await;
    trouble_is_seen_and_its_end(&stage).await;
    a_dead_letter_is_replayed(&stage).await;
    secrets_are_shown_on_demand(&stage).await;
    it_is_paused_and_destroyed(&stage).await;

    assert_eq!(browser.complaints().await, Vec::<String>::new());
    stage.end().await;
}

async fn make_a_destination(stage: &Stage) {
    let browser = &stage.browser;
    browser.press("New destination").await;
    browser.fill("URL", "ftp://siem.example.com").await;
    browser.fill("Name", "SIEM").await;
    browser.press("Create destination").await;
    // At the field, and what was typed is still there.
    let problem = "//input[@name='url']/following-sibling::div[@role='alert']";
    stage
        .until_text(problem, |text| text.contains("Only allowed schemes"))
        .await;
    assert_eq!(browser.value_of("Name").await, "SIEM");

    browser.fill("URL", &stage.receiver.url("/siem")).await;
    browser.press("Add header").await;
    browser.fill_nth("Name", 2, "X-Team").await;
    browser.fill("Value", "security").await;
    for (search, name) in [
        ("member created", "member_created"),
        ("user_created", "user_created"),
    ] {
        browser.fill("Search the catalogue", search).await;
        browser
            .click(&format!("//label[.//code='{name}']/input"))
            .await;
    }
    browser.until_shown("Only 2 types").await;
    browser.fill("Search the catalogue", "member").await;
    stage.inspect("form").await;
    browser.press("Create destination").await;
    stage
        .until_text(HEADING, |text| text.contains("SIEM"))
        .await;
    stage
        .until_text(HEADING, |text| text.contains("filtered"))
        .await;
    browser.press("Destinations of acme").await;
    stage
        .until_text("//tbody//th", |text| text.contains("filtered"))
        .await;
    browser.press("SIEM").await;
}

async fn a_test_event_is_answered(stage: &Stage) {
    let browser = &stage.browser;
    browser.press("Send a test event").await;
    browser.until_shown("✓ Delivered").await;
    stage.inspect("test").await;
    until_received("the test event", &stage.receiver, |got| {
        got.iter().any(|one| {
            one.event()["event_type"] == "audit_event_streaming_destination_test"
                && one.header("x-team") == Some("security")
        })
    })
    .await;
}

async fn what_is_published_is_seen(stage: &Stage) {
    let before = chart(stage, DELIVERED).await;
    let ids = publish(stage, "seen", 30).await;
    all_arrived(&stage.receiver, &ids).await;
    let told = before.told + 30;
    until_chart(stage, DELIVERED, |now| {
        now.told >= told && now.listed == now.told && now.drawn > 0
    })
    .await;
    // A bar, where there was the ground line at most.
    assert!(before.told > 0 || before.drawn == 0, "{before:?}");
    stage.browser.press("Destinations of acme").await;
    stage
        .until_text("//table//*[name()='svg']", |text| {
            text.contains("delivered") && !text.contains(" 0 delivered")
        })
        .await;
    stage.inspect("list").await;
    stage.browser.press("SIEM").await;
    stage
        .until_text(HEADING, |text| text.contains("Healthy"))
        .await;
    stage.inspect("destination").await;
}

async fn trouble_is_seen_and_its_end(stage: &Stage) {
    let browser = &stage.browser;
    let before = chart(stage, FAILED).await;
    assert_eq!((before.told, before.listed, before.drawn), (0, 0, 0));
    stage.set_well(false);
    let ids = publish(stage, "late", LATE).await;
    stage
        .until_text(HEADING, |text| text.contains("Troubled"))
        .await;
    stage
        .until_text(WAITING, |text| text == LATE.to_string())
        .await;
    stage
        .until_text("//table[@class='attempts']//tr", |text| {
            text.contains("503")
        })
        .await;
    until_chart(stage, FAILED, |now| {
        now.told > 0 && now.listed == now.told && now.drawn > 0
    })
    .await;
    stage.inspect("troubled").await;
    browser.press("Destinations of acme").await;
    browser.until_shown("1 of 2 in trouble").await;
    stage.inspect("list-troubled").await;
    stage.choose_scope("Everything").await;
    stage
        .until_text("//tbody/tr[1]/th", |text| {
            text.starts_with("acme") && text.contains("SIEM")
        })
        .await;
    browser.until_shown("1 of 2 in trouble").await;
    stage.inspect("everything").await;
    browser.press("SIEM").await;

    // It is repaired, and takes a few at first: what waits becomes less, and then nothing.
    stage.set_well(true);
    stage.receiver.hold_after(4);
    stage
        .until_text(WAITING, |text| {
            text.parse()
                .is_ok_and(|left: usize| (1..LATE).contains(&left))
        })
        .await;
    browser
        .until_shown("What had to wait is being delivered.")
        .await;
    stage.inspect("draining").await;
    stage.receiver.release();
    all_arrived(&stage.receiver, &ids).await;
    stage
        .until_text(HEADING, |text| text.contains("Healthy"))
        .await;
    stage.until_text(WAITING, |text| text == "0").await;
    browser.until_shown("on its way").await;
}

async fn a_dead_letter_is_replayed(stage: &Stage) {
    let browser = &stage.browser;
    stage.set_well(false);
    let ids = publish(stage, "dead", 3).await;
    stage.until_text(WAITING, |text| text == "3").await;
    browser.press("Move what waits to the dead letters…").await;
    browser.press_in_dialog("Move to the dead letters").await;
    let letters = "//table[@class='letters']/tbody/tr";
    stage
        .until_text("//h2[@id='letters-title']", |text| text == "Dead letters 3")
        .await;
    stage.set_well(true);
    browser
        .click(&format!("//input[@aria-label='Choose {}']", ids[0]))
        .await;
    stage.inspect("dead-letters").await;
    let arrivals = || {
        let all = stage.receiver.received().into_iter();
        all.filter(|one| one.event_id == ids[0]).count()
    };
    let before = arrivals();
    browser.press("Replay 1 chosen").await;
    browser
        .until_shown("1 dead letter will be delivered again.")
        .await;
    until("the replay at the receiver", async || {
        (arrivals() > before).then_some(())
    })
    .await;
    stage
        .until_text("//h2[@id='letters-title']", |text| text == "Dead letters 2")
        .await;
    browser.press("Purge all…").await;
    stage.inspect("confirm").await;
    browser.press_in_dialog("Purge").await;
    stage
        .until_text("//h2[@id='letters-title']", |text| text == "Dead letters 0")
        .await;
    assert!(browser.texts(letters).await.is_empty());
}

async fn secrets_are_shown_on_demand(stage: &Stage) {
    let browser = &stage.browser;
    let token = token(stage).await;
    assert!(!browser.shows(&token).await);
    browser.press("Show Verification token").await;
    browser.until_shown(&token).await;
    browser.press("Rotate Verification token").await;
    browser.press_in_dialog("Make a new token").await;
    browser
        .until_shown("The destination has a new token.")
        .await;
    let rotated = self::token(stage).await;
    assert_ne!(rotated, token);
    assert!(browser.shows(&rotated).await);
}

async fn it_is_paused_and_destroyed(stage: &Stage) {
    let browser = &stage.browser;
    browser.press("Pause").await;
    stage
        .until_text(HEADING, |text| text.contains("Paused"))
        .await;
    browser.press("Activate").await;
    stage
        .until_text(HEADING, |text| text.contains("Healthy"))
        .await;
    browser.press("Destroy…").await;
    browser.press_in_dialog("Destroy").await;
    browser.until_shown("SIEM was destroyed.").await;
    stage
        .until_text("//table/tbody", |text| {
            text.contains("Archive") && !text.contains("SIEM")
        })
        .await;
}

/// Publishes events that the destination asks for, and returns their ids.
async fn publish(stage: &Stage, prefix: &str, count: usize) -> Vec<String> {
    let ids = ids(prefix, count);
    let events: Vec<Value> = ids
        .iter()
        .map(|id| event(id, "acme", "user_created"))
        .collect();
    stage.system.client().publish_all(events).await;
    ids
}

async fn token(stage: &Stage) -> String {
    let client = stage.system.client();
    let nodes = client.group_destinations("acme", "verificationToken").await;
    nodes[0]["verificationToken"].as_str().unwrap().to_owned()
}

/// What a chart shows.
#[derive(Debug)]
struct Shown {
    /// In its caption.
    told: u64,
    /// The sum of its table.
    listed: u64,
    /// Pixels of its bars.
    drawn: u64,
}

async fn chart(stage: &Stage, xpath: &str) -> Shown {
    let numbers = stage.browser.texts(&format!("{xpath}//td")).await;
    let captions = stage.browser.texts(xpath).await;
    Shown {
        told: summary_number(&captions[0]).unwrap(),
        listed: numbers
            .iter()
            .map(|text| text.parse::<u64>().unwrap())
            .sum(),
        drawn: stage
            .browser
            .colourful_pixels(&format!("{xpath}//canvas"))
            .await,
    }
}

async fn until_chart(stage: &Stage, xpath: &str, is: impl Fn(&Shown) -> bool) {
    until(xpath, async || {
        let shown = chart(stage, xpath).await;
        is(&shown).then_some(())
    })
    .await;
}

/// The number before ` in 1 hour` in the caption of a chart.
fn summary_number(text: &str) -> Option<u64> {
    let before = text.split_once(" in 1 hour")?.0;
    let number = before.rsplit(' ').next()?;
    number.replace(',', "").parse().ok()
}
