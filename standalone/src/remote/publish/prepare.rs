//! Looks at the text of an event before it is sent, and gives it an id when it has none.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// The text that is sent, or what is wrong with it. An event without an id gets the `id`, so that what is
/// sent once more, as its answer was lost, can be told from what happened twice.
pub(super) fn prepare(bytes: Vec<u8>, id: impl FnOnce() -> String) -> Result<String, String> {
    let text = String::from_utf8(bytes).map_err(|error| {
        format!(
            "is not UTF-8 from byte {}",
            error.utf8_error().valid_up_to()
        )
    })?;
    if !text.starts_with('{') {
        return Err("is no JSON object".to_owned());
    }
    let mut members: BTreeMap<Cow<'_, str>, &RawValue> =
        serde_json::from_str(&text).map_err(|error| format!("is not valid JSON: {error}"))?;
    let id_value = match members.get("id") {
        Some(given) if given.get() != "null" => return Ok(text),
        _ => serde_json::value::to_raw_value(&id()).expect("a text can be written as JSON"),
    };
    members.insert(Cow::Borrowed("id"), &id_value);
    Ok(serde_json::to_string(&members).expect("what was read as JSON can be written as JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_without_an_id_gets_one_and_every_other_stays_as_it_is() {
        for (event, sent) in [
            (
                r#"{"id": "mine" , "b":1.50}"#,
                r#"{"id": "mine" , "b":1.50}"#,
            ),
            (r#"{"id":7}"#, r#"{"id":7}"#),
            (r#"{"b":1.50}"#, r#"{"b":1.50,"id":"made"}"#),
            (r#"{"id":null}"#, r#"{"id":"made"}"#),
            ("{}", r#"{"id":"made"}"#),
            (
                r#"{"details":{"id":1}}"#,
                r#"{"details":{"id":1},"id":"made"}"#,
            ),
        ] {
            let prepared = prepare(event.as_bytes().to_vec(), || "made".to_owned());
            assert_eq!(prepared.as_deref(), Ok(sent));
        }
    }

    #[test]
    fn what_cannot_be_an_event_is_told_without_asking_the_api() {
        for (bytes, problem) in [
            (&b"7"[..], "is no JSON object"),
            (b"[{}]", "is no JSON object"),
            (b"{\"a\":", "is not valid JSON: EOF"),
            (b"{\"a\":1} {}", "is not valid JSON: trailing characters"),
            (b"{\"a\":\"\xff\"}", "is not UTF-8 from byte 6"),
        ] {
            let refused = prepare(bytes.to_vec(), String::new).unwrap_err();
            assert!(refused.starts_with(problem), "{refused}");
        }
    }
}
