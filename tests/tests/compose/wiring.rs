//! What talks to what: ports, addresses of scraping, order of the start, files that are mounted.

use std::net::SocketAddr;

use serde_json::Value;

use crate::environment::{config, setting};
use crate::{dockerfile, repository, stack};

/// Where a service of ours listens inside of its container.
fn bind(service: &str) -> SocketAddr {
    let config = config(&stack::service(service));
    match service {
        "api-service" => config.api.bind,
        _ => config.worker.bind,
    }
}

/// A job of `monitoring/prometheus.yml`.
fn job(name: &str) -> Value {
    repository::yaml("monitoring/prometheus.yml")["scrape_configs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|job| job["job_name"] == name)
        .unwrap_or_else(|| panic!("no job {name}"))
        .clone()
}

#[test]
fn the_services_listen_where_other_containers_can_reach_them() {
    for service in stack::ours() {
        let bind = bind(&service.name);
        assert!(bind.ip().is_unspecified(), "{}", service.name);
        assert_eq!(
            dockerfile::in_force(service.target().unwrap(), "EXPOSE"),
            bind.port().to_string()
        );
    }
}

#[test]
fn the_published_port_is_the_one_that_the_api_listens_on() {
    let service = stack::service("api-service");
    let published = service.published();
    assert_eq!(published.len(), 1);
    assert_eq!(published[0].2, bind("api-service").port());
}

#[test]
fn prometheus_scrapes_the_ports_that_are_listened_on() {
    assert_eq!(
        job("api-service")["static_configs"][0]["targets"][0],
        format!("api-service:{}", bind("api-service").port())
    );
    let workers = &job("delivery-worker")["dns_sd_configs"][0];
    assert_eq!(workers["names"][0], "delivery-worker");
    assert_eq!(workers["type"], "A");
    assert_eq!(workers["port"], bind("delivery-worker").port());
    assert_eq!(
        job("rabbitmq")["static_configs"][0]["targets"][0],
        format!("rabbitmq:{}", setting("prometheus.tcp.port"))
    );
    assert!(
        repository::text("docker/rabbitmq/enabled_plugins").contains("rabbitmq_prometheus"),
        "without the plugin nothing listens there"
    );
}

#[test]
fn who_talks_to_whom_shares_one_network() {
    for (from, to) in [
        ("api-service", "postgres"),
        ("api-service", "rabbitmq"),
        ("delivery-worker", "postgres"),
        ("delivery-worker", "rabbitmq"),
        ("prometheus", "api-service"),
        ("prometheus", "delivery-worker"),
        ("prometheus", "rabbitmq"),
        ("grafana", "prometheus"),
    ] {
        let (from, to) = (stack::service(from), stack::service(to));
        let shared = from
            .texts("networks")
            .into_iter()
            .filter(|network| to.texts("networks").contains(network))
            .count();
        // One more would list each address twice.
        assert_eq!(shared, 1, "{} to {}", from.name, to.name);
    }
}

#[test]
fn database_and_broker_have_no_way_out_and_workers_have_one() {
    let networks = &repository::yaml("compose.yaml")["networks"];
    let leads_out = |service: &str| {
        stack::service(service)
            .texts("networks")
            .into_iter()
            .any(|network| networks[network]["internal"] != true)
    };
    assert!(!leads_out("postgres"));
    assert!(!leads_out("rabbitmq"));
    assert!(leads_out("delivery-worker"));
    assert!(leads_out("api-service"), "its port could not be published");
}

#[test]
fn the_services_start_when_database_and_broker_are_healthy() {
    for service in stack::ours() {
        let awaited: Vec<&String> = service
            .get("depends_on")
            .as_object()
            .unwrap()
            .keys()
            .collect();
        assert_eq!(awaited, ["postgres", "rabbitmq"], "{}", service.name);
    }
}

#[test]
fn whoever_is_waited_for_exists_and_must_be_healthy() {
    for service in stack::services() {
        let Some(awaited) = service.get("depends_on").as_object() else {
            continue;
        };
        for (name, wait) in awaited {
            stack::service(name);
            assert_eq!(wait["condition"], "service_healthy", "{name}");
        }
    }
}

#[test]
fn several_workers_start_and_nothing_about_them_is_single() {
    let worker = stack::service("delivery-worker");
    assert!(worker.get("deploy")["replicas"].as_u64().unwrap() >= 2);
    for single in ["container_name", "hostname", "ports", "volumes"] {
        assert!(worker.get(single).is_null(), "{single}");
    }
}

#[test]
fn every_mounted_file_exists_and_every_volume_is_declared() {
    let volumes = &repository::yaml("compose.yaml")["volumes"];
    for service in stack::services() {
        for (source, target, options) in service.mounts() {
            if let Some(path) = source.strip_prefix("./") {
                assert!(repository::root().join(path).exists(), "{source}");
                assert_eq!(options, "ro", "{source}");
            } else {
                assert!(volumes.get(source).is_some(), "{source}");
            }
            assert!(target.starts_with('/'), "{target}");
        }
    }
}
