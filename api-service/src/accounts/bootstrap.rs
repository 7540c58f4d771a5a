//! What an empty database starts with: the admin `root` and a token.

use sea_orm::{
    ActiveModelTrait as _, ActiveValue, ColumnTrait as _, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QuerySelect as _, TryInsertResult,
};
use secrecy::SecretString;
use shared::entities::users;
use shared::foundation::Foundation;

use super::tokens;
use crate::auth::AccessTokenScope;

/// The admin's username.
const ROOT: &str = "root";

/// Whether there was anything to do.
#[derive(Debug)]
pub enum Bootstrapped {
    /// There are users already.
    AlreadyDone,
    /// The admin `root` was made.
    Created {
        /// The generated token, to be shown once; none when the configured one was taken.
        token: Option<SecretString>,
    },
}

/// Makes the admin `root` when there are no users. Of several processes that start at once, one
/// does it.
pub async fn bootstrap(foundation: &Foundation) -> anyhow::Result<Bootstrapped> {
    let now = foundation.clock.now();
    let transaction = foundation.database.begin().await?;
    if users::Entity::find().limit(1).count(&transaction).await? > 0 {
        return Ok(Bootstrapped::AlreadyDone);
    }
    // A second process waits here for the first one's commit and then inserts nothing.
    let inserted = users::Entity::insert(users::ActiveModel {
        id: ActiveValue::NotSet,
        username: ActiveValue::Set(ROOT.to_owned()),
        name: ActiveValue::Set("Administrator".to_owned()),
        admin: ActiveValue::Set(true),
        created_at: ActiveValue::Set(now.0),
    })
    .on_conflict_do_nothing_on([users::Column::Username])
    .exec_without_returning(&transaction)
    .await?;
    if !matches!(inserted, TryInsertResult::Inserted(rows) if rows > 0) {
        return Ok(Bootstrapped::AlreadyDone);
    }
    let root = users::Entity::find()
        .filter(users::Column::Username.eq(ROOT))
        .one(&transaction)
        .await?
        .ok_or_else(|| anyhow::anyhow!("the admin that was just made is not there"))?;
    let generated = foundation
        .config
        .bootstrap
        .admin_token
        .is_none()
        .then(tokens::generate);
    if let Some(token) = generated
        .as_ref()
        .or(foundation.config.bootstrap.admin_token.as_ref())
    {
        tokens::row(
            root.id,
            "bootstrap".to_owned(),
            token,
            &AccessTokenScope::ALL,
            None,
            now,
        )
        .insert(&transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(Bootstrapped::Created { token: generated })
}
