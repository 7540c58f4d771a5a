//! People and systems that hold tokens.

use sea_orm::entity::prelude::*;

/// A row of `users`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Unique name.
    pub username: String,
    /// Shown name.
    pub name: String,
    /// Whether this is an instance admin.
    pub admin: bool,
    /// When it was made, in milliseconds since 1970.
    pub created_at: i64,
}

/// None: what is read together is read by queries that say so.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
