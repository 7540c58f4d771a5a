//! The harness of the whole-system tests and benchmarks: real processes, real databases, a real broker, a real
//! receiver.

pub mod administer;
pub mod backend;
pub mod broker;
pub mod browser;
pub mod database;
pub mod events;
pub mod figures;
pub mod health;
pub mod metrics;
pub mod monitoring;
pub mod process;
pub mod rejected;
pub mod repository;
pub mod scenario;
pub mod system;
pub mod wait;
