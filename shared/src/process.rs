//! What the binaries of both services do alike: read the configuration, serve or check their health,
//! and end when they are asked to.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::future::select_all;

use crate::config::{Config, ConfigError};
use crate::supervision::Supervision;
use crate::{healthcheck, telemetry};

/// Exit code of a service that cannot use its configuration or its arguments.
pub const UNUSABLE: u8 = 2;

/// How long a process that has stopped waits for threads that are blocked, such as a look-up of a
/// name that gets no answer.
const BLOCKED_THREADS: Duration = Duration::from_secs(1);

/// Runs a service with `serve` until it returns, or checks the health of one that runs on `bind`
/// when the only argument is `healthcheck` (exit code 0: ready, 1: not).
pub fn main(
    name: &str,
    bind: impl FnOnce(&Config) -> SocketAddr,
    serve: impl AsyncFnOnce(Config, EndSignal) -> anyhow::Result<()>,
) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{name}: cannot start its threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run(name, bind, serve));
    runtime.shutdown_timeout(BLOCKED_THREADS);
    code
}

async fn run(
    name: &str,
    bind: impl FnOnce(&Config) -> SocketAddr,
    serve: impl AsyncFnOnce(Config, EndSignal) -> anyhow::Result<()>,
) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let check = match arguments.as_slice() {
        [] => false,
        [word] if word == "healthcheck" => true,
        [word] if word == "--help" || word == "-h" => {
            println!(
                "usage: {name} [healthcheck | --help | --version]\n\nThe settings are in docs/configuration.md."
            );
            return ExitCode::SUCCESS;
        }
        [word] if word == "--version" || word == "-V" => {
            println!("{name} {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("usage: {name} [healthcheck | --help | --version]");
            return ExitCode::from(UNUSABLE);
        }
    };
    let config = match Config::from_process() {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{name}: {error}");
            // Docker keeps every code but 0 and 1 of a health check for itself.
            return ExitCode::from(if check { 1 } else { UNUSABLE });
        }
    };
    let done = if check {
        healthcheck::readiness(bind(&config)).await
    } else {
        telemetry::init(&config.log);
        match EndSignal::listen() {
            Ok(end) => serve(config, end).await,
            Err(error) => Err(error.into()),
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error:#}");
            // The files that the settings name are read at the start.
            if error.is::<ConfigError>() {
                ExitCode::from(UNUSABLE)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

/// Hears when the process is asked to end: by SIGTERM or Ctrl-C.
#[derive(Debug)]
pub struct EndSignal {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl EndSignal {
    /// Starts listening. To be done once, before anything else: a signal that arrives between two
    /// listeners would be swallowed.
    pub fn listen() -> std::io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Resolves when a signal has arrived since the start.
    pub async fn received(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        // Without a console there is nobody to interrupt.
        let _ = tokio::signal::ctrl_c().await;
    }

    /// Waits for a signal, or for a task of the service to end before its time, which is an error.
    pub async fn or_failure_of(&mut self, services: &[&Supervision]) -> anyhow::Result<()> {
        let failed = select_all(services.iter().map(|service| Box::pin(service.failed())));
        tokio::select! {
            () = self.received() => Ok(()),
            _ = failed => anyhow::bail!("a task ended that the service cannot do without"),
        }
    }

    /// Starts something that may have to wait for a database; none when the process is asked to end
    /// before that.
    pub async fn or<T>(
        &mut self,
        start: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<Option<T>> {
        tokio::select! {
            started = start => Ok(Some(started?)),
            () = self.received() => Ok(None),
        }
    }
}
