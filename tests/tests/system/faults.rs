//! Nothing that was accepted is lost, whatever breaks.

use standalone::receiver::Receiver;
use tests::backend::Backend;
use tests::events::{complete_event, event, ids};
use tests::scenario::{all_arrived, publish, receiving, until_received, until_routed_by_version};
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
    a_worker_whose_database_is_away_delivers_by_what_it_knows
);

/// Answers nothing more after so many deliveries, until it is told to.
const ANSWERED: usize = 100;

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
        got.len() >= ANSWERED + WAITING
    })
    .await;
    let (arrived, answered) = (receiver.received().len(), receiver.answered());
    assert!(
        answered <= ANSWERED && arrived >= answered + WAITING,
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
    assert!(receiver.answered() <= ANSWERED);
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
    assert!(receiver.answered() <= ANSWERED);
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
