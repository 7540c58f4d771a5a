//! Expected answers in which `…` stands for what is another one each time: made tokens and secrets.

use serde_json::Value;

/// Holds that an answer is the expected one; `what` tells which one that is.
#[track_caller]
pub(crate) fn assert_like(actual: &Value, expected: &Value, what: &str) {
    assert_eq!(masked(actual, expected), *expected, "{what}");
}

/// The answer, with a placeholder wherever a text fits the one that is expected there.
fn masked(actual: &Value, expected: &Value) -> Value {
    match (actual, expected) {
        (Value::String(text), Value::String(pattern)) if fits(text, pattern) => expected.clone(),
        (Value::Array(actual), Value::Array(expected)) if actual.len() == expected.len() => {
            let pairs = actual.iter().zip(expected);
            pairs
                .map(|(actual, expected)| masked(actual, expected))
                .collect()
        }
        (Value::Object(actual), Value::Object(expected)) => {
            let of = |key| expected.get(key).unwrap_or(&Value::Null);
            let fields = actual.iter();
            let masked = fields.map(|(key, value)| (key.clone(), masked(value, of(key))));
            Value::Object(masked.collect())
        }
        _ => actual.clone(),
    }
}

/// Whether a text is what a pattern has around its `…`, with something in between.
fn fits(text: &str, pattern: &str) -> bool {
    let Some((start, end)) = pattern.split_once('…') else {
        return false;
    };
    text.len() > start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
}

#[test]
fn a_placeholder_stands_for_some_text_and_nothing_else() {
    for (text, pattern, expected) in [
        ("abc", "…", true),
        ("", "…", false),
        ("whsec_abc", "whsec_…", true),
        ("whsec_", "whsec_…", false),
        ("other", "whsec_…", false),
        ("a-b-c", "a…c", true),
        ("abc", "abc", false),
    ] {
        assert_eq!(fits(text, pattern), expected, "{text:?} {pattern:?}");
    }
    let masked = masked(
        &serde_json::json!({"token": "abc", "more": 1, "errors": ["a", "b"]}),
        &serde_json::json!({"token": "…", "errors": ["…"]}),
    );
    let expected = serde_json::json!({"token": "…", "more": 1, "errors": ["a", "b"]});
    assert_eq!(masked, expected);
}
