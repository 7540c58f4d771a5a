//! The destinations whose deliveries are shown.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use url::form_urlencoded;

use super::line::Line;
use crate::arguments::remote::Tail;
use crate::client::Client;
use crate::remote::destinations::{Found, find, meant};
use crate::remote::{may_pass, output};

/// Destinations that the API lets one watch at once.
const MOST: usize = 100;
/// How often it is looked whether there are others by now.
const EVERY: Duration = Duration::from_secs(10);

pub(super) struct Watched {
    found: Vec<Found<Value>>,
    pub(super) line: Line,
    /// Whether it was told that there are more by now than can be watched.
    are_too_many: AtomicBool,
}

impl Watched {
    /// Those that the arguments mean: one at least, and not more than can be watched.
    pub(super) async fn read(client: &Client, arguments: &Tail) -> anyhow::Result<Self> {
        let watched = Self::list(client, arguments).await?;
        let count = watched.found.len();
        anyhow::ensure!(
            count <= MOST,
            "these are {count} destinations, and {MOST} can be watched at once: choose with --group or --destination"
        );
        Ok(watched)
    }

    async fn list(client: &Client, arguments: &Tail) -> anyhow::Result<Self> {
        let found = find(client, &arguments.groups, "").await?;
        let found = meant(found, arguments.destination.as_deref())?;
        anyhow::ensure!(!found.is_empty(), "there are no destinations");
        let line = Line::of(&found);
        Ok(Self {
            found,
            line,
            are_too_many: AtomicBool::new(false),
        })
    }

    /// Waits until the arguments mean others, which it returns, or until it cannot be told for good.
    pub(super) async fn others(&self, client: &Client, arguments: &Tail) -> anyhow::Result<Self> {
        loop {
            tokio::time::sleep(EVERY).await;
            match self.others_now(client, arguments).await {
                Ok(Some(others)) => return Ok(others),
                Ok(None) => {}
                Err(error) if may_pass(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Those that the arguments mean now, if these are others, and not more than can be watched.
    pub(super) async fn others_now(
        &self,
        client: &Client,
        arguments: &Tail,
    ) -> anyhow::Result<Option<Self>> {
        let now = Self::list(client, arguments).await?;
        let count = now.found.len();
        if count > MOST {
            if !self.are_too_many.swap(true, Ordering::Relaxed) {
                eprintln!(
                    "these are {count} destinations by now, and {MOST} can be watched at once: new ones are not shown"
                );
            }
            return Ok(None);
        }
        let ids = |watched: &Self| -> Vec<String> {
            let found = watched.found.iter();
            found.map(|one| one.id.clone()).collect()
        };
        Ok((ids(&now) != ids(self)).then_some(now))
    }

    pub(super) fn announce(&self) {
        let count = self.found.len() as u64;
        eprintln!("watching {}", output::counted(count, "destination"));
    }

    /// Where the API tells of their deliveries.
    pub(super) fn path(&self) -> String {
        let ids = self.found.iter().map(|found| ("destination_id", &found.id));
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(ids)
            .finish();
        format!("/api/v1/deliveries?{query}")
    }

    /// What a destination is called, by its global id.
    pub(super) fn name<'a>(&'a self, id: &'a str) -> &'a str {
        let found = self.found.iter().find(|found| found.id == id);
        found.map_or(id, |found| &found.name)
    }
}
