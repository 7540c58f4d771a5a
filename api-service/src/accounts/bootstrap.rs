//! What a database without an admin starts with: the admin `root` and a token.

use sea_orm::{
    ActiveModelTrait as _, ActiveValue, ColumnTrait as _, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QuerySelect as _, TryInsertResult,
};
use secrecy::SecretString;
use shared::entities::users;
use shared::foundation::Foundation;

use super::tokens;
use super::users::{Account, find};
use crate::auth::AccessTokenScope;

/// The admin's username.
const ROOT: &str = "root";

/// Whether there was anything to do.
#[derive(Debug)]
pub enum Bootstrapped {
    /// There is an admin already, or the user `root` is none, which the log tells.
    AlreadyDone,
    /// The admin `root` was made.
    Created {
        /// The generated token, to be shown once; none when the configured one was taken.
        token: Option<SecretString>,
    },
}

/// Makes the admin `root` when there is no admin. Of several processes that start at once, one
/// does it. A user `root` who is no admin stays as it is: who that is, nobody here can tell.
pub async fn bootstrap(foundation: &Foundation) -> anyhow::Result<Bootstrapped> {
    let now = foundation.clock.now();
    let transaction = foundation.database.begin().await?;
    let admins = users::Entity::find().filter(users::Column::Admin.eq(true));
    if admins.limit(1).count(&transaction).await? > 0 {
        return Ok(Bootstrapped::AlreadyDone);
    }
    if let Some(root) = find(&transaction, ROOT).await? {
        return Ok(left_alone(&root));
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
    let root = find(&transaction, ROOT)
        .await?
        .ok_or_else(|| anyhow::anyhow!("the admin that was just made is not there"))?;
    if !matches!(inserted, TryInsertResult::Inserted(rows) if rows > 0) {
        return Ok(left_alone(&root));
    }
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

/// There was a user `root` before this process could make one: the admin whom another process made, or
/// somebody else.
fn left_alone(root: &Account) -> Bootstrapped {
    if !root.admin {
        tracing::error!(
            user.username = root.username,
            "there is no admin, and a user has the name that the first one would get: make one with `auditstream user create --admin`"
        );
    }
    Bootstrapped::AlreadyDone
}
