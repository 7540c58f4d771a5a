//! Takes the body of a request apart into events: one object, an array of objects, or one object a
//! line.

use serde_json::value::RawValue;

use super::complete::Problem;

/// How a body holds its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/json`: an object or an array.
    Json,
    /// `application/x-ndjson`: an object a line; empty lines are passed over.
    NdJson,
}

impl Format {
    /// The format that a `Content-Type` names; parameters such as a charset are passed over.
    pub fn from_content_type(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/json") {
            Some(Self::Json)
        } else if essence.eq_ignore_ascii_case("application/x-ndjson") {
            Some(Self::NdJson)
        } else {
            None
        }
    }
}

/// Why a body holds no events that could be looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoBatch {
    /// There is nothing in it.
    #[error("The body holds no event")]
    Empty,
    /// It is not text.
    #[error("The body is not UTF-8 from byte {0}")]
    NotUtf8(usize),
    /// It is not JSON.
    #[error("The body is not valid JSON: {0}")]
    NotJson(String),
    /// It is JSON, but neither an object nor an array.
    #[error("The body must be a JSON object or an array of them")]
    NotEvents,
    /// There is too much in it.
    #[error("The body holds {events} events, the most are {most}")]
    TooMany {
        /// How many events there are.
        events: usize,
        /// How many there may be.
        most: usize,
    },
}

/// What is wrong with one event of a batch.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BatchProblem {
    /// Which event, from 0.
    pub index: usize,
    /// What is wrong with it.
    #[serde(flatten)]
    pub problem: Problem,
}

/// The text of each event, in order. Whether they are events is not looked at, only where an array's
/// elements begin and end.
pub fn split(body: &[u8], format: Format, most: usize) -> Result<Vec<&str>, NoBatch> {
    let text = std::str::from_utf8(body).map_err(|error| NoBatch::NotUtf8(error.valid_up_to()))?;
    let events = match format {
        Format::Json => elements(text)?,
        Format::NdJson => text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect(),
    };
    match events.len() {
        0 => Err(NoBatch::Empty),
        count if count > most => Err(NoBatch::TooMany {
            events: count,
            most,
        }),
        _ => Ok(events),
    }
}

fn elements(text: &str) -> Result<Vec<&str>, NoBatch> {
    let not_json = |error: serde_json::Error| NoBatch::NotJson(error.to_string());
    match text.trim_start().chars().next() {
        None => Err(NoBatch::Empty),
        Some('[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(not_json)?;
            Ok(elements.into_iter().map(RawValue::get).collect())
        }
        Some(first) => {
            let value: &RawValue = serde_json::from_str(text).map_err(not_json)?;
            if first == '{' {
                Ok(vec![value.get()])
            } else {
                Err(NoBatch::NotEvents)
            }
        }
    }
}

/// Applies `complete` to each event: all of them, or every problem with its event's index.
pub fn complete_all<T>(
    events: &[&str],
    mut complete: impl FnMut(&str) -> Result<T, Vec<Problem>>,
) -> Result<Vec<T>, Vec<BatchProblem>> {
    let mut completed = Vec::with_capacity(events.len());
    let mut problems = Vec::new();
    for (index, event) in events.iter().enumerate() {
        match complete(event) {
            Ok(event) => completed.push(event),
            Err(found) => {
                problems.extend(
                    found
                        .into_iter()
                        .map(|problem| BatchProblem { index, problem }),
                );
            }
        }
    }
    if problems.is_empty() {
        Ok(completed)
    } else {
        Err(problems)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_json(body: &str) -> Result<Vec<&str>, NoBatch> {
        split(body.as_bytes(), Format::Json, 3)
    }

    fn split_lines(body: &str) -> Result<Vec<&str>, NoBatch> {
        split(body.as_bytes(), Format::NdJson, 3)
    }

    #[test]
    fn the_content_type_names_the_format() {
        for (content_type, format) in [
            ("application/json", Some(Format::Json)),
            ("Application/JSON; charset=utf-8", Some(Format::Json)),
            ("application/x-ndjson", Some(Format::NdJson)),
            ("application/x-ndjson;charset=utf-8", Some(Format::NdJson)),
            ("text/plain", None),
            ("application/x-www-form-urlencoded", None),
            ("application/jsonx", None),
            ("", None),
        ] {
            assert_eq!(
                Format::from_content_type(content_type),
                format,
                "{content_type}"
            );
        }
    }

    #[test]
    fn an_object_is_one_event_and_an_array_as_many_as_it_has_elements() {
        assert_eq!(split_json(" {\"a\": 1} ").unwrap(), ["{\"a\": 1}"]);
        assert_eq!(split_json("[{\"a\": 1}]").unwrap(), ["{\"a\": 1}"]);
        assert_eq!(
            split_json("\n[ {\"a\": [ 1, 2 ]} ,7 , \"x\"]").unwrap(),
            ["{\"a\": [ 1, 2 ]}", "7", "\"x\""]
        );
    }

    #[test]
    fn a_line_is_an_event_whatever_the_line_ends_with() {
        assert_eq!(split_lines("{}\n{}").unwrap(), ["{}", "{}"]);
        assert_eq!(
            split_lines("\r\n {} \r\n\n\n{\"a\":1}\r\n").unwrap(),
            ["{}", "{\"a\":1}"]
        );
        assert_eq!(split_lines("{\n{}").unwrap(), ["{", "{}"]);
    }

    #[test]
    fn a_body_without_events_is_refused() {
        for body in ["", " \n", "[]", " [ ] "] {
            assert_eq!(split_json(body), Err(NoBatch::Empty), "{body}");
        }
        for body in ["", "\n\r\n  \n"] {
            assert_eq!(split_lines(body), Err(NoBatch::Empty), "{body}");
        }
        for body in ["7", "\"text\"", "null", "true"] {
            assert_eq!(split_json(body), Err(NoBatch::NotEvents), "{body}");
        }
        for body in ["{", "[{}", "[{}]]", "{} {}", "nul", "[{},]"] {
            assert!(
                matches!(split_json(body), Err(NoBatch::NotJson(_))),
                "{body}"
            );
        }
    }

    #[test]
    fn the_number_of_events_is_limited() {
        assert_eq!(split_json("[{},{},{}]").unwrap().len(), 3);
        let too_many = Err(NoBatch::TooMany { events: 4, most: 3 });
        assert_eq!(split_json("[{},{},{},{}]"), too_many);
        assert_eq!(split_lines("{}\n{}\n{}\n{}"), too_many);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_with_their_place() {
        for format in [Format::Json, Format::NdJson] {
            assert_eq!(split(b"{}\n\xff", format, 3), Err(NoBatch::NotUtf8(3)));
        }
    }

    #[test]
    fn ten_thousand_levels_do_not_exhaust_the_stack() {
        let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(split_json(&nested).unwrap().len(), 1);
    }

    #[test]
    fn a_batch_with_one_bad_event_is_refused_with_every_index() {
        let even = |event: &str| match event.parse::<u32>() {
            Ok(number) if number.is_multiple_of(2) => Ok(number),
            _ => Err(vec![Problem::of_event(format!("{event} is odd"))]),
        };
        assert_eq!(complete_all(&["2", "4"], even), Ok(vec![2, 4]));
        let problems = complete_all(&["2", "3", "4", "5"], even).unwrap_err();
        assert_eq!(
            serde_json::to_value(problems).unwrap(),
            serde_json::json!([
                {"index": 1, "field": null, "message": "3 is odd"},
                {"index": 3, "field": null, "message": "5 is odd"},
            ])
        );
    }
}
