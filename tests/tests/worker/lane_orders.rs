//! The orders that make lanes safe, each by what would be lost without it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use shared::clock::{Clock, Timestamp};
use shared::entities::destination_health::{CLOSED, Column, OPEN};
use tests::events::ids;
use tests::scenario::all_arrived;
use tests::wait::until;

use crate::stage::{Queue, Stage, on_both_queues};

on_both_queues!(
    a_lane_is_open_in_the_database_before_an_event_is_put_into_it,
    what_is_put_into_a_lane_that_was_just_closed_is_drained_on,
    a_closed_lane_that_holds_events_is_found_and_opened_again,
    a_drain_whose_lease_is_lost_stops_and_gives_back,
);

async fn a_lane_is_open_in_the_database_before_an_event_is_put_into_it(queue: Queue) {
    let stage = Stage::new(queue, Clock::default(), &[]).await;
    let ids = ids("event", 20);
    for id in &ids {
        stage.publish(id).await;
    }
    until("all of them in the lane", async || {
        (stage.seen.into_lanes.load(Ordering::SeqCst) >= ids.len()).then_some(())
    })
    .await;
    assert_eq!(stage.seen.too_early(), Vec::<String>::new());
    stage.stop().await;
}

/// A stage whose lane was opened, drained, and declared closed a moment ago.
async fn just_closed(queue: Queue) -> Stage {
    let stage = Stage::new(queue, Clock::default(), &[]).await;
    stage.publish("first").await;
    stage.until_open().await;
    stage.answer(200);
    stage
        .until_lane("a closed lane", |lane| lane.lane_state == CLOSED)
        .await;
    stage
}

async fn what_is_put_into_a_lane_that_was_just_closed_is_drained_on(queue: Queue) {
    let stage = just_closed(queue).await;
    // Workers know of it by now; one that stood still does not.
    until("a second after the closing", async || {
        let closed_at = Timestamp(stage.lane().await?.changed_at);
        let since = stage.foundation.clock.now().since(closed_at);
        (since >= Duration::from_secs(1)).then_some(())
    })
    .await;
    stage.publish_into_lane("late").await;
    stage.until_arrived("late").await;
    // It was not the sweep that found it: that would have opened the lane again.
    let lane = stage.lane().await.expect("it had a lane");
    assert_eq!(lane.lane_state, CLOSED);
    stage.stop().await;
}

async fn a_closed_lane_that_holds_events_is_found_and_opened_again(queue: Queue) {
    let stage = just_closed(queue).await;
    stage
        .until_lane("the end of the drain", |lane| lane.lease_holder.is_none())
        .await;
    stage.publish_into_lane("forgotten").await;
    // Its turn to be looked into has come.
    stage.set_lane([(Column::SweptAt, 0_i64.into())]).await;
    stage.until_arrived("forgotten").await;
    stage.stop().await;
}

async fn a_drain_whose_lease_is_lost_stops_and_gives_back(queue: Queue) {
    const EVENTS: usize = 500;
    const DRAINED: usize = 20;
    let stage = Stage::new(queue, Clock::default(), &[]).await;
    let ids = ids("event", EVENTS);
    for id in &ids {
        stage.publish(id).await;
    }
    until("all of them in the lane", async || {
        (stage.depth().await?.waiting == EVENTS as u64).then_some(())
    })
    .await;
    let answered = stage.receiver.answered();
    stage.receiver.hold_after(DRAINED);
    stage.answer(200);
    until("a drain that waits for answers", async || {
        let more = stage.receiver.received().len() - answered;
        (more > DRAINED).then_some(())
    })
    .await;

    let far = i64::MAX / 2;
    let stolen = [
        (Column::LeaseHolder, "another".into()),
        (Column::LeaseUntil, far.into()),
    ];
    stage.set_lane(stolen).await;
    // One answer at a time, so that it would go on for long.
    let left = until("what was given back", async || {
        let answered = stage.receiver.answered();
        if answered == stage.receiver.received().len() {
            let waiting = stage.depth().await?.waiting;
            return (waiting > 0).then_some(waiting);
        }
        stage.receiver.hold_after(1);
        None
    })
    .await;
    stage.receiver.release();
    let lane = stage.lane().await.expect("it has a lane");
    assert_eq!(
        (lane.lane_state.as_str(), lane.lease_holder.as_deref()),
        (OPEN, Some("another")),
        "{left} are left"
    );
    stage.set_lane([(Column::LeaseUntil, 0_i64.into())]).await;
    all_arrived(&stage.receiver, &ids).await;
    stage.stop().await;
}
