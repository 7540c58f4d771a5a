//! Events that were accepted and are not on the queue yet.

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
CREATE TABLE outbox (
    id {id},
    event_type text NOT NULL,
    body {bytes} NOT NULL,
    traceparent text,
    config_version bigint NOT NULL,
    claimed_until bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL
);
";
