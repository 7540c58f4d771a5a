//! Events that were accepted and are not on the queue yet.

use sea_orm::entity::prelude::*;

/// A row of `outbox`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Name of the event's type.
    pub event_type: String,
    /// The event, byte for byte as it is delivered.
    pub body: Vec<u8>,
    /// The producer's trace (W3C `traceparent`).
    pub traceparent: Option<String>,
    /// The configuration's version of the transaction that wrote it.
    pub config_version: i64,
    /// Until when a relay holds it, in milliseconds since 1970.
    pub claimed_until: i64,
    /// When it was made, in milliseconds since 1970.
    pub created_at: i64,
}

/// None: what is read together is read by queries that say so.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
