//! The last attempts that failed, [`KEPT`] of each destination.

use sea_orm::entity::prelude::*;

/// Rows kept of one destination.
pub const KEPT: u64 = 50;

/// A row of `failed_attempts`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "failed_attempts")]
pub struct Model {
    /// Number of the row; a later attempt has a higher one.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The destination.
    pub destination_id: i64,
    /// Id of the event.
    pub event_id: String,
    /// Name of the event's type.
    pub event_type: String,
    /// When it began, in milliseconds since 1970.
    pub attempted_at: i64,
    /// How long it took.
    pub duration_ms: i64,
    /// The status, when there was an answer.
    pub status: Option<i64>,
    /// What went wrong, as a sentence for the owner.
    pub error: String,
    /// The beginning of the answer's body.
    pub response: Option<String>,
}

/// None: what is read together is read by queries that say so.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
