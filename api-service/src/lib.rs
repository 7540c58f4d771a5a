//! The API service: the GraphQL API with which streaming destinations are managed, and the ingest of
//! audit events.

pub mod accounts;
pub mod app;
mod audit;
pub mod auth;
mod deliveries;
pub mod destinations;
pub mod domain;
pub mod graphql;
mod http;
mod keyset;
mod metrics;
pub mod outbox;
pub mod publishing;
pub mod rejected_messages;
pub mod relay;
mod replay;
mod server;

pub use app::App;
pub use server::Api;
