//! What is different about a destination after a change, told by the columns that each generation of
//! the API has.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::convert::Infallible;

use serde_json::{Value, json};

use crate::domain::{Destination, Generation, Header, HttpTarget, Target, http_config};

/// Stands for the value of a header: audit events go to every destination, and values are secrets of
/// one of them.
const HIDDEN: &str = "[hidden]";
/// Stands for a value that is another one than before.
const HIDDEN_CHANGED: &str = "[hidden, changed]";

/// A destination before and after a change, and which of its secrets are other ones now.
#[derive(Debug)]
pub(crate) struct DestinationChange<'a> {
    pub(crate) before: &'a Destination,
    pub(crate) after: &'a Destination,
    pub(crate) verification_token: bool,
    /// Numbers of the headers whose values are.
    pub(crate) header_values: &'a HashSet<i64>,
}

/// One column that changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConfigChange {
    pub(crate) column: &'static str,
    /// Before and after; none for what is secret.
    pub(crate) values: Option<(Value, Value)>,
}

impl DestinationChange<'_> {
    /// The columns that changed, in GitLab's order.
    pub(crate) fn columns(&self, generation: Generation) -> Vec<ConfigChange> {
        let (before, after) = (self.before, self.after);
        let Target::Http(target_before) = &before.target;
        let Target::Http(target_after) = &after.target;
        let name = plain("name", &*before.name, &*after.name);
        let active = plain("active", before.active, after.active);
        let changed = match generation {
            Generation::Legacy => [
                plain("destination_url", &*target_before.url, &*target_after.url),
                name,
                active,
                secret("verification_token", self.verification_token),
            ],
            Generation::Consolidated => [
                plain(
                    "config",
                    config(target_before, &HashSet::new()),
                    config(target_after, self.header_values),
                ),
                name,
                secret("secret_token", self.verification_token),
                active,
            ],
        };
        changed.into_iter().flatten().collect()
    }
}

fn plain<T: Into<Value>>(column: &'static str, before: T, after: T) -> Option<ConfigChange> {
    let (before, after) = (before.into(), after.into());
    (before != after).then_some(ConfigChange {
        column,
        values: Some((before, after)),
    })
}

fn secret(column: &'static str, changed: bool) -> Option<ConfigChange> {
    changed.then(|| ConfigChange::secret(column))
}

fn config(target: &HttpTarget, changed_values: &HashSet<i64>) -> Value {
    let value_of = |header: &Header| {
        let changed = changed_values.contains(&header.id);
        let shown = if changed { HIDDEN_CHANGED } else { HIDDEN };
        Ok::<_, Infallible>(shown.to_owned())
    };
    let Ok(config) = http_config::write(target, value_of);
    config
}

impl ConfigChange {
    /// A secret is another one now.
    pub(crate) fn secret(column: &'static str) -> Self {
        Self {
            column,
            values: None,
        }
    }

    /// In GitLab's words.
    pub(super) fn message(&self) -> String {
        let column = self.column;
        match &self.values {
            Some((before, after)) => {
                format!("Changed {column} from {} to {}", text(before), text(after))
            }
            None => format!("Changed {column}"),
        }
    }

    /// As the details of an event have it.
    pub(super) fn details(&self) -> Value {
        match &self.values {
            Some((from, to)) => json!({"change": self.column, "from": from, "to": to}),
            None => json!({"change": self.column}),
        }
    }
}

/// A text without the quotation marks of JSON.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
