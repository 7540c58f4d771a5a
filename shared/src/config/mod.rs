//! The configuration of both services: one file, environment variables over it, every problem
//! reported at once and by its variable's name, secrets never shown.

mod keys;
mod parse;
mod reader;
mod reference;
mod source;
#[cfg(test)]
mod tests;
mod tracing;

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

pub use reader::KeyDoc;
pub use reference::reference;
pub use source::{Source, variable};
pub use tracing::TracingConfig;

use reader::Reader;

use crate::egress::EgressPolicy;

/// Everything that an operator can set.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where destinations, users and the outbox are kept.
    pub database: DatabaseUrl,
    /// The queue between the services.
    pub queue: QueueConfig,
    /// The API service.
    pub api: ApiConfig,
    /// The delivery worker.
    pub worker: WorkerConfig,
    /// What an instance without an admin starts with.
    pub bootstrap: BootstrapConfig,
    /// Keys for what is encrypted at rest; empty: made on first use beside the SQLite file.
    pub encryption_keys: Vec<SecretSlice<u8>>,
    /// How deliveries are made.
    pub delivery: DeliveryConfig,
    /// The licensed plan; streaming needs [`Plan::Ultimate`].
    pub plan: Plan,
    /// The event types.
    pub catalogue: CatalogueConfig,
    /// Whether instance-level destinations exist (`ff_external_audit_events`).
    pub instance_destinations: bool,
    /// Limits of what may be stored and published.
    pub limits: Limits,
    /// Where spans are exported to.
    pub tracing: TracingConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// What is told to Prometheus.
    pub metrics: MetricsConfig,
}

/// What is told to Prometheus.
#[derive(Debug, Clone, Copy)]
pub struct MetricsConfig {
    /// How many destinations have series of their own, besides those in trouble.
    pub top_destinations: usize,
    /// How often what needs a question to database or queue is asked.
    pub refresh_interval: Duration,
}

/// The queue between the services.
#[derive(Debug, Clone)]
pub struct QueueConfig {
    /// Which queue.
    pub backend: QueueBackend,
    /// What every exchange and queue name begins with.
    pub prefix: String,
    /// How many unsettled messages a worker holds at most.
    pub prefetch: u16,
    /// How long a message may take to be stored.
    pub publish_timeout: Duration,
}

/// Which queue carries the messages.
#[derive(Debug, Clone)]
pub enum QueueBackend {
    /// Tables in the SQLite database; one process.
    Embedded,
    /// RabbitMQ.
    Amqp(ConnectionUrl),
}

/// The API service.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// Where it listens.
    pub bind: SocketAddr,
}

/// The delivery worker.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Where its metrics and health are served.
    pub bind: SocketAddr,
    /// How long a stopping worker waits for what is in flight.
    pub shutdown_timeout: Duration,
}

/// What an instance without an admin starts with.
#[derive(Debug, Clone)]
pub struct BootstrapConfig {
    /// The token of the admin `root`; none: one is made and printed once.
    pub admin_token: Option<SecretString>,
}

/// The event types.
#[derive(Debug, Clone)]
pub struct CatalogueConfig {
    /// The folder with the definitions of the operator's own.
    pub definitions: Option<PathBuf>,
}

/// How deliveries are made.
#[derive(Debug, Clone)]
pub struct DeliveryConfig {
    /// Where requests may go.
    pub egress: EgressPolicy,
    /// The HTTP proxy that all requests go through.
    pub proxy_url: Option<ConnectionUrl>,
    /// How long an undeliverable event is tried before it becomes a dead letter.
    pub retention: Duration,
    /// Limit of connecting to a destination.
    pub connect_timeout: Duration,
    /// Limit of one whole attempt, the response's body included.
    pub timeout: Duration,
    /// How long a delivery is worth waiting for in place: for a permit, and for a second try.
    pub patience: Duration,
    /// For how many destinations a lane is ready before it is needed.
    pub lanes_ahead: u64,
    /// How many requests to one destination may be under way in one worker.
    pub permits: PermitsConfig,
    /// How both sides of a delivery over HTTPS prove who they are.
    pub tls: TlsConfig,
}

