//! A delivery as a line.

use serde_json::Value;

use crate::remote::destinations::Found;
use crate::remote::output::printable;

/// Characters of a name at most.
const LONGEST: usize = 24;

/// How lines of some destinations are aligned.
pub(super) struct Line {
    name: usize,
}

impl Line {
    pub(super) fn of<T>(found: &[Found<T>]) -> Self {
        let names = found.iter().map(|found| found.name.chars().count());
        Self {
            name: names.max().unwrap_or(0).min(LONGEST),
        }
    }

    /// Time, destination, how it ended, status, duration, how long the event had been on its way, its type and
    /// id, and what went wrong.
    pub(super) fn show(&self, name: &str, delivery: &Value) -> String {
        let text = |field: &str| printable(delivery[field].as_str().unwrap_or_default());
        let number = |field: &str| delivery[field].as_u64();
        let status = number("status").map_or_else(|| "-".to_owned(), |status| status.to_string());
        let millis = |field: &str| format!("{}ms", number(field).unwrap_or_default());
        let (duration, lag) = (millis("durationMs"), millis("lagMs"));
        let name: String = printable(name).chars().take(LONGEST).collect();
        let line = format!(
            "{}  {name:<width$}  {:<9}  {status:>3}  {duration:>7}  {lag:>9}  {}  {}  {}",
            text("attemptedAt"),
            text("outcome"),
            text("eventType"),
            text("eventId"),
            text("error"),
            width = self.name,
        );
        line.trim_end().to_owned()
    }
}

/// What is told of deliveries that are not shown.
pub(super) fn dropped(data: &Value) -> String {
    match data["count"].as_u64() {
        Some(count) => format!("… {count} more that are not shown, as there are too many"),
        None => "… some more that are not shown, nobody knows how many".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_delivery_is_a_line_also_when_there_was_no_answer() {
        let line = Line { name: 8 };
        let mut delivery = json!({
            "attemptedAt": "2026-01-02T03:04:05.678Z", "outcome": "delivered", "status": 200,
            "durationMs": 12, "lagMs": 7, "eventType": "user_created", "eventId": "one", "error": null,
        });
        assert_eq!(
            line.show("siem", &delivery),
            "2026-01-02T03:04:05.678Z  siem      delivered  200     12ms        7ms  user_created  one"
        );
        delivery["status"] = json!(null);
        delivery["outcome"] = json!("troubled");
        delivery["lagMs"] = json!(90_000);
        delivery["error"] = json!("connection\nrefused");
        assert_eq!(
            line.show("siem", &delivery),
            "2026-01-02T03:04:05.678Z  siem      troubled     -     12ms    90000ms  user_created  one  connection refused"
        );
    }

    #[test]
    fn what_is_not_shown_is_told() {
        assert!(dropped(&json!({"count": 3})).contains("3 more"));
        assert!(dropped(&json!({"count": null})).contains("nobody knows"));
    }
}
