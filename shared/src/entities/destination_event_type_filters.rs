//! Event types that a destination is limited to.

use sea_orm::entity::prelude::*;

/// A row of `destination_event_type_filters`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "destination_event_type_filters")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The destination.
    pub destination_id: i64,
    /// Name of the type.
    pub event_type: String,
}

/// None: what is read together is read by queries that say so.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
