//! What the logs of a run's services complain of, for whom only the tests' output is left.

use std::fs;
use std::path::{Path, PathBuf};

/// Lines that are shown of one log: the first ones say what began it, the last ones how it went on.
const FIRST: usize = 40;
const LAST: usize = 20;
/// Characters that are shown of a line.
const WIDTH: usize = 240;

/// What tests bring about: databases that are dropped, and a server that is asked to end.
const EXPECTED: [&str; 1] = ["terminating connection due to administrator command"];

/// Prints what the services whose data is below a folder have complained of.
pub fn print(scratch: &Path) {
    for log in logs(scratch) {
        let Ok(text) = fs::read(&log) else { continue };
        let text = String::from_utf8_lossy(&text);
        let told = excerpt(&text);
        if !told.is_empty() {
            eprintln!("--- {}", log.display());
            for line in told {
                eprintln!("{line}");
            }
        }
    }
}

/// The logs of a folder and of the folders in it.
fn logs(folder: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let mut found = entries(folder);
    let below: Vec<PathBuf> = found.iter().flat_map(|path| entries(path)).collect();
    found.extend(below);
    found.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    found.sort();
    found
}

/// RabbitMQ's and PostgreSQL's words for what is more than a warning. Of a crash of RabbitMQ, which prints the
/// whole state of what crashed, the reason is told.
fn excerpt(log: &str) -> Vec<String> {
    let grave = |line: &&str| {
        let rabbit = ["[error] ", "[critical] "]
            .iter()
            .any(|level| line.contains(level));
        let text = line.split_once("> ").map_or("", |(_, text)| text);
        let of_a_crash = text.starts_with("  ") || text.starts_with("**") || text.is_empty();
        let says_why = ["exception ", "reason: "]
            .iter()
            .any(|word| text.trim_start().starts_with(word));
        let postgres = [" FATAL: ", " PANIC: "]
            .iter()
            .any(|level| line.contains(level));
        let expected = EXPECTED.iter().any(|text| line.contains(text));
        ((rabbit && (says_why || !of_a_crash)) || postgres) && !expected
    };
    let lines: Vec<&str> = log.lines().filter(grave).collect();
    let cut = |line: &&str| line.chars().take(WIDTH).collect::<String>();
    let Some(left_out) = lines.len().checked_sub(FIRST + LAST).filter(|n| *n > 0) else {
        return lines.iter().map(cut).collect();
    };
    let first = lines[..FIRST].iter().map(cut);
    let last = lines[FIRST + left_out..].iter().map(cut);
    first
        .chain([format!("… {left_out} lines …")])
        .chain(last)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_grave_is_told_with_the_reason_of_a_crash_and_without_its_state() {
        let log = "2026-11-29 23:22:19.39+00:00 [info] <0.1.0> connection accepted
2026-11-29 23:22:19.39+00:00 [error] <0.2.0> operation queue.declare caused a connection exception
2026-11-29 23:22:19.39+00:00 [error] <0.2.0>   crasher:
2026-11-29 23:22:19.39+00:00 [error] <0.2.0>     pid: <0.2.0>
2026-11-29 23:22:19.39+00:00 [error] <0.2.0>     exception exit: noproc
2026-11-29 23:22:19.39+00:00 [error] <0.2.0> ** noproc
2026-11-29 23:22:19.39+00:00 [error] <0.2.0> 
2026-11-29 23:22:19.99 UTC [6] FATAL:  terminating connection due to administrator command
2026-11-29 23:22:20.00 UTC [7] FATAL:  the database system is shutting down";
        let told = excerpt(log);
        let ends = [
            "a connection exception",
            "exception exit: noproc",
            "shutting down",
        ];
        assert_eq!(told.len(), ends.len(), "{told:?}");
        for (line, end) in told.iter().zip(ends) {
            assert!(line.ends_with(end), "{line}");
        }
    }

    #[test]
    fn of_many_complaints_the_first_and_the_last_are_told() {
        let line = |number| format!("[error] <0.1.0> number {number}");
        let log: Vec<String> = (0..100).map(line).collect();
        let told = excerpt(&log.join("\n"));
        assert_eq!(told.len(), FIRST + 1 + LAST);
        assert_eq!((&told[0], &told[FIRST + LAST]), (&log[0], &log[99]));
        assert_eq!(told[FIRST], "… 40 lines …");
    }
}
