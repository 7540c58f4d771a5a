//! One RabbitMQ node with everything of its own: ports, name, cookie, data and name server.

use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::Signal;

use crate::process::{QuickEnd, ServiceProcess, output_of};
use crate::{binaries, environment, random, readiness};

/// How long a node may take to stop in order.
const STOP: Duration = Duration::from_mins(1);

/// Keeps Erlang's own connections off every interface but loopback.
const LOOPBACK_ONLY: &str = "-kernel inet_dist_use_interface {127,0,0,1}";

/// With input allowed, the script becomes the node instead of a shell that watches over it, so
/// that signals reach the node itself; the option takes the allowed input away again.
const NO_INPUT: &str = "-noinput";

/// The loopback ports of a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    /// Where clients connect.
    pub(super) amqp: u16,
    /// Where Erlang's name server listens.
    pub(super) epmd: u16,
    /// Where `rabbitmqctl` reaches the node.
    pub(super) distribution: u16,
}

#[derive(Debug)]
pub(super) struct Node {
    programs: PathBuf,
    folder: PathBuf,
    ports: Ports,
    name: String,
    process: Option<ServiceProcess>,
    /// Outlives restarts of the node. Our own child, since one that Erlang starts is a daemon.
    name_server: Option<ServiceProcess>,
}

/// The folder of the broker's programs, if they are installed.
pub(crate) fn programs() -> Option<PathBuf> {
    let folders = binaries::search_path();
    binaries::find(&folders, &["epmd"])?;
    binaries::find(&folders, &["rabbitmq-server", "rabbitmqctl"])
}

impl Node {
    /// Writes the node's files and starts its name server.
    pub(super) fn prepare(
        programs: PathBuf,
        folder: PathBuf,
        ports: Ports,
        settings: &str,
    ) -> Result<Self> {
        let name = format!(
            "auditstream-{}-{}@localhost",
            std::process::id(),
            ports.amqp
        );
        let mut node = Self {
            programs,
            folder,
            ports,
            name,
            process: None,
            name_server: None,
        };
        node.write_files(settings)?;
        node.start_name_server()?;
        Ok(node)
    }

    fn write_files(&self, settings: &str) -> Result<()> {
        let write = |name: &str, content: &str| {
            let file = self.folder.join(name);
            fs::write(&file, content).with_context(|| format!("cannot write {}", file.display()))
        };
        let listener = format!("listeners.tcp.1 = 127.0.0.1:{}\n", self.ports.amqp);
        write("rabbitmq.conf", &(listener + settings))?;
        // Empty, so that the system's own files are not read instead.
        write("rabbitmq-env.conf", "")?;
        write("advanced.config", "[].\n")?;
        write("enabled_plugins", "[].\n")?;
        fs::create_dir_all(self.folder.join("conf.d"))?;
        write(".erlang.cookie", &random::secret()?)?;
        let cookie = self.folder.join(".erlang.cookie");
        fs::set_permissions(cookie, Permissions::from_mode(0o400))?;
        Ok(())
    }

    fn start_name_server(&mut self) -> Result<()> {
        let epmd = binaries::find(&binaries::search_path(), &["epmd"])
            .context("epmd, a part of Erlang, not found")?;
        let command = self.command(epmd.join("epmd"));
        let log = self.folder.join("epmd.log");
        let mut process = ServiceProcess::start("epmd", command, &log, QuickEnd::Kill)?;
        let address = (Ipv4Addr::LOCALHOST, self.ports.epmd);
        readiness::wait(
            "epmd",
            Duration::from_secs(20),
            || process.alive(),
            || TcpStream::connect(address).is_ok(),
        )?;
        self.name_server = Some(process);
        Ok(())
    }

    /// Starts the node's process; one that still runs is stopped first.
    pub(super) fn start(&mut self) -> Result<()> {
        self.stop()?;
        let command = self.command(self.programs.join("rabbitmq-server"));
        let log = self.folder.join("rabbitmq.log");
        let process = ServiceProcess::start("rabbitmq", command, &log, QuickEnd::Kill)?;
        self.process = Some(process);
        Ok(())
    }

    /// Fails when one of the node's processes has ended by itself.
    pub(super) fn alive(&mut self) -> Result<()> {
        let processes = [&mut self.name_server, &mut self.process];
        processes
            .into_iter()
            .flatten()
            .try_for_each(ServiceProcess::alive)
    }

    /// Ends it in order.
    pub(super) fn stop(&mut self) -> Result<()> {
        self.end(Signal::TERM)
    }

    /// Ends it at once.
    pub(super) fn kill(&mut self) -> Result<()> {
        self.end(Signal::KILL)
    }

    fn end(&mut self, signal: Signal) -> Result<()> {
        match self.process.take() {
            Some(mut process) => process.end(signal, STOP),
            None => Ok(()),
        }
    }

    /// Runs `rabbitmqctl` on the node.
    pub(super) fn control(&self, arguments: &[&str]) -> Result<String> {
        let mut command = self.command(self.programs.join("rabbitmqctl"));
        command.args(["--quiet", "--node", &self.name]);
        output_of(command.args(arguments))
    }

    /// A program that sees this node alone, whatever the user's environment says.
    fn command(&self, program: PathBuf) -> Command {
        let mut command = Command::new(program);
        environment::hide(&mut command, &["RABBITMQ_", "ERL_", "XDG_"]);
        let file = |name: &str| self.folder.join(name);
        command
            .current_dir(&self.folder)
            .env("PATH", binaries::path_variable())
            .env("HOME", &self.folder)
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("ERL_EPMD_PORT", self.ports.epmd.to_string())
            .env("ERL_CRASH_DUMP", file("erl_crash.dump"))
            .env("RABBITMQ_NODENAME", &self.name)
            .env("RABBITMQ_DIST_PORT", self.ports.distribution.to_string())
            .env("RABBITMQ_ALLOW_INPUT", "true")
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                format!("{LOOPBACK_ONLY} {NO_INPUT}"),
            )
            .env("RABBITMQ_CTL_ERL_ARGS", LOOPBACK_ONLY)
            // Zero: any free port, so that many `rabbitmqctl` can run at once.
            .env("RABBITMQ_CTL_DIST_PORT_MIN", "0")
            .env("RABBITMQ_CTL_DIST_PORT_MAX", "0")
            .env("RABBITMQ_CONF_ENV_FILE", file("rabbitmq-env.conf"))
            .env("RABBITMQ_CONFIG_FILE", file("rabbitmq.conf"))
            .env("RABBITMQ_CONFIG_FILES", file("conf.d"))
            .env("RABBITMQ_ADVANCED_CONFIG_FILE", file("advanced.config"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", file("enabled_plugins"))
            .env("RABBITMQ_MNESIA_BASE", file("data"))
            .env("RABBITMQ_SCHEMA_DIR", file("schema"))
            .env("RABBITMQ_LOG_BASE", file("log"))
            .env("RABBITMQ_LOGS", "-")
            .env("RABBITMQ_PID_FILE", file("rabbitmq.pid"));
        command
    }
}
