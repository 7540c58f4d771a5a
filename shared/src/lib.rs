//! What the API service and the delivery worker must agree on: configuration, the event, the
//! destination snapshot, the queue, the database's tables, egress rules, secrets, telemetry, clock.

pub mod backoff;
pub mod clock;
pub mod config;
pub mod database;
pub mod egress;
pub mod entities;
pub mod event;
pub mod foundation;
pub mod healthcheck;
pub mod metrics;
pub mod process;
pub mod queue;
pub mod secrets;
pub mod snapshot;
pub mod supervision;
pub mod telemetry;
pub mod tls;
pub mod traces;
