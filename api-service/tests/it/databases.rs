//! A database of its own for each test: a SQLite file, and PostgreSQL when `TEST_DATABASE_URL` names
//! a server.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt as _;
use sea_orm::ConnectionTrait as _;
use url::Url;

use crate::stage::{GROUP, OTHER_GROUP, Stage};

/// Settings by their variables' names without `AUDITSTREAM_`.
pub(crate) type Settings<'a> = &'a [(&'a str, &'a str)];

/// Runs a test on every database.
pub(crate) async fn on_every_database(test: impl AsyncFn(&Stage)) {
    on_every_database_with(&[], test).await;
}

/// Runs a test on every database, with further settings.
pub(crate) async fn on_every_database_with(settings: Settings<'_>, test: impl AsyncFn(&Stage)) {
    on_every_empty_database_with(settings, async |stage: &Stage| {
        stage.group(GROUP).await;
        stage.group(OTHER_GROUP).await;
        test(stage).await;
    })
    .await;
}

/// Runs a test on every database, which holds nothing but the admin `root`.
pub(crate) async fn on_every_empty_database_with(
    settings: Settings<'_>,
    test: impl AsyncFn(&Stage),
) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auditstream.db");
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let sqlite = [("DATABASE__URL", url.as_str())];
    test(&Stage::open(&[&sqlite, settings].concat()).await).await;
    if let Some(server) = server() {
        on_postgres(&server, settings, test).await;
    }
}

async fn on_postgres(server: &str, settings: Settings<'_>, test: impl AsyncFn(&Stage)) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("api_it_{}_{count}", std::process::id());
    let admin = sea_orm::Database::connect(server).await.unwrap();
    admin
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    let mut url = Url::parse(server).unwrap();
    url.set_path(&name);
    let key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    let postgres = [
        ("DATABASE__URL", url.as_str()),
        ("SECRETS__ENCRYPTION_KEY", key),
        // Nobody listens there: what is published goes to the outbox.
        ("QUEUE__URL", "amqp://127.0.0.1:9/%2f"),
        ("QUEUE__PUBLISH_TIMEOUT", "100ms"),
    ];
    let settings = [&postgres, settings].concat();
    let outcome = AssertUnwindSafe(async { test(&Stage::open(&settings).await).await })
        .catch_unwind()
        .await;
    admin
        .execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)"))
        .await
        .unwrap();
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "which server tests run on is no setting of the service"
)]
fn server() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok()
}
