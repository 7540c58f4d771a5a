//! Nothing that was accepted is lost, whatever breaks.

use std::collections::HashSet;

use serde_json::Value;
use standalone::client::Client;
use standalone::receiver::Receiver;
use tests::backend::Backend;
use tests::events::{event, ids};
use tests::system::{Administer as _, Setup, System};
use tests::wait::within_deadline;
use tests::{on_backend, on_every_backend};

const EVENTS: usize = 2_000;
const BATCH: usize = 50;

on_every_backend!(a_kill_9_of_the_worker_in_the_middle_loses_nothing);
on_backend!(
    broker_with_sqlite,
    RabbitSqlite,
    a_restart_of_the_broker_in_the_middle_loses_nothing
);
on_backend!(
    broker_with_postgres,
    RabbitPostgres,
    a_restart_of_the_broker_in_the_middle_loses_nothing,
    a_broker_that_is_away_at_the_start_is_waited_for,
);

/// A receiver and a group with a destination on it.
async fn receiving(client: &Client) -> Receiver {
    let receiver = Receiver::start_willing().unwrap();
    client.create_group("acme", None).await;
    client
        .create_group_destination("acme", &receiver.url("/"))
        .await;
    receiver
}

fn batch(ids: &[String]) -> Vec<Value> {
    ids.iter()
        .map(|id| event(id, "acme", "user_created"))
        .collect()
}

async fn all_arrived(receiver: &Receiver, ids: &[String]) {
    let everything = receiver.wait_until(|got| {
        if got.len() < ids.len() {
            return false;
        }
        let arrived: HashSet<&str> = got.iter().map(|one| one.event_id.as_str()).collect();
        ids.iter().all(|id| arrived.contains(id.as_str()))
    });
    within_deadline("every event at the receiver", everything).await;
    let deliveries = receiver
        .received()
        .iter()
        .filter(|one| one.event_id.starts_with("event-"))
        .count();
    println!(
        "{} events, {} repeated deliveries",
        ids.len(),
        deliveries - ids.len()
    );
}

async fn a_kill_9_of_the_worker_in_the_middle_loses_nothing(backend: Backend) {
    let mut system = Setup::on(backend).start().await;
    let receiver = receiving(&system.client()).await;
    let ids = ids("event", EVENTS);
    let (first, second) = ids.split_at(EVENTS / 2);
    for batch_ids in first.chunks(BATCH) {
        system.client().publish_all(batch(batch_ids)).await;
    }
    within_deadline(
        "the first deliveries",
        receiver.wait_until(|got| got.len() > EVENTS / 10),
    )
    .await;
    system.kill_9_and_restart_the_worker().await;
    for batch_ids in second.chunks(BATCH) {
        system.client().publish_all(batch(batch_ids)).await;
    }
    all_arrived(&receiver, &ids).await;
    system.stop().await;
}

async fn a_restart_of_the_broker_in_the_middle_loses_nothing(backend: Backend) {
    let mut system = Setup::on(backend).own_broker().start().await;
    let receiver = receiving(&system.client()).await;
    let ids = ids("event", EVENTS);
    let (first, rest) = ids.split_at(EVENTS / 4);
    let (meanwhile, last) = rest.split_at(EVENTS / 2);
    for batch_ids in first.chunks(BATCH) {
        system.client().publish_all(batch(batch_ids)).await;
    }
    // Publishing goes on while the broker is away: the API keeps what it cannot hand over.
    let client = system.client();
    let producing = async {
        for batch_ids in meanwhile.chunks(BATCH) {
            client.publish_all(batch(batch_ids)).await;
        }
    };
    let mut broker = system.broker.take().unwrap();
    let restarting = async {
        tokio::task::spawn_blocking(move || {
            broker.kill().unwrap();
            broker.start_again().unwrap();
            broker
        })
        .await
        .unwrap()
    };
    let ((), broker) = tokio::join!(producing, restarting);
    system.broker = Some(broker);
    for batch_ids in last.chunks(BATCH) {
        system.client().publish_all(batch(batch_ids)).await;
    }
    all_arrived(&receiver, &ids).await;
    system.stop().await;
}

async fn a_broker_that_is_away_at_the_start_is_waited_for(backend: Backend) {
    let mut system = System::prepare(Setup::on(backend).own_broker()).await;
    let mut broker = system.broker.take().unwrap();
    let broker = tokio::task::spawn_blocking(move || {
        broker.stop().unwrap();
        broker
    });
    let mut broker = broker.await.unwrap();
    system.start_api().await;
    system.start_worker().await;
    let client = system.client();
    let receiver = receiving(&client).await;
    let ids = ids("event", 20);
    client.publish_all(batch(&ids)).await;
    let broker = tokio::task::spawn_blocking(move || {
        broker.start_again().unwrap();
        broker
    });
    system.broker = Some(broker.await.unwrap());
    all_arrived(&receiver, &ids).await;
    let log = system.workers[0].log();
    assert!(log.contains("the broker is not available"), "{log}");
    system.stop().await;
}
