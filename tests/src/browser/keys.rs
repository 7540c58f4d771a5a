//! Keys that write no letter, as `WebDriver` has them.

/// Goes to the next thing that takes the focus.
pub const TAB: &str = "\u{e004}";
/// Sends a form, or presses what has the focus.
pub const ENTER: &str = "\u{e007}";
/// Closes a dialog, or empties a search.
pub const ESCAPE: &str = "\u{e00c}";
/// The arrow upwards.
pub const UP: &str = "\u{e013}";
/// The arrow downwards.
pub const DOWN: &str = "\u{e015}";
/// Held down with another key.
pub(super) const SHIFT: char = '\u{e008}';
