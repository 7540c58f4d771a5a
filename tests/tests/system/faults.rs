//! Nothing that was accepted is lost, whatever breaks.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sea_orm::EntityTrait as _;
use shared::entities::rejected_messages;
use standalone::receiver::Receiver;
use tests::backend::Backend;
use tests::events::{complete_event, event, ids};
use tests::metrics::total;
use tests::scenario::{
    all_arrived, moody, publish, receiving, until_received, until_routed_by_version,
};
use tests::system::{Administer as _, Setup, System};
use tests::wait::until;
use tests::{on_backend, on_every_backend};
use xtask::PrivateRabbit;

const EVENTS: usize = 2_000;

on_every_backend!(a_kill_9_of_the_worker_in_the_middle_loses_nothing);
on_backend!(
    broker_with_sqlite,
    RabbitSqlite,
    a_restart_of_the_broker_in_the_middle_loses_nothing
);
on_backend!(
    broker_with_postgres,
    RabbitPostgres,
    a_restart_of_the_broker_in_the_middle_loses_nothing,
    a_broker_that_is_away_at_the_start_is_waited_for,
);
on_backend!(
    database,
    RabbitPostgres,
    a_worker_whose_database_is_away_delivers_by_what_it_knows,
    without_the_database_healthy_destinations_receive_and_the_others_get_theirs_later,
);
on_backend!(
    kills_embedded,
    EmbeddedSqlite,
    fifty_kills_in_20_000_events_lose_nothing
);
on_backend!(
    kills_broker,
    RabbitSqlite,
    fifty_kills_in_20_000_events_lose_nothing,
    under_a_memory_alarm_deliveries_go_on,
    a_message_under_which_200_connections_were_lost_is_rejected_and_not_gone,
);

/// Answers nothing more after so many deliveries, until it is told to.
const ANSWERED: usize = 100;
/// One more may be answered before that: the event of the destination's creation.
const MOST_ANSWERED: usize = ANSWERED + 1;

/// With many requests in flight from the first moment.
fn with_many_at_once(backend: Backend) -> Setup {
    Setup::on(backend).set("AUDITSTREAM_DELIVERY__PERMITS_START", "64")
}

fn report(events: usize, repeated: usize) {
    println!("{events} events, {repeated} repeated deliveries");
}

/// Waits until all requests that the receiver may answer are answered and many more wait for it.
async fn until_in_flight(receiver: &Receiver) {
    const WAITING: usize = 32;
    until_received("requests that wait for an answer", receiver, |got| {
        got.len() >= MOST_ANSWERED + WAITING
    })
    .await;
    let (arrived, answered) = (receiver.received().len(), receiver.answered());
    assert!(
        answered <= MOST_ANSWERED && arrived >= answered + WAITING,
        "{answered} of {arrived} are answered"
    );
}

async fn a_kill_9_of_the_worker_in_the_middle_loses_nothing(backend: Backend) {
    let mut system = with_many_at_once(backend).start().await;
    let receiver = receiving(&system.client()).await;
    receiver.hold_after(ANSWERED);
    let ids = ids("event", EVENTS);
    let (first, second) = ids.split_at(EVENTS / 2);
    publish(&system.client(), first).await;
    until_in_flight(&receiver).await;
    system.kill_9_the_worker().await;
    assert!(receiver.answered() <= MOST_ANSWERED);
    receiver.release();
    system.replace_the_worker().await;
    publish(&system.client(), second).await;
    report(EVENTS, all_arrived(&receiver, &ids).await);
    system.stop().await;
}

async fn a_restart_of_the_broker_in_the_middle_loses_nothing(backend: Backend) {
    let mut system = with_many_at_once(backend).own_broker().start().await;
    let receiver = receiving(&system.client()).await;
    receiver.hold_after(ANSWERED);
    let ids = ids("event", EVENTS);
    let (first, rest) = ids.split_at(EVENTS / 4);
    let (meanwhile, last) = rest.split_at(EVENTS / 2);
    publish(&system.client(), first).await;
    until_in_flight(&receiver).await;
    system.with_broker(PrivateRabbit::kill).await;
    assert!(receiver.answered() <= MOST_ANSWERED);
    // What is answered from here on cannot be acked: it comes again.
    receiver.release();
    // Publishing goes on while the broker is away: the API keeps what it cannot hand over.
    let client = system.client();
    tokio::join!(
        publish(&client, meanwhile),
        system.with_broker(PrivateRabbit::start_again)
    );
    publish(&client, last).await;
    report(EVENTS, all_arrived(&receiver, &ids).await);
    system.stop().await;
}

async fn a_broker_that_is_away_at_the_start_is_waited_for(backend: Backend) {
    let mut system = System::prepare(Setup::on(backend).own_broker()).await;
    system.with_broker(PrivateRabbit::stop).await;
    system.start_api().await;
    system.start_worker().await;
    let client = system.client();
    let receiver = receiving(&client).await;
    let ids = ids("event", 20);
    publish(&client, &ids).await;
    system.with_broker(PrivateRabbit::start_again).await;
    all_arrived(&receiver, &ids).await;
    let log = system.workers[0].log();
    assert!(log.contains("the broker is not available"), "{log}");
    system.stop().await;
}

