//! How fast a lane drains when its destination is back, beside the rate to a destination that was never
//! away.

use std::sync::Arc;

use serde_json::json;
use tests::figures::{median, rate, ratio};
use tests::metrics;
use tests::wait::until;

use super::Row;
use crate::arguments::Options;
use crate::ledger::Ledger;
use crate::load::Producer;
use crate::receiver::{Receiver, nobody};
use crate::stage::{GROUP, setup, streaming_to};

/// One row.
pub(super) async fn measure(options: &Options) -> Row {
    let (mut drains, mut fasts) = (Vec::new(), Vec::new());
    for number in 1..=options.rounds {
        let (drain, fast) = rates(options.events).await;
        eprintln!("round {number}: lane {drain:.0} events/s, fast path {fast:.0} events/s");
        drains.push(drain);
        fasts.push(fast);
    }
    let ratios = drains.iter().zip(&fasts);
    let ratios: Vec<f64> = ratios.map(|(drain, fast)| ratio(*drain, *fast)).collect();
    let figure = median(&ratios);
    let (drain, fast) = (median(&drains), median(&fasts));
    Row {
        what: "a lane drains after recovery",
        measured: format!("{drain:.0} events/s, fast path {fast:.0}"),
        figure,
        aim: ">= 0.5",
        json: json!({
            "figure": "recovery", "events": options.events,
            "lane_rate": drain, "fast_rate": fast, "ratio": figure,
        }),
    }
}

/// The rate of the lane and that of the fast path, in one system.
async fn rates(events: usize) -> (f64, f64) {
    let ledger = Arc::new(Ledger::new(2 * events));
    let address = nobody();
    let mut system = streaming_to(setup(), &[format!("http://{address}/")]).await;
    let producer = Producer::connect(&system).await;
    let waiting = producer.at_once(&ledger, GROUP, events).await;
    system.start_worker().await;
    let worker = system.workers[0].address();
    let in_lane = "auditstream_handed_on_total{to=\"lane\"}";
    let wanted = u64::try_from(events).expect("a run has thousands");
    until("every event in the lane", async || {
        let stored = metrics::total(worker, in_lane).await?;
        (stored >= wanted).then_some(())
    })
    .await;
    let receiver = Receiver::start_on(address, &ledger).await;
    receiver.wait_for(events).await;
    let drain = rate(events, receiver.span(waiting));

    // On the same broker with the same destination; a worker of its own begins with a full queue. What
    // was declared closed is drained on until nobody can put anything into it.
    until("a closed lane", async || {
        (metrics::total(worker, "auditstream_lanes_open").await? == 0).then_some(())
    })
    .await;
    let worker = system.workers.pop().expect("it was started");
    worker.terminate().await;
    let queued = producer.at_once(&ledger, GROUP, events).await;
    system.start_worker().await;
    receiver.wait_for(2 * events).await;
    let fast = rate(events, receiver.span(queued));
    system.stop().await;
    (drain, fast)
}
