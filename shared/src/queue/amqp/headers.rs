//! Message headers as AMQP carries them.

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};

use crate::clock::Timestamp;
use crate::queue::Headers;

const CONFIG_VERSION: &str = "x-config-version";
const DESTINATION_ID: &str = "x-destination-id";
const ATTEMPT: &str = "x-attempt";
const REFUSALS: &str = "x-refusals";
const CLIMBS: &str = "x-climbs";
const LAST_ATTEMPT: &str = "x-last-attempt";
const FIRST_SEEN: &str = "x-first-seen";
const LAST_STATUS: &str = "x-last-status";
const LAST_ERROR: &str = "x-last-error";
const ACCEPTED_AT: &str = "x-accepted-at";
const REASON: &str = "x-reason";
const TRACEPARENT: &str = "traceparent";
/// Bytes of one text. All headers must fit into one frame of 128 KiB, or the broker ends the
/// connection.
const LONGEST_TEXT: usize = 2_000;

/// Properties of a message that must survive: persistent, with its headers.
pub(super) fn to_properties(headers: &Headers) -> BasicProperties {
    const PERSISTENT: u8 = 2;
    let mut table = FieldTable::default();
    let mut number = |key: &str, value: Option<i64>| {
        if let Some(value) = value {
            table.insert(key.into(), AMQPValue::LongLongInt(value));
        }
    };
    number(CONFIG_VERSION, headers.config_version);
    number(DESTINATION_ID, headers.destination_id);
    let count = |count: u32| (count > 0).then_some(i64::from(count));
    number(ATTEMPT, count(headers.attempt));
    number(REFUSALS, count(headers.refusals));
    number(CLIMBS, count(headers.climbs));
    number(ACCEPTED_AT, headers.accepted_at.map(|moment| moment.0));
    number(FIRST_SEEN, headers.first_seen.map(|moment| moment.0));
    number(LAST_ATTEMPT, headers.last_attempt.map(|moment| moment.0));
    number(LAST_STATUS, headers.last_status.map(i64::from));
    let mut text = |key: &str, value: &Option<String>| {
        if let Some(value) = value {
            let value = &value[..value.floor_char_boundary(LONGEST_TEXT)];
            table.insert(key.into(), AMQPValue::LongString(value.into()));
        }
    };
    text(LAST_ERROR, &headers.last_error);
    text(REASON, &headers.reason);
    text(TRACEPARENT, &headers.traceparent);
    BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/json".into())
        .with_headers(table)
}

/// What is known of a message; a header of another type than ours counts as absent, since any
/// producer may send what it likes.
pub(super) fn from_properties(properties: &BasicProperties) -> Headers {
    let Some(table) = properties.headers() else {
        return Headers::default();
    };
    let value = |key: &str| table.inner().get(&ShortString::from(key));
    let number = |key: &str| value(key).and_then(integer);
    let count = |key: &str| {
        number(key)
            .and_then(|value| u32::try_from(value).ok())
            .unwrap_or(0)
    };
    let text = |key: &str| match value(key) {
        Some(AMQPValue::LongString(text)) => {
            Some(String::from_utf8_lossy(text.as_bytes()).into_owned())
        }
        Some(AMQPValue::ShortString(text)) => Some(text.to_string()),
        _ => None,
    };
    Headers {
        config_version: number(CONFIG_VERSION),
        destination_id: number(DESTINATION_ID),
        attempt: count(ATTEMPT),
        refusals: count(REFUSALS),
        climbs: count(CLIMBS),
        first_seen: number(FIRST_SEEN).map(Timestamp),
        last_attempt: number(LAST_ATTEMPT).map(Timestamp),
        last_status: number(LAST_STATUS).and_then(|value| u16::try_from(value).ok()),
        last_error: text(LAST_ERROR),
        reason: text(REASON).or_else(|| broker_reason(value("x-death"))),
        accepted_at: number(ACCEPTED_AT).map(Timestamp),
        // A producer can put anything here.
        traceparent: text(TRACEPARENT).filter(|trace| trace.len() <= LONGEST_TEXT),
    }
}

/// Why the broker itself dead-lettered a message.
fn broker_reason(death: Option<&AMQPValue>) -> Option<String> {
    let Some(AMQPValue::FieldArray(deaths)) = death else {
        return None;
    };
    let AMQPValue::FieldTable(latest) = deaths.as_slice().first()? else {
        return None;
    };
    match latest.inner().get(&ShortString::from("reason"))? {
        AMQPValue::LongString(reason) if reason.as_bytes() == b"delivery_limit" => {
            Some("redelivered too often".to_owned())
        }
        AMQPValue::LongString(reason) => {
            Some(String::from_utf8_lossy(reason.as_bytes()).into_owned())
        }
        _ => None,
    }
}

fn integer(value: &AMQPValue) -> Option<i64> {
    match value {
        AMQPValue::LongLongInt(value) => Some(*value),
        AMQPValue::LongInt(value) => Some(i64::from(*value)),
        AMQPValue::LongUInt(value) => Some(i64::from(*value)),
        AMQPValue::ShortInt(value) => Some(i64::from(*value)),
        AMQPValue::ShortUInt(value) => Some(i64::from(*value)),
        AMQPValue::ShortShortInt(value) => Some(i64::from(*value)),
        AMQPValue::ShortShortUInt(value) => Some(i64::from(*value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back_as_they_were_sent() {
        let headers = Headers {
            config_version: Some(7),
            destination_id: Some(-1),
            attempt: 3,
            refusals: 2,
            climbs: 1,
            first_seen: Some(Timestamp(1_700_000_000_000)),
            last_attempt: Some(Timestamp(1_700_000_000_001)),
            last_status: Some(503),
            last_error: Some("täglich".to_owned()),
            reason: Some("not UTF-8 from byte 0".to_owned()),
            accepted_at: Some(Timestamp(1_699_999_999_999)),
            traceparent: Some("00-1-2-01".to_owned()),
        };
        assert_eq!(from_properties(&to_properties(&headers)), headers);
        let none = Headers::default();
        assert_eq!(from_properties(&to_properties(&none)), none);
    }

    #[test]
    fn a_text_is_cut_so_that_the_headers_fit_into_a_frame() {
        let headers = Headers {
            reason: Some("ä".repeat(100_000)),
            ..Headers::default()
        };
        let reason = from_properties(&to_properties(&headers)).reason.unwrap();
        assert_eq!(reason, "ä".repeat(LONGEST_TEXT / 2));
    }

    #[test]
    fn a_header_of_another_type_counts_as_absent() {
        let mut table = FieldTable::default();
        table.insert(CONFIG_VERSION.into(), AMQPValue::LongString("seven".into()));
        table.insert(ATTEMPT.into(), AMQPValue::LongLongInt(-4));
        let properties = BasicProperties::default().with_headers(table);
        assert_eq!(from_properties(&properties), Headers::default());
    }
}
