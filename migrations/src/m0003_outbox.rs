//! Events that were accepted and are not on the queue yet.

use crate::statements::Statements;

pub(crate) const MIGRATION: Statements = Statements {
    name: "m0003_outbox",
    sql: "
CREATE TABLE outbox (
    id {id},
    event_type text NOT NULL,
    body {bytes} NOT NULL,
    traceparent text,
    config_version bigint NOT NULL,
    claimed_until bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL
);
",
};
