//! What is taken for a destination's trouble, and when it is tried again.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use shared::clock::Clock;
use shared::entities::destination_health::OPEN;
use tests::events::ids;
use tests::metrics::total;
use tests::scenario::{all_arrived, willing};
use tests::wait::until;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::stage::{Queue, START, Stage, on_both_queues};

on_both_queues!(
    what_waits_for_a_permit_longer_than_the_patience_goes_into_the_lane,
    a_stalled_destination_makes_room_at_once_when_the_window_is_more_than_half_full,
    a_destination_that_hangs_leaves_most_of_the_window_to_others,
    twenty_refusals_in_a_row_are_trouble,
    a_destination_is_left_alone_for_as_long_as_it_asks,
);

/// Longer than a test takes: an attempt that is not answered does not end within it.
const LONG: (&str, &str) = ("delivery.timeout", "5m");

async fn ended_attempts(stage: &Stage) -> u64 {
    let series = "auditstream_deliveries_total";
    total(stage.worker.address(), series).await.unwrap_or(0)
}

async fn what_waits_for_a_permit_longer_than_the_patience_goes_into_the_lane(queue: Queue) {
    let settings = [
        LONG,
        ("delivery.permits_start", "1"),
        ("delivery.permits_max", "1"),
    ];
    let stage = Stage::new(queue, Clock::default(), &settings).await;
    stage.receiver.hold_after(0);
    for id in ["one", "two", "three"] {
        stage.publish(id).await;
    }
    stage.until_open().await;
    assert_eq!(ended_attempts(&stage).await, 0, "no attempt has failed");
    stage.stop().await;
}

async fn a_stalled_destination_makes_room_at_once_when_the_window_is_more_than_half_full(
    queue: Queue,
) {
    let settings = [
        LONG,
        ("delivery.patience", "1m"),
        ("delivery.permits_start", "2"),
        ("delivery.permits_max", "2"),
        ("queue.prefetch", "8"),
    ];
    let stage = Stage::new(queue, Clock::default(), &settings).await;
    stage.receiver.hold_after(0);
    let began = Instant::now();
    for number in 0..8 {
        stage.publish(&format!("event-{number}")).await;
    }
    stage.until_open().await;
    assert!(
        began.elapsed() < Duration::from_mins(1),
        "the patience was at its end"
    );
    assert_eq!(ended_attempts(&stage).await, 0, "no attempt has failed");
    stage.stop().await;
}

async fn a_destination_that_hangs_leaves_most_of_the_window_to_others(queue: Queue) {
    const WINDOW: usize = 16;
    let permits = "auditstream_destination_permits{destination_id=\"1\"}";
    // By its permits alone it could hold the whole window.
    let settings = [
        LONG,
        ("delivery.patience", "200ms"),
        ("delivery.permits_start", "16"),
        ("delivery.permits_max", "16"),
        ("queue.prefetch", "16"),
        ("metrics.refresh_interval", "100ms"),
    ];
    let stage = Stage::new(queue, Clock::default(), &settings).await;
    let other = willing();
    stage.stream_also_to(other.url("/")).await;
    stage.answer(200);
    stage.publish("answered").await;
    stage.until_arrived("answered").await;
    until("its permits on the page", async || {
        (total(stage.worker.address(), permits).await? == 16).then_some(())
    })
    .await;

    stage.receiver.hold_after(0);
    let ids = ids("event", 2 * WINDOW);
    let (slow, rest) = ids.split_at(WINDOW / 4 + 1);
    for id in slow {
        stage.publish(id).await;
    }
    until("a destination that is held back", async || {
        (total(stage.worker.address(), permits).await? == 1).then_some(())
    })
    .await;
    for id in rest {
        stage.publish(id).await;
    }
    all_arrived(&other, &ids).await;
    assert_eq!(stage.receiver.answered(), 1, "it still hangs");
    let failed = "auditstream_deliveries_total{outcome=\"troubled\"}";
    let failed = total(stage.worker.address(), failed).await;
    assert_eq!(failed, Some(0), "no attempt has failed");
    stage.stop().await;
    other.stop().await;
}

async fn twenty_refusals_in_a_row_are_trouble(queue: Queue) {
    let stage = Stage::new(queue, Clock::default(), &[]).await;
    stage.answer(422);
    for number in 0..19 {
        stage.publish(&format!("event-{number}")).await;
    }
    let refused = "auditstream_deliveries_total{outcome=\"refused\"}";
    until("nineteen refusals", async || {
        (total(stage.worker.address(), refused).await? >= 19).then_some(())
    })
    .await;
    let lane = stage.lane().await;
    assert!(lane.is_none_or(|lane| lane.lane_state != OPEN));
    stage.publish("one-too-many").await;
    stage.until_open().await;
    stage.stop().await;
}

/// A receiver that has too much to do for half an hour.
async fn overloaded() -> SocketAddr {
    const ANSWER: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 1800\r\n\
        content-length: 0\r\nconnection: close\r\n\r\n";
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = [0; 4096];
                // A caller that has gone needs no answer.
                let _ = connection.read(&mut head).await;
                let _ = connection.write_all(ANSWER).await;
                let _ = connection.shutdown().await;
            });
        }
    });
    address
}

async fn a_destination_is_left_alone_for_as_long_as_it_asks(queue: Queue) {
    let url = format!("http://{}/", overloaded().await);
    let stage = Stage::streaming_to(url, queue, Clock::stopped(START)).await;
    stage.publish("one").await;
    stage.until_open().await;
    let lane = stage.lane().await.expect("it has a lane");
    let expected = START + Duration::from_mins(30);
    assert_eq!(lane.next_probe_at, expected.0);
    stage.stop().await;
}
