//! Groups and projects that a destination is limited to.

use sea_orm::entity::prelude::*;

/// A row of `destination_namespace_filters`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "destination_namespace_filters")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The destination.
    pub destination_id: i64,
    /// The group or project.
    pub namespace_id: i64,
}

/// None: what is read together is read by queries that say so.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
