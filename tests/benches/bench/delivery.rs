//! `bench delivery`: the worker beside the bare loop, by turns, on the same broker, queue and receiver.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tests::figures::{median, percentile, rate, ratio};
use tests::system::System;
use tokio::time::sleep;

use crate::arguments::Options;
use crate::bare_loop::REQUESTS;
use crate::consumer::{Consumer, Kind};
use crate::ledger::Ledger;
use crate::load::Producer;
use crate::receiver::Receiver;
use crate::report::{Table, print};
use crate::stage::{GROUP, setup, streaming_to};

/// The steady load under which the time of a delivery is taken.
const STEADY_RATE: usize = 500;
const STEADY_TIME: Duration = Duration::from_secs(4);
/// How long a consumer that has everything gets to ack the last of it.
const LAST_ACKS: Duration = Duration::from_millis(200);

/// What one consumer showed in one round.
struct Round {
    /// Events a second with a full queue.
    rate: f64,
    /// Microseconds of processor time an event.
    cpu: f64,
    /// Milliseconds from publish to receiver under the steady load.
    p50: f64,
    p99: f64,
}

/// One figure of a round, and how it is printed.
struct Figure {
    label: &'static str,
    key: &'static str,
    digits: usize,
    of: fn(&Round) -> f64,
}

const FIGURES: [Figure; 4] = [
    Figure {
        label: "events/s",
        key: "rate",
        digits: 0,
        of: |round| round.rate,
    },
    Figure {
        label: "µs CPU an event",
        key: "cpu_us",
        digits: 1,
        of: |round| round.cpu,
    },
    Figure {
        label: "p50 ms",
        key: "p50_ms",
        digits: 2,
        of: |round| round.p50,
    },
    Figure {
        label: "p99 ms",
        key: "p99_ms",
        digits: 2,
        of: |round| round.p99,
    },
];

/// Measures and prints.
pub(crate) async fn run(options: &Options) {
    // One round more, which warms up and does not count.
    let steady = STEADY_RATE * usize::try_from(STEADY_TIME.as_secs()).expect("it is seconds");
    let ledger = Arc::new(Ledger::new(
        (options.events + steady) * 2 * (options.rounds + 1),
    ));
    let receiver = Receiver::start(&ledger).await;
    let permits = REQUESTS.to_string();
    let setup = setup()
        // A worker that has just started would spend the beginning of each round growing to this.
        .set("AUDITSTREAM_DELIVERY__PERMITS_START", &permits)
        .set("AUDITSTREAM_DELIVERY__PERMITS_MAX", &permits);
    let mut system = streaming_to(setup, &[receiver.url()]).await;
    let producer = Producer::connect(&system).await;
    let (mut worker, mut bare) = (Vec::new(), Vec::new());
    for number in 0..=options.rounds {
        for (kind, rounds) in [(Kind::Worker, &mut worker), (Kind::BareLoop, &mut bare)] {
            let round = measure(kind, options, &mut system, &ledger, &receiver, &producer).await;
            eprintln!(
                "round {number}, {kind:?}: {:.0} events/s, {:.1} µs CPU, p50 {:.2} ms, p99 {:.2} ms",
                round.rate, round.cpu, round.p50, round.p99
            );
            if number > 0 {
                rounds.push(round);
            }
        }
    }
    system.stop().await;
    report(options, &worker, &bare);
}

async fn measure(
    kind: Kind,
    options: &Options,
    system: &mut System,
    ledger: &Ledger,
    receiver: &Receiver,
    producer: &Producer,
) -> Round {
    let before = receiver.count();
    let numbers = producer.at_once(ledger, GROUP, options.events).await;
    let consumer = Consumer::start(kind, system, &receiver.url()).await;
    receiver.wait_for(before + 1).await;
    let cpu = consumer.cpu(system);
    receiver.wait_for(before + numbers.len()).await;
    let cpu = consumer.cpu(system).saturating_sub(cpu);
    let span = receiver.span(numbers.clone());
    sleep(LAST_ACKS).await;

    let steady = producer
        .steadily(ledger, GROUP, STEADY_RATE, STEADY_TIME)
        .await;
    receiver
        .wait_for(before + numbers.len() + steady.len())
        .await;
    let latencies = receiver.latencies(steady);
    sleep(LAST_ACKS).await;
    consumer.stop(system).await;
    let millis = |hundredths| percentile(&latencies, hundredths).as_secs_f64() * 1e3;
    Round {
        rate: rate(numbers.len(), span),
        cpu: ratio(
            cpu.as_secs_f64() * 1e6,
            rate(numbers.len() + 1, Duration::from_secs(1)),
        ),
        p50: millis(50),
        p99: millis(99),
    }
}

fn report(options: &Options, worker: &[Round], bare: &[Round]) {
    let column = |rounds: &[Round], of: fn(&Round) -> f64| {
        median(&rounds.iter().map(of).collect::<Vec<_>>())
    };
    let mut table = Table::new(&["", "worker", "bare loop", "worker / bare loop"]);
    let mut figures = Vec::new();
    for Figure {
        label,
        key,
        digits,
        of,
    } in FIGURES
    {
        let (worker_all, bare_all) = (column(worker, of), column(bare, of));
        // Of each round by itself: what else the machine does differs from one to the next.
        let ratios: Vec<f64> = worker
            .iter()
            .zip(bare)
            .map(|(worker, bare)| ratio(of(worker), of(bare)))
            .collect();
        let of_rounds = median(&ratios);
        table.row(&[
            label.to_owned(),
            format!("{worker_all:.digits$}"),
            format!("{bare_all:.digits$}"),
            format!("{of_rounds:.2}"),
        ]);
        figures.push(
            json!({"figure": key, "worker": worker_all, "bare_loop": bare_all, "ratio": of_rounds}),
        );
    }
    let heading = format!(
        "delivery: medians of {} rounds of {} events of 1 KiB; p50 and p99 from publish to receiver at {STEADY_RATE} events/s",
        options.rounds, options.events
    );
    print(options.json, &heading, &table, &Value::from(figures));
}
