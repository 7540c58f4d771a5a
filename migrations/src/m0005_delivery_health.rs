//! How deliveries go: the state of each destination and its figures by minute.

use crate::statements::Statements;

pub(crate) const MIGRATION: Statements = Statements {
    name: "m0005_delivery_health",
    sql: "
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
",
};
