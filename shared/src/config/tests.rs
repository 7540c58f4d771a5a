//! Tests of the configuration's rules.

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
fn a_file_that_is_not_toml_is_a_problem_that_names_it() {
    let mut source = Source::default();
    let problems = source.add_file("mine.toml", "[api\nbind");
    assert!(problems[0].starts_with("mine.toml: "), "{problems:?}");
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
