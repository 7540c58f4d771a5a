//! `auditstream status`.

use std::sync::Arc;

use serde_json::{Value, json};
use standalone::receiver::Receiver;
use tests::backend::Backend;
use tests::events::event;
use tests::scenario::{until_received, willing};
use tests::system::{Administer as _, Setup};
use tests::wait::{until, within_deadline};
use tests::{on_backend, on_every_backend};

use super::{Running, auditstream, run};

on_every_backend!(
    status_shows_every_destination_and_ends_with_3_when_one_is_in_trouble,
    an_owner_sees_the_destinations_of_the_group_alone
);
on_backend!(
    embedded,
    EmbeddedSqlite,
    a_watched_status_is_read_again_until_it_is_interrupted,
    a_watched_status_ends_when_the_token_is_taken_no_more
);

async fn status_shows_every_destination_and_ends_with_3_when_one_is_in_trouble(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let done = run(auditstream(&system, &["status"])).await;
    assert_eq!(
        (done.code, done.stdout.trim()),
        (Some(0), "there are no destinations"),
        "{done:?}"
    );

    let taking = willing();
    let refusing = Receiver::start(([127, 0, 0, 1], 0).into(), Arc::new(|_| 503)).unwrap();
    client.create_group("acme", None).await;
    client.create_group("quiet", None).await;
    client
        .create_group_destination("acme", &taking.url("/"))
        .await;
    let done = run(auditstream(&system, &["status"])).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stdout.contains("healthy"), "{done:?}");

    client.create_instance_destination(&refusing.url("/")).await;
    client
        .publish_all(vec![event("one", "acme", "user_created")])
        .await;
    until_received("the event", &taking, |got| {
        got.iter().any(|one| one.event_id == "one")
    })
    .await;
    let done = until(
        "a destination in trouble, and a success that is counted",
        async || {
            let done = run(auditstream(&system, &["status", "--json"])).await;
            let seen = done.json();
            let destinations = seen["destinations"].as_array().unwrap();
            assert_eq!(destinations.len(), 2, "{done:?}");
            // States are written before what led to them.
            let is_told = |one: &Value| {
                one["lastHour"]["delivered"].as_u64() > Some(1)
                    || !one["health"]["lastFailure"].is_null()
            };
            (done.code == Some(3) && destinations.iter().all(is_told)).then_some(done)
        },
    )
    .await;
    let destinations = done.json()["destinations"].take();
    let of = |group: Value| {
        let mut all = destinations.as_array().unwrap().iter();
        all.find(|one| one["group"] == group).unwrap()
    };
    assert_eq!(of("acme".into())["health"]["state"], "HEALTHY");
    let troubled = of(Value::Null);
    assert_eq!(troubled["health"]["state"], "TROUBLED");
    assert_eq!(troubled["health"]["lastFailure"]["status"], 503);

    let done = run(auditstream(&system, &["status"])).await;
    assert_eq!(done.code, Some(3), "{done:?}");
    for part in [
        "acme",
        "instance",
        "healthy",
        "TROUBLED",
        "the receiver answered with status 503",
    ] {
        assert!(done.stdout.contains(part), "{part}: {done:?}");
    }
    let done = run(auditstream(&system, &["status", "--group", "acme"])).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(!done.stdout.contains("instance"), "{done:?}");
    system.stop().await;
}

async fn an_owner_sees_the_destinations_of_the_group_alone(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = willing();
    for group in ["acme", "other"] {
        client.create_group(group, None).await;
        client
            .create_group_destination(group, &receiver.url("/"))
            .await;
    }
    client.create_instance_destination(&receiver.url("/")).await;
    let token = client.create_owner("grace", "acme").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let file = file.to_str().unwrap();
    let done = run(auditstream(
        &system,
        &["status", "--json", "--token-file", file],
    ))
    .await;
    let seen = done.json();
    let groups: Vec<&Value> = seen["destinations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["group"])
        .collect();
    assert_eq!(groups, ["acme"]);
    let command = ["status", "--group", "other", "--token-file", file];
    let done = run(auditstream(&system, &command)).await;
    assert_eq!((done.code, done.stdout.as_str()), (Some(1), ""));
    assert!(done.stderr.contains("there is no group other"), "{done:?}");
    system.stop().await;
}

async fn a_watched_status_is_read_again_until_it_is_interrupted(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let receiver = willing();
    client.create_group("acme", None).await;
    let command = ["status", "--watch", "--json"];
    let mut watched = Running::start(auditstream(&system, &command));
    let first = watched.next_json().await;
    assert_eq!(first, json!({ "destinations": [] }));
    client
        .create_group_destination("acme", &receiver.url("/"))
        .await;
    until("the destination", async || {
        let next = watched.next_json().await;
        (next["destinations"][0]["group"] == "acme").then_some(())
    })
    .await;
    let done = watched.interrupt().await;
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{done:?}");

    // Nothing that is no terminal is cleared.
    let mut watched = Running::start(auditstream(&system, &["status", "--watch"]));
    let mut lines = Vec::new();
    while lines.len() < 5 {
        let line = within_deadline("a line", watched.lines.next_line()).await;
        lines.push(line.unwrap().unwrap());
    }
    assert!(
        lines[0].starts_with("id") && lines[3] == lines[0],
        "{lines:#?}"
    );
    assert!(
        lines[1].contains("healthy") && lines[2].is_empty(),
        "{lines:#?}"
    );
    assert_eq!(watched.interrupt().await.code, Some(0));
    system.stop().await;
}

async fn a_watched_status_ends_when_the_token_is_taken_no_more(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    client.create_group("acme", None).await;
    let token = client.create_owner("grace", "acme").await;
    let mut command = auditstream(&system, &["status", "--watch", "--json"]);
    command.env("AUDITSTREAM_TOKEN", &token);
    let mut watched = Running::start(command);
    watched.next_json().await;
    let revoke =
        "mutation($token: String) { accessTokenRevoke(input: {token: $token}) { errors } }";
    let revoked = client.graphql_ok(revoke, json!({ "token": token })).await;
    revoked.unwrap();
    let done = watched.end().await;
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(
        done.stderr.contains("the API refused (401): Invalid token"),
        "{done:?}"
    );
    system.stop().await;
}
