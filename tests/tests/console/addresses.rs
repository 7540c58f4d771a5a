//! Addresses that somebody typed, or followed from elsewhere.

use tests::browser::keys::{DOWN, UP};

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_leads_nowhere_is_told_and_leads_on() {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    stage.sign_in().await;
    for address in [
        "/#/groups/%",
        "/#/nonsense",
        "/#/groups/acme/destinations/x",
        "/#/groups/acme/rejected-messages",
    ] {
        browser.open(&stage.url(address)).await;
        browser.until_shown("There is nothing here").await;
        browser.until_focused("localName", "h1").await;
        // As for who comes from elsewhere.
        browser.reload().await;
        browser.until_shown("There is nothing here").await;
        browser.press("To the destinations").await;
        browser.until_shown("All destinations").await;
    }
    browser.open(&stage.url("/#/groups/%")).await;
    browser.until_shown("There is nothing here").await;
    stage.inspect("nothing-here").await;
    let list = "document.querySelector('.scope select').focus()";
    browser.script(list, vec![]).await;
    browser.type_keys(&[DOWN, UP].concat()).await;
    browser.until_shown("All destinations").await;
    stage.choose_scope("acme").await;
    browser.until_shown("New destination").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    stage.end().await;
}
