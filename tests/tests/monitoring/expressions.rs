//! Every expression on a dashboard and in a rule has data in a running system, and the alerts that fire are
//! those that should.

use std::collections::BTreeSet;

use tests::monitoring;
use tests::wait::until;

use crate::alerts;
use crate::busy::Busy;
use crate::prometheus::Prometheus;

/// What must fire with a destination at which nobody listens, a retention of seconds, and messages that
/// are no events; and nothing else.
const FIRING: [&str; 3] = [
    "AuditstreamDeadLettersGrow",
    "AuditstreamLaneOld",
    "AuditstreamMessagesRejected",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_expression_has_data_and_the_right_alerts_fire() {
    let folder = tempfile::tempdir().unwrap();
    let prepared = Busy::prepare().await;
    let (api, workers) = prepared.addresses();
    let prometheus = Prometheus::start(folder.path(), api, &workers).await;
    until("a scrape of each process", async || {
        let up = prometheus.query("sum(up) == 3").await;
        (!up.is_empty()).then_some(())
    })
    .await;
    // Until its first scrape Prometheus knows of no process at all.
    until("no alert", async || {
        prometheus.firing().await.is_empty().then_some(())
    })
    .await;

    let busy = prepared.begin().await;
    let mut expressions = monitoring::expressions();
    expressions.extend(alerts::compared());
    let total = expressions.len();
    for (place, expression) in expressions {
        let concrete = concrete(&expression, &busy.failing);
        until(&format!("data for {place}: {concrete}"), async || {
            prometheus.has_data(&concrete).await.then_some(())
        })
        .await;
    }
    println!("{total} expressions have data");
    let expected: BTreeSet<String> = FIRING.map(str::to_owned).into();
    let mut seen = BTreeSet::new();
    until(&format!("{expected:?} alone"), async || {
        let firing = prometheus.firing().await;
        if seen != firing {
            println!("firing: {firing:?}");
            seen.clone_from(&firing);
        }
        (firing == expected).then_some(())
    })
    .await;
    let lane = format!(
        "ALERTS{{alertname=\"AuditstreamLaneOld\",alertstate=\"firing\",destination_id=\"{}\"}}",
        busy.failing
    );
    until(
        "the alert of the lane at which nobody listens",
        async || {
            let alert = prometheus.query(&lane).await;
            (!alert.is_empty()).then_some(())
        },
    )
    .await;
    busy.stop().await;
}

/// What Grafana puts in the place of its variables.
fn concrete(expression: &str, destination: &str) -> String {
    let concrete = expression
        .replace("$__rate_interval", "30s")
        .replace("$destination", destination);
    assert!(!concrete.contains('$'), "{concrete}");
    concrete
}
