//! Tests of the configuration's rules.

use std::path::Path;

use super::*;

fn read(settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let mut source = Source::default();
    source.add_environment(
        settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    Config::from_source(&source, Vec::new())
}

#[test]
fn defaults_alone_are_a_usable_configuration() {
    let config = read(&[]).unwrap();
    assert!(matches!(config.queue.backend, QueueBackend::Embedded));
    assert_eq!(config.api.bind.port(), 8080);
    assert_eq!(config.delivery.retention, Duration::from_hours(7 * 24));
    assert_eq!(
        config.database.sqlite_path().unwrap(),
        Path::new("data/auditstream.db")
    );
}

#[test]
fn all_problems_are_reported_at_once_by_variable_name() {
    let ConfigError(problems) = read(&[
        ("AUDITSTREAM_API__BIND", "nowhere"),
        ("AUDITSTREAM_DELIVERY__RETENTION", "a week"),
        ("AUDITSTREAM_LIMITS__HEADERS", "-1"),
        ("AUDITSTREAM_DATABASE__URL", "postgres://db/auditstream"),
        ("AUDITSTREAM_DELIVERY__RETENTOIN", "1d"),
    ])
    .unwrap_err();
    let named: Vec<&str> = problems
        .iter()
        .map(|problem| problem.split(':').next().unwrap())
        .collect();
    assert_eq!(
        named,
        [
            "AUDITSTREAM_API__BIND",
            "AUDITSTREAM_DELIVERY__RETENTION",
            "AUDITSTREAM_LIMITS__HEADERS",
            "AUDITSTREAM_SECRETS__ENCRYPTION_KEY",
            "AUDITSTREAM_QUEUE__URL",
            "AUDITSTREAM_DELIVERY__RETENTOIN",
        ]
    );
}

#[test]
fn the_environment_wins_over_the_file() {
    let mut source = Source::default();
    let problems = source.add_file(
        "auditstream.toml",
        "[api]\nbind = \"127.0.0.1:1\"\n[limits]\nheaders = 7\n",
    );
    source.add_environment([("AUDITSTREAM_API__BIND".to_owned(), "127.0.0.1:2".to_owned())]);
    let config = Config::from_source(&source, problems).unwrap();
    assert_eq!(config.api.bind.port(), 2);
    assert_eq!(config.limits.headers, 7);
}

#[test]
fn variables_that_a_platform_injects_are_passed_over() {
    assert!(read(&[("AUDITSTREAM_SERVICE_HOST", "10.0.0.1")]).is_ok());
}

#[test]
fn a_variable_with_one_underscore_too_few_is_a_problem() {
    let ConfigError(problems) = read(&[("AUDITSTREAM_API_BIND", "127.0.0.1:1")]).unwrap_err();
    assert_eq!(
        problems,
        ["AUDITSTREAM_API_BIND: did you mean AUDITSTREAM_API__BIND, with two underscores?"]
    );
}

#[test]
fn an_empty_variable_means_the_default() {
    assert_eq!(
        read(&[("AUDITSTREAM_API__BIND", "")])
            .unwrap()
            .api
            .bind
            .port(),
        8080
    );
}

#[test]
fn secrets_are_never_shown() {
    let config = read(&[
        (
            "AUDITSTREAM_DATABASE__URL",
            "postgres://me:hunter2@db/auditstream",
        ),
        ("AUDITSTREAM_QUEUE__URL", "amqp://me:hunter2@broker/%2f"),
        (
            "AUDITSTREAM_BOOTSTRAP__ADMIN_TOKEN",
            "hunter2hunter2hunter2",
        ),
        (
            "AUDITSTREAM_DELIVERY__PROXY_URL",
            "http://me:hunter2@proxy:3128",
        ),
        (
            "AUDITSTREAM_SECRETS__ENCRYPTION_KEY",
            "aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnQ=",
        ),
    ])
    .unwrap();
    let shown = format!("{config:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(!shown.contains("aHVudGVy"), "{shown}");
    assert!(shown.contains("amqp://me:***@broker/%2f"), "{shown}");
}

#[test]
fn an_address_is_shown_without_its_password() {
    for (address, shown) in [
        ("amqp://me:hunter2@broker/%2f", "amqp://me:***@broker/%2f"),
        ("amqp://broker:5671/v", "amqp://broker:5671/v"),
        (
            "postgres://me@db/audit?password=hunter2",
            "postgres://me@db/audit",
        ),
        (
            "postgres://me:hunter2@db/audit?sslmode=require&password=hunter2#hunter2",
            "postgres://me:***@db/audit",
        ),
        ("sqlite://data/a.db?mode=rwc", "sqlite://data/a.db"),
        ("hunter2", "***"),
    ] {
        let address = ConnectionUrl::new(address);
        assert_eq!(address.to_string(), shown);
        assert_eq!(format!("{address:?}"), shown);
    }
}

#[test]
fn an_address_that_can_never_be_reached_is_refused_without_being_shown() {
    for (variable, address, problem) in [
        ("QUEUE", "amqp://me:hunter2@broker:99999/", "invalid port"),
        ("QUEUE", "amqp://me:hunter2@bro ker/", "invalid domain"),
        ("QUEUE", "amqp://me:hunter2@[::1]/", "IPv6"),
        ("QUEUE", "amqp://me:hunter2@/", "empty host"),
        ("QUEUE", "amqp:///hunter2", "must name a host"),
        ("QUEUE", "amqp://", "must name a host"),
        ("QUEUE", "amqp://me:hunter2%ff@broker/", "not understood"),
        (
            "QUEUE",
            "amqp://broker/?heartbeat=hunter2",
            "not understood",
        ),
        (
            "QUEUE",
            "amqp://broker/?auth_mechanism=hunter2",
            "not understood",
        ),
        ("QUEUE", "http://hunter2/", "must be `embedded`"),
        (
            "DATABASE",
            "postgres://me:hunter2@db:99999/a",
            "invalid port",
        ),
        (
            "DATABASE",
            "postgres://me:hunter2%ff@db/a",
            "not understood",
        ),
        (
            "DATABASE",
            "postgres://db/a?sslmode=hunter2",
            "not understood",
        ),
        ("DATABASE", "postgres://db/a?port=hunter2", "not understood"),
        ("DATABASE", "postgres://me:hunter2@[::1]/a", "?host=::1"),
        ("DATABASE", "sqlite://hunter2 2/a.db", "is not a URL"),
        (
            "DATABASE",
            "sqlite://hunter2/a.db?mode=rwcc",
            "not understood",
        ),
        ("DATABASE", "sqlite://?mode=rwc", "must name a file"),
        ("DATABASE", "mysql://hunter2/", "must begin with"),
        ("DELIVERY__PROXY", "hunter2:3128", "must begin with"),
        ("DELIVERY__PROXY", "https://hunter2:3128", "must begin with"),
        (
            "DELIVERY__PROXY",
            "socks5://hunter2:1080",
            "must begin with",
        ),
        ("DELIVERY__PROXY", "http://", "empty host"),
        ("DELIVERY__PROXY", "http://me:hunter2@:3128", "empty host"),
        ("DELIVERY__PROXY", "http://proxy:hunter2", "invalid port"),
        ("DELIVERY__PROXY", "http://proxy/hunter2", "must end with"),
        ("DELIVERY__PROXY", "http://proxy?hunter2", "must end with"),
    ] {
        let separator = if variable.contains("__") { "_" } else { "__" };
        let variable = format!("AUDITSTREAM_{variable}{separator}URL");
        let ConfigError(problems) = read(&[(&variable, address)]).unwrap_err();
        let of_it: Vec<&String> = problems
            .iter()
            .filter(|one| one.starts_with(&variable))
            .collect();
        assert_eq!(of_it.len(), 1, "{address}: {problems:?}");
        assert!(of_it[0].contains(problem), "{address}: {problems:?}");
        assert!(!of_it[0].contains("hunter2"), "{address}: {problems:?}");
    }
}

#[test]
fn usable_addresses_are_taken() {
    for address in [
        "embedded",
        "amqp://broker",
        "amqp://me:p%40ss@127.0.0.1:5672/%2f?heartbeat=5&auth_mechanism=plain",
        "amqps://broker.example/audit",
    ] {
        assert!(parse::queue_backend(address).is_ok(), "{address}");
    }
    for address in [
        "postgres://db/audit",
        "postgresql://me:p%40ss@127.0.0.1:5432/audit?sslmode=require",
        "postgres:///audit?host=/run/postgresql",
        "postgres:///audit?host=::1&user=me",
        "sqlite:///var/lib/audit.db?mode=rwc",
        "sqlite:data/audit.db",
    ] {
        assert!(parse::database_url(address).is_ok(), "{address}");
    }
    for address in [
        "http://proxy",
        "http://10.0.0.1:3128",
        "http://me:p%40ss@[fd00::1]:3128/",
    ] {
        assert!(parse::proxy_url(address).is_ok(), "{address}");
    }
}

#[test]
fn a_collector_is_named_without_secrets_which_are_headers_of_their_own() {
    for address in ["http://127.0.0.1:4318", "https://otel.example.com/otlp/"] {
        assert!(parse::collector_url(address).is_ok(), "{address}");
    }
    for address in [
        "127.0.0.1:4318",
        "grpc://collector",
        "http://me:pass@collector",
        "http://collector/?token=pass",
    ] {
        assert!(parse::collector_url(address).is_err(), "{address}");
    }
    let headers = parse::headers("authorization=Basic YTpi==, x-scope = acme").unwrap();
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.expose_secret()))
        .collect();
    let expected = [("authorization", "Basic YTpi=="), ("x-scope", "acme")];
    assert_eq!(headers, expected);
    for text in ["authorization", "a b=c", "=c", "a=b\nc"] {
        assert!(parse::headers(text).is_err(), "{text}");
    }
    for (text, share) in [
        ("0", Some(0.0)),
        ("0.25", Some(0.25)),
        ("1", Some(1.0)),
        ("1.1", None),
        ("NaN", None),
        ("-0.1", None),
    ] {
        assert_eq!(parse::share(text).ok(), share, "{text}");
    }
}

