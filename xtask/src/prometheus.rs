//! A private Prometheus, and the tool that checks its rules.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::install::{self, Program};
use crate::process::{QuickEnd, ServiceProcess, output_of};
use crate::{binaries, ports, readiness};

/// A start takes a second on an idle machine; builds may run beside it.
const START: Duration = Duration::from_mins(1);

/// A Prometheus on a free loopback port, with data of its own; ended when dropped.
///
/// Blocks: asynchronous callers wrap it in `spawn_blocking`.
#[derive(Debug)]
pub struct PrivatePrometheus {
    address: SocketAddr,
    _process: ServiceProcess,
}

/// The folder of the programs, if they are installed.
pub(crate) fn programs() -> Option<PathBuf> {
    binaries::find(&binaries::search_path(), &["prometheus", "promtool"])
}

impl PrivatePrometheus {
    /// Starts one with this configuration file and its data below an existing folder; returns when it
    /// answers queries.
    ///
    /// Fails when it is not installed, and with the end of its log when it does not start.
    pub fn start(scratch: &Path, configuration: &Path) -> Result<Self> {
        ports::retrying(|| Self::start_once(scratch, configuration))
    }

    fn start_once(scratch: &Path, configuration: &Path) -> Result<Self> {
        let [port] = ports::free()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut command = Command::new(program("prometheus")?);
        command
            .current_dir(scratch)
            .arg(format!("--config.file={}", configuration.display()))
            .arg(format!("--storage.tsdb.path=prometheus-{port}"))
            .arg(format!("--web.listen-address={address}"));
        let log = scratch.join(format!("prometheus-{port}.log"));
        let mut process = ServiceProcess::start("prometheus", command, &log, QuickEnd::Kill)?;
        let is_ready = || is_ready(address).unwrap_or(false);
        readiness::wait("prometheus", START, || process.alive(), is_ready)?;
        Ok(Self {
            address,
            _process: process,
        })
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Runs `promtool` in a folder and returns what it printed.
///
/// Fails with its last words when it finds something wrong, and when it is not installed.
pub fn promtool(folder: &Path, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(program("promtool")?);
    output_of(command.current_dir(folder).args(arguments))
}

fn program(name: &str) -> Result<PathBuf> {
    let folder = programs().with_context(|| install::advice(&[Program::Prometheus]))?;
    Ok(folder.join(name))
}

/// Whether its own endpoint says so.
fn is_ready(address: SocketAddr) -> std::io::Result<bool> {
    let timeout = Duration::from_secs(2);
    let mut stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.write_all(b"GET /-/ready HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1);
    Ok(status == Some("200"))
}
