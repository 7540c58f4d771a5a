//! The all-in-one binary: both services in one process on the embedded defaults, the demo, and the
//! operator's command line.

pub mod admin;
pub mod arguments;
pub mod client;
pub mod demo;
pub mod pair;
mod progress;
pub mod receiver;
pub mod serve;
