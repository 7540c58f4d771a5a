//! What the answer to a batch means.

use serde_json::Value;

use super::account::Problem;
use super::batch::Prepared;
use crate::remote::messages;

/// What is to be done after an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All events are stored.
    Accepted,
    /// Nothing was looked at: send it again.
    Again(String),
    /// The same events fit into smaller requests.
    Halve,
    /// None was stored, and these of them are wrong; the first so many are not.
    Wrong(usize, Vec<Problem>),
    /// None was stored, and none will be.
    Refused(String),
}

/// Reads an answer to these events.
pub(super) fn verdict(status: u16, body: &Value, events: &[Prepared]) -> Verdict {
    let sentence = || format!("the API answers {status}: {}", messages(body).join("; "));
    match status {
        202 => Verdict::Accepted,
        413 if events.len() > 1 => Verdict::Halve,
        408 | 429 | 500..600 => Verdict::Again(sentence()),
        422 => {
            let errors = body["errors"].as_array().into_iter().flatten();
            let wrong: Vec<(usize, Problem)> =
                errors.filter_map(|error| problem(error, events)).collect();
            match wrong.iter().map(|(index, _)| *index).min() {
                Some(first) => Verdict::Wrong(
                    first,
                    wrong.into_iter().map(|(_, problem)| problem).collect(),
                ),
                None => Verdict::Refused(sentence()),
            }
        }
        _ => Verdict::Refused(sentence()),
    }
}

fn problem(error: &Value, events: &[Prepared]) -> Option<(usize, Problem)> {
    let index = usize::try_from(error["index"].as_u64()?).ok()?;
    let problem = Problem {
        place: events.get(index)?.place,
        field: error["field"].as_str().map(str::to_owned),
        message: error["message"].as_str()?.to_owned(),
    };
    Some((index, problem))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn events(count: u64) -> Vec<Prepared> {
        let event = |number| Prepared {
            place: 10 + number,
            text: "{}".to_owned(),
        };
        (0..count).map(event).collect()
    }

    #[test]
    fn every_answer_leads_to_what_can_be_done() {
        let error = json!({"errors": [{"message": "why"}]});
        let again = |status| Verdict::Again(format!("the API answers {status}: why"));
        let refused = |status| Verdict::Refused(format!("the API answers {status}: why"));
        for (status, count, expected) in [
            (202, 2, Verdict::Accepted),
            (413, 2, Verdict::Halve),
            (413, 1, refused(413)),
            (503, 2, again(503)),
            (500, 2, again(500)),
            (429, 2, again(429)),
            (400, 2, refused(400)),
            (401, 2, refused(401)),
            (403, 2, refused(403)),
            (404, 2, refused(404)),
            (422, 2, refused(422)),
        ] {
            assert_eq!(
                verdict(status, &error, &events(count)),
                expected,
                "{status}"
            );
        }
    }

    #[test]
    fn wrong_events_are_told_by_their_places_and_those_before_the_first_are_right() {
        let body = json!({"errors": [
            {"index": 3, "field": "author_id", "message": "is missing"},
            {"index": 1, "message": "is no event"},
        ]});
        let expected = [
            (13, Some("author_id"), "is missing"),
            (11, None, "is no event"),
        ];
        let expected = expected.map(|(place, field, message)| Problem {
            place,
            field: field.map(str::to_owned),
            message: message.to_owned(),
        });
        assert_eq!(
            verdict(422, &body, &events(4)),
            Verdict::Wrong(1, expected.to_vec())
        );
    }
}
