//! A destination in trouble keeps its events in a lane of its own, and slows nobody.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use standalone::client::Client;
use standalone::receiver::{Answer, Receiver};
use tests::backend::Backend;
use tests::events::{event, ids};
use tests::health::until_open_lanes;
use tests::scenario::{all_arrived, publish, until_received, willing};
use tests::system::{Administer as _, Setup};
use tests::wait::until;
use tests::{on_backend, on_every_backend};

on_every_backend!(
    two_destinations_in_trouble_slow_nobody_and_have_everything_in_the_end,
    twenty_silent_destinations_slow_nobody_and_have_everything_in_the_end,
    an_event_that_is_answered_500_for_ever_does_not_stop_the_rest_of_its_lane,
    a_refused_event_does_not_stop_the_others,
);

on_backend!(
    rabbit,
    RabbitPostgres,
    the_first_destinations_have_a_lane_before_any_trouble_and_until_they_are_destroyed
);

const EVENTS: usize = 300;
/// Requests that a drain has under way at most.
const AT_ONCE: usize = 64;

/// An address on which nobody listens, for now.
fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address")
}

/// A receiver whose answers `status` decides by the event's id.
fn answering(bind: SocketAddr, status: impl Fn(&str) -> u16 + Send + Sync + 'static) -> Receiver {
    let answer: Answer = Arc::new(move |received| status(&received.event_id));
    Receiver::start(bind, answer).expect("a receiver can be started")
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// Publishes one after another, so that they come into a lane in this order.
async fn publish_in_order(client: &Client, ids: &[String]) {
    for id in ids {
        client
            .publish_all(vec![event(id, "acme", "user_created")])
            .await;
    }
}

/// How far from its place among these any event arrived first.
fn farthest(receiver: &Receiver, ids: &[String]) -> usize {
    let mut places = HashMap::new();
    for one in receiver.received() {
        let next = places.len();
        if ids.contains(&one.event_id) {
            places.entry(one.event_id).or_insert(next);
        }
    }
    let displaced = ids
        .iter()
        .enumerate()
        .map(|(place, id)| places[id].abs_diff(place));
    displaced.max().unwrap_or(0)
}

async fn two_destinations_in_trouble_slow_nobody_and_have_everything_in_the_end(backend: Backend) {
    let system = Setup::on(backend)
        .set("AUDITSTREAM_DELIVERY__TIMEOUT", "4s")
        .start()
        .await;
    let client = system.client();
    client.create_group("acme", None).await;
    let healthy: Vec<Receiver> = (0..8).map(|_| willing()).collect();
    for receiver in &healthy {
        client
            .create_group_destination("acme", &receiver.url("/"))
            .await;
    }
    let silent = willing();
    silent.hold_after(0);
    client
        .create_group_destination("acme", &silent.url("/"))
        .await;
    let refusing = nobody();
    client
        .create_group_destination("acme", &format!("http://{refusing}/"))
        .await;

    let before = ids("before", EVENTS);
    publish_in_order(&client, &before).await;
    for receiver in &healthy {
        all_arrived(receiver, &before).await;
    }
    until_open_lanes(&system, 2).await;
    let waiting = ids("waiting", EVENTS);
    publish_in_order(&client, &waiting).await;
    for receiver in &healthy {
        all_arrived(receiver, &waiting).await;
    }
    // Both are in trouble all the time until here.
    assert_eq!(silent.answered(), 0);
    silent.release();
    let recovered = answering(refusing, |_| 200);
    let all = [before, waiting.clone()].concat();
    for receiver in [&silent, &recovered] {
        all_arrived(receiver, &all).await;
    }
    // What was under way to the silent one when its lane was opened may stand elsewhere.
    for (receiver, expected) in [(&silent, &waiting), (&recovered, &all)] {
        let distance = farthest(receiver, expected);
        let received = receiver.received().into_iter();
        let arrived: Vec<String> = received.map(|one| one.event_id).collect();
        assert!(
            distance <= AT_ONCE,
            "an event is {distance} from its place: {arrived:?}"
        );
    }
    system.stop().await;
}

async fn twenty_silent_destinations_slow_nobody_and_have_everything_in_the_end(backend: Backend) {
    const SILENT: usize = 20;
    // A window that the silent ones could fill many times over.
    let system = Setup::on(backend)
        .set("AUDITSTREAM_DELIVERY__TIMEOUT", "3s")
        .set("AUDITSTREAM_QUEUE__PREFETCH", "50")
        .start()
        .await;
    let client = system.client();
    client.create_group("acme", None).await;
    let receivers: Vec<Receiver> = (0..SILENT + 3).map(|_| willing()).collect();
    for receiver in &receivers {
        client
            .create_group_destination("acme", &receiver.url("/"))
            .await;
    }
    let (silent, healthy) = receivers.split_at(SILENT);
    let first = ids("before", 1);
    publish(&client, &first).await;
    for receiver in &receivers {
        all_arrived(receiver, &first).await;
    }

    let answered: Vec<usize> = silent.iter().map(Receiver::answered).collect();
    for receiver in silent {
        receiver.hold_after(0);
    }
    let ids = ids("event", EVENTS);
    publish(&client, &ids).await;
    for receiver in healthy {
        all_arrived(receiver, &ids).await;
    }
    let still: Vec<usize> = silent.iter().map(Receiver::answered).collect();
    assert_eq!(still, answered, "all of them are silent until here");

    for receiver in silent {
        receiver.release();
    }
    for (receiver, before) in silent.iter().zip(answered) {
        all_arrived(receiver, &ids).await;
        // What arrived while it was silent counts when it is answered.
        until("every event answered", async || {
            (receiver.answered() >= before + EVENTS).then_some(())
        })
        .await;
    }
    for receiver in healthy {
        assert_eq!(all_arrived(receiver, &ids).await, 0, "nothing came twice");
    }
    system.stop().await;
}

async fn an_event_that_is_answered_500_for_ever_does_not_stop_the_rest_of_its_lane(
    backend: Backend,
) {
    const POISON: &str = "event-10";
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = answering(any_port(), |id| if id == POISON { 500 } else { 200 });
    client.create_group("acme", None).await;
    client
        .create_group_destination("acme", &receiver.url("/"))
        .await;
    let mut ids = ids("event", 100);
    publish(&client, &ids).await;
    ids.retain(|id| id != POISON);
    all_arrived(&receiver, &ids).await;
    // And it is tried again alone, on the ladder.
    let tries = |got: &[standalone::receiver::Received]| {
        got.iter().filter(|one| one.event_id == POISON).count()
    };
    let before = tries(&receiver.received());
    until_received("another try", &receiver, |got| tries(got) > before).await;
    system.stop().await;
}

async fn a_refused_event_does_not_stop_the_others(backend: Backend) {
    const REFUSED: &str = "event-3";
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = answering(any_port(), |id| if id == REFUSED { 422 } else { 200 });
    client.create_group("acme", None).await;
    client
        .create_group_destination("acme", &receiver.url("/"))
        .await;
    let mut ids = ids("event", 20);
    publish(&client, &ids).await;
    ids.retain(|id| id != REFUSED);
    assert_eq!(all_arrived(&receiver, &ids).await, 0);
    until_received("a second try on the ladder", &receiver, |got| {
        got.iter().filter(|one| one.event_id == REFUSED).count() >= 2
    })
    .await;
    system.stop().await;
}

async fn the_first_destinations_have_a_lane_before_any_trouble_and_until_they_are_destroyed(
    backend: Backend,
) {
    let system = Setup::on(backend)
        .set("AUDITSTREAM_DELIVERY__LANES_AHEAD", "2")
        .start()
        .await;
    let client = system.client();
    client.create_group("acme", None).await;
    let receiver = willing();
    let mut destinations = Vec::new();
    for path in ["/1", "/2", "/3"] {
        destinations.push(
            client
                .create_group_destination("acme", &receiver.url(path))
                .await,
        );
    }
    until("the lanes of two", async || {
        (system.has_lane(1).await && system.has_lane(2).await).then_some(())
    })
    .await;
    assert!(!system.has_lane(3).await);

    client
        .destroy_group_destination(&destinations[0]["id"])
        .await;
    // The third is among the first two now.
    until(
        "the lane of the third, and that of the first gone",
        async || (system.has_lane(3).await && !system.has_lane(1).await).then_some(()),
    )
    .await;
    assert!(system.has_lane(2).await);
    system.stop().await;
}
