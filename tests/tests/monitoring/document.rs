//! The table of metrics says what the services show, and all of it.

use std::collections::{BTreeMap, BTreeSet};

use tests::repository::text;
use tests::wait::{DEADLINE, within_deadline};
use tokio::time::Instant;

use crate::busy::Busy;
use crate::scrape::scrape;

/// Kind, labels, and which services have it.
type Row = (String, BTreeSet<String>, BTreeSet<&'static str>);
/// All by name.
type Table = BTreeMap<String, Row>;

/// The table in the document.
fn documented() -> Table {
    let document = text("docs/metrics.md");
    let rows = document.lines().filter(|line| line.starts_with("| `"));
    let table: Table = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let [_, name, kind, labels, of, meaning, _] = cells[..] else {
                panic!("another number of columns: {row}");
            };
            assert!(!meaning.is_empty(), "{row}");
            let labels = labels
                .split('`')
                .map(str::trim)
                .filter(|label| !label.is_empty());
            let of: &[&str] = match of {
                "api" => &["api"],
                "worker" => &["worker"],
                "both" => &["api", "worker"],
                _ => panic!("of neither service: {row}"),
            };
            let described = (
                kind.to_owned(),
                labels.map(str::to_owned).collect(),
                of.iter().copied().collect(),
            );
            (name.trim_matches('`').to_owned(), described)
        })
        // The library knows of other systems' processes nothing.
        .filter(|(name, _)| cfg!(target_os = "linux") || !name.starts_with("process_"))
        .collect();
    assert!(!table.is_empty());
    table
}

/// What the services of a busy pair show.
async fn shown(busy: &Busy) -> Table {
    let mut table = Table::new();
    let (api, workers) = busy.addresses();
    let services = [("api", api)].into_iter();
    let services = services.chain(workers.into_iter().map(|worker| ("worker", worker)));
    for (service, address) in services {
        for (name, family) in scrape(address).await {
            let row = table.entry(name).or_default();
            row.0 = family.kind;
            row.1.extend(family.labels);
            row.2.insert(service);
        }
    }
    table
}

/// The rows of a table that another one does not have like this.
fn without<'a>(table: &'a Table, other: &Table) -> Vec<(&'a String, &'a Row)> {
    let rows = table.iter();
    rows.filter(|(name, row)| other.get(*name) != Some(row))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_lists_every_metric_and_nothing_else() {
    let busy = Busy::prepare().await.begin().await;
    let documented = documented();
    let deadline = Instant::now() + DEADLINE;
    // Some appear with the first trouble.
    loop {
        let shown = within_deadline("a scrape", shown(&busy)).await;
        if shown == documented {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "not in the table: {:#?}\nnot shown: {:#?}",
            without(&shown, &documented),
            without(&documented, &shown)
        );
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    busy.stop().await;
}
