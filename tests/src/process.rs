//! Runs the real binaries.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::wait::within_deadline;

/// A service that is running; killed when it is dropped.
pub struct Process {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

/// The path of a binary of this workspace.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a process knows its file");
    let folder = test
        .ancestors()
        .nth(2)
        .expect("a test is in the folder `deps` below the binaries");
    let path = folder.join(name);
    assert!(
        path.exists(),
        "{} is not built: run `cargo xtask test`, or `cargo build --workspace --bins`",
        path.display()
    );
    path
}

/// A command with nothing of our environment but what programs need.
pub fn command(name: &str, environment: &[(String, String)]) -> Command {
    let mut command = Command::new(binary(name));
    command
        .env_clear()
        .envs(environment.iter().map(|(key, value)| (key, value)))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

impl Process {
    /// Starts a binary and waits until it says where it listens. Its log goes to `<folder>/<name>-<number>.log`.
    pub async fn start(
        name: &str,
        number: usize,
        folder: &Path,
        environment: &[(String, String)],
        marker: &str,
    ) -> Self {
        let log = folder.join(format!("{name}-{number}.log"));
        let log_file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .expect("the scratch folder can be written");
        let mut child = command(name, environment)
            .stdout(Stdio::piped())
            .stderr(log_file)
            .spawn()
            .expect("the binary can be run");
        let stdout = child.stdout.take().expect("its output is piped");
        let mut lines = BufReader::new(stdout).lines();
        let found = within_deadline(&format!("start of {name}"), async {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some(address) = address_in(&line, marker) {
                    return Some(address);
                }
            }
            None
        })
        .await;
        let address =
            found.unwrap_or_else(|| panic!("{name} ended before it listened:\n{}", read(&log)));
        // Read on, so that it never waits for a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            child,
            address,
            log,
        }
    }

    /// The address behind a marker in its log, once it is there.
    pub fn logged_address(&self, marker: &str) -> Option<SocketAddr> {
        let log = self.log();
        let (_, after) = log.split_once(marker)?;
        after.split_whitespace().next()?.parse().ok()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its number in the system; none once it was waited for.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Ends it at once, as a power cut would: SIGKILL.
    pub async fn kill_9(mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Asks it to end, SIGTERM, and waits until it has.
    pub async fn terminate(mut self) -> ExitStatus {
        let id = self.child.id().expect("it is running").to_string();
        let sent = Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .await
            .expect("the command kill can be run");
        assert!(sent.success());
        within_deadline("end after SIGTERM", self.child.wait())
            .await
            .expect("it can be waited for")
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        read(&self.log)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- {}:\n{}", self.log.display(), self.log());
        }
    }
}

fn read(log: &Path) -> String {
    std::fs::read_to_string(log).unwrap_or_default()
}

fn address_in(line: &str, marker: &str) -> Option<SocketAddr> {
    let after = line.split_once(marker)?.1;
    let url = after.split_once("http://")?.1;
    let end = url
        .find(|c: char| !(c.is_ascii_alphanumeric() || ".:[]".contains(c)))
        .unwrap_or(url.len());
    url[..end].parse().ok()
}
