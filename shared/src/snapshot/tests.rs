//! Tests of reading changes from a real SQLite file.

use sea_orm::ConnectionTrait as _;

use super::*;
use crate::foundation::tests::open_in;

#[tokio::test]
async fn destroyed_destinations_are_for_those_who_may_have_them() {
    let folder = tempfile::tempdir().unwrap();
    let foundation = open_in(folder.path()).await;
    foundation
        .database
        .writer()
        .execute_unprepared(
            "INSERT INTO destroyed_destinations (destination_id, config_version) VALUES (7, 1), (8, 2);
             UPDATE config_version SET version = 2",
        )
        .await
        .unwrap();
    for (since, destroyed) in [(0, vec![]), (1, vec![8]), (2, vec![])] {
        let changes = changes_since(&foundation.database, &foundation.keyring, since)
            .await
            .unwrap();
        assert_eq!(changes.version, 2);
        assert_eq!(changes.destroyed, destroyed, "since {since}");
    }
}
