//! Services as throw-away containers, for machines with Docker and without the programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::process::output_of;
use crate::watchdog::Watchdog;

/// One service of a Compose project of its own, removed with its data when dropped.
#[derive(Debug)]
pub(crate) struct Container {
    service: &'static str,
    file: PathBuf,
    project: String,
    _watchdog: Watchdog,
}

/// Whether `docker compose` is there and an engine answers it.
pub(crate) fn engine_answers() -> bool {
    [&["compose", "version"][..], &["info"]]
        .into_iter()
        .all(|arguments| {
            Command::new("docker")
                .args(arguments)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        })
}

/// The Compose file of a broker that answers on a loopback port; `settings.conf` stands beside it.
pub(crate) fn rabbitmq_file(port: u16) -> String {
    // The data of a node belong to its name, and that to the host's.
    format!(
        r#"services:
  rabbitmq:
    image: rabbitmq:4-alpine
    hostname: auditstream
    ports: ["127.0.0.1:{port}:5672"]
    volumes: ["./settings.conf:/etc/rabbitmq/conf.d/90-auditstream.conf:ro"]
"#
    )
}

/// The Compose file of a database that answers on a loopback port, with `settings` as options.
pub(crate) fn postgres_file(port: u16, password: &str, settings: &[&str]) -> String {
    let options: Vec<String> = settings
        .iter()
        .flat_map(|setting| [r#""-c""#.to_owned(), format!("{setting:?}")])
        .collect();
    // Asked over TCP: while the image prepares its data, a server answers on the socket only.
    format!(
        r#"services:
  postgres:
    image: postgres:17-alpine
    command: [{}]
    environment: {{POSTGRES_PASSWORD: "{password}"}}
    ports: ["127.0.0.1:{port}:5432"]
    healthcheck:
      test: ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", "postgres"]
      interval: 1s
      retries: 120
"#,
        options.join(", ")
    )
}

impl Container {
    /// Starts a service of this Compose file, and waits until it is healthy if it can tell.
    pub(crate) fn start(service: &'static str, file: &Path, port: u16) -> Result<Self> {
        let project = format!("auditstream-{service}-{}-{port}", std::process::id());
        let path = file
            .to_str()
            .context("the scratch folder's name is not UTF-8")?;
        let container = Self {
            service,
            file: file.to_owned(),
            _watchdog: Watchdog::set(&[
                "docker", "compose", "-p", &project, "-f", path, "down", "-v",
            ])?,
            project,
        };
        container.start_again()?;
        Ok(container)
    }

    /// Starts the container, with the data it had.
    pub(crate) fn start_again(&self) -> Result<()> {
        self.compose(&["up", "--detach", "--wait", self.service])
            .map(drop)
    }

    /// Asks the service to stop and waits until it has.
    pub(crate) fn stop(&self) -> Result<()> {
        self.compose(&["stop", "--timeout", "60", self.service])
            .map(drop)
    }

    /// Ends the service as SIGKILL does.
    pub(crate) fn kill(&self) -> Result<()> {
        self.compose(&["kill", self.service]).map(drop)
    }

    /// Runs a program inside of the container and returns what it printed.
    pub(crate) fn execute(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let command = [&["exec", "--no-TTY", self.service, program], arguments].concat();
        self.compose(&command)
    }

    fn compose(&self, arguments: &[&str]) -> Result<String> {
        output_of(
            Command::new("docker")
                .args(["compose", "-p", &self.project, "-f"])
                .arg(&self.file)
                .args(arguments),
        )
        .with_context(|| format!("docker compose {}", arguments.join(" ")))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if let Err(error) = self.compose(&["down", "--volumes", "--timeout", "0"]) {
            eprintln!("cannot remove the container of {}: {error:#}", self.service);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_published_on_loopback_alone() {
        for (file, line) in [
            (rabbitmq_file(20_001), r#"ports: ["127.0.0.1:20001:5672"]"#),
            (
                postgres_file(20_002, "secret", &["max_connections=300"]),
                r#"ports: ["127.0.0.1:20002:5432"]"#,
            ),
        ] {
            assert!(file.contains(line), "{file}");
        }
    }

    #[test]
    fn settings_of_the_database_reach_the_container() {
        let file = postgres_file(20_002, "secret", &["a=1", "b=2"]);
        assert!(
            file.contains(r#"command: ["-c", "a=1", "-c", "b=2"]"#),
            "{file}"
        );
    }
}
