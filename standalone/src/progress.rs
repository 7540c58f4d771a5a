//! Shows how far something is: one line that changes on a terminal, plain lines elsewhere.

use std::io::{IsTerminal as _, Write as _};

/// Progress of one step.
pub(crate) struct Progress {
    label: &'static str,
    total: usize,
    terminal: bool,
    shown: usize,
}

impl Progress {
    pub(crate) fn new(label: &'static str, total: usize) -> Self {
        Self {
            label,
            total,
            terminal: std::io::stdout().is_terminal(),
            shown: 0,
        }
    }

    /// Shows that `done` of the total are done.
    pub(crate) fn at(&mut self, done: usize) {
        let done = done.min(self.total);
        if self.terminal && done != self.shown {
            self.shown = done;
            print!("\r{} {done} of {}", self.label, self.total);
            // A terminal that is gone has nobody to show it to.
            let _ = std::io::stdout().flush();
        }
    }

    /// Ends the step.
    pub(crate) fn done(mut self) {
        self.at(self.total);
        if self.terminal {
            println!();
        } else {
            println!("{} {} of {}", self.label, self.total, self.total);
        }
    }
}
