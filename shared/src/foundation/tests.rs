//! Tests of opening on a real SQLite file.

use sea_orm::ConnectionTrait as _;

use super::*;
use crate::config::Source;

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// Opens a SQLite file in a folder.
pub(crate) async fn open_in(folder: &std::path::Path) -> Foundation {
    open(folder, KEY).await.unwrap()
}

async fn open(folder: &std::path::Path, key: &str) -> anyhow::Result<Foundation> {
    open_with(folder, key, Source::default()).await
}

async fn open_with(
    folder: &std::path::Path,
    key: &str,
    mut settings: Source,
) -> anyhow::Result<Foundation> {
    let path = folder.join("test.db");
    settings.set(
        "database.url",
        format!("sqlite://{}?mode=rwc", path.display()),
    );
    settings.set("secrets.encryption_key", key);
    let config = Config::from_source(&settings, Vec::new())?;
    Foundation::open_without_queue(config, async |url: &str| migrations::apply(url).await).await
}

#[tokio::test]
async fn a_key_that_does_not_open_what_is_stored_stops_the_start() {
    const OTHER: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
    let folder = tempfile::tempdir().unwrap();
    let foundation = open_in(folder.path()).await;
    let token = foundation
        .keyring
        .seal(Purpose::VerificationToken, &"a token".into());
    foundation
        .database
        .writer()
        .execute_unprepared(&format!(
            "INSERT INTO destinations (name, category, destination_url, verification_token,
                 verification_token_digest, signing_secret, active, config_version, created_at, updated_at)
             VALUES ('a', 'http', 'https://a.example', '{token}', '', '', true, 1, 0, 0)"
        ))
        .await
        .unwrap();
    assert!(open(folder.path(), KEY).await.is_ok());
    assert!(open(folder.path(), &format!("{OTHER},{KEY}")).await.is_ok());
    let error = open(folder.path(), OTHER).await.err().unwrap().to_string();
    assert!(
        error.contains("AUDITSTREAM_SECRETS__ENCRYPTION_KEY"),
        "{error}"
    );
}

#[tokio::test]
async fn definitions_that_cannot_be_used_stop_the_start_before_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let definitions = folder.path().join("definitions");
    std::fs::create_dir(&definitions).unwrap();
    let with_definitions = || {
        let mut settings = Source::default();
        settings.set("catalogue.definitions", definitions.to_str().unwrap());
        open_with(folder.path(), KEY, settings)
    };
    let file = definitions.join("invoice_paid.yml");
    std::fs::write(&file, "name: invoice_paid\nscope: [Group]\n").unwrap();
    let error = with_definitions().await.err().unwrap();
    let error = error.downcast::<config::ConfigError>().unwrap();
    assert_eq!(
        error.to_string(),
        "the configuration cannot be used:\n  - AUDITSTREAM_CATALOGUE__DEFINITIONS: invoice_paid.yml: description is missing"
    );
    assert!(!folder.path().join("test.db").exists());
    std::fs::write(
        &file,
        "name: invoice_paid\nscope: [Group]\ndescription: An invoice was paid.\n",
    )
    .unwrap();
    let foundation = with_definitions().await.unwrap();
    assert!(foundation.catalogue.find("invoice_paid").is_some());
}
