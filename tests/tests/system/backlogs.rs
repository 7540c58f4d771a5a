//! What waits in a lane is safe, and costs next to nothing.

use serde_json::Value;
use standalone::client::Client;
use standalone::receiver::Receiver;
use tests::backend::Backend;
use tests::events::{complete_event, ids};
use tests::health::{failures, until_open_lanes};
use tests::metrics::total;
use tests::scenario::{all_arrived, publish, until_routed_by_version, willing};
use tests::system::{Administer as _, Setup, System};
use tests::wait::until;
use tests::{on_backend, on_every_backend};
use tokio::time::Instant;
use xtask::PrivateRabbit;

on_every_backend!(
    a_lane_is_found_by_a_worker_that_starts_later,
    nothing_is_sent_later_than_a_second_after_a_deactivation_or_destruction_and_all_of_it_after_a_reactivation,
    what_waits_for_a_destroyed_destination_is_discarded,
);
on_backend!(
    broker,
    RabbitPostgres,
    fifty_thousand_waiting_events_cost_next_to_nothing_and_survive_a_restart_of_everything,
    a_worker_that_dies_while_it_drains_is_replaced_by_another,
);
on_backend!(
    embedded,
    EmbeddedSqlite,
    fifty_thousand_waiting_events_survive_a_kill_9_of_everything
);

/// Events that wait at once: a lane of an afternoon.
const MANY: usize = 50_000;

/// The group `acme` with a destination on a receiver that answers nothing; and the destination's id.
async fn silent(client: &Client) -> (Receiver, Value) {
    let receiver = willing();
    receiver.hold_after(0);
    client.create_group("acme", None).await;
    let mut destination = client
        .create_group_destination("acme", &receiver.url("/"))
        .await;
    (receiver, destination["id"].take())
}

fn impatient(backend: Backend) -> Setup {
    Setup::on(backend).set("AUDITSTREAM_DELIVERY__TIMEOUT", "1s")
}

async fn a_lane_is_found_by_a_worker_that_starts_later(backend: Backend) {
    let mut system = impatient(backend).start().await;
    let client = system.client();
    let (receiver, _) = silent(&client).await;
    let ids = ids("event", 200);
    publish(&client, &ids).await;
    until_open_lanes(&system, 1).await;
    system.kill_9_the_worker().await;
    receiver.release();
    system.replace_the_worker().await;
    all_arrived(&receiver, &ids).await;
    until_open_lanes(&system, 0).await;
    system.stop().await;
}

async fn nothing_is_sent_later_than_a_second_after_a_deactivation_or_destruction_and_all_of_it_after_a_reactivation(
    backend: Backend,
) {
    const SOON: std::time::Duration = std::time::Duration::from_secs(1);
    // Slow enough that most of the events wait when the destination is deactivated.
    let setup = Setup::on(backend)
        .set("AUDITSTREAM_DELIVERY__PERMITS_START", "1")
        .set("AUDITSTREAM_DELIVERY__PERMITS_MAX", "1");
    let system = setup.start().await;
    let client = system.client();
    let times = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = times.clone();
    let slow = std::sync::Arc::new(move |_: &_| {
        noted.lock().unwrap().push(Instant::now());
        #[expect(clippy::disallowed_methods, reason = "the receiver is to be slow")]
        std::thread::sleep(std::time::Duration::from_millis(20));
        200
    });
    let receiver = Receiver::start(([127, 0, 0, 1], 0).into(), slow).unwrap();
    client.create_group("acme", None).await;
    let destination = client
        .create_group_destination("acme", &receiver.url("/"))
        .await;
    let id = &destination["id"];
    let other = willing();
    client
        .create_group_destination("acme", &other.url("/"))
        .await;
    let ids = ids("event", 400);
    publish(&client, &ids).await;
    // What is routed is for both; what a worker routes later is not for the one that is inactive then.
    all_arrived(&other, &ids).await;
    client.set_active(id, false).await;
    let deactivated = Instant::now();
    until_open_lanes(&system, 1).await;
    let after = tests::events::ids("after", 50);
    publish(&client, &after).await;
    all_arrived(&other, &after).await;
    until("three seconds after the deactivation", async || {
        (deactivated.elapsed() > 3 * SOON).then_some(())
    })
    .await;
    let until_now = times.lock().unwrap().len();
    assert!(until_now < ids.len(), "it was deactivated too late");
    for time in times.lock().unwrap().iter() {
        assert!(*time < deactivated + SOON, "sent after the deactivation");
    }
    client.set_active(id, true).await;
    all_arrived(&receiver, &ids).await;
    let got = receiver.received();
    assert!(
        !got.iter().any(|one| one.event_id.starts_with("after-")),
        "what happened while it was inactive is not its"
    );

    // The same when it is destroyed.
    let last = tests::events::ids("last", 400);
    publish(&client, &last).await;
    all_arrived(&other, &last).await;
    client.destroy_group_destination(id).await;
    let destroyed = Instant::now();
    until("three seconds after the destruction", async || {
        (destroyed.elapsed() > 3 * SOON).then_some(())
    })
    .await;
    let times = times.lock().unwrap().clone();
    assert!(
        times.len() < ids.len() + last.len(),
        "it was destroyed too late"
    );
    assert!(times.iter().all(|time| *time < destroyed + SOON));
    system.stop().await;
}

