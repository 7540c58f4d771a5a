//! The embedded queue: every message of every queue.

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
CREATE TABLE queue_messages (
    id {id},
    queue text NOT NULL,
    event_type text NOT NULL,
    headers text NOT NULL,
    body {bytes} NOT NULL,
    available_at bigint NOT NULL,
    claimed boolean NOT NULL,
    deliveries bigint NOT NULL
);
CREATE INDEX queue_messages_next ON queue_messages (queue, claimed, available_at, id);
";
