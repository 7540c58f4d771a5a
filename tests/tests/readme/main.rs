//! What the README and the other documents say is true: their commands work as they are written, and
//! what they point at exists.

#![expect(
    clippy::unwrap_used,
    reason = "the whole crate is a test, also what its tests share"
)]

mod commands;
mod curl;
mod document;
mod references;

/// Where the documents have the API service.
const API: &str = "127.0.0.1:8080";
/// Where the documents have the receiver.
const RECEIVER: &str = "127.0.0.1:9000";
