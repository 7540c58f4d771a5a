//! Several workers share the work.

use tests::backend::Backend;
use tests::events::ids;
use tests::metrics::total;
use tests::on_backend;
use tests::scenario::{all_arrived, publish, receiving};
use tests::system::Setup;

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
    let receiver = receiving(&client).await;
    let ids = ids("event", EVENTS);
    publish(&client, &ids).await;
    all_arrived(&receiver, &ids).await;
    let mut delivered = Vec::new();
    for worker in &system.workers {
        let series = "auditstream_deliveries_total{outcome=\"delivered\"}";
        delivered.push(total(worker.address(), series).await.unwrap());
    }
    println!("delivered by each worker: {delivered:?}");
    assert!(delivered.iter().all(|count| *count > 0), "{delivered:?}");
    system.stop().await;
}
