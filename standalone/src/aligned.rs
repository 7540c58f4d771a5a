//! Rows of cells as text in aligned columns.

/// On which side of its column a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A line for each row, without spaces at its end; `sides` has one side for each column.
pub(crate) fn lines(rows: &[Vec<String>], sides: &[Side]) -> Vec<String> {
    let widths = widths(rows, sides.len());
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).zip(sides);
        let cells: Vec<String> = cells
            .map(|((cell, width), side)| match side {
                Side::Left => format!("{cell:<width$}"),
                Side::Right => format!("{cell:>width$}"),
            })
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// The characters of the widest cell of each column.
pub(crate) fn widths(rows: &[Vec<String>], columns: usize) -> Vec<usize> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    (0..columns).map(width).collect()
}