/// How many requests to one destination may be under way in one worker: the number grows while they
/// succeed, and halves when the receiver has too much to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermitsConfig {
    /// At first.
    pub start: u32,
    /// At least.
    pub min: u32,
    /// At most.
    pub max: u32,
}

/// How both sides of a delivery over HTTPS prove who they are.
#[derive(Debug, Clone, Default)]
pub struct TlsConfig {
    /// A PEM file of root certificates that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// A PEM file of the certificate that is shown to receivers which ask for one, followed by those
    /// that it is signed with.
    pub client_certificate_file: Option<PathBuf>,
    /// A PEM file of the private key of that certificate.
    pub client_key_file: Option<PathBuf>,
}

/// A licensed plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// No licence.
    Free,
    /// Premium.
    Premium,
    /// Ultimate: has audit event streaming.
    Ultimate,
}

impl Plan {
    /// Whether the plan has the licensed feature `external_audit_events`.
    pub fn streams_audit_events(self) -> bool {
        self == Self::Ultimate
    }
}

/// Limits of what may be stored and published.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Active destinations of one top-level group, and of the instance; 0: no limit.
    pub destinations: u64,
    /// Custom headers of one destination.
    pub headers: u64,
    /// Namespace filters of one destination.
    pub namespace_filters: u64,
    /// Bytes of one event.
    pub event_bytes: usize,
    /// Events in one request.
    pub batch_events: usize,
    /// Bytes of one request that publishes.
    pub batch_bytes: usize,
    /// GraphQL requests that each token may send in a minute; 0: no limit.
    pub graphql_requests_per_minute: u32,
    /// GraphQL requests that each token may send at once.
    pub graphql_burst: NonZeroU32,
    /// How long a GraphQL request may take to be answered.
    pub graphql_timeout: Duration,
}

/// What is logged, and how.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// A level or a filter.
    pub filter: String,
    /// The form of a line.
    pub format: LogFormat,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where the database is.
#[derive(Debug, Clone)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(ConnectionUrl),
    /// A server or a cluster.
    Postgres(ConnectionUrl),
}

impl DatabaseUrl {
    /// The address with its password.
    pub fn expose(&self) -> &str {
        match self {
            Self::Sqlite(url) | Self::Postgres(url) => url.expose(),
        }
    }

    /// The file of a SQLite database.
    pub fn sqlite_path(&self) -> Option<PathBuf> {
        match self {
            Self::Sqlite(url) => {
                let options: SqliteConnectOptions =
                    url.expose().parse().expect("the address was parsed before");
                Some(options.get_filename().to_owned())
            }
            Self::Postgres(_) => None,
        }
    }
}

/// An address that may hold a password: `Debug` and `Display` show it without that and without what
/// follows `?`.
#[derive(Clone)]
pub struct ConnectionUrl(SecretString);

impl ConnectionUrl {
    /// Wraps an address.
    pub fn new(url: &str) -> Self {
        Self(url.into())
    }

    /// The address with its password.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Display for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match url::Url::parse(self.expose()) {
            Ok(mut url) => {
                if url.password().is_some() {
                    // Fails only for addresses that cannot have a password.
                    let _ = url.set_password(Some("***"));
                }
                // PostgreSQL takes a password there too.
                url.set_query(None);
                url.set_fragment(None);
                f.write_str(url.as_str())
            }
            Err(_) => f.write_str("***"),
        }
    }
}

impl fmt::Debug for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// All that is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
#[error("the configuration cannot be used:\n  - {}", .0.join("\n  - "))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Reads the file and the environment of this process.
    pub fn from_process() -> Result<Self, ConfigError> {
        let (source, problems) = Source::from_process();
        Self::from_source(&source, problems)
    }

    /// Reads a source; `problems` are those that came up while it was collected.
    pub fn from_source(source: &Source, problems: Vec<String>) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(source, problems);
        let config = Self::read(&mut reader);
        reader.report_unknown_keys();
        if reader.problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError(reader.problems))
        }
    }
}
