//! `auditstream publish`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use standalone::receiver::Received;
use tempfile::TempDir;
use tests::backend::Backend;
use tests::events::{event, events, ids};
use tests::on_every_backend;
use tests::scenario::{all_arrived, receiving, until_received};
use tests::system::{ADMIN_TOKEN, Setup, System};
use tests::wait::within_deadline;
use tokio::io::{
    AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

use super::{Done, auditstream, run, run_with_input, with_variables};

on_every_backend!(
    every_event_of_a_file_is_published,
    a_bad_line_is_told_and_what_comes_before_it_is_published,
    publishing_waits_for_an_api_that_is_away,
    events_whose_answer_was_lost_are_sent_again_with_the_same_id,
    who_interrupts_it_is_told_how_far_it_got,
);

fn lines(ids: &[String]) -> String {
    let lines: Vec<String> = events(ids).iter().map(Value::to_string).collect();
    lines.join("\n") + "\n"
}

fn file(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.ndjson");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

async fn every_event_of_a_file_is_published(backend: Backend) {
    // More than one batch.
    const EVENTS: usize = 1_100;
    let system = Setup::on(backend).start().await;
    let receiver = receiving(&system.client()).await;
    let from_file = ids("line", EVENTS);
    let (_folder, path) = file(&lines(&from_file));
    let done = run(auditstream(&system, &["publish", path.to_str().unwrap()])).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(done.stderr, "1100 events were accepted\n");

    let from_input = ids("element", 3);
    let array = serde_json::to_string_pretty(&events(&from_input)).unwrap();
    let done = run_with_input(auditstream(&system, &["publish", "--json", "-"]), &array).await;
    let expected =
        json!({"accepted": 3, "sentAgain": 0, "next": null, "inDoubt": false, "problems": []});
    assert_eq!((done.code, done.json()), (Some(0), expected), "{done:?}");

    all_arrived(&receiver, &from_file).await;
    all_arrived(&receiver, &from_input).await;
    system.stop().await;
}

async fn a_bad_line_is_told_and_what_comes_before_it_is_published(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let receiver = receiving(&system.client()).await;
    let mut unknown_type = event("unknown", "acme", "user_creatd");
    unknown_type.as_object_mut().unwrap().remove("author_id");
    let good = ids("good", 4);
    let text = format!("{}{unknown_type}\n{}", lines(&good[..2]), lines(&good[2..]));
    let (_folder, path) = file(&text);
    let path_text = path.to_str().unwrap();
    let done = run(auditstream(&system, &["publish", path_text])).await;
    assert_eq!(done.code, Some(1), "{done:?}");
    assert_eq!(
        done.stderr,
        "line 3: event_type is not a known event type: \"user_creatd\"\n\
         line 3: author_id is missing\n\
         2 events were accepted, none from line 3 on: go on with --from-line 3\n"
    );
    until_received("what comes before the bad line", &receiver, |got| {
        good[..2]
            .iter()
            .all(|id| got.iter().any(|one| one.event_id == *id))
    })
    .await;
    let later = |got: &Received| good[2..].contains(&got.event_id);
    assert!(!receiver.received().iter().any(later));

    // Cut off in the middle, which the API is not asked about.
    std::fs::write(&path, text.replace(&unknown_type.to_string(), "{\"id\":")).unwrap();
    let command = ["publish", path_text, "--from-line", "3", "--json"];
    let done = run(auditstream(&system, &command)).await;
    assert_eq!(done.code, Some(1), "{done:?}");
    let summary = done.json();
    assert_eq!(
        (&summary["accepted"], &summary["next"]),
        (&json!(0), &json!(3))
    );
    assert_eq!(summary["problems"][0]["place"], 3);

    let done = run(auditstream(
        &system,
        &["publish", path_text, "--from-line", "4"],
    ))
    .await;
    assert_eq!(
        (done.code, done.stderr.as_str()),
        (Some(0), "2 events were accepted\n")
    );
    assert_eq!(
        all_arrived(&receiver, &good).await,
        0,
        "nothing was sent twice"
    );
    system.stop().await;
}

async fn publishing_waits_for_an_api_that_is_away(backend: Backend) {
    // A port that is free now.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let setup = Setup::on(backend).set("AUDITSTREAM_API__BIND", &address.to_string());
    let mut system = System::prepare(setup).await;
    let (_folder, path) = file(&lines(&ids("early", 3)));
    let arguments = ["publish", path.to_str().unwrap(), "--retry-for", "60s"];
    let mut child = with_variables(&format!("http://{address}"), ADMIN_TOKEN, &arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = within_deadline("a word on the retry", said.next_line()).await;
    let first = first.unwrap().unwrap();
    assert!(first.contains("the API does not answer"), "{first}");
    assert!(first.contains("trying again in"), "{first}");
    system.start_api().await;
    let mut last = first;
    while let Some(line) = within_deadline("the end", said.next_line()).await.unwrap() {
        last = line;
    }
    let done: Done = child.wait_with_output().await.unwrap().into();
    // Nothing is told to have been sent twice: there was no connection.
    assert_eq!(
        (done.code, last.as_str()),
        (Some(0), "3 events were accepted")
    );
    system.stop().await;
}

/// A way to the API on which the first answer is lost; where it is.
async fn first_answer_lost(api: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut is_first = true;
        while let Ok((mut client, _)) = listener.accept().await {
            let mut api = TcpStream::connect(api).await.unwrap();
            if std::mem::take(&mut is_first) {
                let (mut from_client, _) = client.split();
                let (mut from_api, mut to_api) = api.split();
                let mut answer = [0];
                tokio::select! {
                    _ = tokio::io::copy(&mut from_client, &mut to_api) => {}
                    _ = from_api.read_exact(&mut answer) => {}
                }
            } else {
                tokio::spawn(async move { copy_bidirectional(&mut client, &mut api).await });
            }
        }
    });
    address
}

async fn events_whose_answer_was_lost_are_sent_again_with_the_same_id(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let receiver = receiving(&system.client()).await;
    let lossy = first_answer_lost(system.api.as_ref().unwrap().address()).await;
    let mut without_id = event("", "acme", "user_destroyed");
    without_id.as_object_mut().unwrap().remove("id");
    let publish = with_variables(&format!("http://{lossy}"), ADMIN_TOKEN, &["publish", "-"]);
    let done = run_with_input(publish, &without_id.to_string()).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    let told = "1 event was accepted\n1 of them were sent again";
    assert!(done.stderr.contains(told), "{done:?}");
    let is_it = |one: &&Received| one.header("x-gitlab-audit-event-type") == Some("user_destroyed");
    until_received("both", &receiver, |got| {
        got.iter().filter(is_it).count() == 2
    })
    .await;
    let requests = receiver.received();
    let mut ids = requests.iter().filter(is_it).map(|one| &one.event_id);
    assert_eq!(ids.next(), ids.next());
    system.stop().await;
}

async fn who_interrupts_it_is_told_how_far_it_got(backend: Backend) {
    // The last of them waits for others of its batch, or for the end of the input.
    const EVENTS: usize = 501;
    let system = Setup::on(backend).start().await;
    let receiver = receiving(&system.client()).await;
    let ids = ids("line", EVENTS);
    let mut child = auditstream(&system, &["publish", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(lines(&ids).as_bytes()).await.unwrap();
    all_arrived(&receiver, &ids[..EVENTS - 1]).await;
    let process = child.id().unwrap().to_string();
    let sent = Command::new("kill").args(["-INT", &process]).status().await;
    assert!(sent.unwrap().success());
    let ended = within_deadline("its end", child.wait_with_output()).await;
    let done: Done = ended.unwrap().into();
    assert_eq!(done.code, Some(1), "{done:?}");
    assert_eq!(
        done.stderr,
        "500 events were accepted, none from line 501 on: go on with --from-line 501\n"
    );
    drop(input);
    system.stop().await;
}
