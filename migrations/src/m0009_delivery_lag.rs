//! How long events had waited when they were tried, by minute.

use crate::statements::Statements;

pub(crate) const MIGRATION: Statements = Statements {
    name: "m0009_delivery_lag",
    sql: "
ALTER TABLE delivery_stats ADD COLUMN lag_ms bigint NOT NULL DEFAULT 0;
",
};
