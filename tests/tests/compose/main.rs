//! Holds `compose.yaml`, the `Dockerfile` and what is under `monitoring/` against the code: the
//! variables, ports, commands, files and metrics that they name exist.

#![expect(
    clippy::unwrap_used,
    reason = "the whole crate is a test, also what its tests share"
)]

mod confinement;
mod dashboards;
mod dockerfile;
mod environment;
mod healthcheck;
mod images;
mod repository;
mod stack;
mod wiring;
