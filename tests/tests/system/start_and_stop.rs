//! Processes start together, refuse what they cannot use, and end without losing anything.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use standalone::client::Client;
use standalone::receiver::Receiver;
use tests::backend::Backend;
use tests::events::{event, events, ids};
use tests::process::command;
use tests::scenario::{all_arrived, moody, stream_acme_to, until_received};
use tests::system::{Administer as _, Setup, System};
use tests::wait::until;
use tests::{on_backend, on_every_backend};

on_backend!(
    rabbit_postgres_processes,
    RabbitPostgres,
    processes_that_start_at_once_on_an_empty_database_all_come_up,
    a_worker_that_is_asked_to_end_hands_back_what_it_has_not_begun,
    processes_that_are_asked_to_end_under_a_memory_alarm_end,
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
    definitions_that_cannot_be_used_stop_the_start_with_all_their_problems,
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
    let setup = Setup::on(backend)
        .set("AUDITSTREAM_DELIVERY__PERMITS_START", "4")
        .set("AUDITSTREAM_DELIVERY__PERMITS_MAX", "4");
    let mut system = setup.start().await;
    let client = system.client();
    // Slow enough that most of the events are still waiting when the worker is asked to end.
    let slow = Arc::new(|_: &_| {
        #[expect(clippy::disallowed_methods, reason = "the receiver is to be slow")]
        std::thread::sleep(std::time::Duration::from_millis(10));
        200
    });
    let receiver = Receiver::start(([127, 0, 0, 1], 0).into(), slow).unwrap();
    stream_acme_to(&client, &receiver).await;
    let ids = ids("event", EVENTS);
    client.publish_all(events(&ids)).await;
    until_received("the first deliveries", &receiver, |got| got.len() > 10).await;
    let status = system.workers.remove(0).terminate().await;
    assert!(status.success(), "{status}");
    assert!(
        receiver.received().len() < EVENTS,
        "the worker should have been asked earlier"
    );
    system.start_worker().await;
    assert_eq!(
        all_arrived(&receiver, &ids).await,
        0,
        "what was in flight was finished, so nothing came twice"
    );
    system.stop().await;
}

async fn processes_that_are_asked_to_end_under_a_memory_alarm_end(backend: Backend) {
    const BLOCKED: &str = "the broker takes no messages";
    const SOON: Duration = Duration::from_secs(10);
    let setup = Setup::on(backend)
        .own_broker()
        .set("AUDITSTREAM_QUEUE__PUBLISH_TIMEOUT", "500ms");
    let mut system = setup.start().await;
    system.ready().await;
    let client = system.client();
    let (receiver, well) = moody(false);
    receiver.hold_after(0);
    stream_acme_to(&client, &receiver).await;
    let ids = ids("event", 20);
    let (before, under_alarm) = ids.split_at(10);
    client.publish_all(events(before)).await;
    until_received("requests that wait for an answer", &receiver, |got| {
        before
            .iter()
            .all(|id| got.iter().any(|one| one.event_id == *id))
    })
    .await;
    system
        .with_broker(|broker| broker.set_memory_alarm(true))
        .await;
    // The worker has to hand on what the receiver refuses, the API what is published: the broker
    // takes neither, and says so to each at its first message.
    receiver.release();
    for id in under_alarm {
        client
            .publish_all(vec![event(id, "acme", "user_created")])
            .await;
    }
    let api = system.api.take().unwrap();
    let worker = system.workers.remove(0);
    for process in [&api, &worker] {
        until("a process that is told of the alarm", async || {
            process.log().contains(BLOCKED).then_some(())
        })
        .await;
    }
    for process in [api, worker] {
        let asked = Instant::now();
        let status = process.terminate().await;
        assert!(status.success(), "{status}");
        assert!(asked.elapsed() < SOON, "it took {:?}", asked.elapsed());
    }
    system
        .with_broker(|broker| broker.set_memory_alarm(false))
        .await;
    well.store(true, Ordering::SeqCst);
    let refused = receiver.received().len();
    system.start_api().await;
    system.start_worker().await;
    until_received("every event, once it is taken", &receiver, |got| {
        ids.iter()
            .all(|id| got[refused..].iter().any(|one| one.event_id == *id))
    })
    .await;
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

/// The binaries that serve on a backend.
fn binaries(backend: Backend) -> &'static [&'static str] {
    if backend.has_broker() {
        &["api-service", "delivery-worker"]
    } else {
        &["auditstream"]
    }
}

async fn an_unusable_configuration_stops_the_start_with_all_its_problems(backend: Backend) {
    let environment: Vec<(String, String)> = [
        ("AUDITSTREAM_API__BIND", "everywhere"),
        ("AUDITSTREAM_DELIVERY__RETENTION", "a while"),
        ("AUDITSTREAM_LIMITS__HEADRES", "3"),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect();
    for name in binaries(backend) {
        let output = command(name, &environment).output().await.unwrap();
        assert_eq!(output.status.code(), Some(2));
        let text = String::from_utf8(output.stderr).unwrap();
        for (variable, _) in &environment {
            assert!(text.contains(variable.as_str()), "{name}: {text}");
        }
    }
}

async fn definitions_that_cannot_be_used_stop_the_start_with_all_their_problems(backend: Backend) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("one.yml", "name: one\nscope: [Pet]\n"), ("two", "")] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let variable = "AUDITSTREAM_CATALOGUE__DEFINITIONS";
    let path = folder.path().to_str().unwrap().to_owned();
    let environment = [(variable.to_owned(), path)];
    let mut commands: Vec<_> = binaries(backend)
        .iter()
        .map(|name| command(name, &environment))
        .collect();
    let mut check = command("auditstream", &environment);
    check.args(["config", "check"]);
    commands.push(check);
    for mut command in commands {
        let output = command.output().await.unwrap();
        assert_eq!(output.status.code(), Some(2));
        let text = String::from_utf8(output.stderr).unwrap();
        for problem in ["one.yml: description", "one.yml: scope", "two: is no file"] {
            let problem = format!("{variable}: {problem}");
            assert!(text.contains(&problem), "{text}");
        }
    }
}
