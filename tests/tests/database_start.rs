//! A PostgreSQL that is away, refuses, or has defaults of its own when a service starts.

#![expect(
    clippy::unwrap_used,
    reason = "the whole crate is a test, also what its tests share"
)]

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use shared::config::{ConnectionUrl, DatabaseUrl};
use shared::database::Database;
use tests::process::{Process, command};
use tests::wait::{until, within_deadline};
use tokio::process::{Child, Command};
use xtask::{PrivatePostgres, Scratch};

const NAME: &str = "api-service";

/// How soon an operator is told that the database is away.
const SOON: Duration = Duration::from_secs(10);

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

async fn postgres() -> (Scratch, PrivatePostgres) {
    blocking(|| {
        let scratch = Scratch::new("database-start").unwrap();
        let postgres = PrivatePostgres::start(scratch.path()).unwrap();
        (scratch, postgres)
    })
    .await
}

async fn stopped(mut postgres: PrivatePostgres) -> PrivatePostgres {
    blocking(move || {
        postgres.stop().unwrap();
        postgres
    })
    .await
}

async fn started(mut postgres: PrivatePostgres) -> PrivatePostgres {
    blocking(move || {
        postgres.start_again().unwrap();
        postgres
    })
    .await
}

/// Settings with a broker that is away, which no start waits for.
fn environment(database_url: &str) -> Vec<(String, String)> {
    [
        ("AUDITSTREAM_DATABASE__URL", database_url),
        ("AUDITSTREAM_QUEUE__URL", "amqp://127.0.0.1:1"),
        ("AUDITSTREAM_API__BIND", "127.0.0.1:0"),
        (
            "AUDITSTREAM_SECRETS__ENCRYPTION_KEY",
            "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// A process of which nobody expects that it listens.
fn spawn(environment: &[(String, String)], log: &Path) -> Child {
    let log = std::fs::File::create(log).unwrap();
    command(NAME, environment).stderr(log).spawn().unwrap()
}

/// Waits until a log says that the database is away, and returns the line.
async fn told(log: &Path) -> String {
    let line = until("a line on the database", async || {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        text.lines()
            .find(|line| line.contains("the database is not available"))
            .map(str::to_owned)
    });
    tokio::time::timeout(SOON, line)
        .await
        .unwrap_or_else(|_| panic!("no line on the database in {} s", SOON.as_secs()))
}

async fn isolation(connection: &impl ConnectionTrait) -> String {
    let ask = Statement::from_string(DbBackend::Postgres, "SHOW transaction_isolation");
    let row = connection.query_one_raw(ask).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_at_the_start_is_waited_for_and_the_log_says_why() {
    let (scratch, postgres) = postgres().await;
    let environment = environment(postgres.database_url());
    let postgres = stopped(postgres).await;
    let log = scratch.path().join(format!("{NAME}-1.log"));
    let starting = Process::start(
        NAME,
        1,
        scratch.path(),
        &environment,
        "the API service listens on",
    );
    let starting_the_database = async {
        let line = told(&log).await;
        assert!(line.contains("Connection refused"), "{line}");
        started(postgres).await
    };
    let (service, postgres) = tokio::join!(starting, starting_the_database);
    let status = service.terminate().await;
    assert!(status.success(), "{status}");
    blocking(move || drop((postgres, scratch))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_waits_for_its_database_ends_when_it_is_asked_to() {
    let (scratch, postgres) = postgres().await;
    let environment = environment(postgres.database_url());
    let postgres = stopped(postgres).await;
    let log = scratch.path().join("waiting.log");
    let mut service = spawn(&environment, &log);
    told(&log).await;
    let id = service.id().unwrap().to_string();
    let sent = Command::new("kill").args(["-TERM", &id]).status().await;
    assert!(sent.unwrap().success());
    let status = within_deadline("end after SIGTERM", service.wait())
        .await
        .unwrap();
    assert!(status.success(), "{status}");
    blocking(move || drop((postgres, scratch))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_refuses_ends_the_start_with_its_reason() {
    let (scratch, postgres) = postgres().await;
    let right = postgres.database_url();
    let (base, _) = right.rsplit_once('/').unwrap();
    let unknown = format!("{base}/no_such_database");
    let (_, server) = right.split_once('@').unwrap();
    let wrong_password = format!("postgres://postgres:hunter2@{server}");
    for (number, (url, reason)) in [
        (unknown, "database \"no_such_database\" does not exist"),
        (wrong_password, "password authentication failed"),
    ]
    .into_iter()
    .enumerate()
    {
        let log = scratch.path().join(format!("refused-{number}.log"));
        let mut service = spawn(&environment(&url), &log);
        let status = within_deadline("end of a start that is refused", service.wait())
            .await
            .unwrap();
        let text = std::fs::read_to_string(&log).unwrap();
        assert_eq!(status.code(), Some(1), "{text}");
        assert!(text.contains("cannot open the database"), "{text}");
        assert_eq!(text.matches(reason).count(), 1, "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    blocking(move || drop((postgres, scratch))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_between_migrating_and_connecting_is_waited_for() {
    /// Longer than a pool tries to connect.
    const PATIENCE: Duration = Duration::from_secs(8);
    let (scratch, postgres) = postgres().await;
    let url = DatabaseUrl::Postgres(ConnectionUrl::new(postgres.database_url()));
    let running = Mutex::new(Some(postgres));
    let away = Mutex::new(None);
    let migrate = async |_: &str| {
        let postgres = running.lock().unwrap().take();
        if let Some(postgres) = postgres {
            let postgres = stopped(postgres).await;
            away.lock().unwrap().replace(postgres);
        }
        Ok(())
    };
    let mut opening = std::pin::pin!(Database::open(&url, migrate));
    let early = tokio::time::timeout(PATIENCE, &mut opening).await;
    assert!(early.is_err(), "not waited for: {early:?}");
    let postgres = away.lock().unwrap().take().unwrap();
    let starting = started(postgres);
    let (opened, postgres) = tokio::join!(within_deadline("the database", opening), starting);
    opened.unwrap();
    blocking(move || drop((postgres, scratch))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_under_a_lock_is_what_is_committed_whatever_the_servers_default() {
    let (scratch, postgres) = postgres().await;
    let url = format!(
        "{}?options[default_transaction_isolation]=serializable",
        postgres.database_url()
    );
    let url = DatabaseUrl::Postgres(ConnectionUrl::new(&url));
    let database = Database::open(&url, async |_: &str| Ok(())).await.unwrap();
    assert_eq!(isolation(database.reader()).await, "serializable");
    let writing = database.begin().await.unwrap();
    assert_eq!(isolation(&writing).await, "read committed");
    writing.commit().await.unwrap();
    let reading = database.begin_snapshot().await.unwrap();
    assert_eq!(isolation(&reading).await, "repeatable read");
    reading.commit().await.unwrap();
    blocking(move || drop((database, postgres, scratch))).await;
}
