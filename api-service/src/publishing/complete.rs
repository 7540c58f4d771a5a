//! Makes a producer's JSON object a complete event, or tells what is wrong with it, field by field.

mod fields;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::value::RawValue;
use shared::clock::Timestamp;
use shared::event::catalogue::Catalogue;
use shared::event::{
    Envelope, LONGEST_EVENT_TYPE, LONGEST_ID, LONGEST_PATH, NO_DATE_TIME, UNROUTABLE, is_date_time,
    is_id, is_routable,
};
use uuid::Uuid;

use super::OutgoingEvent;
use fields::{Fields, text_of};

/// What is wrong with one event: data for the producer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// The field; none, when it is the event as a whole.
    pub field: Option<String>,
    /// A sentence about it.
    pub message: String,
}

impl Problem {
    /// Of the event as a whole.
    pub(crate) fn of_event(message: impl Into<String>) -> Self {
        Self {
            field: None,
            message: message.into(),
        }
    }

    fn of(field: &str, message: impl Into<String>) -> Self {
        Self {
            field: Some(field.to_owned()),
            message: message.into(),
        }
    }
}

/// What an event is completed with.
#[derive(Debug, Clone, Copy)]
pub struct Completion {
    /// The id, when the producer gives none.
    pub id: Uuid,
    /// The time, when the producer gives none.
    pub now: Timestamp,
    /// Most bytes that the complete event may have.
    pub most_bytes: usize,
}

impl Completion {
    /// With a fresh id, which sorts after those made before it.
    pub fn new(now: Timestamp, most_bytes: usize) -> Self {
        Self {
            id: Uuid::now_v7(),
            now,
            most_bytes,
        }
    }
}

/// Checks a producer's object and fills in what may be left out (null counts as left out): `id`,
/// `created_at`, `ip_address` and `target_*`, of which `details` may tell. Known fields are written
/// in GitLab's order, then the producer's own as they came; `details`, these and all numbers stay
/// byte for byte. Its type must be in the catalogue. Every problem is reported at once.
pub fn complete(
    json: &str,
    catalogue: &Catalogue,
    with: Completion,
) -> Result<OutgoingEvent, Vec<Problem>> {
    let fields = Fields::parse(json)?;
    let mut check = Check {
        fields: &fields,
        catalogue,
        problems: Vec::new(),
    };
    let event = check.event(with);
    let mut problems = check.problems;
    problems.extend(fields.repeated());
    if !problems.is_empty() {
        return Err(problems);
    }
    let body = event.write(&fields);
    if body.len() > with.most_bytes {
        return Err(vec![Problem::of_event(format!(
            "the event has {} bytes, the most are {}",
            body.len(),
            with.most_bytes
        ))]);
    }
    // The contract that workers hold events to has the last word.
    Envelope::parse(&body).map_err(|invalid| vec![Problem::of_event(invalid.to_string())])?;
    Ok(OutgoingEvent {
        id: event.id,
        event_type: event.type_name,
        body,
        traceparent: None,
    })
}

/// The known fields as JSON, in GitLab's order.
struct Event<'a> {
    id: String,
    type_name: String,
    known: [(&'static str, Cow<'a, str>); 13],
}

impl Event<'_> {
    fn write(&self, fields: &Fields<'_>) -> Bytes {
        let mut json = String::new();
        for (name, value) in &self.known {
            json.push(if json.is_empty() { '{' } else { ',' });
            json.push('"');
            json.push_str(name);
            json.push_str("\":");
            json.push_str(value);
        }
        let names = self.known.each_ref().map(|(name, _)| *name);
        for (key, value) in fields.besides(&names) {
            json.push(',');
            json.push_str(&quoted(key));
            json.push(':');
            json.push_str(value.get());
        }
        json.push('}');
        Bytes::from(json)
    }
}

struct Check<'a> {
    fields: &'a Fields<'a>,
    catalogue: &'a Catalogue,
    problems: Vec<Problem>,
}

