//! Events that could not be delivered, and messages that are no events.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TABLES).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const TABLES: &str = "
CREATE TABLE dead_letters (
    id {id},
    destination_id bigint NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    event_id text NOT NULL,
    event_type text NOT NULL,
    body {bytes} NOT NULL,
    attempts bigint NOT NULL,
    last_status bigint,
    last_error text NOT NULL,
    first_seen_at bigint NOT NULL,
    died_at bigint NOT NULL,
    UNIQUE (destination_id, event_id)
);

CREATE TABLE rejected_messages (
    id {id},
    reason text NOT NULL,
    body {bytes} NOT NULL,
    body_bytes bigint NOT NULL,
    rejected_at bigint NOT NULL
);
";
