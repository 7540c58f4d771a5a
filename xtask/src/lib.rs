//! The project's own tasks, and the private RabbitMQ, PostgreSQL and Prometheus that its tests run on.
//!
//! Everything here runs on loopback ports and in a scratch folder, and ends with the value that
//! started it. A service that the system runs itself is never touched.

pub mod arguments;
pub mod cargo;
pub mod chromium;
pub mod complaints;
pub mod services;
pub mod signals;

mod amqp;
mod binaries;
mod containers;
mod environment;
mod install;
mod ports;
mod postgres;
mod process;
mod prometheus;
mod rabbitmq;
mod random;
mod readiness;
mod scratch;
mod watchdog;

pub use postgres::PrivatePostgres;
pub use prometheus::{PrivatePrometheus, promtool};
pub use rabbitmq::PrivateRabbit;
pub use scratch::Scratch;
