//! The settings of an HTTP target as one JSON object, which is how the consolidated generation reads
//! and writes them: `{"url": …, "headers": {"<name>": {"value": …, "active": …}}}`.

use std::collections::HashSet;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use super::header::{self, HeaderName, NewHeader};
use super::{Header, HttpTarget, Violation};

/// What an HTTP target is made from.
#[derive(Debug)]
pub struct NewHttpTarget {
    /// Where to POST, as it was given.
    pub url: String,
    /// Its headers.
    pub headers: Vec<NewHeader>,
}

/// Reads settings; a string that holds the JSON of an object counts as that, as in GitLab. The rules
/// of URLs are not checked here. An error has at least one violation.
pub fn read(config: &Value, most_headers: u64) -> Result<NewHttpTarget, Vec<Violation>> {
    let parsed: Value;
    let object = match config {
        Value::Object(object) => object,
        Value::String(text) => {
            parsed = serde_json::from_str(text).unwrap_or_default();
            parsed
                .as_object()
                .ok_or_else(|| vec![Violation::ConfigNotObject])?
        }
        _ => return Err(vec![Violation::ConfigNotObject]),
    };
    let invalid = || vec![Violation::ConfigInvalid];
    if object.keys().any(|key| key != "url" && key != "headers") {
        return Err(invalid());
    }
    // Elsewhere blanks around a URL are cut; here GitLab's schema has it begin with its scheme.
    let url = object.get("url").and_then(Value::as_str);
    let url = url.filter(|url| url.trim() == *url).ok_or_else(invalid)?;
    let headers = match object.get("headers") {
        None => Vec::new(),
        Some(Value::Object(headers)) => read_headers(headers, most_headers)?,
        Some(_) => return Err(invalid()),
    };
    Ok(NewHttpTarget {
        url: url.to_owned(),
        headers,
    })
}

fn read_headers(
    headers: &Map<String, Value>,
    most_headers: u64,
) -> Result<Vec<NewHeader>, Vec<Violation>> {
    if headers.len() as u64 > most_headers {
        let limit = most_headers;
        return Err(vec![Violation::TooManyHeaders { limit }]);
    }
    let mut read = Vec::new();
    let mut violations = Vec::new();
    let mut names = HashSet::new();
    for (key, settings) in headers {
        violations.extend(header::check_key(key));
        if !names.insert(HeaderName::new(key)) {
            violations.push(Violation::HeaderKeyTaken);
        }
        match read_header(key, settings) {
            Some(header) => {
                violations.extend(header::check_value(&header.value));
                read.push(header);
            }
            None => violations.push(Violation::ConfigInvalid),
        }
    }
    if violations.is_empty() {
        Ok(read)
    } else {
        Err(violations)
    }
}

/// None when it has not the form of a header's settings.
fn read_header(key: &str, settings: &Value) -> Option<NewHeader> {
    let settings = settings.as_object()?;
    if settings.keys().any(|key| key != "value" && key != "active") {
        return None;
    }
    let value = settings.get("value")?.as_str()?;
    let active = match settings.get("active") {
        None => true,
        Some(active) => active.as_bool()?,
    };
    let value: SecretString = value.into();
    let as_sent = header::without_blanks(&value);
    (as_sent.expose_secret() == value.expose_secret()).then(|| NewHeader {
        key: key.to_owned(),
        value,
        active,
    })
}

/// Writes settings, with whatever stands for the value of each header. Without headers there is no
/// such key, as an empty object of headers is not kept either.
pub fn write<E>(
    target: &HttpTarget,
    value_of: impl Fn(&Header) -> Result<String, E>,
) -> Result<Value, E> {
    let mut config = Map::new();
    config.insert("url".to_owned(), json!(target.url));
    if !target.headers.is_empty() {
        let mut headers = Map::new();
        for header in &target.headers {
            let settings = json!({"value": value_of(header)?, "active": header.active});
            headers.insert(header.key.clone(), settings);
        }
        config.insert("headers".to_owned(), headers.into());
    }
    Ok(config.into())
}

#[cfg(test)]
mod tests {
    use shared::secrets::Purpose;

    use super::*;
    use crate::domain::SealedSecret;

    fn violations(config: &Value) -> Vec<Violation> {
        read(config, 20).err().unwrap_or_default()
    }

    fn headers(headers: &Value) -> Vec<Violation> {
        violations(&json!({"url": "https://siem.example", "headers": headers}))
    }

    fn many(count: usize) -> Value {
        (0..count)
            .map(|number| (format!("X-{number}"), json!({"value": "v"})))
            .collect::<Map<_, _>>()
            .into()
    }

