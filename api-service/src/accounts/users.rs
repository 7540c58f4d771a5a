//! People and systems that hold tokens.

use sea_orm::sea_query::{Expr, Func};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _,
    QueryFilter as _,
};
use shared::entities::users;
use shared::foundation::Foundation;

use super::violation::{Field, check_name, check_path};
use super::{Failure, Violation, or_taken, refuse_if_any};
use crate::auth::InstanceAdmin;

/// What a user is made from.
#[derive(Debug)]
pub struct NewUser {
    /// Unique name, whatever its case.
    pub username: String,
    /// Shown name.
    pub name: String,
    /// Whether this is an instance admin.
    pub admin: bool,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Number of the user.
    pub id: i64,
    /// Unique name.
    pub username: String,
    /// Shown name.
    pub name: String,
    /// Whether this is an instance admin.
    pub admin: bool,
}

impl From<users::Model> for Account {
    fn from(row: users::Model) -> Self {
        Self {
            id: row.id,
            username: row.username,
            name: row.name,
            admin: row.admin,
        }
    }
}

/// Makes a user, who can do nothing before getting a token.
pub async fn create_user(
    foundation: &Foundation,
    _admin: &InstanceAdmin,
    new: NewUser,
) -> Result<Account, Failure> {
    let mut violations: Vec<Violation> = [
        check_path(Field::Username, &new.username),
        check_name(&new.name),
    ]
    .into_iter()
    .flatten()
    .collect();
    let transaction = foundation.database.begin().await?;
    if find(&transaction, &new.username).await?.is_some() {
        violations.push(Violation::Taken(Field::Username));
    }
    refuse_if_any(violations)?;
    let row = users::ActiveModel {
        id: ActiveValue::NotSet,
        username: ActiveValue::Set(new.username),
        name: ActiveValue::Set(new.name),
        admin: ActiveValue::Set(new.admin),
        created_at: ActiveValue::Set(foundation.clock.now().0),
    };
    let row = row
        .insert(&transaction)
        .await
        .map_err(or_taken(Violation::Taken(Field::Username)))?;
    transaction.commit().await?;
    Ok(row.into())
}

/// The user of a name, whatever its case.
pub(super) async fn find(
    database: &impl ConnectionTrait,
    username: &str,
) -> Result<Option<Account>, DbErr> {
    // Nothing else can be a username, and PostgreSQL refuses to look for some of it.
    if !username.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(None);
    }
    let lower = Expr::expr(Func::lower(Expr::col(users::Column::Username)));
    let found = users::Entity::find()
        .filter(lower.eq(username.to_ascii_lowercase()))
        .one(database)
        .await?;
    Ok(found.map(Into::into))
}
