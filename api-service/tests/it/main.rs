//! Tests of the GraphQL API and the services behind it, on real databases.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod administration;
mod audit_event_create;
mod audit_events;
mod bad_input;
mod bootstrap;
mod concurrency;
mod consolidated;
mod create;
mod databases;
mod dead_letters;
mod definitions;
mod demotion;
mod destination_test;
mod destroy;
mod documentation;
mod egress;
mod error_log;
mod event_type_filters;
mod groups;
mod header_permission;
mod headers;
mod health;
mod lane;
mod level;
mod limits;
mod list;
mod namespace_filter_calls;
mod namespace_filters;
mod pagination;
mod permission;
mod placeholders;
mod plan;
mod rejected_messages;
mod schema;
mod sealed_secrets;
mod signing_secret;
mod source_documents;
mod stage;
mod statements;
mod surface;
mod update;
