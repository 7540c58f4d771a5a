//! Deliveries to a destination by minute, kept for [`KEPT`].

use std::time::Duration;

use sea_orm::entity::prelude::*;

/// How long rows are kept.
pub const KEPT: Duration = Duration::from_hours(14 * 24);

/// A row of `delivery_stats`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery_stats")]
pub struct Model {
    /// The destination.
    #[sea_orm(primary_key, auto_increment = false)]
    pub destination_id: i64,
    /// The minute's first moment, in milliseconds since 1970.
    #[sea_orm(primary_key, auto_increment = false)]
    pub minute: i64,
    /// Events that it took.
    pub delivered: i64,
    /// Attempts that failed.
    pub failed: i64,
    /// The longest that an event had been on its way when it was tried, in milliseconds.
    pub lag_ms: i64,
}

/// None: what is read together is read by queries that say so.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
