//! A private RabbitMQ.

mod node;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::containers::{self, Container};
use crate::install::{self, Program};
use crate::{amqp, ports, readiness};
use node::Node;

pub(crate) use node::programs;

/// A start takes 15 s on an idle machine; builds may run beside it.
const START: Duration = Duration::from_mins(3);

/// The share of memory above which publishers are blocked; RabbitMQ's own default since 3.13.
const MEMORY_WATERMARK: &str = "0.6";

/// A RabbitMQ on a free loopback port, with data of its own; ended when dropped.
///
/// Blocks: asynchronous callers wrap it in `spawn_blocking`.
#[derive(Debug)]
pub struct PrivateRabbit {
    port: u16,
    broker: Broker,
}

#[derive(Debug)]
enum Broker {
    Node(Node),
    Container(Container),
}

impl PrivateRabbit {
    /// Starts a broker with its data below an existing folder; returns when it answers.
    ///
    /// Fails when neither the programs nor a container engine are there, and with the end of the
    /// broker's log when it does not start.
    pub fn start(scratch: &Path) -> Result<Self> {
        ports::retrying(|| Self::start_once(scratch))
    }

    fn start_once(scratch: &Path) -> Result<Self> {
        let [port, for_names, for_nodes] = ports::free()?;
        let folder = scratch.join(format!("rabbitmq-{port}"));
        fs::create_dir_all(&folder)?;
        let broker = if let Some(programs) = programs() {
            let ports = node::Ports {
                amqp: port,
                epmd: for_names,
                distribution: for_nodes,
            };
            Broker::Node(Node::prepare(programs, folder, ports, &settings())?)
        } else if containers::engine_answers() {
            let file = folder.join("compose.yaml");
            fs::write(&file, containers::rabbitmq_file(port))?;
            fs::write(folder.join("settings.conf"), settings())?;
            Broker::Container(Container::start("rabbitmq", &file, port)?)
        } else {
            bail!(install::advice(&[Program::Rabbit]));
        };
        let mut rabbit = Self { port, broker };
        rabbit.start_again()?;
        Ok(rabbit)
    }

    /// The URL of its virtual host `/`, as its administrator.
    pub fn amqp_url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port)
    }

    /// Stops it in order: connections are closed, and what is in memory is written.
    pub fn stop(&mut self) -> Result<()> {
        match &mut self.broker {
            Broker::Node(node) => node.stop(),
            Broker::Container(container) => container.stop(),
        }
    }

    /// Ends it as a crash does, with SIGKILL.
    pub fn kill(&mut self) -> Result<()> {
        match &mut self.broker {
            Broker::Node(node) => node.kill(),
            Broker::Container(container) => container.kill(),
        }
    }

    /// Starts it after a stop or a kill, on the same port and the same data.
    ///
    /// Returns when it answers.
    pub fn start_again(&mut self) -> Result<()> {
        let port = self.port;
        match &mut self.broker {
            Broker::Node(node) => {
                node.start()?;
                readiness::wait("rabbitmq", START, || node.alive(), || amqp::answers(port))
            }
            Broker::Container(container) => {
                container.start_again()?;
                readiness::wait("rabbitmq", START, || Ok(()), || amqp::answers(port))
            }
        }
    }

    /// Raises or clears the memory alarm, under which the broker stops reading publishers.
    pub fn set_memory_alarm(&self, on: bool) -> Result<()> {
        let watermark = if on { "0" } else { MEMORY_WATERMARK };
        self.control(&["set_vm_memory_high_watermark", watermark])
            .map(drop)
    }

    /// Runs `rabbitmqctl` on this broker and returns what it printed.
    pub fn control(&self, arguments: &[&str]) -> Result<String> {
        match &self.broker {
            Broker::Node(node) => node.control(arguments),
            Broker::Container(container) => container.execute("rabbitmqctl", arguments),
        }
    }
}

/// The part of the configuration that is the same for a node and a container.
fn settings() -> String {
    format!(
        "max_message_size = 2097152
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.relative = {MEMORY_WATERMARK}
"
    )
}
