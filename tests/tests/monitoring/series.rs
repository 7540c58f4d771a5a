//! Series of single destinations come with trouble or traffic, and go.

use std::net::SocketAddr;
use std::sync::Arc;

use standalone::client::Client;
use standalone::receiver::Receiver;
use tests::backend::Backend;
use tests::events::ids;
use tests::health::open_lanes;
use tests::metrics::total;
use tests::on_backend;
use tests::scenario::{all_arrived, publish, willing};
use tests::system::{Administer as _, Setup};
use tests::wait::until;

use crate::busy::{nobody, number};
use crate::scrape::scrape;

on_backend!(
    rabbit_sqlite,
    RabbitSqlite,
    a_lane_has_series_as_long_as_its_destination_is_in_trouble,
    a_paused_destination_is_not_shown_as_one_in_trouble,
    the_number_of_series_does_not_grow_with_the_number_of_destinations,
);
on_backend!(
    rabbit_postgres,
    RabbitPostgres,
    a_lane_has_series_as_long_as_its_destination_is_in_trouble,
    a_paused_destination_is_not_shown_as_one_in_trouble,
);

fn quick(backend: Backend) -> Setup {
    Setup::on(backend).set("AUDITSTREAM_METRICS__REFRESH_INTERVAL", "100ms")
}

async fn a_lane_has_series_as_long_as_its_destination_is_in_trouble(backend: Backend) {
    const EVENTS: usize = 20;
    let system = quick(backend)
        .set("AUDITSTREAM_METRICS__TOP_DESTINATIONS", "0")
        .start()
        .await;
    let client = system.client();
    client.create_group("acme", None).await;
    let address = nobody();
    let url = format!("http://{address}/");
    let destination = client.create_group_destination("acme", &url).await;
    let label = format!("{{destination_id=\"{}\"}}", number(&destination["id"]));
    let worker = system.workers[0].address();
    let events = format!("auditstream_lane_events{label}");
    let age = format!("auditstream_lane_oldest_age_seconds{label}");
    let permits = format!("auditstream_destination_permits{label}");
    assert_eq!(total(worker, &events).await, None);

    let ids = ids("event", EVENTS);
    publish(&client, &ids).await;
    until("all events in the lane", async || {
        // One may be with a probe, and the event of the destination's creation waits too.
        (total(worker, &events).await? >= EVENTS as u64).then_some(())
    })
    .await;
    assert!(total(worker, &age).await.is_some());
    until("the permits of who is in trouble", async || {
        total(worker, &permits).await.map(drop)
    })
    .await;

    let receiver = Receiver::start(address, Arc::new(|_| 200)).unwrap();
    all_arrived(&receiver, &ids).await;
    for series in [&events, &age, &permits] {
        until(&format!("no more {series}"), async || {
            total(worker, series).await.is_none().then_some(())
        })
        .await;
    }
    let direct = "auditstream_delivery_lag_seconds_count{path=\"direct\"}";
    assert_eq!(total(worker, direct).await, Some(0));
    // A probe comes three quarters of a second after the failure at the earliest, and the wait is part of the lag.
    let delayed = delayed_seconds(worker).await;
    assert!(delayed >= 0.5, "{delayed}");
    system.stop().await;
}

async fn a_paused_destination_is_not_shown_as_one_in_trouble(backend: Backend) {
    let system = quick(backend).start().await;
    let client = system.client();
    client.create_group("acme", None).await;
    let url = format!("http://{}/", nobody());
    let destination = client.create_group_destination("acme", &url).await;
    let id = &destination["id"];
    let label = format!("{{destination_id=\"{}\"}}", number(id));
    let worker = system.workers[0].address();
    let age = format!("auditstream_lane_oldest_age_seconds{label}");
    let events = format!("auditstream_lane_events{label}");
    let shown = async || {
        let lane = (total(worker, &age).await, total(worker, &events).await);
        let in_trouble = total(worker, "auditstream_lanes_open").await?;
        Some((lane.0.is_some(), lane.1.is_some(), in_trouble))
    };
    publish(&client, &ids("event", 5)).await;
    for (active, expected) in [
        (true, (true, true, 1)),
        (false, (false, false, 0)),
        (true, (true, true, 1)),
    ] {
        client.set_active(id, active).await;
        until(
            &format!("{expected:?} of one that is active: {active}"),
            async || (shown().await? == expected).then_some(()),
        )
        .await;
    }
    // It was open all the while.
    assert_eq!(open_lanes(&system.database_url()).await, 1);
    system.stop().await;
}

/// The sum of the lag of what waited.
async fn delayed_seconds(worker: SocketAddr) -> f64 {
    let (_, body) = Client::new(worker, None).get("/metrics").await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let series = "auditstream_delivery_lag_seconds_sum{path=\"delayed\"} ";
    let value = text.lines().find_map(|line| line.strip_prefix(series));
    value.unwrap().parse().unwrap()
}

async fn the_number_of_series_does_not_grow_with_the_number_of_destinations(backend: Backend) {
    const MOST: usize = 3;
    let system = quick(backend)
        .set("AUDITSTREAM_METRICS__TOP_DESTINATIONS", "3")
        .start()
        .await;
    let client = system.client();
    client.create_group("acme", None).await;
    let receiver = willing();
    for number in 0..3 * MOST {
        let url = receiver.url(&format!("/{number}"));
        client.create_group_destination("acme", &url).await;
    }
    publish(&client, &ids("event", 10)).await;
    let worker = system.workers[0].address();
    let shown = async || {
        let families = scrape(worker).await;
        let permits = families.get("auditstream_destination_permits")?;
        Some((
            permits.series,
            families["auditstream_destination_deliveries_total"].series,
        ))
    };
    until("series of the busiest", async || {
        let delivered = total(worker, "auditstream_deliveries_total").await?;
        (delivered >= 3 * 10 * MOST as u64 && shown().await?.0 == MOST).then_some(())
    })
    .await;
    assert_eq!(shown().await, Some((MOST, 2 * MOST)));
    system.stop().await;
}
