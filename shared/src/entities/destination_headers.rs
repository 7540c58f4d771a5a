//! Custom headers of destinations.

use sea_orm::entity::prelude::*;

/// A row of `destination_headers`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "destination_headers")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The destination.
    pub destination_id: i64,
    /// The name, at most 255 characters; unique in the destination whatever its case.
    pub key: String,
    /// Sealed.
    pub value: String,
    /// Whether it is sent.
    pub active: bool,
}

/// None: what is read together is read by queries that say so.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
