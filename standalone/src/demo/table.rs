//! What arrived, for people to read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::aligned::{Side, lines, widths};
use crate::receiver::Received;

/// A table of how many events of each type every destination got; destinations are names and the
/// paths of their URLs.
pub(super) fn of_deliveries(received: &[Received], destinations: &[(&str, &str)]) -> String {
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for request in received {
        let event_type = request
            .header("x-gitlab-audit-event-type")
            .unwrap_or_default()
            .to_owned();
        *counts.entry((event_type, &request.path)).or_default() += 1;
    }
    let event_types: BTreeSet<&str> = counts.keys().map(|(name, _)| name.as_str()).collect();
    let mut rows = vec![
        std::iter::once("event type".to_owned())
            .chain(destinations.iter().map(|(name, _)| (*name).to_owned()))
            .collect::<Vec<_>>(),
    ];
    for event_type in event_types {
        let cells = destinations.iter().map(|(_, path)| {
            let count = counts.get(&(event_type.to_owned(), *path));
            count.map_or_else(|| "-".to_owned(), ToString::to_string)
        });
        rows.push(
            std::iter::once(event_type.to_owned())
                .chain(cells)
                .collect(),
        );
    }
    let totals = destinations.iter().map(|(_, path)| {
        let total = received
            .iter()
            .filter(|request| request.path == *path)
            .count();
        total.to_string()
    });
    rows.push(std::iter::once("total".to_owned()).chain(totals).collect());
    // The head and the totals stand apart.
    let rule = widths(&rows, destinations.len() + 1);
    let rule: Vec<String> = rule.iter().map(|width| "-".repeat(*width)).collect();
    rows.insert(rows.len() - 1, rule.clone());
    rows.insert(1, rule);
    let mut sides = vec![Side::Right; destinations.len() + 1];
    sides[0] = Side::Left;
    lines(&rows, &sides).join("\n") + "\n"
}

/// A request with its headers and body.
pub fn show_request(request: &Received) -> String {
    let mut text = format!("POST {}\n", request.path);
    for (name, value) in &request.headers {
        writeln!(text, "{name}: {value}").expect("writing to a string cannot fail");
    }
    writeln!(text, "\n{}", String::from_utf8_lossy(&request.body))
        .expect("writing to a string cannot fail");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(path: &str, event_type: &str) -> Received {
        Received {
            path: path.to_owned(),
            headers: vec![(
                "x-gitlab-audit-event-type".to_owned(),
                event_type.to_owned(),
            )],
            body: bytes::Bytes::new(),
            event_id: String::new(),
        }
    }

    #[test]
    fn every_type_has_a_row_and_every_destination_a_column() {
        let received = [
            received("/a", "user_created"),
            received("/a", "add_ssh_key"),
            received("/b", "add_ssh_key"),
            received("/a", "user_created"),
        ];
        let table = of_deliveries(&received, &[("first", "/a"), ("second", "/b")]);
        let expected = "\
event type    first  second
------------  -----  ------
add_ssh_key       1       1
user_created      2       -
------------  -----  ------
total             3       1
";
        assert_eq!(table, expected);
    }
}
