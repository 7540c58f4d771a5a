//! Events that a destination never took.

use sea_orm::entity::prelude::*;

/// A row of `dead_letters`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dead_letters")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The destination.
    pub destination_id: i64,
    /// Id of the event; unique in the destination.
    pub event_id: String,
    /// Name of the event's type.
    pub event_type: String,
    /// The event, byte for byte.
    pub body: Vec<u8>,
    /// How often it was tried.
    pub attempts: i64,
    /// Status of the last response, if there was one.
    pub last_status: Option<i64>,
    /// What went wrong last.
    pub last_error: String,
    /// When it was first tried, in milliseconds since 1970.
    pub first_seen_at: i64,
    /// When it was given up, in milliseconds since 1970.
    pub died_at: i64,
    /// When it was last tried, in milliseconds since 1970; none, when it waited behind others all the
    /// time.
    pub last_attempt_at: Option<i64>,
    /// When its owner asked for it to be delivered again, in milliseconds since 1970; it leaves the
    /// table once the queue has it.
    pub replay_requested_at: Option<i64>,
    /// Until when a relay holds it, in milliseconds since 1970.
    pub claimed_until: i64,
}

/// None: what is read together is read by queries that say so.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
