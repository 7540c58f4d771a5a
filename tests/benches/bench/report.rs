//! How results are printed: a table for people, or JSON for programs.

use serde_json::{Value, json};

/// Rows of texts under a heading.
pub(crate) struct Table(Vec<Vec<String>>);

impl Table {
    pub(crate) fn new(heading: &[&str]) -> Self {
        Self(vec![
            heading.iter().map(|text| (*text).to_owned()).collect(),
        ])
    }

    pub(crate) fn row(&mut self, cells: &[String]) {
        self.0.push(cells.to_vec());
    }

    fn lines(&self) -> Vec<String> {
        let widths: Vec<usize> = (0..self.0[0].len())
            .map(|column| {
                let cells = self.0.iter().map(|row| row[column].chars().count());
                cells.max().unwrap_or(0)
            })
            .collect();
        self.0
            .iter()
            .map(|row| {
                let cells = row.iter().zip(&widths).enumerate();
                let cells = cells.map(|(column, (cell, width))| match column {
                    0 => format!("{cell:<width$}"),
                    _ => format!("{cell:>width$}"),
                });
                cells.collect::<Vec<_>>().join("  ")
            })
            .collect()
    }
}

/// Prints what was measured.
pub(crate) fn print(json: bool, heading: &str, table: &Table, figures: &Value) {
    if json {
        println!("{}", json!({"measured": heading, "figures": figures}));
        return;
    }
    println!("\n{heading}\n");
    for line in table.lines() {
        println!("{line}");
    }
}
