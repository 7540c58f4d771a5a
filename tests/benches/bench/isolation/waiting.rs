//! What the broker has to do for a destination that is away, beside storing its new events.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tests::backend::service_url;
use tests::figures::{rate, ratio};
use tests::metrics;
use tests::system::System;
use tests::wait::until;
use url::Url;

use super::Row;
use crate::ledger::Ledger;
use crate::load::Producer;
use crate::proxy::{ACK, DELIVER, Method, NACK, PUBLISH, Proxy};
use crate::receiver::nobody;
use crate::stage::{GROUP, setup, streaming_to};

/// Events that wait already.
const WAITING: usize = 1_000;
/// New events a second, and for how long; the probes of the first seconds are within it.
const RATE: usize = 20;
const TIME: Duration = Duration::from_secs(30);

/// One row.
pub(super) async fn measure() -> Row {
    let mut url = Url::parse(&service_url("TEST_AMQP_URL")).expect("the broker has a URL");
    let broker = url
        .socket_addrs(|| Some(5672))
        .expect("the broker has an address");
    let proxy = Proxy::start(broker[0]).await;
    url.set_port(Some(proxy.address().port()))
        .and_then(|()| url.set_ip_host(proxy.address().ip()))
        .expect("an AMQP URL has a host");
    let setup = setup().set("AUDITSTREAM_QUEUE__URL", url.as_str());
    let mut system = streaming_to(setup, &[format!("http://{}/", nobody())]).await;
    let seconds = usize::try_from(TIME.as_secs()).expect("it is seconds");
    let ledger = Arc::new(Ledger::new(WAITING + RATE * seconds));
    let producer = Producer::connect(&system).await;
    producer.at_once(&ledger, GROUP, WAITING).await;
    system.start_worker().await;
    until_in_lane(&system, WAITING).await;

    let (client, broker, began) = (proxy.of_client(), proxy.of_broker(), Instant::now());
    let events = producer.steadily(&ledger, GROUP, RATE, TIME).await.len();
    until_in_lane(&system, WAITING + events).await;
    let (client, broker) = (
        since(&client, &proxy.of_client()),
        since(&broker, &proxy.of_broker()),
    );
    let took = began.elapsed();
    system.stop().await;
    row(&client, &broker, events, took)
}

async fn until_in_lane(system: &System, events: usize) {
    let wanted = u64::try_from(events).expect("a run has thousands");
    let series = "auditstream_handed_on_total{to=\"lane\"}";
    until("every event in the lane", async || {
        let stored = metrics::total(system.workers[0].address(), series).await?;
        (stored >= wanted).then_some(())
    })
    .await;
}

fn row(
    client: &BTreeMap<Method, u64>,
    broker: &BTreeMap<Method, u64>,
    events: usize,
    took: Duration,
) -> Row {
    let of = |methods: &BTreeMap<Method, u64>, method| methods.get(&method).copied().unwrap_or(0);
    let each = u64::try_from(events).expect("a run has thousands");
    // Each event is brought by the queue of events, published to the lane and acked, alone or with
    // others. All else is what the worker asks of the broker, and what comes out of the lane.
    let asked: u64 = client
        .iter()
        .filter(|(method, _)| ![PUBLISH, ACK].contains(*method))
        .map(|(_, count)| count)
        .sum();
    let brought = of(broker, DELIVER).saturating_sub(each);
    let more = |method| of(client, method).saturating_sub(each);
    let beside = asked + brought + more(PUBLISH) + more(ACK);
    let beside_per_second = rate(usize::try_from(beside + 1).expect("it is few"), took);
    for (method, count) in client {
        eprintln!("of the worker: {method:?} {count}");
    }
    for (method, count) in broker {
        eprintln!("of the broker: {method:?} {count}");
    }
    #[expect(clippy::cast_precision_loss, reason = "it is few")]
    let publishes = ratio(of(client, PUBLISH) as f64, events as f64);
    Row {
        what: "1 destination away, 1,000 events waiting, 20 new ones/s",
        measured: format!("operations/s beside {publishes:.2} publishes an event"),
        figure: beside_per_second,
        aim: "< 5",
        json: json!({
            "figure": "waiting", "operations_per_second": beside_per_second,
            "publishes_an_event": publishes, "given_back": of(client, NACK),
        }),
    }
}

fn since(before: &BTreeMap<Method, u64>, after: &BTreeMap<Method, u64>) -> BTreeMap<Method, u64> {
    after
        .iter()
        .map(|(method, count)| (*method, count - before.get(method).copied().unwrap_or(0)))
        .filter(|(_, count)| *count > 0)
        .collect()
}
