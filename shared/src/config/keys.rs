//! Every key with its default and meaning: the one place that knows them, from which the reference
//! is printed too.

use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;
use super::source::variable;
use super::{
    ApiConfig, BootstrapConfig, CatalogueConfig, Config, DatabaseUrl, DeliveryConfig, Limits,
    LogConfig, MetricsConfig, PermitsConfig, QueueBackend, QueueConfig, TlsConfig, TracingConfig,
    WorkerConfig, parse,
};
use crate::egress::{Allowlist, EgressPolicy, EgressRules};

impl Config {
    pub(super) fn read(r: &mut Reader<'_>) -> Self {
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
                    "While there is no admin: makes the admin `root` with this token (20 to 255 printable ASCII characters without blanks). Unset: one is generated and printed once.",
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
            catalogue: CatalogueConfig {
                definitions: r.get_optional(
                    "catalogue.definitions",
                    "A folder with a file `<name>.yml` for each event type of your own, see [publishing.md](publishing.md#event-types-of-your-own). Unset: there are the built-in types alone.",
                    |text| Ok(PathBuf::from(text)),
                ),
            },
            instance_destinations: r.get(
                "features.ff_external_audit_events",
                "true",
                "Whether there are instance-level destinations.",
                parse::flag,
            ),
            limits: Limits::read(r),
            tracing: TracingConfig::read(r),
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
            metrics: MetricsConfig::read(r),
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
        let tls = &self.delivery.tls;
        if tls.client_certificate_file.is_some() && tls.client_key_file.is_none() {
            r.problem(
                "delivery.client_key_file",
                "is required with delivery.client_certificate_file",
            );
        }
        if tls.client_key_file.is_some() && tls.client_certificate_file.is_none() {
            r.problem(
                "delivery.client_certificate_file",
                "is required with delivery.client_key_file",
            );
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
                "How many unsettled messages a worker holds at most: so many new events, and as many retries.",
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
        let rules = egress_rules(r);
        let proxy_url = r.get_optional(
            "delivery.proxy_url",
            "An HTTP proxy that all requests go through and that resolves their names, `http://[<user>:<password>@]<host>:<port>`, see [egress.md](egress.md#through-a-proxy). Variables such as `HTTPS_PROXY` are not read.",
            parse::proxy_url,
        );
        Self {
            egress: EgressPolicy::from(EgressRules {
                proxy_resolves_names: proxy_url.is_some(),
                ..rules
            }),
            proxy_url,
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
            patience: r.get(
                "delivery.patience",
                "1s",
                "How long a delivery waits in place, for its turn or for a second try, before it waits in the lane of its destination.",
                parse::duration(Duration::from_millis(10), Duration::from_mins(1)),
            ),
            lanes_ahead: r.get(
                "delivery.lanes_ahead",
                "100",
                "For how many active destinations, the first ones, RabbitMQ has a lane ready before they are in trouble: an empty queue each, see [delivery.md](delivery.md). Those of others are made in the moment of trouble.",
                parse::count(0, 10_000),
            ),
            permits: PermitsConfig::read(r),
            tls: TlsConfig::read(r),
        }
    }
}

fn egress_rules(r: &mut Reader<'_>) -> EgressRules {
    EgressRules {
        allow_local_requests: r.get(
            "delivery.allow_local_requests",
            "false",
            "Whether destinations may be on loopback and private networks, see [egress.md](egress.md).",
            parse::flag,
        ),
        allowlist: r.get(
            "delivery.outbound_allowlist",
            "",
            "Names, IP addresses and networks that requests may go to whatever they are, each with a port or without: `siem.internal:8443, 10.2.0.0/16`. At most 1,000 of at most 255 characters.",
            Allowlist::parse,
        ),
        deny_all_except_allowed: r.get(
            "delivery.deny_all_requests_except_allowed",
            "false",
            "Whether requests may go to nothing but what is on `delivery.outbound_allowlist`.",
            parse::flag,
        ),
        proxy_resolves_names: false,
    }
}

impl PermitsConfig {
    fn read(r: &mut Reader<'_>) -> Self {
        let min = to_u32(r.get(
            "delivery.permits_min",
            "1",
            "The least number of requests to one destination that may be under way in one worker.",
            parse::count(1, 1024),
        ));
        let max = to_u32(r.get(
            "delivery.permits_max",
            "64",
            "The greatest number of requests to one destination that may be under way in one worker.",
            parse::count(1, 1024),
        ));
        let start = to_u32(r.get(
            "delivery.permits_start",
            "16",
            "The number of requests to one destination that may be under way in one worker at first. It grows while requests succeed, and halves on timeouts and the statuses 429 and 503.",
            parse::count(1, 1024),
        ));
        if !(min <= start && start <= max) {
            r.problems.push(format!(
                "{} must not be less than {}, nor greater than {}",
                variable("delivery.permits_start"),
                variable("delivery.permits_min"),
                variable("delivery.permits_max"),
            ));
        }
        Self { start, min, max }
    }
}

impl TlsConfig {
    fn read(r: &mut Reader<'_>) -> Self {
        let file = |text: &str| Ok(PathBuf::from(text));
        Self {
            ca_file: r.get_optional(
                "delivery.ca_file",
                "A PEM file of root certificates that destinations may prove themselves with, beside the system's.",
                file,
            ),
            client_certificate_file: r.get_optional(
                "delivery.client_certificate_file",
                "A PEM file of the certificate that is shown to destinations which ask for one, followed by those that it is signed with.",
                file,
            ),
            client_key_file: r.get_optional(
                "delivery.client_key_file",
                "A PEM file of the private key of `delivery.client_certificate_file`.",
                file,
            ),
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
                "Namespace filters of one destination, in the newer generation of the API; the older one has one.",
                parse::count(1, 100),
            ),
            event_bytes: to_usize(r.get(
                "limits.event_bytes",
                "1048576",
                "Bytes of one event. Must not exceed the `max_message_size` of the broker.",
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
            graphql_requests_per_minute: to_u32(r.get(
                "limits.graphql_requests_per_minute",
                "2000",
                "Requests to `/api/graphql` that each token, or each address without a token, may send in a minute to one API service. 0: no limit.",
                parse::count(0, 1_000_000),
            )),
            graphql_burst: r.get(
                "limits.graphql_burst",
                "500",
                "How many of these may come at once.",
                parse::nonzero(1_000_000),
            ),
            graphql_timeout: r.get(
                "limits.graphql_timeout",
                "30s",
                "How long a request to `/api/graphql` may take to be answered. A change that it has begun goes on.",
                parse::duration(Duration::from_millis(100), Duration::from_mins(5)),
            ),
        }
    }
}

impl MetricsConfig {
    fn read(r: &mut Reader<'_>) -> Self {
        Self {
            top_destinations: to_usize(r.get(
                "metrics.top_destinations",
                "20",
                "How many destinations, those with the most deliveries, have series of their own in the metrics of a worker. Those in trouble have them in any case. 0: none but these.",
                parse::count(0, 1000),
            )),
            refresh_interval: r.get(
                "metrics.refresh_interval",
                "15s",
                "How often metrics are renewed for which database or queue must be asked.",
                parse::duration(Duration::from_millis(100), Duration::from_mins(5)),
            ),
        }
    }
}

fn to_u16(number: u64) -> u16 {
    u16::try_from(number).expect("the bounds of the key are within u16")
}

fn to_u32(number: u64) -> u32 {
    u32::try_from(number).expect("the bounds of the key are within u32")
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).expect("the bounds of the key are within usize")
}
