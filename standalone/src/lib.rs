//! The all-in-one binary: both services in one process on the embedded defaults, the demo, and the
//! operator's command line.

pub mod admin;
mod aligned;
pub mod arguments;
pub mod client;
pub mod demo;
pub mod pair;
mod progress;
pub mod receiver;
pub mod remote;
pub mod serve;
