//! The configuration of both services: one file, environment variables over it, every problem
//! reported at once and by its variable's name, secrets never shown.

mod parse;
mod reader;
mod reference;
mod source;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretSlice, SecretString};

pub use reader::KeyDoc;
pub use reference::reference;
pub use source::{Source, variable};

use reader::Reader;

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
    /// What an empty database starts with.
    pub bootstrap: BootstrapConfig,
    /// Keys for what is encrypted at rest; empty: made on first use beside the SQLite file.
    pub encryption_keys: Vec<SecretSlice<u8>>,
    /// How deliveries are made.
    pub delivery: DeliveryConfig,
    /// The licensed plan; streaming needs [`Plan::Ultimate`].
    pub plan: Plan,
    /// Whether instance-level destinations exist (`ff_external_audit_events`).
    pub instance_destinations: bool,
    /// Limits of what may be stored and published.
    pub limits: Limits,
    /// What is logged, and how.
    pub log: LogConfig,
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

/// What an empty database starts with.
#[derive(Debug, Clone)]
pub struct BootstrapConfig {
    /// The token of the admin `root`; none: one is made and printed once.
    pub admin_token: Option<SecretString>,
}

/// How deliveries are made.
#[derive(Debug, Clone)]
pub struct DeliveryConfig {
    /// Whether destinations may be on loopback and private networks.
    pub allow_local_requests: bool,
    /// How long an undeliverable event is tried before it becomes a dead letter.
    pub retention: Duration,
    /// Limit of connecting to a destination.
    pub connect_timeout: Duration,
    /// Limit of one whole attempt, the response's body included.
    pub timeout: Duration,
    /// How many requests to one destination may be under way in one worker.
    pub concurrency: usize,
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
                let rest = url.expose().trim_start_matches("sqlite:");
                let rest = rest.strip_prefix("//").unwrap_or(rest);
                Some(Path::new(rest.split('?').next().unwrap_or(rest)).to_owned())
            }
            Self::Postgres(_) => None,
        }
    }
}

/// An address that may hold a password: `Debug` and `Display` show it without.
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
            Ok(mut url) if url.password().is_some() => {
                // Fails only for addresses that cannot have a password.
                let _ = url.set_password(Some("***"));
                f.write_str(url.as_str())
            }
            Ok(_) => f.write_str(self.expose()),
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

    fn read(r: &mut Reader<'_>) -> Self {
        let config = Self {
            database: r.get(
                "database.url",
                "sqlite://data/auditstream.db?mode=rwc",
                "The database: `sqlite://<file>?mode=rwc` or `postgres://…`.",
                parse::database_url,
            ),
            queue: QueueConfig::read(r),
            api: ApiConfig {
                bind: r.get(
                    "api.bind",
                    "127.0.0.1:8080",
                    "Where the API service listens.",
                    parse::socket_address,
                ),
            },
            worker: WorkerConfig::read(r),
            bootstrap: BootstrapConfig {
                admin_token: r.get_optional(
                    "bootstrap.admin_token",
                    "On an empty database: makes the admin `root` with this token (20 characters or more). Unset: one is generated and printed once.",
                    parse::admin_token,
                ),
            },
            encryption_keys: r
                .get_optional(
                    "secrets.encryption_key",
                    "32 bytes in base64 that encrypt tokens and header values at rest. Several, parted by commas: the first encrypts, all decrypt, the last makes the digests that keep tokens unique. Unset with SQLite: generated once beside the database file. Required with PostgreSQL.",
                    parse::encryption_keys,
                )
                .unwrap_or_default(),
            delivery: DeliveryConfig::read(r),
            plan: r.get(
                "license.plan",
                "ultimate",
                "The licensed plan: `free`, `premium` or `ultimate`. Streaming needs `ultimate`.",
                parse::plan,
            ),
            instance_destinations: r.get(
                "features.ff_external_audit_events",
                "true",
                "Whether there are instance-level destinations.",
                parse::flag,
            ),
            limits: Limits::read(r),
            log: LogConfig {
                filter: r.get(
                    "log.level",
                    "info",
                    "A level (`error`, `warn`, `info`, `debug`, `trace`) or a filter such as `info,delivery_worker=debug`.",
                    parse::log_filter,
                ),
                format: r.get(
                    "log.format",
                    "text",
                    "The form of a log line: `text` or `json`.",
                    parse::log_format,
                ),
            },
        };
        config.check(r);
        config
    }

    /// What no key can tell by itself.
    fn check(&self, r: &mut Reader<'_>) {
        if let DatabaseUrl::Postgres(_) = self.database {
            if self.encryption_keys.is_empty() {
                r.problem(
                    "secrets.encryption_key",
                    "is required with PostgreSQL (`openssl rand -base64 32` makes one)",
                );
            }
            if let QueueBackend::Embedded = self.queue.backend {
                r.problem(
                    "queue.url",
                    "the embedded queue lives in a SQLite database, with PostgreSQL use amqp://…",
                );
            }
        }
        if self.limits.event_bytes > self.limits.batch_bytes {
            r.problem("limits.event_bytes", "must not exceed limits.batch_bytes");
        }
    }
}

