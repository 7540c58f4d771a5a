//! `auditstream tail`: what becomes of deliveries, as they are tried.

mod line;
mod server_sent;

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::{Value, json};
use shared::backoff::Schedule;
use shared::process::EndSignal;
use url::form_urlencoded;

use self::line::Line;
use self::server_sent::{Event, Events};
use super::destinations::{Found, find, meant};
use super::{client, messages, output};
use crate::arguments::remote::Tail;
use crate::client::Client;

/// Destinations that the API lets one watch at once.
const MOST_DESTINATIONS: usize = 100;
/// For how long a connection may be silent: the API says something every two seconds.
const SILENCE: Duration = Duration::from_secs(15);

/// Shows deliveries until it is asked to end.
pub async fn run(arguments: Tail) -> anyhow::Result<()> {
    let mut end = EndSignal::listen()?;
    tokio::select! {
        shown = show(&arguments) => shown,
        () = end.received() => Ok(()),
    }
}

async fn show(arguments: &Tail) -> anyhow::Result<()> {
    let client = client(&arguments.api)?;
    let found: Vec<Found<Value>> = find(&client, &arguments.groups, "").await?;
    let found = meant(found, arguments.destination.as_deref())?;
    anyhow::ensure!(!found.is_empty(), "there are no destinations");
    anyhow::ensure!(
        found.len() <= MOST_DESTINATIONS,
        "these are {} destinations, and {MOST_DESTINATIONS} can be watched at once: choose with --group or --destination",
        found.len()
    );
    let line = Line::of(&found);
    let names: HashMap<&str, &Found<Value>> = found
        .iter()
        .map(|found| (found.id.as_str(), found))
        .collect();
    let print = |event: Event| -> anyhow::Result<()> {
        let data: Value =
            serde_json::from_str(&event.data).context("the API answers otherwise than expected")?;
        match (event.name.as_str(), arguments.api.json) {
            ("delivery", true) => output::line(&data.to_string()),
            ("delivery", false) => {
                let id = data["destinationId"].as_str().unwrap_or_default();
                let name = names.get(id).map_or(id, |found| found.name.as_str());
                output::line(&line.show(name, &data))
            }
            ("dropped", true) => output::line(&json!({ "dropped": data["count"] }).to_string()),
            ("dropped", false) => output::line(&line::dropped(&data)),
            // A newer API may tell more.
            _ => Ok(()),
        }
    };
    let ids = found.iter().map(|found| ("destination_id", &found.id));
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(ids)
        .finish();
    eprintln!(
        "watching {}",
        output::counted(found.len() as u64, "destination")
    );
    follow(&client, &format!("/api/v1/deliveries?{query}"), print).await
}

/// Comes back when the connection is lost, and ends when the API refuses or nobody reads.
async fn follow(
    client: &Client,
    path: &str,
    print: impl Fn(Event) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut schedule = Schedule::reconnect();
    loop {
        let why = match client.follow(path).await {
            Ok(response) if response.status() == 200 => {
                schedule.reset();
                listen(response.into_body(), &print).await?
            }
            Ok(response) => {
                let status = response.status().as_u16();
                let body = response.into_body().collect().await?.to_bytes();
                let body = serde_json::from_slice(&body).unwrap_or_default();
                let why = format!("the API refused ({status}): {}", messages(&body).join("; "));
                anyhow::ensure!(status >= 500 || status == 429, why);
                why
            }
            Err(error) => format!("{error:#}"),
        };
        let wait = schedule.next_wait();
        eprintln!("{why}, trying again in {:.1} s", wait.as_secs_f32());
        tokio::time::sleep(wait).await;
    }
}

/// Prints what comes over a connection; why it ended.
async fn listen(
    mut body: Incoming,
    print: &impl Fn(Event) -> anyhow::Result<()>,
) -> anyhow::Result<String> {
    let mut events = Events::default();
    loop {
        let frame = match tokio::time::timeout(SILENCE, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(error))) => return Ok(format!("the connection was lost: {error}")),
            Ok(None) => return Ok("the API ended the connection".to_owned()),
            Err(_elapsed) => return Ok("nothing comes from the API any more".to_owned()),
        };
        if let Ok(bytes) = frame.into_data() {
            for event in events.take(&bytes) {
                print(event)?;
            }
        }
    }
}
