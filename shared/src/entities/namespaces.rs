//! Groups and projects.

use sea_orm::entity::prelude::*;

/// A row of `namespaces`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "namespaces")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// `group` or `project`.
    pub kind: String,
    /// The group that it is in; none for a top-level group.
    pub parent_id: Option<i64>,
    /// The last part of the full path.
    pub path: String,
    /// Shown name.
    pub name: String,
    /// Path from the top-level group on, parted by slashes; unique whatever its case.
    pub full_path: String,
    /// When it was made, in milliseconds since 1970.
    pub created_at: i64,
}

/// None: what is read together is read by queries that say so.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
