//! Cleaning up after a process that was killed before it could do so itself.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// Runs a command if this process ends without having dropped it.
///
/// A small shell waits for the end of a pipe that only this process holds open, so even SIGKILL
/// is noticed. It stands in a process group of its own, which Ctrl-C does not reach.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Sets a watchdog that would run `command`, a program with its arguments.
    pub(crate) fn set(command: &[&str]) -> Result<Self> {
        let shell = Command::new("sh")
            .args(["-c", r#"read -r _ || "$@""#, "watchdog"])
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start a shell")?;
        Ok(Self { shell })
    }

    /// Sets a watchdog that would send a signal, by its name without `SIG`, to a process group.
    pub(crate) fn over_group(leader: u32, signal: &str) -> Result<Self> {
        // The one form that every shell's own `kill` understands.
        Self::set(&["kill", "-s", signal, "--", &format!("-{leader}")])
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Killed before its pipe is closed: the closed pipe is what makes it bite.
        drop(self.shell.kill());
        drop(self.shell.wait());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::process::ExitStatusExt as _;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::Scratch;

    #[test]
    fn it_runs_its_command_when_the_pipe_is_closed_and_not_when_it_is_dropped() {
        let scratch = Scratch::new("watchdog").unwrap();
        let [dropped, left] = ["dropped", "left"].map(|name| scratch.path().join(name));
        drop(Watchdog::set(&["touch", dropped.to_str().unwrap()]).unwrap());
        let mut watchdog = Watchdog::set(&["touch", left.to_str().unwrap()]).unwrap();
        drop(watchdog.shell.stdin.take());

        let deadline = Instant::now() + Duration::from_secs(10);
        while !left.exists() {
            assert!(Instant::now() < deadline, "the command was not run");
            std::thread::yield_now();
        }
        assert!(!dropped.exists());
    }

    #[test]
    fn it_reaches_every_process_of_a_group() {
        let mut leader = Command::new("sh")
            .args(["-c", "sleep 60 & exec sleep 60"])
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut watchdog = Watchdog::over_group(leader.id(), "KILL").unwrap();
        let began = Instant::now();
        drop(watchdog.shell.stdin.take());
        // The pipe ends when the last process that could write to it has.
        let mut output = leader.stdout.take().unwrap();
        output.read_to_end(&mut Vec::new()).unwrap();
        assert!(began.elapsed() < Duration::from_secs(30));
        assert_eq!(leader.wait().unwrap().signal(), Some(9));
    }
}
