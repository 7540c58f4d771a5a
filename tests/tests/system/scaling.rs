//! Several workers share the work.

use std::collections::HashSet;

use standalone::client::Client;
use standalone::receiver::Receiver;
use tests::backend::Backend;
use tests::events::{event, ids};
use tests::on_backend;
use tests::system::{Administer as _, Setup};
use tests::wait::within_deadline;

on_backend!(
    rabbit_postgres,
    RabbitPostgres,
    three_workers_share_10_000_events_and_nothing_is_missing
);

async fn three_workers_share_10_000_events_and_nothing_is_missing(backend: Backend) {
    const EVENTS: usize = 10_000;
    // A window much smaller than the backlog, so that no worker takes it all.
    let setup = Setup::on(backend)
        .workers(3)
        .set("AUDITSTREAM_QUEUE__PREFETCH", "64");
    let system = setup.start().await;
    let client = system.client();
    let receiver = Receiver::start_willing().unwrap();
    client.create_group("acme", None).await;
    client
        .create_group_destination("acme", &receiver.url("/"))
        .await;
    let ids = ids("event", EVENTS);
    for batch in ids.chunks(500) {
        let events = batch
            .iter()
            .map(|id| event(id, "acme", "user_created"))
            .collect();
        client.publish_all(events).await;
    }
    let everything = receiver.wait_until(|got| {
        if got.len() < EVENTS {
            return false;
        }
        let arrived: HashSet<&str> = got.iter().map(|one| one.event_id.as_str()).collect();
        ids.iter().all(|id| arrived.contains(id.as_str()))
    });
    within_deadline("every event at the receiver", everything).await;
    let mut delivered = Vec::new();
    for worker in &system.workers {
        let (status, text) = Client::new(worker.address(), None)
            .get("/metrics")
            .await
            .unwrap();
        assert_eq!(status, 200);
        delivered.push(delivered_total(std::str::from_utf8(&text).unwrap()));
    }
    println!("delivered by each worker: {delivered:?}");
    assert!(delivered.iter().all(|count| *count > 0), "{delivered:?}");
    system.stop().await;
}

fn delivered_total(metrics: &str) -> u64 {
    let line = metrics
        .lines()
        .find(|line| line.starts_with("auditstream_deliveries_total{outcome=\"delivered\"}"))
        .unwrap();
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}
