//! Who there is: users, their tokens, groups and projects, memberships. Times are milliseconds since 1970 in UTC.

use crate::statements::Statements;

pub(crate) const MIGRATION: Statements = Statements {
    name: "m0001_accounts",
    sql: "
CREATE TABLE users (
    id {id},
    username text NOT NULL UNIQUE,
    name text NOT NULL,
    admin boolean NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE access_tokens (
    id {id},
    user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name text NOT NULL,
    digest text NOT NULL UNIQUE,
    scopes text NOT NULL,
    expires_at bigint,
    revoked_at bigint,
    created_at bigint NOT NULL
);
CREATE INDEX access_tokens_user ON access_tokens (user_id);

CREATE TABLE namespaces (
    id {id},
    kind text NOT NULL CHECK (kind IN ('group', 'project')),
    parent_id bigint REFERENCES namespaces (id),
    path text NOT NULL,
    name text NOT NULL,
    full_path text NOT NULL,
    created_at bigint NOT NULL,
    CHECK (kind = 'group' OR parent_id IS NOT NULL)
);
CREATE UNIQUE INDEX namespaces_full_path ON namespaces (lower(full_path));
CREATE INDEX namespaces_parent ON namespaces (parent_id);

CREATE TABLE members (
    id {id},
    user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    namespace_id bigint NOT NULL REFERENCES namespaces (id) ON DELETE CASCADE,
    access_level bigint NOT NULL,
    created_at bigint NOT NULL,
    UNIQUE (user_id, namespace_id)
);
CREATE INDEX members_namespace ON members (namespace_id);
",
};
