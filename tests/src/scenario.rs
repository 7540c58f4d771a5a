//! Parts that many whole-system tests are made of: a receiver with a destination on it, publishing,
//! and waiting for what must arrive.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use standalone::client::Client;
use standalone::receiver::{Received, Receiver};

use crate::events::events;
use crate::metrics;
use crate::system::Administer as _;
use crate::wait::{until, within_deadline};

/// Events of one request when many are published.
const BATCH: usize = 50;

/// A receiver, and the group `acme` with a destination on its path `/`.
pub async fn receiving(client: &Client) -> Receiver {
    let receiver = willing();
    stream_acme_to(client, &receiver).await;
    receiver
}

/// A receiver that answers 200 to everything.
pub fn willing() -> Receiver {
    Receiver::start_willing().expect("a receiver can be started")
}

/// A receiver that answers 200 while it is well and 503 otherwise, and what says whether it is.
pub fn moody(well: bool) -> (Receiver, Arc<AtomicBool>) {
    let well = Arc::new(AtomicBool::new(well));
    let asked = well.clone();
    let answer = move |_: &Received| {
        if asked.load(Ordering::SeqCst) {
            200
        } else {
            503
        }
    };
    let receiver = Receiver::start(([127, 0, 0, 1], 0).into(), Arc::new(answer));
    (receiver.expect("a receiver can be started"), well)
}

/// Makes the group `acme` and a destination of it on the receiver's path `/`.
pub async fn stream_acme_to(client: &Client, receiver: &Receiver) {
    client.create_group("acme", None).await;
    client
        .create_group_destination("acme", &receiver.url("/"))
        .await;
}

/// Publishes an event of the group `acme` for each id, in batches.
pub async fn publish(client: &Client, ids: &[String]) {
    for ids in ids.chunks(BATCH) {
        client.publish_all(events(ids)).await;
    }
}

/// Waits until `done` says so of what arrived.
pub async fn until_received(
    what: &str,
    receiver: &Receiver,
    done: impl FnMut(&[Received]) -> bool,
) {
    within_deadline(what, receiver.wait_until(done))
        .await
        .expect("the receiver runs until the test ends");
}

/// Waits until each of these events has arrived, and returns how many deliveries of them came again.
pub async fn all_arrived(receiver: &Receiver, ids: &[String]) -> usize {
    until_received("every event at the receiver", receiver, |got| {
        if got.len() < ids.len() {
            return false;
        }
        let arrived: HashSet<&str> = got.iter().map(|one| one.event_id.as_str()).collect();
        ids.iter().all(|id| arrived.contains(id.as_str()))
    })
    .await;
    let expected: HashSet<&str> = ids.iter().map(String::as_str).collect();
    let deliveries = receiver
        .received()
        .iter()
        .filter(|one| expected.contains(one.event_id.as_str()))
        .count();
    deliveries - expected.len()
}

/// Waits until a worker routes by this version of the streaming configuration, or a newer one. An
/// event that a producer sends over AMQP names none, and is routed by the one that the worker has.
pub async fn until_routed_by_version(worker: SocketAddr, version: u64) {
    until("the worker knows the configuration", async || {
        let known = metrics::total(worker, "auditstream_config_version").await?;
        (known >= version).then_some(())
    })
    .await;
}