impl<'a> Check<'a> {
    fn event(&mut self, with: Completion) -> Event<'a> {
        let (id_text, id) = self.id(with.id);
        let event_type = self.event_type();
        let author_id = self.integer("author_id");
        let entity_id = self.integer("entity_id");
        let entity_type = self.text("entity_type");
        if entity_type == "\"\"" {
            self.problem("entity_type", "must not be empty");
        }
        let details = self.details();
        let hints = self.hints();
        let hints = hints.as_ref();
        let ip_address = self.text_or("ip_address", hints);
        let author_name = self.text("author_name");
        let entity_path = self.entity_path();
        let target_details = self.text_or("target_details", hints);
        let target_details = match cut(&target_details) {
            Some(text) => quoted(&text).into(),
            None => target_details,
        };
        let created_at = self.created_at(with.now);
        let target_type = self.text_or("target_type", hints);
        let target_id = self.target_id(hints);
        let known = [
            ("id", id),
            ("author_id", author_id),
            ("entity_id", entity_id),
            ("entity_type", entity_type),
            ("details", details),
            ("ip_address", ip_address),
            ("author_name", author_name),
            ("entity_path", entity_path),
            ("target_details", target_details),
            ("created_at", created_at),
            ("target_type", target_type),
            ("target_id", target_id),
            ("event_type", quoted(&event_type).into()),
        ];
        Event {
            id: id_text,
            type_name: event_type,
            known,
        }
    }

    fn problem(&mut self, field: &str, message: impl Into<String>) -> Cow<'a, str> {
        self.problems.push(Problem::of(field, message));
        Cow::Borrowed("")
    }

    fn id(&mut self, fresh: Uuid) -> (String, Cow<'a, str>) {
        let Some(raw) = self.fields.get("id") else {
            let id = fresh.to_string();
            let json = quoted(&id).into();
            return (id, json);
        };
        let id = text_of(raw).filter(|id| is_id(id));
        if let Some(id) = id.or_else(|| is_integer(raw).then(|| raw.get().to_owned())) {
            return (id, raw.get().into());
        }
        let message = format!(
            "must be an integer, or a string of 1 to {LONGEST_ID} of A-Z, a-z, 0-9 and _ : . -"
        );
        (String::new(), self.problem("id", message))
    }

    fn event_type(&mut self) -> String {
        let problem = match self.fields.get("event_type").map(text_of) {
            None => "is missing".to_owned(),
            Some(None) => "must be a string".to_owned(),
            Some(Some(name)) if self.catalogue.find(&name).is_some() => return name,
            Some(Some(name)) if name.chars().count() <= LONGEST_EVENT_TYPE => {
                format!("is not a known event type: {}", quoted(&name))
            }
            Some(Some(_)) => format!("is longer than {LONGEST_EVENT_TYPE} characters"),
        };
        self.problem("event_type", problem);
        String::new()
    }

    fn integer(&mut self, name: &str) -> Cow<'a, str> {
        match self.fields.get(name) {
            None => self.problem(name, "is missing"),
            Some(raw) if is_integer(raw) => raw.get().into(),
            Some(_) => self.problem(name, "must be an integer of 64 bits"),
        }
    }

    fn text(&mut self, name: &str) -> Cow<'a, str> {
        match self.fields.get(name) {
            None => self.problem(name, "is missing"),
            Some(raw) if text_of(raw).is_some() => raw.get().into(),
            Some(_) => self.problem(name, "must be a string"),
        }
    }

    fn text_or(&mut self, name: &str, hints: Option<&Fields<'a>>) -> Cow<'a, str> {
        if self.fields.get(name).is_some() {
            return self.text(name);
        }
        hints
            .and_then(|hints| hints.get(name))
            .filter(|raw| text_of(raw).is_some())
            .map_or("\"\"", RawValue::get)
            .into()
    }

    fn target_id(&mut self, hints: Option<&Fields<'a>>) -> Cow<'a, str> {
        if self.fields.get("target_id").is_some() {
            return self.integer("target_id");
        }
        hints
            .and_then(|hints| hints.get("target_id"))
            .filter(|raw| is_integer(raw))
            .map_or("null", RawValue::get)
            .into()
    }

    fn details(&mut self) -> Cow<'a, str> {
        match self.fields.get("details") {
            None => self.problem("details", "is missing"),
            Some(raw) if raw.get().starts_with('{') => raw.get().into(),
            Some(_) => self.problem("details", "must be an object"),
        }
    }

    /// The members of `details`, which may tell what was left out.
    fn hints(&self) -> Option<Fields<'a>> {
        Fields::parse(self.fields.get("details")?.get()).ok()
    }

    fn created_at(&mut self, now: Timestamp) -> Cow<'a, str> {
        let Some(raw) = self.fields.get("created_at") else {
            return quoted(&now.to_rfc3339()).into();
        };
        if text_of(raw).is_some_and(|text| is_date_time(&text)) {
            return raw.get().into();
        }
        self.problem("created_at", NO_DATE_TIME)
    }

    fn entity_path(&mut self) -> Cow<'a, str> {
        let json = self.text("entity_path");
        let text = |name| self.fields.get(name).and_then(text_of);
        if let (Some(entity_type), Some(path)) = (text("entity_type"), text("entity_path"))
            && !is_routable(&entity_type, &path)
        {
            return self.problem("entity_path", UNROUTABLE);
        }
        match cut(&json) {
            // The cut may go between a slash and the name after it.
            Some(path) => quoted(path.trim_end_matches('/')).into(),
            None => json,
        }
    }
}

fn is_integer(raw: &RawValue) -> bool {
    serde_json::from_str::<i64>(raw.get()).is_ok()
}

/// The text of a JSON string, cut to the longest path by characters; none, when it is no longer.
fn cut(json: &str) -> Option<String> {
    // No character is shorter in JSON than one byte.
    if json.len() <= LONGEST_PATH {
        return None;
    }
    let mut text: String = serde_json::from_str(json).ok()?;
    let (end, _) = text.char_indices().nth(LONGEST_PATH)?;
    text.truncate(end);
    Some(text)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
