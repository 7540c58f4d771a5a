//! `auditstream dead-letters`.

use std::process::Stdio;

use sea_orm::{ActiveModelTrait as _, ActiveValue, ConnectionTrait};
use serde_json::Value;
use shared::entities::dead_letters;
use tests::backend::Backend;
use tests::database::connect;
use tests::events::complete_event;
use tests::on_every_backend;
use tests::scenario::{until_received, willing};
use tests::system::{Administer as _, Setup};
use tests::wait::within_deadline;

use super::{Done, auditstream, run};

on_every_backend!(
    dead_letters_are_listed_and_replayed,
    a_list_that_nobody_reads_to_its_end_is_no_failure
);

async fn add(database: &impl ConnectionTrait, destination: &Value, event_id: &str) {
    let number = destination["id"].as_str().unwrap().rsplit('/').next();
    let body = complete_event(event_id, "acme", "user_created").to_string();
    let row = dead_letters::ActiveModel {
        id: ActiveValue::NotSet,
        destination_id: ActiveValue::Set(number.unwrap().parse().unwrap()),
        event_id: ActiveValue::Set(event_id.to_owned()),
        event_type: ActiveValue::Set("user_created".to_owned()),
        body: ActiveValue::Set(body.into_bytes()),
        attempts: ActiveValue::Set(9),
        last_status: ActiveValue::Set(Some(503)),
        last_error: ActiveValue::Set("it answered with status 503".to_owned()),
        first_seen_at: ActiveValue::Set(1),
        died_at: ActiveValue::Set(2),
        last_attempt_at: ActiveValue::Set(Some(2)),
        replay_requested_at: ActiveValue::Set(None),
        claimed_until: ActiveValue::Set(0),
    };
    row.insert(database).await.unwrap();
}

async fn dead_letters_are_listed_and_replayed(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    let (receiver, other) = (willing(), willing());
    client.create_group("acme", None).await;
    // The second of a list is found by the cursor of the first.
    let first = client
        .create_group_destination("acme", &other.url("/"))
        .await;
    let second = client
        .create_group_destination("acme", &receiver.url("/"))
        .await;
    let database = connect(&system.database_url()).await;
    // More than a page.
    for number in 0..120 {
        add(&database, &second, &format!("dead-{number}")).await;
    }
    add(&database, &first, "elsewhere").await;

    let done = run(auditstream(&system, &["dead-letters", "list", "--json"])).await;
    assert_eq!(
        (done.code, done.json_lines().len()),
        (Some(0), 121),
        "{done:?}"
    );
    let name = second["name"].as_str().unwrap();
    let list = ["dead-letters", "list", "--destination", name];
    let done = run(auditstream(&system, &list)).await;
    assert!(done.stdout.contains("120 dead letters"), "{done:?}");
    assert_eq!(done.stdout.lines().count(), 121);
    assert!(!done.stdout.contains("elsewhere"));
    assert!(
        done.stdout
            .contains("dead-119  user_created  9  it answered with status 503")
    );
    let list = ["dead-letters", "list", "--event-id", "dead-110", "--json"];
    let found = run(auditstream(&system, &list)).await.json_lines();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["eventId"], "dead-110");

    let unsaid = run(auditstream(&system, &["dead-letters", "replay"])).await;
    assert_eq!(unsaid.code, Some(2), "it must be said which: {unsaid:?}");
    let unconfirmed = run(auditstream(&system, &["dead-letters", "replay", "--all"])).await;
    assert_eq!(unconfirmed.code, Some(1), "{unconfirmed:?}");
    assert!(
        unconfirmed.stderr.contains("121 dead letters"),
        "{unconfirmed:?}"
    );
    let none = [
        "dead-letters",
        "replay",
        "--event-id",
        "no-such-event",
        "--yes",
    ];
    let none = run(auditstream(&system, &none)).await;
    assert_eq!(none.code, Some(1), "{none:?}");

    let one = [
        "dead-letters",
        "replay",
        "--event-id",
        "dead-110",
        "--yes",
        "--json",
    ];
    let done = run(auditstream(&system, &one)).await;
    assert_eq!(
        (done.code, &done.json()["accepted"]),
        (Some(0), &1.into()),
        "{done:?}"
    );
    until_received("the one", &receiver, |got| {
        got.iter().any(|one| one.event_id == "dead-110")
    })
    .await;
    let replayed = |got: &standalone::receiver::Received| got.event_id.starts_with("dead-");
    assert_eq!(receiver.received().into_iter().filter(replayed).count(), 1);

    let id = second["id"].as_str().unwrap();
    let rest = [
        "dead-letters",
        "replay",
        "--all",
        "--destination",
        id,
        "--yes",
    ];
    let done = run(auditstream(&system, &rest)).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    until_received("all of the destination", &receiver, |got| {
        got.iter().filter(|got| replayed(got)).count() == 120
    })
    .await;
    assert!(
        !other
            .received()
            .iter()
            .any(|one| one.event_id == "elsewhere")
    );
    system.stop().await;
}

async fn a_list_that_nobody_reads_to_its_end_is_no_failure(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let client = system.client();
    client.create_group("acme", None).await;
    let destination = client
        .create_group_destination("acme", &willing().url("/"))
        .await;
    let database = connect(&system.database_url()).await;
    add(&database, &destination, "dead").await;
    let mut child = auditstream(&system, &["dead-letters", "list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It has to ask the API before it writes.
    drop(child.stdout.take());
    let done = within_deadline("its end", child.wait_with_output()).await;
    let done: Done = done.unwrap().into();
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""));
    system.stop().await;
}