#[test]
fn the_file_of_an_address_is_the_one_that_sqlite_opens() {
    for (address, file) in [
        ("sqlite:///var/a.db?mode=rwc", "/var/a.db"),
        ("sqlite://data/a.db", "data/a.db"),
        ("sqlite:a.db", "a.db"),
        ("sqlite:///var/a%20b/c%3f.db?mode=rwc", "/var/a b/c?.db"),
    ] {
        let url = parse::database_url(address).unwrap();
        assert_eq!(url.sqlite_path().unwrap(), Path::new(file));
    }
}

#[test]
fn a_problem_never_shows_the_value() {
    let ConfigError(problems) = read(&[
        ("AUDITSTREAM_BOOTSTRAP__ADMIN_TOKEN", "too-short"),
        ("AUDITSTREAM_SECRETS__ENCRYPTION_KEY", "c2hvcnQ="),
    ])
    .unwrap_err();
    let shown = problems.join(" ");
    assert!(
        !shown.contains("too-short") && !shown.contains("c2hvcnQ="),
        "{shown}"
    );
}

#[test]
fn the_reference_lists_every_key_and_is_the_file_in_docs() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let written = std::fs::read_to_string(file).unwrap();
    assert_eq!(
        written,
        reference(),
        "run `cargo run -- config reference > docs/configuration.md`"
    );
}

