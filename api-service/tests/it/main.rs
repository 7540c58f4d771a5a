//! Tests of the GraphQL API and the services behind it, on real databases.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod add_event_types;
mod administration;
mod audit_event_create;
mod audit_events;
mod bad_input;
mod bootstrap;
mod concurrency;
mod create;
mod databases;
mod destroy;
mod level;
mod list;
mod pagination;
mod permission;
mod schema;
mod sealed_secrets;
mod stage;
mod surface;
mod update;
