//! Who may do what in a group.

use sea_orm::entity::prelude::*;

/// A row of `members`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "members")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The member.
    pub user_id: i64,
    /// The group.
    pub namespace_id: i64,
    /// 50 owner, 40 maintainer, 30 developer, 10 guest, as in GitLab.
    pub access_level: i64,
    /// When it was made, in milliseconds since 1970.
    pub created_at: i64,
}

/// None: what is read together is read by queries that say so.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
