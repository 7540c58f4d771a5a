//! Messages that are no valid events.

use sea_orm::entity::prelude::*;

/// A row of `rejected_messages`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rejected_messages")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Why.
    pub reason: String,
    /// The message; of one over the size limit the first 64 KiB.
    pub body: Vec<u8>,
    /// How long the whole message was.
    pub body_bytes: i64,
    /// When it was rejected, in milliseconds since 1970.
    pub rejected_at: i64,
    /// When an admin asked for it to be published again, in milliseconds since 1970; it leaves the
    /// table once the queue has it.
    pub replay_requested_at: Option<i64>,
    /// Until when a relay holds it, in milliseconds since 1970.
    pub claimed_until: i64,
}

/// None: what is read together is read by queries that say so.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
