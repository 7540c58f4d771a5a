//! `bench isolation`: what a destination in trouble costs the others, itself, and the broker.

mod recovery;
mod trouble;
mod waiting;

use serde_json::Value;

use crate::arguments::Options;
use crate::report::{Table, print};

/// One line of the report.
struct Row {
    what: &'static str,
    measured: String,
    figure: f64,
    aim: &'static str,
    json: Value,
}

/// Measures and prints.
pub(crate) async fn run(options: &Options) {
    let wanted =
        |row: &str| options.rows.is_empty() || options.rows.iter().any(|given| given == row);
    let mut rows = Vec::new();
    if wanted("trouble") {
        rows.extend(trouble::measure(options.rounds).await);
    }
    if wanted("recovery") {
        rows.push(recovery::measure(options).await);
    }
    if wanted("waiting") {
        rows.push(waiting::measure().await);
    }
    let mut table = Table::new(&["", "measured", "figure", "aim"]);
    for row in &rows {
        table.row(&[
            row.what.to_owned(),
            row.measured.clone(),
            format!("{:.2}", row.figure),
            row.aim.to_owned(),
        ]);
    }
    let figures = rows.into_iter().map(|row| row.json).collect();
    print(options.json, "isolation", &table, &Value::Array(figures));
}
