//! `compose.yaml` as Docker Compose reads it, with the secrets that an operator would put into
//! `.env`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::repository;

/// A service of the stack.
pub(crate) struct Service {
    pub(crate) name: String,
    settings: Map<String, Value>,
}

impl Service {
    /// A setting by its name; null when it is not there.
    pub(crate) fn get(&self, setting: &str) -> &Value {
        self.settings.get(setting).unwrap_or(&Value::Null)
    }

    /// The texts of a setting that is a list.
    pub(crate) fn texts(&self, setting: &str) -> Vec<&str> {
        repository::texts(self.get(setting))
    }

    /// The stage of the `Dockerfile` that the service is built from; none for one that is pulled.
    pub(crate) fn target(&self) -> Option<&str> {
        self.get("build")["target"].as_str()
    }

    /// The variables that the container starts with.
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let Some(variables) = self.get("environment").as_object() else {
            return BTreeMap::new();
        };
        variables
            .iter()
            .map(|(name, value)| {
                let value = value
                    .as_str()
                    .unwrap_or_else(|| panic!("{name}: write it as a text"));
                (name.clone(), value.to_owned())
            })
            .collect()
    }

    /// One variable.
    pub(crate) fn variable(&self, name: &str) -> String {
        self.environment()
            .remove(name)
            .unwrap_or_else(|| panic!("{} has no {name}", self.name))
    }

    /// Source, target and options of each mount.
    pub(crate) fn mounts(&self) -> Vec<(&str, &str, &str)> {
        self.texts("volumes")
            .into_iter()
            .map(|mount| {
                let mut parts = mount.splitn(3, ':');
                let mut part = || parts.next().unwrap_or_default();
                (part(), part(), part())
            })
            .collect()
    }

    /// Address and port on the host, and the port of the container, of each port that is published.
    pub(crate) fn published(&self) -> Vec<(&str, u16, u16)> {
        self.texts("ports")
            .into_iter()
            .map(|port| {
                let parts: Vec<&str> = port.rsplitn(3, ':').collect();
                let [inside, outside, address] = parts[..] else {
                    panic!("{}: {port} is published on every address", self.name);
                };
                (address, outside.parse().unwrap(), inside.parse().unwrap())
            })
            .collect()
    }
}

/// Every service.
pub(crate) fn services() -> Vec<Service> {
    let mut file = repository::yaml("compose.yaml");
    interpolate(&mut file, &operator());
    let Value::Object(services) = file["services"].take() else {
        panic!("compose.yaml has no services");
    };
    services
        .into_iter()
        .map(|(name, settings)| match settings {
            Value::Object(settings) => Service { name, settings },
            _ => panic!("{name} is empty"),
        })
        .collect()
}

/// One service by its name.
pub(crate) fn service(name: &str) -> Service {
    services()
        .into_iter()
        .find(|service| service.name == name)
        .unwrap_or_else(|| panic!("no service {name}"))
}

/// The services that are built here.
pub(crate) fn ours() -> Vec<Service> {
    services()
        .into_iter()
        .filter(|service| service.target().is_some())
        .collect()
}

/// The variables that `compose.yaml` asks the operator for, and will not start without.
pub(crate) fn required_variables() -> BTreeSet<String> {
    let text = repository::text("compose.yaml");
    text.split("${")
        .skip(1)
        .filter_map(|rest| rest.split('}').next()?.split_once(":?"))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// What an operator who follows `.env.example` has in the environment.
fn operator() -> BTreeMap<String, String> {
    required_variables()
        .into_iter()
        .map(|name| {
            let value = match name.as_str() {
                "AUDITSTREAM_SECRETS__ENCRYPTION_KEY" => format!("{}=", "A".repeat(43)),
                other => format!("{}0123456789abcdef0123456789", other.len()),
            };
            (name, value)
        })
        .collect()
}

/// Puts the variables in: `${NAME}`, `${NAME:-default}`, `${NAME:?problem}`.
fn interpolate(value: &mut Value, variables: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            let mut parts = text.split("${");
            let mut filled = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let (inside, rest) = part.split_once('}').expect("the brace is closed");
                let (name, default) = match inside.split_once(":-") {
                    Some((name, default)) => (name, Some(default)),
                    None => (inside.split(":?").next().unwrap_or(inside), None),
                };
                let given = variables.get(name).map(String::as_str).or(default);
                filled += given.unwrap_or_else(|| panic!("{name} is neither given nor required"));
                filled += rest;
            }
            *text = filled;
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| interpolate(item, variables)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| interpolate(field, variables)),
        _ => {}
    }
}
