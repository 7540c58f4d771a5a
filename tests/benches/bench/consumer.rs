//! What consumes events in a process of its own, the worker or the bare loop, and its processor time.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tests::figures::cpu_time;
use tests::system::System;
use tokio::process::{Child, Command};

/// A consumer that is running. It is killed when the value is dropped.
pub(crate) enum Consumer {
    /// The last worker of the system.
    Worker,
    BareLoop(Child),
}

/// Which consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Worker,
    BareLoop,
}

impl Consumer {
    pub(crate) async fn start(kind: Kind, system: &mut System, receiver: &str) -> Self {
        if kind == Kind::Worker {
            system.start_worker().await;
            return Self::Worker;
        }
        let child = Command::new(this_program())
            .arg("bare-loop")
            .arg(system.amqp_url())
            .arg(format!("{}.events", system.prefix()))
            .arg(receiver)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        Self::BareLoop(child.expect("this program can be started again"))
    }

    /// The processor time that it has used; zero where the system does not tell.
    pub(crate) fn cpu(&self, system: &System) -> Duration {
        let id = match self {
            Self::Worker => system.workers.last().and_then(tests::process::Process::id),
            Self::BareLoop(child) => child.id(),
        };
        let stat = id.and_then(|id| std::fs::read_to_string(format!("/proc/{id}/stat")).ok());
        stat.and_then(|stat| cpu_time(&stat)).unwrap_or_default()
    }

    /// Ends it; nothing of what it did is left on the broker unacked.
    pub(crate) async fn stop(self, system: &mut System) {
        match self {
            Self::Worker => {
                let worker = system.workers.pop().expect("it was started");
                worker.terminate().await;
            }
            Self::BareLoop(mut child) => {
                child.kill().await.expect("it can be killed");
            }
        }
    }
}

fn this_program() -> PathBuf {
    std::env::current_exe().expect("a process knows its file")
}
