//! The page of all destinations: it asks for no more than it must, and shows what it can.

use tests::browser::Requests;
use tests::system::Administer as _;
use tests::wait::until;

use crate::stage::Stage;

/// More than are asked for at once.
const GROUPS: usize = 10;
/// Requests for the destinations of groups.
const MOST_AT_ONCE: u64 = 6;

#[tokio::test(flavor = "multi_thread")]
async fn only_groups_with_destinations_are_asked_for_a_few_at_a_time_and_one_that_fails_hides_no_other()
 {
    let stage = Stage::open().await;
    let browser = &stage.browser;
    let client = stage.system.client();
    client
        .create_instance_destination(&stage.receiver.url("/all"))
        .await;
    for number in 0..GROUPS {
        client.create_group(&format!("empty-{number}"), None).await;
        let group = format!("group-{number}");
        client.create_group(&group, None).await;
        client
            .create_group_destination(&group, &stage.receiver.url("/"))
            .await;
    }
    stage.sign_in_to("Instance").await;
    browser.count_requests("\"fullPath\":\"group-").await;
    stage.choose_scope("Everything").await;
    browser
        .until_shown("All 11 destinations get their events")
        .await;
    let Requests {
        bodies,
        most_at_once,
    } = browser.let_requests_pass().await;
    let asked_for = |group: &str| bodies.iter().any(|body| body.contains(group));
    assert!(asked_for("group-9"), "{bodies:?}");
    assert!(!asked_for("empty-"), "{bodies:?}");
    assert!(most_at_once <= MOST_AT_ONCE, "{most_at_once}");

    browser.lose_requests("group-3").await;
    browser
        .until_shown("Those of group-3 could not be read: The service cannot be reached.")
        .await;
    browser
        .until_shown("10 destinations get their events · others not known")
        .await;
    stage.inspect("everything-but-one").await;
    assert_eq!(browser.texts("//tbody/tr").await.len(), GROUPS);
    browser.let_requests_pass().await;
    browser
        .until_shown("All 11 destinations get their events")
        .await;
    assert!(!browser.shows("could not be read").await);

    browser.set_offline(true).await;
    browser
        .until_shown("The connection to the service is lost.")
        .await;
    // All of it is as it was, and said to be.
    assert_eq!(browser.texts("//tbody/tr").await.len(), GROUPS + 1);
    browser.set_offline(false).await;
    until("all is read again", async || {
        (!browser.shows("is lost").await).then_some(())
    })
    .await;
    stage.end().await;
}
