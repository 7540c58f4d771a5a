//! Destinations that are no more, so that workers can drop them without reading everything.

use sea_orm::entity::prelude::*;

/// A row of `destroyed_destinations`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "destroyed_destinations")]
pub struct Model {
    /// The destination.
    #[sea_orm(primary_key, auto_increment = false)]
    pub destination_id: i64,
    /// The configuration's version that destroyed it.
    pub config_version: i64,
    /// Whether the queue of its lane may still be there: until a worker has looked, and deleted it.
    pub had_lane: bool,
}

/// None: what is read together is read by queries that say so.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
