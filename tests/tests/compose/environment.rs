//! The environment of the services is a configuration that they accept, and fits what they talk to.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::config::{Config, DatabaseUrl, QueueBackend, Source, reference};
use url::Url;

use crate::stack::{self, Service};
use crate::{dockerfile, repository};

/// The configuration that a service starts with.
pub(crate) fn config(service: &Service) -> Config {
    let mut source = Source::default();
    source.add_environment(service.environment());
    Config::from_source(&source, Vec::new())
        .unwrap_or_else(|error| panic!("{}: {error}", service.name))
}

#[test]
fn the_services_accept_their_environment() {
    let ours = stack::ours();
    assert_eq!(
        ours.iter().map(|service| &service.name).collect::<Vec<_>>(),
        ["api-service", "delivery-worker"]
    );
    for service in ours {
        config(&service);
    }
}

#[test]
fn every_variable_is_in_the_reference() {
    // The configuration passes over a name without two underscores, so it would not tell.
    let reference = reference();
    for service in stack::ours() {
        for name in service.environment().keys() {
            assert!(reference.contains(&format!("| `{name}` |")), "{name}");
        }
    }
}

#[test]
fn both_services_use_the_same_database_queue_and_key() {
    let ours = stack::ours();
    for name in [
        "AUDITSTREAM_DATABASE__URL",
        "AUDITSTREAM_QUEUE__URL",
        "AUDITSTREAM_SECRETS__ENCRYPTION_KEY",
        "AUDITSTREAM_DELIVERY__ALLOW_LOCAL_REQUESTS",
        "AUDITSTREAM_DELIVERY__OUTBOUND_ALLOWLIST",
        "AUDITSTREAM_DELIVERY__DENY_ALL_REQUESTS_EXCEPT_ALLOWED",
        "AUDITSTREAM_DELIVERY__PROXY_URL",
    ] {
        assert_eq!(ours[0].variable(name), ours[1].variable(name), "{name}");
    }
}

#[test]
fn the_database_is_reached_with_the_user_that_it_is_made_with() {
    let database = stack::service("postgres");
    let DatabaseUrl::Postgres(url) = config(&stack::service("api-service")).database else {
        panic!("not PostgreSQL");
    };
    let url = Url::parse(url.expose()).unwrap();
    assert_eq!(url.host_str(), Some("postgres"));
    assert_eq!(url.username(), database.variable("POSTGRES_USER"));
    assert_eq!(
        url.password().unwrap(),
        database.variable("POSTGRES_PASSWORD")
    );
    assert_eq!(url.path(), format!("/{}", database.variable("POSTGRES_DB")));
    let check = database.get("healthcheck")["test"].to_string();
    assert!(check.contains(&format!("--username={}", url.username())));
    assert!(check.contains(&format!("--dbname={}", &url.path()[1..])));
}

#[test]
fn the_broker_is_reached_with_the_user_that_it_is_made_with() {
    let broker = stack::service("rabbitmq");
    let QueueBackend::Amqp(url) = config(&stack::service("api-service")).queue.backend else {
        panic!("not RabbitMQ");
    };
    let url = Url::parse(url.expose()).unwrap();
    assert_eq!(url.host_str(), Some("rabbitmq"));
    assert_eq!(url.username(), broker.variable("RABBITMQ_DEFAULT_USER"));
    assert_eq!(
        url.password().unwrap(),
        broker.variable("RABBITMQ_DEFAULT_PASS")
    );
}

#[test]
fn the_broker_takes_the_largest_event_with_its_headers() {
    let largest: usize = setting("max_message_size").parse().unwrap();
    let event = config(&stack::service("api-service")).limits.event_bytes;
    assert!(largest >= 2 * event, "{largest} bytes for {event}");
}

/// A setting of the broker's own file.
pub(crate) fn setting(name: &str) -> String {
    repository::text("docker/rabbitmq/auditstream.conf")
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .find(|(key, _)| *key == name)
        .map_or_else(|| panic!("no {name}"), |(_, value)| value.to_owned())
}

#[test]
fn the_example_names_every_variable_that_is_required_and_gives_none_a_value() {
    let example = repository::text(".env.example");
    let named: BTreeSet<String> = example
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.strip_suffix('=').expect("no value").to_owned())
        .collect();
    assert_eq!(named, stack::required_variables());
}

#[test]
fn no_secret_stands_in_the_file() {
    let file = repository::yaml("compose.yaml");
    for (service, settings) in file["services"].as_object().unwrap() {
        let Some(variables) = settings["environment"].as_object() else {
            continue;
        };
        for (name, value) in variables {
            let secret = ["PASS", "TOKEN", "ENCRYPTION_KEY"]
                .iter()
                .any(|word| name.contains(word));
            if secret {
                let value = value.as_str().unwrap();
                assert!(
                    value.starts_with("${") && value.contains(":?"),
                    "{service}: {name}"
                );
            }
        }
    }
}

#[test]
fn the_health_check_is_the_program_itself_and_has_time_to_give_its_reason() {
    for service in stack::ours() {
        let program = dockerfile::program(service.target().unwrap());
        let check = service.get("healthcheck");
        assert_eq!(
            repository::texts(&check["test"]),
            ["CMD", &program, "healthcheck"]
        );
        assert!(seconds(&check["timeout"]) > 3, "{}", service.name);
    }
}

#[test]
fn a_worker_may_end_what_is_in_flight_before_it_is_killed() {
    let worker = stack::service("delivery-worker");
    let grace = Duration::from_secs(seconds(worker.get("stop_grace_period")));
    assert!(grace > config(&worker).worker.shutdown_timeout);
}

fn seconds(duration: &serde_json::Value) -> u64 {
    duration
        .as_str()
        .and_then(|text| text.strip_suffix('s'))
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("not in seconds: {duration}"))
}
