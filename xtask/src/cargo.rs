//! Running cargo, until it ends or a signal asks this process to stop.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use crate::watchdog::Watchdog;
use crate::{environment, signals};

/// How long tests may take to end when they are asked to.
const PATIENCE: Duration = Duration::from_secs(5);

/// Checks formatting, lints and documentation; returns the first exit code that is not zero.
pub fn lint() -> Result<u8> {
    let steps: [&[&str]; 3] = [
        &["fmt", "--all", "--check"],
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
        &["doc", "--workspace", "--no-deps"],
    ];
    for arguments in steps {
        // Only the last step reads the variable.
        let code = run(arguments, &[("RUSTDOCFLAGS", "-D warnings".to_owned())])?;
        if code != 0 {
            return Ok(code);
        }
    }
    Ok(0)
}

/// Runs cargo in the workspace with its output shown, and returns its exit code.
///
/// Fails when a signal arrives; cargo and everything below it are stopped then.
pub fn run(arguments: &[&str], variables: &[(&str, String)]) -> Result<u8> {
    eprintln!("cargo {}", arguments.join(" "));
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    // What `cargo run` tells this program of its package, build scripts would take for a change: each
    // `cargo xtask` would build again what plain cargo has built, and the other way round.
    environment::hide(&mut command, &["CARGO_PKG_", "CARGO_MANIFEST_"]);
    let child = command
        .args(arguments)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .current_dir(workspace)
        .stdin(Stdio::null())
        // A group of its own, so that the tests that cargo runs can be stopped with it.
        .process_group(0)
        .spawn()
        .context("cannot start cargo")?;
    let mut group = Group::watched(child)?;
    loop {
        if let Some(status) = group.child.try_wait()? {
            return Ok(exit_code(status));
        }
        if signals::received().is_some() {
            bail!("interrupted: cargo {}", arguments.join(" "));
        }
        signals::pause();
    }
}

/// A process group that is stopped with this value.
struct Group {
    child: Child,
    _watchdog: Watchdog,
}

impl Group {
    fn watched(child: Child) -> Result<Self> {
        let watchdog = Watchdog::over_group(child.id(), "KILL")?;
        Ok(Self {
            child,
            _watchdog: watchdog,
        })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let group = Pid::from_child(&self.child);
        let _ = kill_process_group(group, Signal::TERM);
        let deadline = Instant::now() + PATIENCE;
        while test_kill_process_group(group).is_ok() && Instant::now() < deadline {
            // Reaps cargo, which would count as a member of the group otherwise.
            drop(self.child.try_wait());
            signals::pause();
        }
        let _ = kill_process_group(group, Signal::KILL);
        drop(self.child.wait());
    }
}

/// The exit code as a shell would report it.
fn exit_code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => u8::try_from(code).unwrap_or(1),
        (None, Some(signal)) => u8::try_from(128 + signal).unwrap_or(1),
        (None, None) => 1,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn exit_codes_are_passed_on() {
        // The raw form of wait(2): a code in the second byte, a signal in the first.
        for (raw, expected) in [(0, 0), (101 << 8, 101), (1 << 8, 1), (15, 143)] {
            assert_eq!(exit_code(ExitStatus::from_raw(raw)), expected, "{raw}");
        }
    }
}
