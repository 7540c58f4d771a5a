//! The members of a JSON object as they were written, in their order.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Problem;

/// The members of one object, their values untouched.
#[derive(Debug)]
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// A key; the derived `Cow<str>` would always be copied.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Fields<'a> {
    pub(super) fn parse(json: &'a str) -> Result<Self, Vec<Problem>> {
        if !json.trim_start().starts_with('{') {
            return Err(vec![Problem::of_event("an event must be a JSON object")]);
        }
        serde_json::from_str(json).map_err(|error| {
            vec![Problem::of_event(format!(
                "the event is not valid JSON: {error}"
            ))]
        })
    }

    /// The value of a field; null counts as missing.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        let (_, value) = self.0.iter().find(|(key, _)| key == name)?;
        Some(*value).filter(|value| value.get() != "null")
    }

    /// All members but those named.
    pub(super) fn besides(&self, names: &[&str]) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0
            .iter()
            .filter(|(key, _)| !names.contains(&key.as_ref()))
            .map(|(key, value)| (key.as_ref(), *value))
    }

    /// A problem for each name that comes twice: which of the values is meant, nobody can tell.
    pub(super) fn repeated(&self) -> impl Iterator<Item = Problem> {
        let (mut seen, mut told) = (HashSet::new(), HashSet::new());
        self.0
            .iter()
            .map(|(key, _)| key.as_ref())
            .filter(move |key| !seen.insert(*key) && told.insert(*key))
            .map(|key| Problem::of(key, "stands more than once"))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some((Key(key), value)) = map.next_entry()? {
            fields.push((key, value));
        }
        Ok(Fields(fields))
    }
}

/// The text of a JSON string; none for any other value, and for one that is no Unicode text.
pub(super) fn text_of(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}
