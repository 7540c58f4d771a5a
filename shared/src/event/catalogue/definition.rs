//! The definition of one event type, in the form of GitLab's type files: from its text to its value,
//! or to everything that is wrong with it.

use serde_json::{Map, Value};
use url::Url;

use super::{Catalogue, EntityKind, EventType};
use crate::event::{LONGEST_EVENT_TYPE, is_event_type_name};

/// The feature of a type whose definition names none.
const NO_FEATURE: &str = "custom";
/// The milestone of a type whose definition names none: no version of GitLab brought it.
const NO_MILESTONE: &str = "0.0";
/// Most parts of a definition that stand for another part of it.
const MOST_ALIASED: usize = 100;

/// The type that a file defines; `stem` is the file's name without its ending, and `known` has what
/// must not be defined again. As the type has the name of its file, no two files define the same.
/// Each problem is a sentence that begins with its field.
pub(super) fn parse(stem: &str, text: &str, known: &Catalogue) -> Result<EventType, Vec<String>> {
    let options = serde_saphyr::options! {
        // An excerpt would tear the list of problems apart.
        with_snippet: false,
        // Nothing is named twice in a definition, and aliases of aliases would grow without end.
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MOST_ALIASED },
    };
    // Not into a struct: that would end at the first field that has another form.
    let value = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| vec![format!("is not YAML: {error}")])?;
    let Value::Object(fields) = value else {
        return Err(vec!["must be fields with values".to_owned()]);
    };
    let mut form = Form {
        fields,
        problems: Vec::new(),
    };
    let event_type = form.event_type(stem, known);
    form.refuse_what_is_left();
    if form.problems.is_empty() {
        Ok(event_type)
    } else {
        Err(form.problems)
    }
}

/// A definition that is being read. Each field is taken out when its turn comes: what is left in the
/// end is unknown. What is wrong becomes a problem and counts as empty.
struct Form {
    fields: Map<String, Value>,
    problems: Vec<String>,
}

impl Form {
    fn event_type(&mut self, stem: &str, known: &Catalogue) -> EventType {
        let event_type = EventType {
            name: self.name(stem, known),
            description: self.required_text("description"),
            introduced_by_issue: self.link("introduced_by_issue"),
            introduced_by_mr: self.link("introduced_by_mr"),
            feature_category: self
                .text("feature_category")
                .unwrap_or_else(|| NO_FEATURE.to_owned()),
            milestone: self.milestone(),
            saved_to_database: self.flag("saved_to_database", false),
            streamed: self.flag("streamed", true),
            scopes: self.scopes(),
        };
        if !event_type.streamed {
            self.problem(
                "streamed",
                "must be true, as all that is published is streamed",
            );
        }
        // A part of GitLab's form; nothing here asks for it.
        self.texts("compliance_controls");
        event_type
    }

    fn problem(&mut self, field: &str, problem: &str) {
        self.problems.push(format!("{field} {problem}"));
    }

    /// The value of a field. One without a value counts as left out.
    fn take(&mut self, field: &str) -> Option<Value> {
        self.fields.remove(field).filter(|value| !value.is_null())
    }

    fn text(&mut self, field: &str) -> Option<String> {
        let value = self.take(field)?;
        let text = value.as_str().map(str::trim).unwrap_or_default();
        if text.is_empty() {
            self.problem(
                field,
                "must be a text that is not empty, in quotes if need be",
            );
        }
        Some(text.to_owned())
    }

    fn required_text(&mut self, field: &str) -> String {
        if self.fields.get(field).is_none_or(Value::is_null) {
            self.problem(field, "is missing");
        }
        self.text(field).unwrap_or_default()
    }

    fn name(&mut self, stem: &str, known: &Catalogue) -> String {
        let name = self.required_text("name");
        if name.is_empty() {
            return name;
        }
        if !is_event_type_name(&name) {
            let form = format!("must be 1 to {LONGEST_EVENT_TYPE} of a-z, 0-9 and _");
            self.problem("name", &form);
        } else if name != stem {
            self.problem("name", &format!("must be that of the file, not {name}"));
        }
        if known.find(&name).is_some() {
            self.problem("name", &format!("is that of a built-in type: {name}"));
        }
        name
    }

    fn link(&mut self, field: &str) -> Option<String> {
        let text = self.text(field)?;
        let is_https = Url::parse(&text).is_ok_and(|url| url.scheme() == "https");
        if !text.is_empty() && !is_https {
            self.problem(field, "must be an address that begins with https://");
        }
        Some(text)
    }

    fn milestone(&mut self) -> String {
        let Some(text) = self.text("milestone") else {
            return NO_MILESTONE.to_owned();
        };
        let is_number =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let fits = text
            .split_once('.')
            .is_some_and(|(major, minor)| is_number(major) && is_number(minor));
        if !text.is_empty() && !fits {
            self.problem("milestone", "must be two numbers and a dot, such as '18.2'");
        }
        text
    }

    fn flag(&mut self, field: &str, default: bool) -> bool {
        let Some(value) = self.take(field) else {
            return default;
        };
        value.as_bool().unwrap_or_else(|| {
            self.problem(field, "must be true or false");
            default
        })
    }

    fn texts(&mut self, field: &str) -> Option<Vec<String>> {
        let value = self.take(field)?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let texts = value
            .as_array()
            .and_then(|list| list.iter().map(text).collect());
        if texts.is_none() {
            self.problem(field, "must be a list of texts");
        }
        Some(texts.unwrap_or_default())
    }

    fn scopes(&mut self) -> Vec<EntityKind> {
        let problems_before = self.problems.len();
        let names = self.texts("scope").unwrap_or_default();
        let mut scopes = Vec::new();
        for name in names {
            match EntityKind::from_name(&name) {
                Some(kind) if scopes.contains(&kind) => {
                    self.problem("scope", &format!("names {name} twice"));
                }
                Some(kind) => scopes.push(kind),
                None => {
                    let kinds = EntityKind::ALL.map(EntityKind::name).join(", ");
                    self.problem("scope", &format!("must be some of {kinds}, not {name}"));
                }
            }
        }
        if scopes.is_empty() && self.problems.len() == problems_before {
            self.problem("scope", "is missing");
        }
        scopes
    }

    fn refuse_what_is_left(&mut self) {
        let unknown = std::mem::take(&mut self.fields);
        for field in unknown.keys() {
            self.problem(field, "is no field of a definition");
        }
    }
}

#[cfg(test)]
mod tests;
