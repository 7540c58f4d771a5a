//! The console with nothing but a keyboard.

use serde_json::json;
use tests::browser::keys::{DOWN, ENTER, ESCAPE, TAB, UP};
use tests::scenario::until_received;
use tests::system::{ADMIN_TOKEN, Administer as _};
use tests::wait::until;

use crate::stage::Stage;

const SPACE: &str = " ";
/// Stops on the way through a page at most.
const STOPS: usize = 30;

/// What stands on or beside what has the focus, and whether one can see that it has it. Titles, which pages
/// give the focus to themselves, are no stops.
const FOCUSED: &str = "const focused = document.activeElement;
    const label = focused.labels?.[0]?.innerText ?? focused.getAttribute('aria-label') ?? focused.innerText;
    const style = getComputedStyle(focused);
    const seen = focused.tabIndex < 0 || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0);
    return [label.trim().split('\\n')[0], seen];";

async fn focused(stage: &Stage) -> (String, bool) {
    let found = stage.browser.script(FOCUSED, vec![]).await;
    serde_json::from_value(found).unwrap()
}

/// Goes on with Tab until what is called so has the focus; it is to be seen at every stop.
async fn tab_to(stage: &Stage, name: &str) {
    let mut passed = Vec::new();
    while passed.len() < STOPS {
        stage.browser.type_keys(TAB).await;
        let (label, seen) = focused(stage).await;
        assert!(seen, "the focus on {label:?} cannot be seen");
        if label == name {
            return;
        }
        passed.push(label);
    }
    panic!("Tab does not lead to {name:?}, but to {passed:?}");
}

/// Goes back with Shift and Tab.
async fn tab_back_to(stage: &Stage, name: &str) {
    for _ in 0..STOPS {
        stage.browser.type_with_shift(TAB).await;
        if focused(stage).await.0 == name {
            return;
        }
    }
    panic!("Shift and Tab do not lead to {name:?}");
}

/// Waits until something has the focus by itself.
async fn until_focused(stage: &Stage, name: &str) {
    until(name, async || {
        (focused(stage).await.0 == name).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_is_made_tested_and_destroyed_without_a_mouse() {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    stage.system.client().create_group("acme-east", None).await;
    until_focused(&stage, "Access token").await;
    browser.type_keys(ADMIN_TOKEN).await;
    browser.type_keys(ENTER).await;
    until_focused(&stage, "All destinations").await;
    tab_to(&stage, "Destinations of").await;
    // As people do in a list: the first letters of what is meant, and on from there.
    browser.type_keys("acme-e").await;
    stage
        .until_text("//main//h1", |text| text.contains("acme-east"))
        .await;
    until_focused(&stage, "Destinations of").await;
    // However fast they go through it.
    for _ in 0..5 {
        for (keys, group) in [([UP, DOWN, UP], "acme"), ([DOWN, UP, DOWN], "acme-east")] {
            browser.type_keys(&keys.concat()).await;
            let title = format!("Destinations {group}");
            stage.until_text("//main//h1", |text| text == title).await;
            until_focused(&stage, "Destinations of").await;
        }
    }
    browser.type_keys(UP).await;
    stage
        .until_text("//main//h1", |text| text == "Destinations acme")
        .await;
    browser.until_shown("there is no destination yet").await;
    tab_to(&stage, "New destination").await;
    browser.type_keys(ENTER).await;
    browser.until_shown("Where each event is sent").await;

    for (field, text) in [
        ("URL", stage.receiver.url("/siem")),
        ("Name", "SIEM".into()),
    ] {
        tab_to(&stage, field).await;
        browser.type_keys(&text).await;
    }
    tab_to(&stage, "Add header").await;
    browser.type_keys(SPACE).await;
    until_focused(&stage, "Name").await;
    browser.type_keys("X-Team").await;
    tab_to(&stage, "Value").await;
    browser.type_keys("security").await;
    tab_to(&stage, "Search the catalogue").await;
    browser.type_keys("user_created").await;
    browser.until_shown("user_created").await;
    let first = stage.browser.texts("//*[@class='catalogue']//code").await;
    tab_to(&stage, &first[0]).await;
    for name in &first[1..] {
        browser.type_keys(DOWN).await;
        until_focused(&stage, name).await;
        if name == "user_created" {
            break;
        }
    }
    browser.type_keys(SPACE).await;
    browser.until_shown("Only 1 type").await;
    // Without a search, the catalogue is one stop on the way as well.
    tab_back_to(&stage, "Search the catalogue").await;
    browser.type_keys(ESCAPE).await;
    browser.until_shown("517 types of 517").await;
    tab_to(&stage, "Create destination").await;
    browser.type_keys(ENTER).await;
    stage
        .until_text("//main//h1", |text| {
            text.contains("SIEM") && text.contains("filtered")
        })
        .await;

    tab_to(&stage, "Send a test event").await;
    browser.type_keys(ENTER).await;
    browser.until_shown("✓ Delivered").await;
    until_received("the test event", &stage.receiver, |got| {
        got.iter()
            .any(|one| one.header("x-team") == Some("security"))
    })
    .await;

    // What was pressed is gone or is something else now, and one goes on from there.
    tab_to(&stage, "Show Verification token").await;
    browser.type_keys(ENTER).await;
    until_focused(&stage, "Hide Verification token").await;
    browser.reload().await;
    browser.until_shown("Destroy…").await;
    tab_to(&stage, "Destroy…").await;
    browser.type_keys(ENTER).await;
    browser.until_shown("Destroy SIEM?").await;
    // Who changes their mind is back where they were.
    browser.type_keys(ESCAPE).await;
    until_focused(&stage, "Destroy…").await;
    browser.type_keys(ENTER).await;
    browser.until_shown("Destroy SIEM?").await;
    // However fast they are.
    for _ in 0..10 {
        browser.type_keys(&[ESCAPE, ENTER].concat()).await;
        browser.until_shown("Destroy SIEM?").await;
    }
    tab_to(&stage, "Destroy").await;
    browser.type_keys(SPACE).await;
    browser.until_shown("SIEM was destroyed.").await;
    let client = stage.system.client();
    let left = client.group_destinations("acme", "name").await;
    assert_eq!(json!(left), json!([]));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_what_has_the_focus_goes_the_focus_stays_near_it() {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    stage.sign_in().await;
    browser.press("New destination").await;
    browser.fill("Search the catalogue", "user_created").await;
    browser.click("//label[.//code='user_created']/input").await;
    browser.press("Remove user_created").await;
    until_focused(&stage, "Event types").await;
    browser.press("Add group or project").await;
    until_focused(&stage, "Full path").await;
    browser.press("Remove group or project 1").await;
    until_focused(&stage, "Add group or project").await;
    stage.end().await;
}
