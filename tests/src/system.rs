//! The whole system on one backend: processes, database, broker, and a client with the admin's
//! token.

use std::net::SocketAddr;

use standalone::client::Client;
use tempfile::TempDir;
use xtask::PrivateRabbit;

pub use crate::administer::{Administer, messages};
use crate::backend::{Backend, service_url};
use crate::broker::{self, Notices, Producer};
use crate::database::{PostgresDatabase, unique_name};
use crate::process::Process;
use crate::wait::until;

/// The admin's token in every test.
pub const ADMIN_TOKEN: &str = "the-admin-token-of-the-tests";

/// What a system is to be like.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Its queue and database.
    pub backend: Backend,
    /// Delivery workers; the embedded queue has one.
    pub workers: usize,
    /// Whether it has a broker that no other test uses, to be stopped at will.
    pub own_broker: bool,
    /// Settings beside the usual ones.
    pub settings: Vec<(&'static str, String)>,
}

impl Setup {
    /// One worker on the broker that all tests share.
    pub fn on(backend: Backend) -> Self {
        Self {
            backend,
            workers: 1,
            own_broker: false,
            settings: Vec::new(),
        }
    }

    /// With so many workers.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// With a broker of its own.
    #[must_use]
    pub fn own_broker(mut self) -> Self {
        self.own_broker = self.backend.has_broker();
        self
    }

    /// With a setting, by its variable.
    #[must_use]
    pub fn set(mut self, variable: &'static str, value: &str) -> Self {
        self.settings.push((variable, value.to_owned()));
        self
    }

    /// Starts everything.
    pub async fn start(self) -> System {
        let mut system = System::prepare(self).await;
        system.start_api().await;
        for _ in 0..system.setup.workers {
            system.start_worker().await;
        }
        system
    }
}

/// A system that is running.
pub struct System {
    setup: Setup,
    /// The test's own database on PostgreSQL.
    pub postgres: Option<PostgresDatabase>,
    /// The test's own broker.
    pub broker: Option<PrivateRabbit>,
    prefix: String,
    amqp_url: Option<String>,
    /// The process with the API: `api-service`, or `auditstream` with both services.
    pub api: Option<Process>,
    /// The processes with a worker; none for the embedded queue.
    pub workers: Vec<Process>,
    started: usize,
    /// The last to go: a test that fails shows the logs in it.
    folder: TempDir,
}

impl System {
    /// Makes databases and brokers, and starts no service yet.
    pub async fn prepare(setup: Setup) -> Self {
        let folder = TempDir::new().expect("a scratch folder can be made");
        let postgres = match setup.backend {
            Backend::RabbitPostgres => Some(PostgresDatabase::create().await),
            _ => None,
        };
        let broker = if setup.own_broker {
            let scratch = folder.path().join("broker");
            std::fs::create_dir(&scratch).expect("the scratch folder can be written");
            let started = tokio::task::spawn_blocking(move || PrivateRabbit::start(&scratch)).await;
            Some(
                started
                    .expect("no panic")
                    .expect("a private RabbitMQ can be started"),
            )
        } else {
            None
        };
        let amqp_url = match (&broker, setup.backend.has_broker()) {
            (Some(broker), _) => Some(broker.amqp_url()),
            (None, true) => Some(service_url("TEST_AMQP_URL")),
            (None, false) => None,
        };
        Self {
            setup,
            folder,
            postgres,
            broker,
            prefix: unique_name(),
            amqp_url,
            api: None,
            workers: Vec::new(),
            started: 0,
        }
    }

