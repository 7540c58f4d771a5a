//! How deliveries go: the state of each destination and its figures by minute.

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
CREATE TABLE destination_health (
    destination_id bigint PRIMARY KEY REFERENCES destinations (id) ON DELETE CASCADE,
    lane_state text NOT NULL CHECK (lane_state IN ('closed', 'open')),
    changed_at bigint NOT NULL,
    lease_holder text,
    lease_until bigint NOT NULL DEFAULT 0,
    next_probe_at bigint NOT NULL DEFAULT 0,
    last_success_at bigint,
    last_failure_at bigint,
    last_failure_status bigint,
    last_failure_error text
);

CREATE TABLE delivery_stats (
    destination_id bigint NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    minute bigint NOT NULL,
    delivered bigint NOT NULL,
    failed bigint NOT NULL,
    PRIMARY KEY (destination_id, minute)
);
";