async fn what_waits_for_a_destroyed_destination_is_discarded(backend: Backend) {
    let system = impatient(backend).start().await;
    let client = system.client();
    let (receiver, id) = silent(&client).await;
    let ids = ids("event", 200);
    publish(&client, &ids).await;
    until_open_lanes(&system, 1).await;
    client.destroy_group_destination(&id).await;
    let destroyed = receiver.received().len();
    until("the removal of the lane", async || {
        (tests::health::lanes_to_remove(&system.database_url()).await == 0).then_some(())
    })
    .await;
    let worker = system.worker_address().await;
    until("all of them are counted", async || {
        let discarded = "auditstream_deliveries_discarded_total";
        (total(worker, discarded).await? >= ids.len() as u64).then_some(())
    })
    .await;
    receiver.release();
    let other = willing();
    client
        .create_group_destination("acme", &other.url("/"))
        .await;
    let after = tests::events::ids("after", 20);
    publish(&client, &after).await;
    all_arrived(&other, &after).await;
    // Those that were under way when it was destroyed.
    assert!(receiver.received().len() <= destroyed + 16);
    assert!(
        !receiver
            .received()
            .iter()
            .any(|one| one.event_id.starts_with("after-"))
    );
    system.stop().await;
}

/// Requests that the broker has read on all its connections.
async fn requests(system: &mut System) -> u64 {
    let list = system
        .control_broker(&["list_connections", "--silent", "recv_cnt"])
        .await;
    list.lines()
        .filter_map(|line| line.trim().parse::<u64>().ok())
        .sum()
}

/// Messages that wait in a queue.
async fn depth(system: &mut System, queue: &str) -> Option<usize> {
    let list = system
        .control_broker(&["list_queues", "--silent", "name", "messages_ready"])
        .await;
    let line = list.lines().find(|line| line.starts_with(queue))?;
    line.split_whitespace().last()?.parse().ok()
}

async fn fifty_thousand_waiting_events_cost_next_to_nothing_and_survive_a_restart_of_everything(
    backend: Backend,
) {
    const FEW: f64 = 5.0;
    let mut system = impatient(backend).own_broker().workers(2).start().await;
    let client = system.client();
    let (receiver, id) = silent(&client).await;
    for worker in &system.workers {
        until_routed_by_version(worker.address(), 1).await;
    }
    let ids = ids("event", MANY);
    let producer = system.producer().await;
    for some in ids.chunks(500) {
        let events = some.iter().map(|id| async {
            let event = complete_event(id, "acme", "user_created").to_string();
            producer.publish("user_created", event.as_bytes()).await;
        });
        futures_util::future::join_all(events).await;
    }
    let lane = format!("{}.lane.1", system.prefix());
    until("all of them in the lane", async || {
        (depth(&mut system, &lane).await? >= MANY).then_some(())
    })
    .await;
    // The producer is a connection, too.
    drop(producer);
    let url = system.database_url();
    let before = failures(&url).await;
    let (began, counted) = (Instant::now(), requests(&mut system).await);
    // Long enough that what each worker asks for its metrics now and then is a part of it.
    let long = std::time::Duration::from_secs(30);
    until("one more failed attempt", async || {
        (began.elapsed() >= long && failures(&url).await > before).then_some(())
    })
    .await;
    let requests = requests(&mut system).await.saturating_sub(counted);
    #[expect(clippy::cast_precision_loss, reason = "it is small")]
    let each_second = requests as f64 / began.elapsed().as_secs_f64();
    println!("{each_second:.1} requests to the broker a second with {MANY} events waiting");
    assert!(each_second < FEW, "{each_second} requests a second");

    for worker in system.workers.drain(..) {
        worker.kill_9().await;
    }
    system.with_broker(PrivateRabbit::kill).await;
    system.with_broker(PrivateRabbit::start_again).await;
    receiver.release();
    for _ in 0..2 {
        system.start_worker().await;
    }
    // Whoever changes a destination wants to know: it is tried at once.
    client.set_active(&id, false).await;
    client.set_active(&id, true).await;
    let repeated = all_arrived(&receiver, &ids).await;
    println!("{repeated} repeated deliveries");
    system.stop().await;
}

async fn fifty_thousand_waiting_events_survive_a_kill_9_of_everything(backend: Backend) {
    const BATCH: usize = 1_000;
    let mut system = impatient(backend).start().await;
    let client = system.client();
    let (receiver, id) = silent(&client).await;
    let ids = ids("event", MANY);
    for some in ids.chunks(BATCH) {
        client.publish_all(tests::events::events(some)).await;
    }
    let address = system.worker_address().await;
    until("all of them in the lane", async || {
        let lane = "auditstream_handed_on_total{to=\"lane\"}";
        (total(address, lane).await? >= MANY as u64).then_some(())
    })
    .await;
    system.kill_9_the_worker().await;
    receiver.release();
    system.replace_the_worker().await;
    let client = system.client();
    client.set_active(&id, false).await;
    client.set_active(&id, true).await;
    let repeated = all_arrived(&receiver, &ids).await;
    println!("{repeated} repeated deliveries");
    system.stop().await;
}

async fn a_worker_that_dies_while_it_drains_is_replaced_by_another(backend: Backend) {
    const EVENTS: usize = 1_000;
    let mut system = impatient(backend).workers(2).start().await;
    let client = system.client();
    let (receiver, _) = silent(&client).await;
    let ids = ids("event", EVENTS);
    publish(&client, &ids).await;
    until_open_lanes(&system, 1).await;
    // Some are answered, then a drain is under way that waits for answers.
    let answered = receiver.answered();
    receiver.hold_after(100);
    let draining = until("a drain that waits for answers", async || {
        if receiver.answered() < answered + 100 {
            return None;
        }
        for (number, worker) in system.workers.iter().enumerate() {
            let in_flight =
                tests::metrics::total(worker.address(), "auditstream_deliveries_in_flight").await;
            if in_flight? > 0 {
                return Some(number);
            }
        }
        None
    })
    .await;
    system.workers.remove(draining).kill_9().await;
    receiver.release();
    all_arrived(&receiver, &ids).await;
    system.stop().await;
}
