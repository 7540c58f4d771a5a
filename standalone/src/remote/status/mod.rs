//! `auditstream status`: how deliveries to each destination go.

mod table;
mod watch;

use chrono::{DateTime, Utc};
use console::Term;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::clock::Clock;
use shared::process::EndSignal;

use super::destinations::{Found, find};
use super::{client, output};
use crate::arguments::remote::Status;
use crate::client::Client;

/// What is read of a destination; `Read` is its form.
const FIELDS: &str = "health {
  state since backlogSize backlogOldestAt nextAttemptAt lastSuccessAt
  lastFailure { at status error }
  stats(minutes: 60) { delivered failed lagMs }
}";

#[derive(Debug, Clone, Deserialize)]
struct Read {
    health: Health,
}

/// How deliveries to a destination go, as the API says it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    state: State,
    since: Option<DateTime<Utc>>,
    backlog_size: Option<u64>,
    backlog_oldest_at: Option<DateTime<Utc>>,
    next_attempt_at: Option<DateTime<Utc>>,
    last_success_at: Option<DateTime<Utc>>,
    last_failure: Option<LastFailure>,
    #[serde(skip_serializing)]
    stats: Vec<Minute>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum State {
    Healthy,
    Troubled,
    Paused,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
struct LastFailure {
    at: DateTime<Utc>,
    status: Option<u16>,
    error: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Minute {
    delivered: u64,
    failed: u64,
    lag_ms: u64,
}

/// What became of the deliveries of the last hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct LastHour {
    delivered: u64,
    failed: u64,
    lag_ms: u64,
}

impl Health {
    fn last_hour(&self) -> LastHour {
        let minutes = self.stats.iter();
        LastHour {
            delivered: minutes.clone().map(|minute| minute.delivered).sum(),
            failed: minutes.clone().map(|minute| minute.failed).sum(),
            lag_ms: minutes.map(|minute| minute.lag_ms).max().unwrap_or(0),
        }
    }
}

/// Whether all is well with the destinations that were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// None is in trouble; paused ones are as somebody wanted them.
    Well,
    /// At least one is in trouble.
    Troubled,
}

impl Verdict {
    fn of(mut states: impl Iterator<Item = State>) -> Self {
        if states.any(|state| state == State::Troubled) {
            Self::Troubled
        } else {
            Self::Well
        }
    }
}

/// Shows how deliveries go, once or until it is asked to end.
pub async fn run(arguments: Status) -> anyhow::Result<Verdict> {
    let client = client(&arguments.api)?;
    if arguments.watch {
        let mut end = EndSignal::listen()?;
        tokio::select! {
            error = watch::run(&client, &arguments) => return Err(error),
            () = end.received() => return Ok(Verdict::Well),
        }
    }
    let found = read(&client, &arguments).await?;
    show(&found, arguments.api.json)?;
    Ok(Verdict::of(
        found.iter().map(|found| found.node.health.state),
    ))
}

async fn read(client: &Client, arguments: &Status) -> anyhow::Result<Vec<Found<Read>>> {
    find(client, &arguments.groups, FIELDS).await
}

fn show(found: &[Found<Read>], json: bool) -> anyhow::Result<()> {
    if json {
        output::line(&document(found).to_string())?;
    } else if found.is_empty() {
        output::line("there are no destinations")?;
    } else {
        let width = Term::stdout()
            .size_checked()
            .map(|(_, columns)| usize::from(columns));
        for line in table::of(found, Clock::System.now(), width) {
            output::line(&line)?;
        }
    }
    Ok(())
}

fn document(found: &[Found<Read>]) -> serde_json::Value {
    let destinations: Vec<_> = found
        .iter()
        .map(|found| {
            json!({
                "id": found.id,
                "name": found.name,
                "group": found.level.group(),
                "health": found.node.health,
                "lastHour": found.node.health.last_hour(),
            })
        })
        .collect();
    json!({ "destinations": destinations })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_destination_in_trouble_is_trouble_and_a_paused_one_is_none() {
        for (states, verdict) in [
            (&[][..], Verdict::Well),
            (&[State::Healthy, State::Paused], Verdict::Well),
            (&[State::Healthy, State::Troubled], Verdict::Troubled),
        ] {
            assert_eq!(Verdict::of(states.iter().copied()), verdict, "{states:?}");
        }
    }
}
