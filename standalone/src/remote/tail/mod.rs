//! `auditstream tail`: what becomes of deliveries, as they are tried.

mod line;
mod server_sent;
mod watched;

use std::pin::pin;
use std::time::Duration;

use anyhow::Context as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::{Value, json};
use shared::backoff::Schedule;
use shared::process::EndSignal;

use self::server_sent::Events;
use self::watched::Watched;
use super::{client, may_pass, messages, output};
use crate::arguments::remote::Tail;
use crate::client::Client;

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

/// Comes back when the connection is lost or there are other destinations, and ends when the API refuses or
/// nobody reads.
async fn show(arguments: &Tail) -> anyhow::Result<()> {
    let client = client(&arguments.api)?;
    let mut watched = Watched::read(&client, arguments).await?;
    watched.announce();
    let mut schedule = Schedule::reconnect();
    loop {
        let refused = match follow(&client, &watched, arguments, &mut schedule).await? {
            Ended::Others(others) => {
                watched = others;
                watched.announce();
                continue;
            }
            Ended::Refused(error) => Some(error),
            Ended::Lost(why) => {
                let wait = schedule.next_wait();
                eprintln!("{why}, trying again in {:.1} s", wait.as_secs_f32());
                tokio::time::sleep(wait).await;
                None
            }
        };
        match (watched.others_now(&client, arguments).await, refused) {
            // One of them was destroyed, or is administered by others now.
            (Ok(Some(now)), _) => {
                watched = now;
                watched.announce();
            }
            (Ok(None), Some(refused)) => return Err(refused),
            (Ok(None), None) => {}
            (Err(error), _) if may_pass(&error) => {}
            (Err(error), _) => return Err(error),
        }
    }
}

/// How a connection ended.
enum Ended {
    /// There are other destinations to be watched.
    Others(Watched),
    /// The API answered that these cannot be watched.
    Refused(anyhow::Error),
    /// For this reason, and may be made again.
    Lost(String),
}

/// Shows what comes over one connection. Fails when nobody reads.
async fn follow(
    client: &Client,
    watched: &Watched,
    arguments: &Tail,
    schedule: &mut Schedule,
) -> anyhow::Result<Ended> {
    let response = match client.follow(&watched.path()).await {
        Ok(response) => response,
        Err(error) => return Ok(Ended::Lost(format!("{error:#}"))),
    };
    let status = response.status().as_u16();
    if status == 200 {
        schedule.reset();
        let ended = listen(client, watched, arguments, response.into_body()).await?;
        // Nobody is told of what is tried until there is another connection.
        let missed = json!({ "count": null });
        print(watched, arguments, "dropped", &missed)?;
        return Ok(ended);
    }
    let body = response.into_body().collect().await?.to_bytes();
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let why = format!("the API refused ({status}): {}", messages(&body).join("; "));
    Ok(if status >= 500 || status == 429 {
        Ended::Lost(why)
    } else {
        Ended::Refused(anyhow::anyhow!(why))
    })
}

async fn listen(
    client: &Client,
    watched: &Watched,
    arguments: &Tail,
    mut body: Incoming,
) -> anyhow::Result<Ended> {
    let mut events = Events::default();
    let mut others = pin!(watched.others(client, arguments));
    loop {
        let frame = tokio::select! {
            others = &mut others => return others.map(Ended::Others),
            frame = tokio::time::timeout(SILENCE, body.frame()) => frame,
        };
        let frame = match frame {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(error))) => {
                return Ok(Ended::Lost(format!("the connection was lost: {error}")));
            }
            Ok(None) => return Ok(Ended::Lost("the API ended the connection".to_owned())),
            Err(_elapsed) => {
                return Ok(Ended::Lost(
                    "nothing comes from the API any more".to_owned(),
                ));
            }
        };
        for event in frame
            .into_data()
            .iter()
            .flat_map(|bytes| events.take(bytes))
        {
            let data = serde_json::from_str(&event.data)
                .context("the API answers otherwise than expected")?;
            print(watched, arguments, &event.name, &data)?;
        }
    }
}

fn print(watched: &Watched, arguments: &Tail, event: &str, data: &Value) -> anyhow::Result<()> {
    match (event, arguments.api.json) {
        ("delivery", true) => output::line(&data.to_string()),
        ("delivery", false) => {
            let id = data["destinationId"].as_str().unwrap_or_default();
            output::line(&watched.line.show(watched.name(id), data))
        }
        ("dropped", true) => output::line(&json!({ "dropped": data["count"] }).to_string()),
        ("dropped", false) => output::line(&line::dropped(data)),
        // A newer API may tell more.
        _ => Ok(()),
    }
}
