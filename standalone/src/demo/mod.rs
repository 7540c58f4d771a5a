//! `auditstream demo`: the main job from beginning to end, on a scratch folder.

mod events;
mod table;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use shared::config::{Config, Source};
use shared::{secrets, telemetry};

use crate::client::Client;
use crate::pair::Pair;
use crate::progress::Progress;
use crate::receiver::{Received, Receiver};

pub use table::show_request;

/// How long the deliveries may take before the demo says that they did not arrive.
const PATIENCE: Duration = Duration::from_secs(30);
/// Path of the receiver that gets everything.
const EVERYTHING: &str = "/siem/everything";
/// Path of the receiver that gets a few types.
const FILTERED: &str = "/siem/access-only";

/// Runs the demo; fails when an event did not arrive where it should.
pub async fn run() -> anyhow::Result<()> {
    let scratch = tempfile::tempdir()?;
    let admin_token = secrets::random_token(32);
    let mut settings = Source::default();
    let database = scratch.path().join("auditstream.db");
    settings.set(
        "database.url",
        format!("sqlite://{}?mode=rwc", database.display()),
    );
    settings.set("api.bind", "127.0.0.1:0");
    settings.set("worker.bind", "127.0.0.1:0");
    settings.set("delivery.allow_local_requests", "true");
    settings.set("bootstrap.admin_token", admin_token.expose_secret());
    settings.set("log.level", "warn");
    let config = Config::from_source(&settings, Vec::new())?;
    telemetry::init(&config.log);

    let receiver = Receiver::start_willing()?;
    let (pair, _) = Pair::start(config).await?;
    println!(
        "API service on http://{}, delivery worker beside it",
        pair.api.address()
    );
    println!("receiver on http://{}", receiver.address());
    let client = Client::new(pair.api.address(), Some(admin_token.expose_secret()));
    let shown = show(&client, &receiver).await;
    pair.stop().await;
    receiver.stop().await;
    shown
}

async fn show(client: &Client, receiver: &Receiver) -> anyhow::Result<()> {
    client
        .graphql_ok(
            r#"mutation { groupCreate(input: {path: "acme", name: "Acme"}) { errors group { id } } }"#,
            Value::Null,
        )
        .await?;
    println!("made the group acme");
    let everything = create_destination(client, "everything", &receiver.url(EVERYTHING)).await?;
    println!("made the destination `everything` ({everything})");
    let filtered = create_destination(client, "access only", &receiver.url(FILTERED)).await?;
    // Changes are audit events themselves: two creations at the first destination, its own at the
    // second, which would not pass the filter.
    changes_arrived(receiver, 3).await?;
    add_event_types(client, &filtered).await?;
    changes_arrived(receiver, 4).await?;
    println!(
        "made the destination `access only` ({filtered}), limited to {}",
        events::FILTER.join(", ")
    );

    let events = events::all();
    let started = Instant::now();
    publish(client, &events).await?;
    let mut progress = Progress::new("delivered", expected(&events).len());
    let arrived = receiver.wait_until(|received| {
        let missing = missing(&events, received);
        progress.at(expected(&events).len() - missing.len());
        missing.is_empty()
    });
    let Ok(arrived) = tokio::time::timeout(PATIENCE, arrived).await else {
        let missing = missing(&events, &receiver.received());
        anyhow::bail!(
            "{} deliveries did not arrive within {} s",
            missing.len(),
            PATIENCE.as_secs()
        );
    };
    arrived?;
    progress.done();
    println!(
        "all deliveries arrived {} ms after the first publish",
        started.elapsed().as_millis()
    );
    println!();
    let requests = receiver.received();
    print!(
        "{}",
        table::of_deliveries(
            &requests,
            &[("everything", EVERYTHING), ("access only", FILTERED)]
        )
    );
    if let Some(request) = requests.iter().rfind(|request| request.path == FILTERED) {
        println!(
            "\nOne request as the receiver saw it:\n\n{}",
            show_request(request)
        );
    }
    Ok(())
}

async fn changes_arrived(receiver: &Receiver, count: usize) -> anyhow::Result<()> {
    let arrived = receiver.wait_until(|received| received.len() >= count);
    tokio::time::timeout(PATIENCE, arrived)
        .await
        .context("the events about the changes did not arrive")?
}

async fn create_destination(client: &Client, name: &str, url: &str) -> anyhow::Result<String> {
    let data = client
        .graphql_ok(
            "mutation($name: String, $url: String!) {
               externalAuditEventDestinationCreate(input: {groupPath: \"acme\", name: $name, destinationUrl: $url}) {
                 errors externalAuditEventDestination { id }
               }
             }",
            json!({"name": name, "url": url}),
        )
        .await?;
    let id = &data["externalAuditEventDestinationCreate"]["externalAuditEventDestination"]["id"];
    Ok(id.as_str().context("the API names no id")?.to_owned())
}

async fn add_event_types(client: &Client, destination: &str) -> anyhow::Result<()> {
    client
        .graphql_ok(
            "mutation($id: AuditEventsExternalAuditEventDestinationID!, $types: [String!]!) {
               auditEventsStreamingDestinationEventsAdd(input: {destinationId: $id, eventTypeFilters: $types}) { errors }
             }",
            json!({"id": destination, "types": events::FILTER}),
        )
        .await?;
    Ok(())
}

async fn publish(client: &Client, events: &[Value]) -> anyhow::Result<()> {
    const AT_ONCE: usize = 8;
    let mut progress = Progress::new("published", events.len());
    for (number, batch) in events.chunks(AT_ONCE).enumerate() {
        let answer = client.publish(&Value::from(batch)).await?;
        anyhow::ensure!(
            answer.status == 202,
            "publishing was refused: {}",
            answer.body
        );
        progress.at((number + 1) * AT_ONCE);
    }
    progress.done();
    Ok(())
}

/// Which event must arrive where.
fn expected(events: &[Value]) -> Vec<(&'static str, &str)> {
    let everywhere = events.iter().map(|event| (EVERYTHING, text(event, "id")));
    let filtered = events
        .iter()
        .filter(|event| events::FILTER.contains(&text(event, "event_type")))
        .map(|event| (FILTERED, text(event, "id")));
    everywhere.chain(filtered).collect()
}

fn missing<'a>(events: &'a [Value], received: &[Received]) -> Vec<(&'static str, &'a str)> {
    let arrived: HashSet<(&str, &str)> = received
        .iter()
        .map(|request| (request.path.as_str(), request.event_id.as_str()))
        .collect();
    expected(events)
        .into_iter()
        .filter(|delivery| !arrived.contains(delivery))
        .collect()
}

fn text<'a>(event: &'a Value, field: &str) -> &'a str {
    event[field].as_str().unwrap_or_default()
}
