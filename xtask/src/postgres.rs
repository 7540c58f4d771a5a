//! A private PostgreSQL cluster.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use crate::containers::{self, Container};
use crate::install::{self, Program};
use crate::process::{QuickEnd, ServiceProcess, output_of};
use crate::{binaries, environment, ports, random, readiness};

/// A start takes 0.2 s on an idle machine; builds may run beside it.
const START: Duration = Duration::from_mins(1);

/// How long a stop may take, which writes a checkpoint.
const STOP: Duration = Duration::from_mins(1);

/// Many tests at once, each with the pools of several processes.
const SETTINGS: [&str; 1] = ["max_connections=300"];

/// The line of `postmaster.pid` that says whether the server takes connections.
const STATUS_LINE: usize = 7;

/// A PostgreSQL on a free loopback port, with data of its own; ended when dropped.
///
/// Blocks: asynchronous callers wrap it in `spawn_blocking`.
#[derive(Debug)]
pub struct PrivatePostgres {
    database_url: String,
    server: Server,
}

#[derive(Debug)]
enum Server {
    Cluster(Cluster),
    Container(Container),
}

#[derive(Debug)]
struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    account: Option<Account>,
    process: Option<ServiceProcess>,
}

/// Whom the server runs as, since it refuses root.
#[derive(Debug, Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

/// The folder of the server's programs, if they are installed.
pub(crate) fn programs() -> Option<PathBuf> {
    binaries::find(&binaries::search_path(), &["postgres", "initdb"])
}

impl PrivatePostgres {
    /// Makes a cluster below an existing folder and starts it; returns when it takes connections.
    ///
    /// Fails when neither the programs nor a container engine are there, and with the end of the
    /// server's log when it does not start.
    pub fn start(scratch: &Path) -> Result<Self> {
        ports::retrying(|| Self::start_once(scratch))
    }

    fn start_once(scratch: &Path) -> Result<Self> {
        let [port] = ports::free()?;
        let folder = scratch.join(format!("postgres-{port}"));
        fs::create_dir_all(&folder)?;
        let password = random::secret()?;
        let server = if let Some(programs) = programs() {
            let mut cluster = Cluster {
                programs,
                folder,
                port,
                account: Account::for_this_process()?,
                process: None,
            };
            cluster.initialise(scratch, &password)?;
            cluster.start()?;
            Server::Cluster(cluster)
        } else if containers::engine_answers() {
            let file = folder.join("compose.yaml");
            fs::write(&file, containers::postgres_file(port, &password, &SETTINGS))?;
            Server::Container(Container::start("postgres", &file, port)?)
        } else {
            bail!(install::advice(&[Program::Postgres]));
        };
        Ok(Self {
            database_url: format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres"),
            server,
        })
    }

    /// The URL of its database `postgres`, as its superuser.
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// Stops it in order; open connections are closed, and no transaction is waited for.
    pub fn stop(&mut self) -> Result<()> {
        match &mut self.server {
            Server::Cluster(cluster) => cluster.stop(),
            Server::Container(container) => container.stop(),
        }
    }

    /// Starts it after a stop, on the same port and the same data.
    pub fn start_again(&mut self) -> Result<()> {
        match &mut self.server {
            Server::Cluster(cluster) => cluster.start(),
            Server::Container(container) => container.start_again(),
        }
    }
}

impl Cluster {
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn initialise(&self, scratch: &Path, password: &str) -> Result<()> {
        let password_file = self.folder.join("password");
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&password_file)?
            .write_all(password.as_bytes())?;
        if let Some(Account { user, group }) = self.account {
            fs::set_permissions(scratch, Permissions::from_mode(0o711))?;
            chown(&self.folder, Some(user), Some(group))?;
            chown(&password_file, Some(user), Some(group))?;
        }
        // Authentication by password keeps other users of this machine out; sent as it is,
        // because SCRAM costs an unoptimised client tens of milliseconds a connection.
        let mut initialise = self.command("initdb");
        initialise
            .arg("--pgdata")
            .arg(self.data())
            .args(["--username=postgres", "--auth=password", "--no-sync"])
            .args(["--encoding=UTF8", "--locale=C"])
            .arg("--pwfile")
            .arg(&password_file);
        output_of(&mut initialise)?;
        fs::remove_file(&password_file)?;
        Ok(())
    }

    fn start(&mut self) -> Result<()> {
        self.stop()?;
        let mut command = self.command("postgres");
        command
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="]);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        let log = self.folder.join("postgres.log");
        // SIGQUIT: gone at once, as in a crash, but with its shared memory given back.
        let mut process = ServiceProcess::start("postgresql", command, &log, QuickEnd::Quit)?;
        let id = process.id();
        let status_file = self.data().join("postmaster.pid");
        let is_ready =
            || fs::read_to_string(&status_file).is_ok_and(|status| takes_connections(&status, id));
        readiness::wait("postgresql", START, || process.alive(), is_ready)?;
        self.process = Some(process);
        Ok(())
    }

    fn stop(&mut self) -> Result<()> {
        match self.process.take() {
            // SIGINT is the server's "fast" shutdown.
            Some(mut process) => process.end(Signal::INT, STOP),
            None => Ok(()),
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        environment::hide(&mut command, &["PG"]);
        command.current_dir(&self.folder);
        if let Some(Account { user, group }) = self.account {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Account {
    /// Another user than root, when this process is root.
    fn for_this_process() -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let number = |option: &str, name: &str| -> Result<u32> {
            let printed = output_of(Command::new("id").args([option, name]))?;
            printed.trim().parse().context("id prints a number")
        };
        let of = |name: &str| -> Result<Self> {
            Ok(Self {
                user: number("-u", name)?,
                group: number("-g", name)?,
            })
        };
        of("postgres")
            .or_else(|_| of("nobody"))
            .map(Some)
            .context("postgresql refuses to run as root, and there is no other user to run it as")
    }
}

/// Whether `postmaster.pid` speaks of this process, not of one that was killed, and is ready.
fn takes_connections(status: &str, process: u32) -> bool {
    let mut lines = status.lines().map(str::trim);
    lines.next() == Some(&process.to_string()) && lines.nth(STATUS_LINE - 1) == Some("ready")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_ready_when_its_own_status_says_so() {
        let status = |id: u32, word: &str| {
            format!("{id}\n/data\n1700000000\n20001\n\n127.0.0.1\n  12345  6\n{word}\n")
        };
        for (text, expected) in [
            (status(41, "ready   "), true),
            (status(41, "starting"), false),
            (status(40, "ready   "), false),
            ("41\n/data\n".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(takes_connections(&text, 41), expected, "{text:?}");
        }
    }
}