async fn a_worker_whose_database_is_away_delivers_by_what_it_knows(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = receiving(&client).await;
    let worker = &system.workers[0];
    until_routed_by_version(worker.address(), 1).await;
    let database = system.postgres.as_ref().unwrap();
    database.take_away().await;
    until("the worker misses its database", async || {
        let log = worker.log();
        log.contains("going on with the last").then_some(())
    })
    .await;
    let producer = system.producer().await;
    let without_database = ids("without-database", 20);
    for id in &without_database {
        let event = complete_event(id, "acme", "user_created").to_string();
        producer.publish("user_created", event.as_bytes()).await;
    }
    all_arrived(&receiver, &without_database).await;
    assert!(!worker.log().contains("can be read again"));

    database.bring_back().await;
    client
        .create_group_destination("acme", &receiver.url("/new"))
        .await;
    client
        .publish_all(vec![event("with-database", "acme", "user_created")])
        .await;
    until_received("an event at the new destination", &receiver, |got| {
        got.iter()
            .any(|one| one.path == "/new" && one.event_id == "with-database")
    })
    .await;
    system.stop().await;
}

async fn without_the_database_healthy_destinations_receive_and_the_others_get_theirs_later(
    backend: Backend,
) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = receiving(&client).await;
    let (troubled, well) = moody(true);
    client
        .create_group_destination("acme", &troubled.url("/"))
        .await;
    // That it was created is an event, and its first.
    until_received("the first event", &troubled, |got| !got.is_empty()).await;
    let worker = &system.workers[0];
    until_routed_by_version(worker.address(), 2).await;
    let database = system.postgres.as_ref().unwrap();
    database.take_away().await;
    let producer = system.producer().await;
    let ids = ids("event", 200);
    // A flow of a minute: longer than leases and caches last.
    let mut flow = tokio::time::interval(Duration::from_mins(1) / 200);
    for (number, id) in ids.iter().enumerate() {
        flow.tick().await;
        if number == 150 {
            well.store(false, Ordering::SeqCst);
        }
        let event = complete_event(id, "acme", "user_created").to_string();
        producer.publish("user_created", event.as_bytes()).await;
    }
    all_arrived(&receiver, &ids).await;
    // It failed, and without a lane its events took a rung.
    until("events on a rung", async || {
        let name = "auditstream_handed_on_total{to=\"retry\"}";
        (total(worker.address(), name).await? > 0).then_some(())
    })
    .await;
    database.bring_back().await;
    well.store(true, Ordering::SeqCst);
    all_arrived(&troubled, &ids).await;
    system.stop().await;
}

async fn fifty_kills_in_20_000_events_lose_nothing(backend: Backend) {
    const KILLS: usize = 50;
    const EACH: usize = 400;
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut system = Setup::on(backend).start().await;
    let receiver = receiving(&system.client()).await;
    // Well at times: its lane is opened, drained and closed under the kills.
    let (moody, well) = moody(false);
    system
        .client()
        .create_group_destination("acme", &moody.url("/"))
        .await;
    let ids = ids("event", KILLS * EACH);
    for some in ids.chunks(EACH) {
        well.store(random.bool(), Ordering::SeqCst);
        let before = receiver.received().len();
        publish(&system.client(), some).await;
        let more = random.usize(..EACH);
        until_received("a part of them", &receiver, |got| {
            got.len() >= before + more
        })
        .await;
        system.kill_9_the_worker().await;
        system.replace_the_worker().await;
    }
    well.store(true, Ordering::SeqCst);
    let repeated = all_arrived(&receiver, &ids).await;
    report(ids.len(), repeated);
    all_arrived(&moody, &ids).await;
    system.stop().await;
}

async fn under_a_memory_alarm_deliveries_go_on(backend: Backend) {
    let mut system = with_many_at_once(backend).own_broker().start().await;
    let receiver = receiving(&system.client()).await;
    receiver.hold_after(0);
    let ids = ids("event", 200);
    publish(&system.client(), &ids).await;
    until_received("a request", &receiver, |got| !got.is_empty()).await;
    system
        .with_broker(|broker| broker.set_memory_alarm(true))
        .await;
    receiver.release();
    all_arrived(&receiver, &ids).await;
    let events = format!("{}.events", system.prefix());
    until("an empty queue of events", async || {
        let list = system
            .control_broker(&["list_queues", "--silent", "name", "messages"])
            .await;
        let line = list.lines().find(|line| line.starts_with(&events))?;
        (line.split_whitespace().last()? == "0").then_some(())
    })
    .await;
    system
        .with_broker(|broker| broker.set_memory_alarm(false))
        .await;
    system.stop().await;
}

async fn a_message_under_which_200_connections_were_lost_is_rejected_and_not_gone(
    backend: Backend,
) {
    let mut system = System::prepare(Setup::on(backend)).await;
    system.start_api().await;
    system.ready().await;
    let client = system.client();
    client
        .publish_all(vec![event("poison", "acme", "user_created")])
        .await;
    system.until_waiting("events").await;
    for _ in 0..200 {
        if !system.take_and_drop("events").await {
            break;
        }
    }
    system.start_worker().await;
    let database = tests::database::connect(&system.database_url()).await;
    let row = until("the message in the table", async || {
        let row = rejected_messages::Entity::find().one(&database).await;
        row.ok().flatten()
    })
    .await;
    assert!(
        row.reason.contains("redelivered too often"),
        "{}",
        row.reason
    );
    let body: serde_json::Value = serde_json::from_slice(&row.body).unwrap();
    assert_eq!(body["id"], "poison");
    system.stop().await;
}