#[test]
fn several_encryption_keys_are_allowed() {
    let key = "aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnQ=";
    let config = read(&[(
        "AUDITSTREAM_SECRETS__ENCRYPTION_KEY",
        &format!("{key},{key}"),
    )])
    .unwrap();
    assert_eq!(config.encryption_keys.len(), 2);
}

#[test]
fn the_certificate_of_deliveries_and_its_key_come_together() {
    let certificate = (
        "AUDITSTREAM_DELIVERY__CLIENT_CERTIFICATE_FILE",
        "client.pem",
    );
    let key = ("AUDITSTREAM_DELIVERY__CLIENT_KEY_FILE", "client.key");
    for (given, missing) in [(certificate, key.0), (key, certificate.0)] {
        let problems = read(&[given]).unwrap_err().0;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].starts_with(&format!("{missing}: is required")),
            "{problems:?}"
        );
    }
    let config = read(&[certificate, key]).unwrap();
    let file = config.delivery.tls.client_key_file.unwrap();
    assert_eq!(file, Path::new("client.key"));
}

#[test]
fn an_entry_of_the_allowlist_that_cannot_be_used_is_named_with_its_variable() {
    let allowlist = |entries: &str| read(&[("AUDITSTREAM_DELIVERY__OUTBOUND_ALLOWLIST", entries)]);
    let ConfigError(problems) = allowlist("10.0.0.0/8, 10.0.0.0/33").unwrap_err();
    let [problem] = problems.as_slice() else {
        panic!("{problems:?}");
    };
    let start = "AUDITSTREAM_DELIVERY__OUTBOUND_ALLOWLIST: the entry `10.0.0.0/33` must be";
    assert!(problem.starts_with(start), "{problem}");
}

#[test]
fn the_allowlist_of_a_file_is_a_list() {
    let mut source = Source::default();
    let problems = source.add_file(
        "auditstream.toml",
        "[delivery]\noutbound_allowlist = [\"127.0.0.1:8443\", \"::1\"]\n",
    );
    let config = Config::from_source(&source, problems).unwrap();
    let allowed = |host, port| config.delivery.egress.check_host(&host, port).is_ok();
    let (v4, v6) = (std::net::Ipv4Addr::LOCALHOST, std::net::Ipv6Addr::LOCALHOST);
    assert!(allowed(url::Host::Ipv4(v4), 8443) && !allowed(url::Host::Ipv4(v4), 443));
    assert!(allowed(url::Host::Ipv6(v6), 443));
}

#[test]
fn a_proxy_is_left_the_names() {
    let config = read(&[("AUDITSTREAM_DELIVERY__PROXY_URL", "http://proxy:3128")]).unwrap();
    assert!(!config.delivery.egress.resolves_names());
    assert!(read(&[]).unwrap().delivery.egress.resolves_names());
}
