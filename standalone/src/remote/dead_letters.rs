//! `auditstream dead-letters`: what destinations never took, and having it delivered again.

use std::io::{IsTerminal as _, Write as _};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::destinations::{Found, again, find, meant};
use super::{ask, client, output};
use crate::aligned::{self, Side};
use crate::arguments::remote::{DeadLettersCommand, Groups};
use crate::client::Client;

/// Dead letters of a page.
const PAGE: usize = 100;
/// Dead letters that a replay names at once.
const NAMED: usize = 1_000;

/// A dead letter, as the API says it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct DeadLetter {
    id: String,
    event_id: String,
    event_type: String,
    attempts: u64,
    last_status: Option<u16>,
    last_error: String,
    died_at: DateTime<Utc>,
    replay_requested_at: Option<DateTime<Utc>>,
}

/// How many dead letters a destination has.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    dead_letters: Count,
}

#[derive(Debug, Clone, Deserialize)]
struct Count {
    count: u64,
}

/// Does what the command says; false when somebody did not want it after all.
pub async fn run(command: DeadLettersCommand) -> anyhow::Result<bool> {
    match command {
        DeadLettersCommand::List {
            api,
            groups,
            destination,
            event_ids,
            limit,
        } => {
            let client = client(&api)?;
            let destinations = with_dead_letters(&client, &groups, destination.as_deref()).await?;
            let mut left = limit.unwrap_or(usize::MAX);
            for destination in &destinations {
                left = list(&client, destination, &event_ids, left, api.json).await?;
            }
            Ok(true)
        }
        DeadLettersCommand::Replay {
            api,
            groups,
            destination,
            which,
            yes,
        } => {
            let client = client(&api)?;
            let destinations = with_dead_letters(&client, &groups, destination.as_deref()).await?;
            let chosen = choose(&client, destinations, &which.event_ids).await?;
            if !yes && !confirmed(&chosen)? {
                return Ok(false);
            }
            replay(&client, &chosen, api.json).await?;
            Ok(true)
        }
    }
}

/// The destinations that are meant and have dead letters.
async fn with_dead_letters(
    client: &Client,
    groups: &Groups,
    said: Option<&str>,
) -> anyhow::Result<Vec<Found<Counted>>> {
    let found = find(client, groups, "deadLetters(first: 1) { count }").await?;
    let mut found: Vec<Found<Counted>> = meant(found, said)?;
    found.retain(|destination| destination.node.dead_letters.count > 0);
    Ok(found)
}

/// A part of a destination's dead letters, and the cursor behind it when there are more.
async fn page(
    client: &Client,
    destination: &Found<Counted>,
    after: Option<&str>,
) -> anyhow::Result<(Vec<DeadLetter>, Option<String>)> {
    // A cursor of the API has nothing that would end a text.
    let after = after.map_or_else(String::new, |cursor| format!(", after: {}", json!(cursor)));
    let fields = format!(
        "deadLetters(first: {PAGE}{after}) {{
           pageInfo {{ hasNextPage endCursor }}
           nodes {{ id eventId eventType attempts lastStatus lastError diedAt replayRequestedAt }}
         }}"
    );
    let mut node = again(client, destination, &fields).await?;
    let mut list = node["deadLetters"].take();
    let letters = serde_json::from_value(list["nodes"].take())
        .context("the API answers otherwise than expected")?;
    let cursor = list["pageInfo"]["endCursor"].as_str().map(str::to_owned);
    let more = list["pageInfo"]["hasNextPage"] == true;
    Ok((letters, cursor.filter(|_| more)))
}

