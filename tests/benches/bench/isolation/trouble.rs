//! Eight healthy destinations of a group beside others in trouble, and alone.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tests::figures::{median, percentile, ratio};
use tests::system::System;
use tests::wait::until;

use super::Row;
use crate::ledger::Ledger;
use crate::load::Producer;
use crate::receiver::{Receiver, Silent, nobody};
use crate::stage::{GROUP, setup, streaming_to};

const HEALTHY: usize = 8;
/// Events a second, each for all destinations of the group.
const RATE: usize = 100;
/// From the first event, so that the lanes open within it, and that first attempts reach their limit.
const TIME: Duration = Duration::from_secs(30);
/// The lanes open within the first of these seconds.
const OPENING: usize = 3;

/// What is counted by half second: about half more than the p99 of those that are alone.
const LATE: Duration = Duration::from_millis(6);

/// What else is in the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    /// One that refuses connections, one that accepts and never answers.
    Two,
    /// Twenty that accept and never answer.
    TwentySilent,
    /// The same, with lanes that are made when they are opened, as for destinations beyond `delivery.lanes_ahead`.
    TwentySilentUnprepared,
}

/// Three rows: with two in trouble, with twenty, and with twenty that have no lane before.
pub(super) async fn measure(rounds: usize) -> [Row; 3] {
    let (mut two, mut twenty, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    let mut unprepared = Vec::new();
    for number in 1..=rounds {
        for (beside, found) in [
            (Beside::Nothing, &mut alone),
            (Beside::Two, &mut two),
            (Beside::TwentySilent, &mut twenty),
            (Beside::TwentySilentUnprepared, &mut unprepared),
        ] {
            let (p99, opening) = p99_beside(beside).await;
            eprintln!(
                "round {number}, {beside:?} beside: p99 {p99:.2} ms, in the first {OPENING} s {opening:.2} ms"
            );
            found.push(p99);
        }
    }
    [
        row(
            "8 healthy beside 1 refusing and 1 silent",
            "two_in_trouble",
            &two,
            &alone,
        ),
        row(
            "8 healthy beside 20 silent, all in one group",
            "twenty_silent",
            &twenty,
            &alone,
        ),
        Row {
            aim: "",
            ..row(
                "the same, lanes made in the moment",
                "twenty_silent_unprepared",
                &unprepared,
                &alone,
            )
        },
    ]
}

fn row(what: &'static str, key: &str, beside: &[f64], alone: &[f64]) -> Row {
    let ratios = beside.iter().zip(alone);
    let ratios: Vec<f64> = ratios
        .map(|(beside, alone)| ratio(*beside, *alone))
        .collect();
    let figure = median(&ratios);
    let (beside, alone) = (median(beside), median(alone));
    Row {
        what,
        measured: format!("p99 {beside:.2} ms, alone {alone:.2} ms"),
        figure,
        aim: "<= 1.5",
        json: json!({"figure": key, "p99_ms": beside, "alone_ms": alone, "ratio": figure}),
    }
}

/// Waits until each destination has its lane: they are there for longer than a moment before the trouble.
async fn lanes_are_ready(system: &System, destinations: usize) {
    for number in 1..=destinations {
        until(&format!("lane {number}"), async || {
            system.has_lane(number).await.then_some(())
        })
        .await;
    }
}

/// How many deliveries of each half second took longer than [`LATE`].
fn late(healthy: &[Receiver], numbers: Range<usize>) -> Vec<usize> {
    let parts = numbers.step_by(RATE / 2);
    let of_part = |first: usize| {
        let latencies = healthy
            .iter()
            .flat_map(|receiver| receiver.latencies(first..first + RATE / 2));
        latencies.filter(|latency| *latency > LATE).count()
    };
    parts.map(of_part).collect()
}

/// The p99 of the healthy ones in milliseconds, of the whole time and of the opening, in a system of its
/// own: lanes of an earlier run would still be open.
async fn p99_beside(beside: Beside) -> (f64, f64) {
    let seconds = usize::try_from(TIME.as_secs()).expect("it is seconds");
    let ledger = Arc::new(Ledger::new(RATE * seconds));
    let mut healthy = Vec::new();
    for _ in 0..HEALTHY {
        healthy.push(Receiver::start(&ledger).await);
    }
    let silent = match beside {
        Beside::Nothing => 0,
        Beside::Two => 1,
        Beside::TwentySilent | Beside::TwentySilentUnprepared => 20,
    };
    let mut holding = Vec::new();
    for _ in 0..silent {
        holding.push(Silent::start().await);
    }
    let mut urls: Vec<String> = healthy.iter().map(Receiver::url).collect();
    urls.extend(holding.iter().map(Silent::url));
    if beside == Beside::Two {
        urls.push(format!("http://{}/", nobody()));
    }
    let ahead = if beside == Beside::TwentySilentUnprepared {
        0
    } else {
        urls.len()
    };
    let setup = setup().set("AUDITSTREAM_DELIVERY__LANES_AHEAD", &ahead.to_string());
    let mut system = streaming_to(setup, &urls).await;
    system.start_worker().await;
    system.ready().await;
    lanes_are_ready(&system, ahead).await;
    let producer = Producer::connect(&system).await;
    let numbers = producer.steadily(&ledger, GROUP, RATE, TIME).await;
    let (mut latencies, mut opening) = (Vec::new(), Vec::new());
    let first = numbers.start..numbers.start + OPENING * RATE;
    for receiver in &healthy {
        receiver.wait_for(numbers.len()).await;
        latencies.extend(receiver.latencies(numbers.clone()));
        opening.extend(receiver.latencies(first.clone()));
    }
    system.stop().await;
    eprintln!(
        "deliveries over {} ms by half second: {:?}",
        LATE.as_millis(),
        late(&healthy, numbers)
    );
    let p99 = |latencies| percentile(latencies, 99).as_secs_f64() * 1e3;
    (p99(&latencies), p99(&opening))
}
