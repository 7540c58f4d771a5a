//! Access tokens: shown once when they are made, stored as digests.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue, ColumnTrait as _, EntityTrait as _, ExprTrait as _,
    QueryFilter as _,
};
use secrecy::{ExposeSecret as _, SecretString};
use shared::clock::Timestamp;
use shared::entities::access_tokens;
use shared::foundation::Foundation;
use shared::queue::Notice;
use shared::secrets::{random_token, token_digest};

use super::violation::{Field, check_name};
use super::{Failure, Violation, refuse_if_any, users};
use crate::auth::{AccessTokenScope, InstanceAdmin};

/// What every token that we make begins with, so that scanners for leaked secrets know it.
const PREFIX: &str = "ast-";
/// Random characters of a token; 32 are 190 bits.
const RANDOM_CHARACTERS: usize = 32;

/// What a token is made from.
#[derive(Debug)]
pub struct NewAccessToken {
    /// Whose token it is.
    pub username: String,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for, at least one.
    pub scopes: Vec<AccessTokenScope>,
    /// When it ends; none: never.
    pub expires_at: Option<Timestamp>,
}

/// A token that was just made.
#[derive(Debug)]
pub struct CreatedToken {
    /// Number of the token, by which it can be revoked.
    pub id: i64,
    /// The token, which nobody can show again.
    pub token: SecretString,
}

/// Which token is meant.
#[derive(Debug)]
pub enum TokenReference {
    /// The one with this number.
    Id(i64),
    /// This one.
    Token(SecretString),
}

/// Makes a token for a user.
pub async fn create_access_token(
    foundation: &Foundation,
    _admin: &InstanceAdmin,
    new: NewAccessToken,
) -> Result<CreatedToken, Failure> {
    let now = foundation.clock.now();
    let mut violations: Vec<Violation> = check_name(&new.name).into_iter().collect();
    if new.scopes.is_empty() {
        violations.push(Violation::NoScopes);
    }
    if new.expires_at.is_some_and(|end| end <= now) {
        violations.push(Violation::Expired);
    }
    let user = users::find(foundation.database.reader(), &new.username).await?;
    if user.is_none() {
        violations.push(Violation::Unknown(Field::Username));
    }
    refuse_if_any(violations)?;
    let user = user.ok_or(Violation::Unknown(Field::Username))?;
    let token = generate();
    let row = row(user.id, new.name, &token, &new.scopes, new.expires_at, now)
        .insert(foundation.database.writer())
        .await?;
    Ok(CreatedToken { id: row.id, token })
}

/// Ends a token for good. It is refused everywhere as soon as the other processes have heard of it.
pub async fn revoke_access_token(
    foundation: &Foundation,
    _admin: &InstanceAdmin,
    reference: TokenReference,
) -> Result<(), Failure> {
    let now = foundation.clock.now();
    let which = match reference {
        TokenReference::Id(id) => access_tokens::Column::Id.eq(id),
        TokenReference::Token(token) => access_tokens::Column::Digest.eq(token_digest(&token)),
    };
    // A token that was revoked before keeps the time of that.
    let revoked_at = Expr::col(access_tokens::Column::RevokedAt).if_null(now.0);
    let done = access_tokens::Entity::update_many()
        .col_expr(access_tokens::Column::RevokedAt, revoked_at)
        .filter(which)
        .exec(foundation.database.writer())
        .await?;
    if done.rows_affected == 0 {
        return Err(Violation::Unknown(Field::AccessToken).into());
    }
    foundation.queue.announce(Notice::AccessChanged);
    Ok(())
}

/// Makes up a token.
pub(super) fn generate() -> SecretString {
    let random = random_token(RANDOM_CHARACTERS);
    format!("{PREFIX}{}", random.expose_secret()).into()
}

/// A token as it is stored.
pub(super) fn row(
    user_id: i64,
    name: String,
    token: &SecretString,
    scopes: &[AccessTokenScope],
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> access_tokens::ActiveModel {
    let scopes: Vec<&str> = AccessTokenScope::ALL
        .into_iter()
        .filter(|scope| scopes.contains(scope))
        .map(AccessTokenScope::name)
        .collect();
    access_tokens::ActiveModel {
        id: ActiveValue::NotSet,
        user_id: ActiveValue::Set(user_id),
        name: ActiveValue::Set(name),
        digest: ActiveValue::Set(token_digest(token)),
        scopes: ActiveValue::Set(scopes.join(",")),
        expires_at: ActiveValue::Set(expires_at.map(|end| end.0)),
        revoked_at: ActiveValue::Set(None),
        created_at: ActiveValue::Set(now.0),
    }
}
