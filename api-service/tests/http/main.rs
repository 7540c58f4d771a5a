//! The HTTP surface of the running service: status codes, limits, errors, and what happens when the
//! queue or the database is away.

#![expect(
    clippy::unwrap_used,
    reason = "what fails here fails the test, also outside of a test function"
)]

mod asset;
mod console;
mod deliveries;
mod explorer;
mod graphql;
mod ingest;
mod outage;
mod overload;
mod routes;
mod service;
