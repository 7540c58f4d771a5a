//! Access tokens, as digests.

use sea_orm::entity::prelude::*;

/// A row of `access_tokens`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_tokens")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose token it is.
    pub user_id: i64,
    /// What its owner calls it.
    pub name: String,
    /// `secrets::token_digest` of the token.
    pub digest: String,
    /// Names of scopes, parted by commas.
    pub scopes: String,
    /// When it ends, in milliseconds since 1970; none: never.
    pub expires_at: Option<i64>,
    /// When it was revoked, in milliseconds since 1970.
    pub revoked_at: Option<i64>,
    /// When it was made, in milliseconds since 1970.
    pub created_at: i64,
}

/// None: what is read together is read by queries that say so.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