/// Prints at most `left` dead letters, as they come; how many more may be printed.
async fn list(
    client: &Client,
    destination: &Found<Counted>,
    event_ids: &[String],
    mut left: usize,
    as_json: bool,
) -> anyhow::Result<usize> {
    let mut after = None;
    let mut first = true;
    while left > 0 {
        let (mut letters, next) = page(client, destination, after.as_deref()).await?;
        letters.retain(|letter| is_chosen(letter, event_ids));
        letters.truncate(left);
        left -= letters.len();
        if as_json {
            for letter in &letters {
                output::line(&json_line(destination, letter).to_string())?;
            }
        } else if !letters.is_empty() {
            if std::mem::take(&mut first) {
                let count = dead_letters(destination.node.dead_letters.count);
                output::line(&format!("{}: {count}", title(destination)))?;
            }
            for line in table(&letters) {
                output::line(&line)?;
            }
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    Ok(left)
}

fn is_chosen(letter: &DeadLetter, event_ids: &[String]) -> bool {
    event_ids.is_empty() || event_ids.contains(&letter.event_id)
}

fn json_line(destination: &Found<Counted>, letter: &DeadLetter) -> Value {
    let mut line = json!(letter);
    line["destinationId"] = json!(destination.id);
    line["group"] = json!(destination.level.group());
    line
}

/// How a destination is called.
fn title(destination: &Found<Counted>) -> String {
    format!(
        "{} {} ({})",
        destination.number(),
        output::printable(&destination.name),
        output::printable(destination.level.group().unwrap_or("instance")),
    )
}

fn dead_letters(count: u64) -> String {
    output::counted(count, "dead letter")
}

fn table(letters: &[DeadLetter]) -> Vec<String> {
    let row = |letter: &DeadLetter| {
        vec![
            format!("  {}", letter.died_at.format("%Y-%m-%dT%H:%M:%SZ")),
            output::printable(&letter.event_id),
            output::printable(&letter.event_type),
            letter.attempts.to_string(),
            if letter.replay_requested_at.is_some() {
                "being replayed".to_owned()
            } else {
                output::printable(&letter.last_error)
            },
        ]
    };
    let rows: Vec<Vec<String>> = letters.iter().map(row).collect();
    let sides = [Side::Left, Side::Left, Side::Left, Side::Right, Side::Left];
    aligned::lines(&rows, &sides)
}

/// What is to be replayed at a destination.
struct Chosen {
    destination: Found<Counted>,
    /// Ids of dead letters; all when absent.
    ids: Option<Vec<String>>,
}

impl Chosen {
    fn count(&self) -> u64 {
        match &self.ids {
            Some(ids) => ids.len() as u64,
            None => self.destination.node.dead_letters.count,
        }
    }
}

/// Without event ids, everything.
async fn choose(
    client: &Client,
    destinations: Vec<Found<Counted>>,
    event_ids: &[String],
) -> anyhow::Result<Vec<Chosen>> {
    let mut chosen = Vec::new();
    for destination in destinations {
        let ids = if event_ids.is_empty() {
            None
        } else {
            let ids = ids_of(client, &destination, event_ids).await?;
            if ids.is_empty() {
                continue;
            }
            Some(ids)
        };
        chosen.push(Chosen { destination, ids });
    }
    anyhow::ensure!(!chosen.is_empty(), "there are no such dead letters");
    Ok(chosen)
}

async fn ids_of(
    client: &Client,
    destination: &Found<Counted>,
    event_ids: &[String],
) -> anyhow::Result<Vec<String>> {
    let mut ids = Vec::new();
    let mut after = None;
    loop {
        let (letters, next) = page(client, destination, after.as_deref()).await?;
        let chosen = letters
            .into_iter()
            .filter(|letter| is_chosen(letter, event_ids));
        ids.extend(chosen.map(|letter| letter.id));
        if next.is_none() {
            return Ok(ids);
        }
        after = next;
    }
}

/// Asks on a terminal; elsewhere there is nobody to ask.
fn confirmed(chosen: &[Chosen]) -> anyhow::Result<bool> {
    let count: u64 = chosen.iter().map(Chosen::count).sum();
    anyhow::ensure!(
        std::io::stdin().is_terminal(),
        "{} would be delivered again: confirm that with --yes",
        dead_letters(count)
    );
    for chosen in chosen {
        let count = dead_letters(chosen.count());
        eprintln!("{}: {count}", title(&chosen.destination));
    }
    eprint!("Deliver {} again? [y/N] ", dead_letters(count));
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

async fn replay(client: &Client, chosen: &[Chosen], as_json: bool) -> anyhow::Result<()> {
    for Chosen { destination, ids } in chosen {
        let mut accepted = 0;
        let parts: Vec<Value> = match ids {
            Some(ids) => ids.chunks(NAMED).map(|ids| json!(ids)).collect(),
            None => vec![Value::Null],
        };
        for ids in parts {
            accepted += replay_part(client, &destination.id, ids).await?;
        }
        output::line(&if as_json {
            json!({"destinationId": destination.id, "accepted": accepted}).to_string()
        } else {
            format!("{}: {accepted} will be delivered again", title(destination))
        })?;
    }
    Ok(())
}

/// How many will be replayed that were not to be already.
async fn replay_part(client: &Client, destination_id: &str, ids: Value) -> anyhow::Result<u64> {
    let document = "mutation($destination: ID!, $ids: [AuditEventsStreamingDeadLetterID!]) {
      replay: auditEventStreamingDeadLettersReplay(input: {destinationId: $destination, ids: $ids}) {
        errors accepted
      }
    }";
    let variables = json!({ "destination": destination_id, "ids": ids });
    let data = ask(client, document, variables).await?;
    let errors: Vec<String> = data["replay"]["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|error| error.as_str().map(output::printable))
        .collect();
    anyhow::ensure!(
        errors.is_empty(),
        "nothing was replayed: {}",
        errors.join("; ")
    );
    data["replay"]["accepted"]
        .as_u64()
        .context("the API does not say how many it replays")
}
