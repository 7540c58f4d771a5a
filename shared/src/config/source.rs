//! Collects raw settings from the configuration file and the environment; the environment wins.

use std::collections::BTreeMap;
use std::path::Path;

/// Raw settings by dotted key (`delivery.retention`), all as text.
#[derive(Debug, Default, Clone)]
pub struct Source {
    values: BTreeMap<String, String>,
}

impl Source {
    /// Reads the file that `AUDITSTREAM_CONFIG` names (or `auditstream.toml` in the working folder,
    /// when there is one) and lays the environment over it. Problems are sentences that name the
    /// file or the key.
    pub fn from_process() -> (Self, Vec<String>) {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the place that everything else gets its environment from"
        )]
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let named = environment
            .iter()
            .find(|(name, _)| name == "AUDITSTREAM_CONFIG")
            .map(|(_, path)| path.clone());
        let mut source = Self::default();
        let mut problems = Vec::new();
        let path = named
            .clone()
            .unwrap_or_else(|| "auditstream.toml".to_owned());
        match std::fs::read_to_string(Path::new(&path)) {
            Ok(text) => problems.extend(source.add_file(&path, &text)),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => problems.push(format!("AUDITSTREAM_CONFIG: cannot read {path}: {error}")),
        }
        source.add_environment(environment);
        (source, problems)
    }

    /// Adds a TOML document of sections with scalar or list values.
    pub fn add_file(&mut self, name: &str, text: &str) -> Vec<String> {
        let sections: toml::Table = match text.parse() {
            Ok(sections) => sections,
            Err(error) => return vec![format!("{name}: {}", error.to_string().trim())],
        };
        let mut problems = Vec::new();
        for (section, entries) in sections {
            let toml::Value::Table(entries) = entries else {
                problems.push(format!(
                    "{name}: `{section}` must be a section with keys in it"
                ));
                continue;
            };
            for (key, value) in entries {
                match scalar(&value) {
                    Some(text) => {
                        self.values.insert(format!("{section}.{key}"), text);
                    }
                    None => problems.push(format!(
                        "{name}: `{section}.{key}` must be a text, a number, a boolean or a list of these"
                    )),
                }
            }
        }
        problems
    }

    /// Adds variables named `AUDITSTREAM_<SECTION>__<KEY>`; all others are passed over (a platform
    /// may inject `AUDITSTREAM_SERVICE_HOST` and the like).
    pub fn add_environment(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        for (name, value) in variables {
            if let Some((section, key)) = name
                .strip_prefix("AUDITSTREAM_")
                .and_then(|rest| rest.split_once("__"))
            {
                self.values.insert(
                    format!("{}.{}", section.to_lowercase(), key.to_lowercase()),
                    value,
                );
            }
        }
    }

    /// Sets one value, over what the file and the environment say.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.values.insert(key.to_owned(), value.into());
    }

    /// The value of a key. An empty value counts as absent, so that `VARIABLE=` in a compose file
    /// means the default.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.values
            .get(key)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

fn scalar(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        toml::Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(scalar).collect();
            Some(items?.join(","))
        }
        _ => None,
    }
}

/// The environment variable of a dotted key: `delivery.retention` is
/// `AUDITSTREAM_DELIVERY__RETENTION`.
pub fn variable(key: &str) -> String {
    format!("AUDITSTREAM_{}", key.to_uppercase().replace('.', "__"))
}
