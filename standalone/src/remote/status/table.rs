//! The health of destinations as a table that fits a terminal.

use std::time::Duration;

use chrono::{DateTime, Utc};
use shared::clock::Timestamp;

use super::{Read, State};
use crate::aligned::{self, Side};
use crate::remote::destinations::Found;
use crate::remote::output::printable;

const HEAD: [(&str, Side); 10] = [
    ("id", Side::Right),
    ("destination", Side::Left),
    ("of", Side::Left),
    ("state", Side::Left),
    ("since", Side::Right),
    ("waiting", Side::Right),
    ("oldest", Side::Right),
    ("sent/h", Side::Right),
    ("failed/h", Side::Right),
    ("last sent", Side::Right),
];
/// The columns that are cut where a terminal is too narrow, the widest first.
const CUT: [usize; 2] = [1, 2];
/// Characters that are left of what is cut.
const LEAST: usize = 8;
/// Spaces between two columns.
const GAP: usize = 2;

/// The lines of the table, none wider than `width` if that is possible, and one for each destination in
/// trouble that says why.
pub(super) fn of(found: &[Found<Read>], now: Timestamp, width: Option<usize>) -> Vec<String> {
    let head = HEAD.map(|(name, _)| name.to_owned()).to_vec();
    let mut rows = vec![head];
    rows.extend(found.iter().map(|found| row(found, now)));
    if let Some(width) = width {
        fit(&mut rows, width);
    }
    let mut lines = aligned::lines(&rows, &HEAD.map(|(_, side)| side));
    let troubled = found
        .iter()
        .filter(|found| found.node.health.state == State::Troubled);
    let reasons: Vec<String> = troubled.map(|found| reason(found, now)).collect();
    if !reasons.is_empty() {
        lines.push(String::new());
        lines.extend(reasons);
    }
    lines
}

fn row(found: &Found<Read>, now: Timestamp) -> Vec<String> {
    let health = &found.node.health;
    let hour = health.last_hour();
    let state = match health.state {
        State::Healthy => "healthy",
        State::Troubled => "TROUBLED",
        State::Paused => "paused",
    };
    let size = health.backlog_size;
    vec![
        found.number().to_owned(),
        printable(&found.name),
        found
            .level
            .group()
            .map_or_else(|| "instance".to_owned(), printable),
        state.to_owned(),
        age(health.since, now),
        size.map_or_else(|| "?".to_owned(), |size| size.to_string()),
        age(health.backlog_oldest_at, now),
        hour.delivered.to_string(),
        hour.failed.to_string(),
        age(health.last_success_at, now),
    ]
}

fn reason(found: &Found<Read>, now: Timestamp) -> String {
    let health = &found.node.health;
    let why = match &health.last_failure {
        Some(failure) => format!(
            "{} ({} ago)",
            printable(&failure.error),
            age(Some(failure.at), now)
        ),
        None => "why is not known".to_owned(),
    };
    let next = match health.next_attempt_at.map(Timestamp::from) {
        Some(next) if next > now => format!(", next attempt in {}", short(next.since(now))),
        _ => String::new(),
    };
    format!("{} {}: {why}{next}", found.number(), printable(&found.name))
}

/// How long ago something was; `-` for what never was.
fn age(then: Option<DateTime<Utc>>, now: Timestamp) -> String {
    let age = then.map(|then| short(now.since(then.into())));
    age.unwrap_or_else(|| "-".to_owned())
}

/// A duration in its largest unit.
fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

fn fit(rows: &mut [Vec<String>], width: usize) {
    for column in CUT {
        let widths = aligned::widths(rows, HEAD.len());
        let total = widths.iter().sum::<usize>() + GAP * (HEAD.len() - 1);
        let most = widths[column].saturating_sub(total.saturating_sub(width));
        let most = most.max(LEAST);
        for row in rows.iter_mut() {
            row[column] = cut(&row[column], most);
        }
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::destinations::Level;
    use serde_json::json;

    const NOW: &str = "2026-01-02T03:04:05Z";

    fn found(level: Level, number: u32, name: &str, health: &serde_json::Value) -> Found<Read> {
        Found {
            level,
            id: format!("gid://gitlab/AuditEvents::Group::ExternalStreamingDestination/{number}"),
            name: name.to_owned(),
            after: None,
            node: serde_json::from_value(json!({ "health": health })).unwrap(),
        }
    }

    fn now() -> Timestamp {
        NOW.parse::<DateTime<Utc>>().unwrap().into()
    }

    fn two() -> Vec<Found<Read>> {
        let healthy = json!({
            "state": "HEALTHY", "since": null, "backlogSize": 0, "backlogOldestAt": null,
            "nextAttemptAt": null, "lastSuccessAt": "2026-01-02T03:04:01Z", "lastFailure": null,
            "stats": [{"delivered": 1000, "failed": 1, "lagMs": 0}, {"delivered": 204, "failed": 2, "lagMs": 7}],
        });
        let troubled = json!({
            "state": "TROUBLED", "since": "2026-01-02T01:04:05Z", "backlogSize": 17,
            "backlogOldestAt": "2026-01-02T02:59:05Z", "nextAttemptAt": "2026-01-02T03:04:15Z",
            "lastSuccessAt": "2025-12-31T03:04:05Z",
            "lastFailure": {"at": "2026-01-02T03:04:00Z", "status": 503, "error": "the receiver answered with\nstatus 503"},
            "stats": [],
        });
        let group = Level::Group("acme".to_owned());
        vec![
            found(Level::Instance, 3, "archive", &healthy),
            found(group, 12, "a rather long name of a SIEM", &troubled),
        ]
    }

    #[test]
    fn every_destination_has_a_row_and_one_in_trouble_a_reason() {
        let expected = "\
id  destination                   of        state     since  waiting  oldest  sent/h  failed/h  last sent
 3  archive                       instance  healthy       -        0       -    1204         3         4s
12  a rather long name of a SIEM  acme      TROUBLED     2h       17      5m       0         0         2d

12 a rather long name of a SIEM: the receiver answered with status 503 (5s ago), next attempt in 10s";
        assert_eq!(of(&two(), now(), None).join("\n"), expected);
    }

    #[test]
    fn names_are_cut_to_the_width_of_the_terminal_and_no_further_than_that() {
        for (width, name) in [
            (105, "a rather long name of a SIEM"),
            (104, "a rather long name of a SI…"),
            (90, "a rather lon…"),
            (40, "a rathe…"),
        ] {
            let lines = of(&two(), now(), Some(width));
            assert!(lines[2].contains(name), "{width}: {}", lines[2]);
            if width > 80 {
                let widest = lines[..3].iter().map(|line| line.chars().count()).max();
                assert!(widest <= Some(width), "{width}: {widest:?}");
            }
        }
    }

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (3_599, "59m"),
            (3_600, "1h"),
            (86_399, "23h"),
            (172_800, "2d"),
        ] {
            assert_eq!(short(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn how_many_wait_is_not_made_up_when_the_queue_cannot_tell() {
        let mut found = two();
        found[0].node.health.backlog_size = None;
        assert_eq!(row(&found[0], now())[5], "?");
    }
}
