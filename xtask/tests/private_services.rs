//! The private services on the real programs: they keep their data over stops and crashes.

use std::net::TcpStream;

use xtask::{PrivatePostgres, PrivatePrometheus, PrivateRabbit, Scratch, promtool};

const DEFINITIONS: &str = r#"{
    "vhosts": [{"name": "/"}],
    "queues": [{
        "name": "kept", "vhost": "/", "durable": true, "auto_delete": false,
        "arguments": {"x-queue-type": "quorum"}
    }]
}"#;

/// The `host:port` of a URL.
fn address(url: &str) -> &str {
    let (_, behind_user) = url.rsplit_once('@').expect("the URL names a user");
    let (address, _) = behind_user.split_once('/').expect("the URL has a path");
    address
}

fn queues(rabbit: &PrivateRabbit) -> String {
    rabbit
        .control(&["list_queues", "--no-table-headers", "name"])
        .expect("the broker lists its queues")
}

fn has_memory_alarm(rabbit: &PrivateRabbit) -> bool {
    rabbit
        .control(&["eval", "rabbit_alarm:get_alarms()."])
        .expect("the broker tells its alarms")
        .contains("memory")
}

#[test]
fn a_broker_keeps_its_queues_over_a_stop_and_a_crash() {
    let scratch = Scratch::new("broker").unwrap();
    let mut rabbit = PrivateRabbit::start(scratch.path()).unwrap();
    let url = rabbit.amqp_url();
    let definitions = scratch.path().join("definitions.json");
    std::fs::write(&definitions, DEFINITIONS).unwrap();
    rabbit
        .control(&["import_definitions", definitions.to_str().unwrap()])
        .unwrap();
    assert_eq!(queues(&rabbit).trim(), "kept");

    rabbit.stop().unwrap();
    assert!(TcpStream::connect(address(&url)).is_err());
    rabbit.start_again().unwrap();
    assert_eq!(queues(&rabbit).trim(), "kept");

    rabbit.kill().unwrap();
    assert!(TcpStream::connect(address(&url)).is_err());
    rabbit.start_again().unwrap();
    assert_eq!(queues(&rabbit).trim(), "kept");
    assert_eq!(rabbit.amqp_url(), url);

    assert!(!has_memory_alarm(&rabbit));
    rabbit.set_memory_alarm(true).unwrap();
    assert!(has_memory_alarm(&rabbit));
    rabbit.set_memory_alarm(false).unwrap();
    assert!(!has_memory_alarm(&rabbit));

    drop(rabbit);
    assert!(TcpStream::connect(address(&url)).is_err());
}

#[test]
fn a_database_comes_back_at_its_address_after_a_stop() {
    let scratch = Scratch::new("database").unwrap();
    let mut postgres = PrivatePostgres::start(scratch.path()).unwrap();
    let url = postgres.database_url().to_owned();
    assert!(TcpStream::connect(address(&url)).is_ok());

    postgres.stop().unwrap();
    assert!(TcpStream::connect(address(&url)).is_err());
    postgres.start_again().unwrap();
    assert_eq!(postgres.database_url(), url);
    assert!(TcpStream::connect(address(&url)).is_ok());

    drop(postgres);
    assert!(TcpStream::connect(address(&url)).is_err());
}

#[test]
fn a_prometheus_answers_until_it_is_dropped() {
    let scratch = Scratch::new("prometheus").unwrap();
    let configuration = scratch.path().join("prometheus.yml");
    std::fs::write(&configuration, "global: {scrape_interval: 1s}\n").unwrap();
    let prometheus = PrivatePrometheus::start(scratch.path(), &configuration).unwrap();
    let address = prometheus.address();
    assert!(TcpStream::connect(address).is_ok());
    drop(prometheus);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn promtool_fails_with_what_it_finds_wrong() {
    let scratch = Scratch::new("promtool").unwrap();
    let write = |text: &str| std::fs::write(scratch.path().join("a.yml"), text).unwrap();
    let check = || promtool(scratch.path(), &["check", "rules", "a.yml"]);
    write("groups: []\n");
    check().unwrap();
    write("groups: [{name: a, rules: [{alert: A, expr: 'sum('}]}]\n");
    let error = check().unwrap_err().to_string();
    assert!(error.contains("parse error"), "{error}");
}
