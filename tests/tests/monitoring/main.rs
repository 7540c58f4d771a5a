//! Metrics, dashboards and alert rules on the real thing: a running pair and a Prometheus that scrapes it.

#![expect(
    clippy::unwrap_used,
    reason = "the whole crate is a test, also what its tests share"
)]

mod alerts;
mod busy;
mod document;
mod expressions;
mod prometheus;
mod scrape;
mod series;
