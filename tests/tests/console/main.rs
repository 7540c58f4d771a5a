//! The console in a browser, as its users meet it.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod addresses;
mod bad_input;
mod everything;
mod instance;
mod journey;
mod keyboard;
mod narrowing;
mod saving;
mod set_aside;
mod stage;