    #[test]
    fn settings_are_an_object_or_a_string_that_holds_one() {
        let text = r#"{"url": "https://siem.example", "headers": {"X-A": {"value": "b"}}}"#;
        let target = read(&json!(text), 20).unwrap();
        assert_eq!(target.url, "https://siem.example");
        assert_eq!(target.headers[0].key, "X-A");
        for config in [
            json!(null),
            json!(5),
            json!([{"url": "https://siem.example"}]),
            json!("no JSON"),
            json!("[]"),
            json!("\"{}\""),
            json!("[".repeat(10_000)),
        ] {
            let found = violations(&config);
            assert_eq!(found, [Violation::ConfigNotObject], "{config:.40}");
        }
    }

    #[test]
    fn settings_have_a_url_and_perhaps_headers_and_nothing_else() {
        for config in [
            json!({}),
            json!({"url": null}),
            json!({"url": 5}),
            json!({"url": " https://siem.example"}),
            json!({"url": "https://siem.example", "more": 1}),
            json!({"url": "https://siem.example", "headers": []}),
            json!({"url": "https://siem.example", "headers": null}),
        ] {
            assert_eq!(violations(&config), [Violation::ConfigInvalid], "{config}");
        }
        assert_eq!(violations(&json!({"url": "https://siem.example"})), []);
    }

    #[test]
    fn headers_have_a_value_and_perhaps_a_switch() {
        let invalid = vec![Violation::ConfigInvalid];
        let table = [
            (json!({}), vec![]),
            (json!({"X": {"value": "v"}}), vec![]),
            (json!({"X": {"value": "", "active": false}}), vec![]),
            (json!({"X": {"value": "a \"b\", c"}}), vec![]),
            (json!({"X": {"value": "a".repeat(2_000)}}), vec![]),
            (
                json!({"X": {"value": "a".repeat(2_001)}}),
                vec![Violation::HeaderValueTooLong],
            ),
            (
                json!({"X": {"value": "€"}}),
                vec![Violation::HeaderValueInvalid],
            ),
            (json!({"X": "v"}), invalid.clone()),
            (json!({"X": {}}), invalid.clone()),
            (json!({"X": {"value": null}}), invalid.clone()),
            (json!({"X": {"value": " v"}}), invalid.clone()),
            (json!({"X": {"value": "v "}}), invalid.clone()),
            (
                json!({"X": {"value": "v", "active": null}}),
                invalid.clone(),
            ),
            (
                json!({"X": {"value": "v", "active": "yes"}}),
                invalid.clone(),
            ),
            (json!({"X": {"value": "v", "more": 1}}), invalid),
            (json!({"": {"value": "v"}}), vec![Violation::HeaderKeyBlank]),
            (
                json!({"a b": {"value": "v"}}),
                vec![Violation::HeaderKeyInvalid],
            ),
            (
                json!({"host": {"value": "v"}}),
                vec![Violation::HeaderKeyReserved("Host")],
            ),
            (
                json!({"X-A": {"value": "v"}, "x-a": {"value": "w"}}),
                vec![Violation::HeaderKeyTaken],
            ),
            (many(20), vec![]),
            (many(21), vec![Violation::TooManyHeaders { limit: 20 }]),
        ];
        for (given, expected) in table {
            assert_eq!(headers(&given), expected, "{given}");
        }
    }

    #[test]
    fn a_header_is_active_unless_it_is_said_otherwise() {
        let config = json!({"url": "https://siem.example", "headers": {"A": {"value": "v"}, "B": {"value": "v", "active": false}}});
        let target = read(&config, 20).unwrap();
        let active: Vec<bool> = target.headers.iter().map(|header| header.active).collect();
        assert_eq!(active, [true, false]);
    }

    #[test]
    fn what_is_written_can_be_read() {
        let header = |key: &str, active| Header {
            id: 1,
            key: key.to_owned(),
            value: SealedSecret::new(Purpose::HeaderValue, key.to_lowercase()),
            active,
        };
        let mut target = HttpTarget {
            url: "https://siem.example".to_owned(),
            headers: vec![header("B", false), header("A", true)],
        };
        let shown = |header: &Header| Ok::<_, ()>(format!("of {}", header.key));
        assert_eq!(
            write(&target, shown).unwrap(),
            json!({"url": "https://siem.example", "headers": {"B": {"value": "of B", "active": false}, "A": {"value": "of A", "active": true}}})
        );
        target.headers.clear();
        let config = write(&target, shown).unwrap();
        assert_eq!(config, json!({"url": "https://siem.example"}));
        assert!(read(&config, 20).is_ok());
    }
}
