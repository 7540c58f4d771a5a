//! Reads a file in a thread of its own, since the standard input may let one wait for ever.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::Context as _;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::account::Problem;
use super::batch::Prepared;
use super::events::{Events, Form};
use super::prepare::prepare;

/// Events that are read ahead.
const AHEAD: usize = 64;

/// A file that is being read.
pub(super) struct Reading(mpsc::Receiver<Read>);

/// An event of the file, or what is wrong with it.
pub(super) struct Read {
    pub(super) form: Form,
    /// Bytes up to its end.
    pub(super) end: u64,
    pub(super) event: Result<Prepared, Problem>,
}

impl Reading {
    /// Opens the file, or the standard input for `-`, and begins with the place `from`. Returns the
    /// size too, when there is one.
    pub(super) fn start(path: &Path, from: u64) -> anyhow::Result<(Self, Option<u64>)> {
        let (input, size): (Box<dyn BufRead + Send>, _) = if path == Path::new("-") {
            (Box::new(BufReader::new(std::io::stdin())), None)
        } else {
            let cannot = || format!("cannot read {}", path.display());
            let file = File::open(path).with_context(cannot)?;
            let metadata = file.metadata().with_context(cannot)?;
            anyhow::ensure!(!metadata.is_dir(), "{}: it is a folder", cannot());
            let size = metadata.is_file().then_some(metadata.len());
            (Box::new(BufReader::new(file)), size)
        };
        let (sender, receiver) = mpsc::channel(AHEAD);
        std::thread::spawn(move || read(input, from, &sender));
        Ok((Self(receiver), size))
    }

    /// The next event; none at the end.
    pub(super) async fn next(&mut self) -> Option<Read> {
        self.0.recv().await
    }
}

/// Stops at the first thing that is wrong, and when nobody takes the events any more.
fn read(input: impl BufRead, from: u64, sender: &mpsc::Sender<Read>) {
    let mut events = match Events::open(input) {
        Ok(events) => events,
        Err(error) => {
            // Nobody is told who has gone.
            let _ = sender.blocking_send(Read {
                form: Form::Lines,
                end: 0,
                event: Err(Problem::of(1, error.to_string())),
            });
            return;
        }
    };
    loop {
        let event = match events.next() {
            Ok(None) => return,
            Ok(Some(raw)) if raw.place < from => continue,
            Ok(Some(raw)) => prepare(raw.bytes, || Uuid::now_v7().to_string())
                .map(|text| Prepared {
                    place: raw.place,
                    text,
                })
                .map_err(|problem| Problem::of(raw.place, problem)),
            Err(error) => Err(Problem::of(events.place(), error.to_string())),
        };
        let is_last = event.is_err();
        let read = Read {
            form: events.form(),
            end: events.read(),
            event,
        };
        if sender.blocking_send(read).is_err() || is_last {
            return;
        }
    }
}