impl QueueConfig {
    fn read(r: &mut Reader<'_>) -> Self {
        Self {
            backend: r.get(
                "queue.url",
                "embedded",
                "The queue: `embedded` (tables in the SQLite database, one process) or `amqp://…`, `amqps://…`.",
                parse::queue_backend,
            ),
            prefix: r.get(
                "queue.prefix",
                "audit",
                "What every exchange and queue name begins with.",
                parse::queue_prefix,
            ),
            prefetch: to_u16(r.get(
                "queue.prefetch",
                "1024",
                "How many unsettled messages a worker holds at most.",
                parse::count(1, 65_535),
            )),
            publish_timeout: r.get(
                "queue.publish_timeout",
                "5s",
                "How long a message may take to be stored before the outbox takes it.",
                parse::duration(Duration::from_millis(100), Duration::from_mins(1)),
            ),
        }
    }
}

impl WorkerConfig {
    fn read(r: &mut Reader<'_>) -> Self {
        Self {
            bind: r.get(
                "worker.bind",
                "127.0.0.1:9091",
                "Where the delivery worker serves `/metrics` and its health.",
                parse::socket_address,
            ),
            shutdown_timeout: r.get(
                "worker.shutdown_timeout",
                "20s",
                "How long a stopping worker waits for the requests that are in flight.",
                parse::duration(Duration::from_millis(100), Duration::from_mins(10)),
            ),
        }
    }
}

impl DeliveryConfig {
    fn read(r: &mut Reader<'_>) -> Self {
        Self {
            allow_local_requests: r.get(
                "delivery.allow_local_requests",
                "false",
                "Whether destinations may be on loopback and private networks.",
                parse::flag,
            ),
            retention: r.get(
                "delivery.retention",
                "7d",
                "How long an undeliverable event is tried before it becomes a dead letter.",
                parse::duration(Duration::from_secs(1), Duration::from_hours(365 * 24)),
            ),
            connect_timeout: r.get(
                "delivery.connect_timeout",
                "5s",
                "Limit of connecting to a destination.",
                parse::duration(Duration::from_millis(10), Duration::from_mins(1)),
            ),
            timeout: r.get(
                "delivery.timeout",
                "15s",
                "Limit of one whole attempt, the response's body included.",
                parse::duration(Duration::from_millis(10), Duration::from_mins(5)),
            ),
            concurrency: to_usize(r.get(
                "delivery.concurrency",
                "64",
                "How many requests to one destination may be under way in one worker.",
                parse::count(1, 1024),
            )),
        }
    }
}

impl Limits {
    fn read(r: &mut Reader<'_>) -> Self {
        Self {
            destinations: r.get(
                "limits.destinations",
                "5",
                "Active destinations of one top-level group, and of the instance. 0: no limit.",
                parse::count(0, 100_000),
            ),
            headers: r.get(
                "limits.headers",
                "20",
                "Custom headers of one destination.",
                parse::count(1, 100),
            ),
            namespace_filters: r.get(
                "limits.namespace_filters",
                "5",
                "Namespace filters of one destination.",
                parse::count(1, 100),
            ),
            event_bytes: to_usize(r.get(
                "limits.event_bytes",
                "1048576",
                "Bytes of one event.",
                parse::count(1024, 16 * 1024 * 1024),
            )),
            batch_events: to_usize(r.get(
                "limits.batch_events",
                "1000",
                "Events in one request to `/api/v1/audit_events`.",
                parse::count(1, 10_000),
            )),
            batch_bytes: to_usize(r.get(
                "limits.batch_bytes",
                "8388608",
                "Bytes of one request to `/api/v1/audit_events`.",
                parse::count(1024, 128 * 1024 * 1024),
            )),
        }
    }
}

fn to_u16(number: u64) -> u16 {
    u16::try_from(number).expect("the bounds of the key are within u16")
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).expect("the bounds of the key are within usize")
}
