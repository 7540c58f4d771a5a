//! Events that could not be delivered, and messages that are no events.

use crate::statements::Statements;

pub(crate) const MIGRATION: Statements = Statements {
    name: "m0004_failures",
    sql: "
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
",
};