    /// The environment of every process of the system.
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut environment = vec![
            ("AUDITSTREAM_DATABASE__URL", self.database_url()),
            ("AUDITSTREAM_QUEUE__PREFIX", self.prefix.clone()),
            ("AUDITSTREAM_API__BIND", "127.0.0.1:0".to_owned()),
            ("AUDITSTREAM_WORKER__BIND", "127.0.0.1:0".to_owned()),
            ("AUDITSTREAM_BOOTSTRAP__ADMIN_TOKEN", ADMIN_TOKEN.to_owned()),
            (
                "AUDITSTREAM_SECRETS__ENCRYPTION_KEY",
                "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".to_owned(),
            ),
            (
                "AUDITSTREAM_DELIVERY__ALLOW_LOCAL_REQUESTS",
                "true".to_owned(),
            ),
            ("AUDITSTREAM_LIMITS__DESTINATIONS", "0".to_owned()),
        ];
        if let Some(url) = &self.amqp_url {
            environment.push(("AUDITSTREAM_QUEUE__URL", url.clone()));
        }
        environment
            .into_iter()
            .chain(self.setup.settings.clone())
            .map(|(key, value)| (key.to_owned(), value))
            .collect()
    }

    /// The database's address.
    pub fn database_url(&self) -> String {
        match &self.postgres {
            Some(postgres) => postgres.url().to_owned(),
            None => format!(
                "sqlite://{}?mode=rwc",
                self.folder.path().join("auditstream.db").display()
            ),
        }
    }

    /// Starts the process with the API.
    pub async fn start_api(&mut self) {
        let (name, marker) = match self.setup.backend {
            Backend::EmbeddedSqlite => ("auditstream", "API "),
            _ => ("api-service", "the API service listens on"),
        };
        let process = self.process(name, marker).await;
        self.api = Some(process);
    }

    /// Starts a worker; nothing on the embedded queue, whose worker is in the process with the API.
    pub async fn start_worker(&mut self) {
        if self.setup.backend.has_broker() {
            let process = self
                .process(
                    "delivery-worker",
                    "the delivery worker serves its metrics on",
                )
                .await;
            self.workers.push(process);
        }
    }

    async fn process(&mut self, name: &str, marker: &str) -> Process {
        self.started += 1;
        let environment = self.environment();
        Process::start(name, self.started, self.folder.path(), &environment, marker).await
    }

    /// Kills a process that delivers, as a power cut would.
    pub async fn kill_9_the_worker(&mut self) {
        let process = if self.setup.backend.has_broker() {
            self.workers.remove(0)
        } else {
            self.api.take().expect("it is running")
        };
        process.kill_9().await;
    }

    /// Starts a process that delivers, in the place of one that was killed.
    pub async fn replace_the_worker(&mut self) {
        if self.setup.backend.has_broker() {
            self.start_worker().await;
        } else {
            self.start_api().await;
        }
    }

    /// Where the first worker serves its metrics.
    pub async fn worker_address(&self) -> SocketAddr {
        if let Some(worker) = self.workers.first() {
            return worker.address();
        }
        let api = self
            .api
            .as_ref()
            .expect("the process with both was started");
        until("a worker in the process", async || {
            api.logged_address("the delivery worker is running address=")
        })
        .await
    }

    /// Waits until every process is connected to what it needs.
    pub async fn ready(&self) {
        let processes = self.api.iter().chain(&self.workers);
        for address in processes.map(Process::address) {
            let client = Client::new(address, None);
            until("a process that is ready", async || {
                let (status, _) = client.get("/-/readiness").await.ok()?;
                (status == 200).then_some(())
            })
            .await;
        }
    }

    /// Does something to the test's own broker, which blocks.
    pub async fn with_broker<F, E>(&mut self, act: F)
    where
        F: FnOnce(&mut PrivateRabbit) -> Result<(), E> + Send + 'static,
        E: std::fmt::Debug,
    {
        let mut broker = self
            .broker
            .take()
            .expect("the test has a broker of its own");
        let done = tokio::task::spawn_blocking(move || {
            act(&mut broker).expect("the broker does as it is told");
            broker
        });
        self.broker = Some(done.await.expect("no panic"));
    }

    /// Runs `rabbitmqctl` on the test's own broker; what it prints.
    pub async fn control_broker(&mut self, arguments: &'static [&'static str]) -> String {
        let (sender, printed) = tokio::sync::oneshot::channel();
        self.with_broker(|broker| {
            broker.control(arguments).map(|text| {
                // The test has ended when nobody waits.
                let _ = sender.send(text);
            })
        })
        .await;
        printed.await.expect("it has printed")
    }

    /// What the names of the system's exchanges and queues begin with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// A client with the admin's token.
    pub fn client(&self) -> Client {
        let api = self.api.as_ref().expect("the API was started");
        Client::new(api.address(), Some(ADMIN_TOKEN))
    }

    /// Takes a message and loses the connection, as a worker that dies of it would; false when none
    /// came soon.
    pub async fn take_and_drop(&self, queue: &str) -> bool {
        broker::take_and_drop(self.amqp_url(), &format!("{}.{queue}", self.prefix)).await
    }

    /// Whether a destination has its lane on the broker, by its number.
    pub async fn has_lane(&self, destination: usize) -> bool {
        let queue = format!("{}.lane.{destination}", self.prefix);
        let found = broker::messages_and_consumers(self.amqp_url(), &queue).await;
        found.is_some()
    }

    /// Waits until a queue is there and has a message: what the API has accepted may still be on its
    /// way to the broker.
    pub async fn until_waiting(&self, queue: &str) {
        let queue = format!("{}.{queue}", self.prefix);
        until("a message on the broker", async || {
            let found = broker::messages_and_consumers(self.amqp_url(), &queue).await;
            found.filter(|(messages, _)| *messages > 0).map(drop)
        })
        .await;
    }

    /// A producer on the broker.
    pub async fn producer(&self) -> Producer {
        Producer::connect(self.amqp_url(), &self.prefix).await
    }

    /// Notices on the broker.
    pub async fn notices(&self) -> Notices {
        Notices::connect(self.amqp_url(), &self.prefix).await
    }

    /// The broker's address.
    pub fn amqp_url(&self) -> &str {
        self.amqp_url.as_ref().expect("the backend has a broker")
    }

    /// Ends everything and removes what is in shared places.
    pub async fn stop(mut self) {
        drop(self.api.take());
        self.workers.clear();
        if let (Some(url), None) = (&self.amqp_url, &self.broker) {
            broker::remove(url, &self.prefix).await;
        }
        if let Some(broker) = self.broker.take() {
            let dropped = tokio::task::spawn_blocking(move || drop(broker)).await;
            dropped.expect("no panic");
        }
        if let Some(postgres) = self.postgres.take() {
            postgres.remove().await;
        }
    }
}
