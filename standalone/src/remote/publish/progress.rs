//! Shows how much of a file is published: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// How much is published.
pub(super) enum Progress {
    Bar(ProgressBar),
    Lines { total: Option<u64>, last: Instant },
    Silent,
}

impl Progress {
    /// Of so many bytes, when that is known.
    pub(super) fn of(total: Option<u64>, silent: bool) -> Self {
        if silent {
            return Self::Silent;
        }
        if !std::io::stderr().is_terminal() {
            let last = Instant::now();
            return Self::Lines { total, last };
        }
        let (bar, template) = match total {
            Some(total) => (
                ProgressBar::new(total),
                "{bar:30} {percent:>3} %  {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left  {msg}",
            ),
            None => (
                ProgressBar::no_length(),
                "{spinner} {bytes}, {bytes_per_sec}  {msg}",
            ),
        };
        let style = ProgressStyle::with_template(template).expect("the template is right");
        Self::Bar(bar.with_style(style))
    }

    /// So many bytes are published, with so many events.
    pub(super) fn at(&mut self, bytes: u64, events: u64) {
        match self {
            Self::Bar(bar) => {
                bar.set_message(format!("{events} events"));
                bar.set_position(bytes);
            }
            Self::Lines { total, last } if last.elapsed() >= EVERY => {
                *last = Instant::now();
                let of = total.map_or_else(String::new, |total| format!(" of {total}"));
                eprintln!("{events} events, {bytes}{of} bytes");
            }
            Self::Lines { .. } | Self::Silent => {}
        }
    }

    /// Says what is being waited for.
    pub(super) fn waits(&self, why: &str) {
        match self {
            Self::Bar(bar) => bar.suspend(|| eprintln!("{why}")),
            Self::Lines { .. } => eprintln!("{why}"),
            Self::Silent => {}
        }
    }

    /// Removes the bar.
    pub(super) fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
