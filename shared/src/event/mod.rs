//! The audit event's contract: what must be in the JSON object that travels from a producer to every
//! receiver. `docs/audit-event.schema.json` says the same to producers; a test holds the two together.

pub mod catalogue;
#[cfg(test)]
mod contract_tests;

use std::borrow::Cow;

use chrono::DateTime;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Longest `entity_path` and `target_details`, in characters (GitLab cuts them there).
pub const LONGEST_PATH: usize = 5_500;
/// Longest name of an event type, in characters.
pub const LONGEST_EVENT_TYPE: usize = 255;
/// Longest `id` that a producer may give, in characters.
pub const LONGEST_ID: usize = 128;

/// How deep objects and arrays may lie in one another: where `serde_json` and many parsers of receivers
/// end.
const DEEPEST: usize = 128;

/// Longest reason why bytes are no event, in bytes.
const LONGEST_REASON: usize = 500;

/// What is said of an `entity_path` that [`is_routable`] does not hold for.
pub const UNROUTABLE: &str = "must be names parted by single slashes, such as acme/web";
/// What is said of a `created_at` that [`is_date_time`] does not hold for.
pub const NO_DATE_TIME: &str =
    "must be a date and time with a zone, such as 2022-07-26T05:43:53.662Z";

/// The `entity_type` of an event that concerns a user alone.
pub const USER_ENTITY: &str = "User";
/// The `entity_type` of an event that concerns the whole instance.
pub const INSTANCE_ENTITY: &str = "Gitlab::Audit::InstanceScope";
/// The `entity_path` of an event that concerns the whole instance.
pub const INSTANCE_PATH: &str = "gitlab_instance";

/// The few fields that routing and dispatching need, borrowed from the event's bytes. That one could
/// be made proves that the whole object keeps the contract.
#[derive(Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The event's id as text, whether it is a number or a string in the JSON.
    pub id: Cow<'a, str>,
    /// The name of its type.
    pub event_type: Cow<'a, str>,
    /// `User`, `Group`, `Project`, [`INSTANCE_ENTITY`] or another class.
    pub entity_type: Cow<'a, str>,
    /// Full path of the entity, see [`is_routable`].
    pub entity_path: Cow<'a, str>,
}

/// Why bytes are not a valid event: a sentence for the producer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidEvent(pub String);

/// Field by field what the contract demands. Optional texts may be missing nowhere on the queue: the
/// API completes them, other producers send the complete object.
#[derive(Deserialize)]
#[expect(
    dead_code,
    reason = "fields that only the receiver uses are here to be checked"
)]
struct Wire<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    author_id: i64,
    #[serde(borrow)]
    author_name: Cow<'a, str>,
    entity_id: i64,
    #[serde(borrow)]
    entity_type: Cow<'a, str>,
    #[serde(borrow)]
    entity_path: Cow<'a, str>,
    #[serde(borrow)]
    details: &'a RawValue,
    #[serde(borrow)]
    ip_address: Cow<'a, str>,
    #[serde(deserialize_with = "nullable")]
    target_id: Option<i64>,
    #[serde(borrow)]
    target_type: Cow<'a, str>,
    #[serde(borrow)]
    target_details: Cow<'a, str>,
    #[serde(borrow)]
    created_at: Cow<'a, str>,
}

/// Without this, serde takes a missing field for null.
fn nullable<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Option::deserialize(deserializer)
}

impl<'a> Envelope<'a> {
    /// Checks a whole event in one pass over its bytes. Fields beyond the contract are left alone.
    pub fn parse(body: &'a [u8]) -> Result<Self, InvalidEvent> {
        let text = std::str::from_utf8(body).map_err(|error| {
            InvalidEvent(format!("not UTF-8 from byte {}", error.valid_up_to()))
        })?;
        if is_too_deep(body) {
            return Err(InvalidEvent(format!("nested deeper than {DEEPEST}")));
        }
        let wire: Wire<'a> = serde_json::from_str(text).map_err(|error| shortened(&error))?;
        wire.check()?;
        Ok(Self {
            id: id(wire.id)?,
            event_type: wire.event_type,
            entity_type: wire.entity_type,
            entity_path: wire.entity_path,
        })
    }
}

/// The parser skips what it does not need without looking how deep that is.
fn is_too_deep(json: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > DEEPEST {
                    return true;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// The parser quotes a value that it does not expect, which may be as long as the event.
fn shortened(error: &serde_json::Error) -> InvalidEvent {
    let text = error.to_string();
    if text.len() <= LONGEST_REASON {
        return InvalidEvent(text);
    }
    let place = format!("… at line {} column {}", error.line(), error.column());
    let kept = text.floor_char_boundary(LONGEST_REASON - place.len());
    InvalidEvent(format!("{}{place}", &text[..kept]))
}

impl Wire<'_> {
    fn check(&self) -> Result<(), InvalidEvent> {
        if !is_event_type_name(&self.event_type) {
            return Err(InvalidEvent(format!(
                "event_type must be 1 to {LONGEST_EVENT_TYPE} of a-z, 0-9 and _"
            )));
        }
        if !self.details.get().starts_with('{') {
            return Err(InvalidEvent("details must be an object".to_owned()));
        }
        for (field, text) in [
            ("entity_path", &self.entity_path),
            ("target_details", &self.target_details),
        ] {
            if longer_than(text, LONGEST_PATH) {
                return Err(InvalidEvent(format!(
                    "{field} is longer than {LONGEST_PATH} characters"
                )));
            }
        }
        if self.entity_type.is_empty() {
            return Err(InvalidEvent("entity_type must not be empty".to_owned()));
        }
        if !is_routable(&self.entity_type, &self.entity_path) {
            return Err(InvalidEvent(format!("entity_path {UNROUTABLE}")));
        }
        if !is_date_time(&self.created_at) {
            return Err(InvalidEvent(format!("created_at {NO_DATE_TIME}")));
        }
        Ok(())
    }
}

fn id(raw: &RawValue) -> Result<Cow<'_, str>, InvalidEvent> {
    let invalid = || {
        InvalidEvent(format!(
            "id must be an integer, or a string of 1 to {LONGEST_ID} of A-Z, a-z, 0-9 and _ : . -"
        ))
    };
    let text = raw.get();
    if text.starts_with('"') {
        let id: String = serde_json::from_str(text).map_err(|_| invalid())?;
        return if is_id(&id) {
            Ok(Cow::Owned(id))
        } else {
            Err(invalid())
        };
    }
    if text.parse::<i64>().is_ok() {
        Ok(Cow::Borrowed(text))
    } else {
        Err(invalid())
    }
}

/// Whether a producer may use this text as an event's id.
pub fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_:.-".contains(&byte))
}

/// Whether this text has the form of an event type's name.
pub fn is_event_type_name(text: &str) -> bool {
    (1..=LONGEST_EVENT_TYPE).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether an event can be routed by this path. Those of users and of the instance are not routed by
/// their path, which may be anything.
pub fn is_routable(entity_type: &str, entity_path: &str) -> bool {
    matches!(entity_type, USER_ENTITY | INSTANCE_ENTITY)
        || entity_path.split('/').all(|part| !part.is_empty())
}

/// Whether this text is an RFC 3339 date and time. The parser takes a blank in the place of the `T`
/// as well, which many receivers do not.
pub fn is_date_time(text: &str) -> bool {
    text.as_bytes().get(10) == Some(&b'T') && DateTime::parse_from_rfc3339(text).is_ok()
}

/// Counts characters only where the bytes alone do not settle it.
fn longer_than(text: &str, most: usize) -> bool {
    text.len() > most && text.chars().count() > most
}
