//! Reads files of the repository as what they hold.

use serde_json::Value;

pub(crate) use tests::repository::{files_below, root, text};

/// A YAML file, with its aliases and merge keys resolved.
pub(crate) fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The texts of a list, or the one text; nothing for what is not there.
pub(crate) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text],
        Value::Array(items) => items
            .iter()
            .map(|item| {
                item.as_str()
                    .unwrap_or_else(|| panic!("not a text: {item}"))
            })
            .collect(),
        other => panic!("not a list of texts: {other}"),
    }
}
