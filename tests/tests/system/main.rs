//! The whole system, on each queue and database.

#![expect(
    clippy::unwrap_used,
    reason = "the cases are tests, written as functions to run on each backend"
)]

mod backlogs;
mod command_line;
mod configuration_changes;
mod destination_test;
mod faults;
mod health;
mod lanes;
mod management;
mod publishing;
mod refusals;
mod replays;
mod scaling;
mod signatures;
mod start_and_stop;
mod traces;
