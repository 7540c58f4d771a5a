//! Streaming destinations of both levels and both generations of the API.

use sea_orm::entity::prelude::*;

/// A row of `destinations`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "destinations")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The top-level group; none: the instance.
    pub namespace_id: Option<i64>,
    /// Unique in its parent and category, at most 72 characters.
    pub name: String,
    /// `http`.
    pub category: String,
    /// Where to POST, at most 255 characters; unique in its parent and category.
    pub destination_url: String,
    /// Sealed.
    pub verification_token: String,
    /// `Keyring::digest` of the token; unique in its parent.
    pub verification_token_digest: String,
    /// Sealed.
    pub signing_secret: String,
    /// The one before the last rotation, sealed.
    pub previous_signing_secret: Option<String>,
    /// Until when that one signs along, in milliseconds since 1970.
    pub previous_signing_secret_until: Option<i64>,
    /// Whether it receives anything.
    pub active: bool,
    /// The configuration's version that last changed it or anything under it.
    pub config_version: i64,
    /// When it was made, in milliseconds since 1970.
    pub created_at: i64,
    /// When it was last changed, in milliseconds since 1970.
    pub updated_at: i64,
    /// When it was last activated or deactivated, in milliseconds since 1970; none: never.
    pub active_changed_at: Option<i64>,
}

/// None: what is read together is read by queries that say so.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
