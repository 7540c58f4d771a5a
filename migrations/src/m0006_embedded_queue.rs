//! The embedded queue: every message of every queue.

use crate::statements::Statements;

pub(crate) const MIGRATION: Statements = Statements {
    name: "m0006_embedded_queue",
    sql: "
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
",
};
