//! What takes days, with a clock that is moved.

use sea_orm::EntityTrait as _;
use shared::clock::Clock;
use shared::entities::dead_letters;
use tests::wait::until;

use crate::stage::{DAY, Queue, START, Stage, on_both_queues};

on_both_queues!(
    a_destination_that_is_down_for_days_is_still_tried_and_gets_its_events,
    what_waited_for_the_whole_retention_is_a_dead_letter,
);

async fn a_destination_that_is_down_for_days_is_still_tried_and_gets_its_events(queue: Queue) {
    let stage = Stage::new(queue, Clock::stopped(START), &[]).await;
    let clock = stage.foundation.clock.clone();
    stage.publish("one").await;
    for failed in 1..5 {
        stage.until_waiting(failed).await;
        let what = format!("a try after {failed} failures");
        stage.another_request(&what, || clock.advance(DAY)).await;
    }
    stage.until_waiting(5).await;
    stage.answer(200);
    stage
        .another_request("the delivery", || clock.advance(DAY))
        .await;
    let got = stage.receiver.received();
    assert_eq!(got.last().map(|one| one.event_id.as_str()), Some("one"));
    stage.stop().await;
}

async fn what_waited_for_the_whole_retention_is_a_dead_letter(queue: Queue) {
    let stage = Stage::new(queue, Clock::stopped(START), &[]).await;
    let clock = stage.foundation.clock.clone();
    stage.publish("older").await;
    stage.until_waiting(1).await;
    clock.advance(DAY);
    stage.until_waiting(2).await;
    stage.publish("newer").await;
    until("both in the lane", async || {
        (stage.depth().await?.waiting == 2).then_some(())
    })
    .await;
    // The older one is seven days old, the newer one is not.
    clock.advance(DAY * 6);
    let letters = async || {
        let found = dead_letters::Entity::find()
            .all(stage.foundation.database.reader())
            .await;
        found.expect("the database answers")
    };
    let row = until("a dead letter", async || letters().await.into_iter().next()).await;
    assert_eq!(row.event_id, "older");
    assert_eq!(row.first_seen_at, START.0);
    stage.answer(200);
    clock.advance(DAY / 24);
    stage.until_arrived("newer").await;
    assert_eq!(letters().await.len(), 1);
    stage.stop().await;
}
