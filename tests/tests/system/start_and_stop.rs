//! Processes start together, refuse what they cannot use, and end without losing anything.

use std::collections::HashSet;
use std::sync::Arc;

use standalone::client::Client;
use standalone::receiver::Receiver;
use tests::backend::Backend;
use tests::events::{event, ids};
use tests::process::command;
use tests::system::{Administer as _, Setup, System};
use tests::wait::{until, within_deadline};
use tests::{on_backend, on_every_backend};

on_backend!(
    rabbit_postgres_processes,
    RabbitPostgres,
    processes_that_start_at_once_on_an_empty_database_all_come_up,
    a_worker_that_is_asked_to_end_hands_back_what_it_has_not_begun,
);
on_backend!(
    rabbit_sqlite_processes,
    RabbitSqlite,
    processes_that_start_at_once_on_an_empty_database_all_come_up,
    a_worker_that_is_asked_to_end_hands_back_what_it_has_not_begun,
);
on_every_backend!(
    health_and_metrics_are_served,
    an_unusable_configuration_stops_the_start_with_all_its_problems,
);

async fn processes_that_start_at_once_on_an_empty_database_all_come_up(backend: Backend) {
    let mut first = System::prepare(Setup::on(backend)).await;
    let environment = first.environment();
    let others: Vec<_> = [
        "api-service",
        "delivery-worker",
        "api-service",
        "delivery-worker",
    ]
    .into_iter()
    .enumerate()
    .map(|(number, name)| {
        let environment = environment.clone();
        tokio::spawn(async move {
            let folder = tempfile::tempdir().unwrap();
            let process =
                tests::process::Process::start(name, number, folder.path(), &environment, "on ")
                    .await;
            (process, folder)
        })
    })
    .collect();
    first.start_api().await;
    for other in others {
        let (process, _folder) = other.await.unwrap();
        assert!(process.terminate().await.success());
    }
    first.client().create_group("acme", None).await;
    first.stop().await;
}

async fn a_worker_that_is_asked_to_end_hands_back_what_it_has_not_begun(backend: Backend) {
    const EVENTS: usize = 300;
    let setup = Setup::on(backend).set("AUDITSTREAM_DELIVERY__CONCURRENCY", "4");
    let mut system = setup.start().await;
    let client = system.client();
    // Slow enough that most of the events are still waiting when the worker is asked to end.
    let slow = Arc::new(|_: &_| {
        #[expect(clippy::disallowed_methods, reason = "the receiver is to be slow")]
        std::thread::sleep(std::time::Duration::from_millis(10));
        200
    });
    let receiver = Receiver::start(([127, 0, 0, 1], 0).into(), slow).unwrap();
    client.create_group("acme", None).await;
    client
        .create_group_destination("acme", &receiver.url("/"))
        .await;
    let ids = ids("event", EVENTS);
    let events = ids.iter().map(|id| event(id, "acme", "user_created"));
    client.publish_all(events.collect()).await;
    within_deadline(
        "the first deliveries",
        receiver.wait_until(|got| got.len() > 10),
    )
    .await;
    let status = system.workers.remove(0).terminate().await;
    assert!(status.success(), "{status}");
    assert!(
        receiver.received().len() < EVENTS,
        "the worker should have been asked earlier"
    );
    system.start_worker().await;
    let everything = receiver.wait_until(|got| {
        let arrived: HashSet<&str> = got.iter().map(|one| one.event_id.as_str()).collect();
        ids.iter().all(|id| arrived.contains(id.as_str()))
    });
    within_deadline("every event at the receiver", everything).await;
    let deliveries = receiver
        .received()
        .iter()
        .filter(|one| one.event_id.starts_with("event-"))
        .count();
    assert_eq!(
        deliveries, EVENTS,
        "what was in flight was finished, so nothing came twice"
    );
    system.stop().await;
}

async fn health_and_metrics_are_served(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let mut addresses = vec![system.api.as_ref().unwrap().address()];
    addresses.extend(system.workers.iter().map(tests::process::Process::address));
    for address in addresses {
        let client = Client::new(address, None);
        for path in ["/-/liveness", "/-/readiness", "/metrics"] {
            // A process answers before it is connected to the broker.
            until(path, async || {
                let (status, _) = client.get(path).await.ok()?;
                (status == 200).then_some(())
            })
            .await;
        }
        let (status, _) = client.get("/no/such/path").await.unwrap();
        assert_eq!(status, 404);
    }
    system.stop().await;
}

async fn an_unusable_configuration_stops_the_start_with_all_its_problems(backend: Backend) {
    let binaries: &[&str] = if backend.has_broker() {
        &["api-service", "delivery-worker"]
    } else {
        &["auditstream"]
    };
    let environment: Vec<(String, String)> = [
        ("AUDITSTREAM_API__BIND", "everywhere"),
        ("AUDITSTREAM_DELIVERY__RETENTION", "a while"),
        ("AUDITSTREAM_LIMITS__HEADRES", "3"),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect();
    for name in binaries {
        let output = command(name, &environment).output().await.unwrap();
        assert_eq!(output.status.code(), Some(2));
        let text = String::from_utf8(output.stderr).unwrap();
        for (variable, _) in &environment {
            assert!(text.contains(variable.as_str()), "{name}: {text}");
        }
    }
}
