//! Lanes of destinations in trouble, the history of failed attempts, and replays.

use crate::statements::Statements;

pub(crate) const MIGRATION: Statements = Statements {
    name: "m0008_lanes_and_history",
    sql: "
ALTER TABLE destination_health ADD COLUMN failed_probes bigint NOT NULL DEFAULT 0;
ALTER TABLE destination_health ADD COLUMN head_event_id text;
ALTER TABLE destination_health ADD COLUMN head_failures bigint NOT NULL DEFAULT 0;
ALTER TABLE destination_health ADD COLUMN oldest_at bigint;
ALTER TABLE destination_health ADD COLUMN swept_at bigint NOT NULL DEFAULT 0;
ALTER TABLE destination_health ADD COLUMN purge_requested_at bigint;
ALTER TABLE destination_health ADD COLUMN last_failure_response text;
CREATE INDEX destination_health_state ON destination_health (lane_state);

ALTER TABLE destinations ADD COLUMN active_changed_at bigint;
ALTER TABLE destroyed_destinations ADD COLUMN had_lane boolean NOT NULL DEFAULT false;
CREATE INDEX destroyed_destinations_lane ON destroyed_destinations (had_lane);

CREATE TABLE failed_attempts (
    id {id},
    destination_id bigint NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    event_id text NOT NULL,
    event_type text NOT NULL,
    attempted_at bigint NOT NULL,
    duration_ms bigint NOT NULL,
    status bigint,
    error text NOT NULL,
    response text
);
CREATE INDEX failed_attempts_of ON failed_attempts (destination_id, id);
CREATE INDEX delivery_stats_minute ON delivery_stats (minute);

ALTER TABLE dead_letters ADD COLUMN last_attempt_at bigint;
ALTER TABLE dead_letters ADD COLUMN replay_requested_at bigint;
ALTER TABLE dead_letters ADD COLUMN claimed_until bigint NOT NULL DEFAULT 0;
CREATE INDEX dead_letters_of ON dead_letters (destination_id, id);
CREATE INDEX dead_letters_replay ON dead_letters (replay_requested_at);

ALTER TABLE rejected_messages ADD COLUMN replay_requested_at bigint;
ALTER TABLE rejected_messages ADD COLUMN claimed_until bigint NOT NULL DEFAULT 0;
CREATE INDEX rejected_messages_replay ON rejected_messages (replay_requested_at);
",
};
