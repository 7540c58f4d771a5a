//! One running program of a service, with its log and its end.

use std::fs::{File, OpenOptions};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::signals;
use crate::watchdog::Watchdog;

/// Lines of a log that an error shows.
const TAIL: usize = 30;

/// The signal on which a program ends at once and leaves nothing behind.
#[derive(Debug, Clone, Copy)]
pub(crate) enum QuickEnd {
    /// SIGKILL.
    Kill,
    /// SIGQUIT.
    Quit,
}

impl QuickEnd {
    fn signal(self) -> Signal {
        match self {
            Self::Kill => Signal::KILL,
            Self::Quit => Signal::QUIT,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Kill => "KILL",
            Self::Quit => "QUIT",
        }
    }
}

/// A program in a process group of its own, ended with this value.
#[derive(Debug)]
pub(crate) struct ServiceProcess {
    name: &'static str,
    child: Child,
    log: PathBuf,
    quick_end: QuickEnd,
    _watchdog: Watchdog,
}

impl ServiceProcess {
    /// Starts the program with both outputs appended to `log`.
    ///
    pub(crate) fn start(
        name: &'static str,
        mut command: Command,
        log: &Path,
        quick_end: QuickEnd,
    ) -> Result<Self> {
        let output = append_to(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}: {}", command.get_program().display()))?;
        let watchdog = Watchdog::over_group(child.id(), quick_end.name())?;
        Ok(Self {
            name,
            child,
            log: log.to_owned(),
            quick_end,
            _watchdog: watchdog,
        })
    }

    /// The process that leads the group.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Fails with the end of the log when the program is no longer running.
    pub(crate) fn alive(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended: {status}\n{}", self.name, tail(&self.log)),
        }
    }

    /// Sends `signal` to the program, waits until it has ended, and kills the rest of its group.
    ///
    /// After `patience` the program is killed too.
    pub(crate) fn end(&mut self, signal: Signal, patience: Duration) -> Result<()> {
        let group = Pid::from_child(&self.child);
        if self.child.try_wait()?.is_none() {
            if signal == Signal::KILL {
                let _ = kill_process_group(group, signal);
            } else {
                let _ = kill_process(group, signal);
            }
            let deadline = Instant::now() + patience;
            while self.child.try_wait()?.is_none() && Instant::now() < deadline {
                signals::pause();
            }
        }
        // The leader's children, or all of it when it did not listen. Fails when none is left.
        let _ = kill_process_group(group, Signal::KILL);
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for ServiceProcess {
    fn drop(&mut self) {
        if let Err(error) = self.end(self.quick_end.signal(), Duration::from_secs(5)) {
            eprintln!("cannot stop {}: {error:#}", self.name);
        }
    }
}

/// Runs a program to its end and returns what it printed.
///
/// Fails with its last words when it does.
pub(crate) fn output_of(command: &mut Command) -> Result<String> {
    let program = command.get_program().display().to_string();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    bail!(
        "{program} failed: {}\n{}",
        output.status,
        last_lines(&format!("{printed}{complaint}"))
    )
}

/// Opens a log for appending, and makes it when it is not there.
pub(crate) fn append_to(log: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .with_context(|| format!("cannot open {}", log.display()))
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    last_lines(&String::from_utf8_lossy(&bytes))
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};

    use super::*;
    use crate::Scratch;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn the_end_of_a_program_is_reported_with_its_last_words() {
        let scratch = Scratch::new("process").unwrap();
        let log = scratch.path().join("log");
        let program = shell("echo nothing works; exit 3");
        let mut process =
            ServiceProcess::start("a program", program, &log, QuickEnd::Kill).unwrap();
        process.child.wait().unwrap();
        let report = process.alive().unwrap_err().to_string();
        assert!(
            report.contains("a program ended: exit status: 3"),
            "{report}"
        );
        assert!(report.contains("nothing works"), "{report}");
    }

    #[test]
    fn children_of_a_program_end_with_it_even_when_it_does_not_listen() {
        let scratch = Scratch::new("process").unwrap();
        let log = scratch.path().join("log");
        let pipe = scratch.path().join("pipe");
        output_of(Command::new("mkfifo").arg(&pipe)).unwrap();
        let mut program = shell("trap '' TERM; exec > pipe; echo up; sleep 60 & sleep 60; wait");
        program.current_dir(scratch.path());
        let mut process =
            ServiceProcess::start("a program", program, &log, QuickEnd::Kill).unwrap();
        let mut held_open = BufReader::new(File::open(&pipe).unwrap()).lines();
        assert_eq!(held_open.next().unwrap().unwrap(), "up");
        let began = Instant::now();
        process
            .end(Signal::TERM, Duration::from_millis(200))
            .unwrap();
        // The pipe ends when the last process that could write to it has.
        assert!(held_open.next().is_none());
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn only_the_last_lines_of_a_log_are_shown() {
        let text: String = (1..=100).fold(String::new(), |text, line| text + &format!("{line}\n"));
        let shown = last_lines(&text);
        assert_eq!(shown.lines().count(), TAIL);
        assert!(shown.ends_with("100"));
    }
}
