//! How far the publishing of a file got, and how that is told.

use serde::Serialize;
use serde_json::{Value, json};

use super::events::Form;
use crate::remote::output::{counted, printable};

/// What is wrong with an event, or why it could not be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    /// Line or element, from 1.
    pub(super) place: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<String>,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn of(place: u64, message: impl Into<String>) -> Self {
        Self {
            place,
            field: None,
            message: message.into(),
        }
    }

    fn sentence(&self, form: Form) -> String {
        let field = self.field.as_ref().map(|field| format!("{field} "));
        let what = format!("{}{}", field.unwrap_or_default(), self.message);
        format!("{} {}: {}", form.place(), self.place, printable(&what))
    }
}

/// How far it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) form: Form,
    /// Events that the API has stored.
    pub(super) accepted: u64,
    /// Events of these that were sent more than once as no answer came, and may be stored as often.
    pub(super) sent_again: u64,
    /// From this place on nothing is known to be stored.
    pub(super) next: u64,
    /// Whether events from that place on were sent and not answered, so that they may be stored.
    pub(super) in_doubt: bool,
}

impl Account {
    /// Of what begins with this place.
    pub(super) fn from(next: u64) -> Self {
        Self {
            form: Form::Lines,
            accepted: 0,
            sent_again: 0,
            next,
            in_doubt: false,
        }
    }

    /// For people; `problems` are why it stopped before the end, and none of them when somebody wanted
    /// that.
    pub(super) fn sentences(&self, problems: Option<&[Problem]>) -> Vec<String> {
        let mut sentences: Vec<String> = problems
            .into_iter()
            .flatten()
            .map(|problem| problem.sentence(self.form))
            .collect();
        let place = self.form.place();
        let end = match problems {
            None => String::new(),
            Some(_) => format!(
                ", none from {place} {} on: go on with --from-line {}",
                self.next, self.next
            ),
        };
        let were = if self.accepted == 1 { "was" } else { "were" };
        let accepted = counted(self.accepted, "event");
        sentences.push(format!("{accepted} {were} accepted{end}"));
        if self.in_doubt {
            sentences.push(format!(
                "what was sent from {place} {} on was not answered and may be stored all the same: receivers may get these events twice, with the same id where the file has one",
                self.next
            ));
        }
        if self.sent_again > 0 {
            sentences.push(format!(
                "{} of them were sent again since no answer came: receivers may get these twice, with the same id",
                self.sent_again
            ));
        }
        sentences
    }

    /// For programs.
    pub(super) fn summary(&self, problems: Option<&[Problem]>) -> Value {
        json!({
            "accepted": self.accepted,
            "sentAgain": self.sent_again,
            "next": problems.map(|_| self.next),
            "inDoubt": self.in_doubt,
            "problems": problems.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account {
            form: Form::Lines,
            accepted: 7,
            sent_again: 0,
            next: 8,
            in_doubt: false,
        }
    }

    #[test]
    fn where_to_go_on_is_told_when_not_all_was_sent() {
        let wrong = Problem {
            place: 8,
            field: Some("author_id".to_owned()),
            message: "is missing".to_owned(),
        };
        for (problems, expected) in [
            (None, &["7 events were accepted"][..]),
            (
                Some(&[][..]),
                &["7 events were accepted, none from line 8 on: go on with --from-line 8"],
            ),
            (
                Some(&[wrong]),
                &[
                    "line 8: author_id is missing",
                    "7 events were accepted, none from line 8 on: go on with --from-line 8",
                ],
            ),
        ] {
            assert_eq!(account().sentences(problems), expected);
        }
    }

    #[test]
    fn what_may_arrive_twice_is_told() {
        let account = Account {
            sent_again: 3,
            in_doubt: true,
            form: Form::Array,
            ..account()
        };
        let sentences = account.sentences(Some(&[]));
        assert!(
            sentences[1].contains("from element 8 on was not answered"),
            "{sentences:?}"
        );
        assert!(
            sentences[2].starts_with("3 of them were sent again"),
            "{sentences:?}"
        );
        assert_eq!(
            account.summary(Some(&[])),
            json!({"accepted": 7, "sentAgain": 3, "next": 8, "inDoubt": true, "problems": []})
        );
    }
}
