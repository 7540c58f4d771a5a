//! Where events go: one table for group and instance level (`namespace_id` null) and for both generations of the API.

use crate::statements::Statements;

pub(crate) const MIGRATION: Statements = Statements {
    name: "m0002_destinations",
    sql: "
CREATE TABLE destinations (
    id {id},
    namespace_id bigint REFERENCES namespaces (id) ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) <= 72),
    category text NOT NULL,
    destination_url text NOT NULL CHECK (length(destination_url) <= 255),
    verification_token text NOT NULL,
    verification_token_digest text NOT NULL,
    signing_secret text NOT NULL,
    active boolean NOT NULL,
    config_version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);
CREATE UNIQUE INDEX destinations_group_url ON destinations (namespace_id, category, destination_url) WHERE namespace_id IS NOT NULL;
CREATE UNIQUE INDEX destinations_instance_url ON destinations (category, destination_url) WHERE namespace_id IS NULL;
CREATE UNIQUE INDEX destinations_group_name ON destinations (namespace_id, category, name) WHERE namespace_id IS NOT NULL;
CREATE UNIQUE INDEX destinations_instance_name ON destinations (category, name) WHERE namespace_id IS NULL;
CREATE UNIQUE INDEX destinations_group_token ON destinations (namespace_id, verification_token_digest) WHERE namespace_id IS NOT NULL;
CREATE UNIQUE INDEX destinations_instance_token ON destinations (verification_token_digest) WHERE namespace_id IS NULL;
CREATE INDEX destinations_config_version ON destinations (config_version);

CREATE TABLE destination_headers (
    id {id},
    destination_id bigint NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    key text NOT NULL CHECK (length(key) <= 255),
    value text NOT NULL,
    active boolean NOT NULL
);
CREATE UNIQUE INDEX destination_headers_key ON destination_headers (destination_id, lower(key));

CREATE TABLE destination_event_type_filters (
    id {id},
    destination_id bigint NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    event_type text NOT NULL CHECK (length(event_type) <= 255),
    UNIQUE (destination_id, event_type)
);

CREATE TABLE destination_namespace_filters (
    id {id},
    destination_id bigint NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
    namespace_id bigint NOT NULL REFERENCES namespaces (id) ON DELETE CASCADE,
    UNIQUE (destination_id, namespace_id)
);
CREATE INDEX destination_namespace_filters_namespace ON destination_namespace_filters (namespace_id);

-- So that workers can load what changed without reading everything.
CREATE TABLE destroyed_destinations (
    destination_id bigint PRIMARY KEY,
    config_version bigint NOT NULL
);
CREATE INDEX destroyed_destinations_config_version ON destroyed_destinations (config_version);

CREATE TABLE config_version (
    id bigint PRIMARY KEY CHECK (id = 1),
    version bigint NOT NULL
);
INSERT INTO config_version (id, version) VALUES (1, 0);

CREATE VIEW instance_audit_events_external_destinations AS
    SELECT id, destination_url, verification_token FROM destinations WHERE namespace_id IS NULL;
",
};
