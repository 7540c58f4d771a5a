//! Finds the destinations that one may administer, page by page.

use anyhow::Context as _;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::ask;
use crate::arguments::remote::Groups;
use crate::client::Client;

/// Destinations of a page: with the minutes of an hour, they stay below the values of an answer.
const PAGE: usize = 50;
/// Groups of a page.
const GROUPS: usize = 100;

/// Where a list of destinations is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Level {
    Instance,
    /// A group, by its full path.
    Group(String),
}

impl Level {
    /// The full path of the group.
    pub(super) fn group(&self) -> Option<&str> {
        match self {
            Self::Instance => None,
            Self::Group(path) => Some(path),
        }
    }
}

/// A destination, and what was asked for of it.
#[derive(Debug, Clone)]
pub(super) struct Found<T> {
    pub(super) level: Level,
    /// Global id.
    pub(super) id: String,
    pub(super) name: String,
    /// The cursor before it in its list.
    pub(super) after: Option<String>,
    pub(super) node: T,
}

impl<T> Found<T> {
    /// The number at the end of its id, which is the same in both generations of the API.
    pub(super) fn number(&self) -> &str {
        number(&self.id)
    }

    /// Whether somebody means it who says its number, its id or its name.
    pub(super) fn is_meant_by(&self, said: &str) -> bool {
        let is_id = said.starts_with("gid://") && number(said) == self.number();
        is_id || said == self.number() || said == self.name
    }
}

fn number(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or_default()
}

/// Reads `fields` of every destination of the levels that the arguments name.
pub(super) async fn find<T: DeserializeOwned>(
    client: &Client,
    groups: &Groups,
    fields: &str,
) -> anyhow::Result<Vec<Found<T>>> {
    let levels = if groups.paths.is_empty() {
        let groups = groups_with_destinations(client).await?;
        std::iter::once(Level::Instance)
            .chain(groups.into_iter().map(Level::Group))
            .collect()
    } else {
        let paths = groups.paths.iter().cloned();
        paths.map(Level::Group).collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    for level in levels {
        let mut after = None;
        loop {
            let list = page(client, &level, fields, after.as_deref(), PAGE).await?;
            for edge in list["edges"].as_array().into_iter().flatten() {
                found.push(one(&level, edge, after)?);
                after = edge["cursor"].as_str().map(str::to_owned);
            }
            if list["pageInfo"]["hasNextPage"] != true {
                break;
            }
        }
    }
    Ok(found)
}

/// Reads `fields` of one destination again; `variables` are those of the fields, which `declared`
/// declares.
pub(super) async fn again<T>(
    client: &Client,
    of: &Found<T>,
    fields: &str,
) -> anyhow::Result<Value> {
    let mut list = page(client, &of.level, fields, of.after.as_deref(), 1).await?;
    let node = list["edges"][0]["node"].take();
    anyhow::ensure!(
        node["id"] == of.id.as_str(),
        "destination {} was destroyed meanwhile",
        of.number()
    );
    Ok(node)
}

/// The list of a level; an error for who may not administer it.
async fn page(
    client: &Client,
    level: &Level,
    fields: &str,
    after: Option<&str>,
    first: usize,
) -> anyhow::Result<Value> {
    let list = format!(
        "(first: {first}, after: $after) {{
           pageInfo {{ hasNextPage }}
           edges {{ cursor node {{ id name {fields} }} }}
         }}"
    );
    match level {
        Level::Instance => {
            let document = format!(
                "query($after: String) {{ list: auditEventsInstanceStreamingDestinations{list} }}"
            );
            let mut data = ask(client, &document, json!({ "after": after })).await?;
            Ok(data["list"].take())
        }
        Level::Group(path) => {
            let document = format!(
                "query($path: ID!, $after: String) {{
                   group(fullPath: $path) {{ list: externalAuditEventStreamingDestinations{list} }}
                 }}"
            );
            let variables = json!({ "path": path, "after": after });
            let mut data = ask(client, &document, variables).await?;
            let list = data["group"]["list"].take();
            anyhow::ensure!(
                !list.is_null(),
                "there is no group {path} whose destinations you may administer"
            );
            Ok(list)
        }
    }
}

fn one<T: DeserializeOwned>(
    level: &Level,
    edge: &Value,
    after: Option<String>,
) -> anyhow::Result<Found<T>> {
    let text = |field: &str| {
        let text = edge["node"][field].as_str();
        text.map(str::to_owned)
            .context("a destination has an id and a name")
    };
    Ok(Found {
        level: level.clone(),
        id: text("id")?,
        name: text("name")?,
        after,
        node: serde_json::from_value(edge["node"].clone())
            .context("the API answers otherwise than expected")?,
    })
}

/// The full paths of the groups whose destinations one may administer, and that have any.
async fn groups_with_destinations(client: &Client) -> anyhow::Result<Vec<String>> {
    let document = format!(
        "query($after: String) {{
           list: auditEventStreamingGroups(first: {GROUPS}, after: $after, withDestinations: true) {{
             pageInfo {{ hasNextPage endCursor }}
             nodes {{ fullPath }}
           }}
         }}"
    );
    let mut paths = Vec::new();
    let mut after = Value::Null;
    loop {
        let mut data = ask(client, &document, json!({ "after": after })).await?;
        let mut list = data["list"].take();
        let groups = list["nodes"].as_array().into_iter().flatten();
        paths.extend(groups.filter_map(|group| group["fullPath"].as_str().map(str::to_owned)));
        if list["pageInfo"]["hasNextPage"] != true {
            return Ok(paths);
        }
        after = list["pageInfo"]["endCursor"].take();
    }
}

/// The one destination that is meant, or all when nothing is said.
pub(super) fn meant<T>(found: Vec<Found<T>>, said: Option<&str>) -> anyhow::Result<Vec<Found<T>>> {
    let Some(said) = said else {
        return Ok(found);
    };
    let meant: Vec<Found<T>> = found
        .into_iter()
        .filter(|destination| destination.is_meant_by(said))
        .collect();
    match meant.len() {
        0 => anyhow::bail!("there is no destination {said} that you may administer"),
        1 => Ok(meant),
        _ => {
            let numbers: Vec<&str> = meant.iter().map(Found::number).collect();
            anyhow::bail!(
                "several destinations are called {said}, say which by its number: {}",
                numbers.join(", ")
            )
        }
    }
}
