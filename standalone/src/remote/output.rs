//! Writes to the standard output, of which the reader may go away before the end.

use std::io::{ErrorKind, Write as _};

use anyhow::Context as _;

/// Whoever read the output has enough, as `head` after its lines. Not a failure.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads the output any more")]
pub struct NobodyReads;

/// Writes a line at once.
pub fn line(text: &str) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    match writeln!(output, "{text}").and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(NobodyReads.into()),
        written => written.context("cannot write the output"),
    }
}

/// A text from elsewhere on one line, without what a terminal would take for a command.
pub(super) fn printable(text: &str) -> String {
    let shown = |letter: char| {
        if letter.is_whitespace() {
            ' '
        } else if letter.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            letter
        }
    };
    text.chars().map(shown).collect()
}

/// So many of something that has a plain plural.
pub(super) fn counted(count: u64, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_told_in_the_singular() {
        for (count, text) in [(0, "0 events"), (1, "1 event"), (2, "2 events")] {
            assert_eq!(counted(count, "event"), text);
        }
    }

    #[test]
    fn what_others_wrote_gives_a_terminal_no_commands() {
        for (text, shown) in [
            ("siem", "siem"),
            ("two\nlines\tof text", "two lines of text"),
            ("\u{1b}[31mred", "\u{fffd}[31mred"),
            ("größer", "größer"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }
}
