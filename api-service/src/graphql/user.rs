//! Users.

use async_graphql::{ID, SimpleObject};

use super::gid::{Resource as _, UserResource};
use crate::accounts::Account;
use crate::auth;

/// Somebody who can hold tokens.
#[derive(SimpleObject)]
pub(super) struct User {
    /// Global id.
    id: ID,
    /// Unique name.
    username: String,
    /// Shown name.
    name: String,
}

/// Who is calling.
#[derive(SimpleObject)]
pub(super) struct CurrentUser {
    /// Global id.
    id: ID,
    /// Unique name.
    username: String,
    /// Shown name.
    name: String,
    /// Whether this is an instance admin.
    admin: bool,
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        Self {
            id: UserResource::id(account.id),
            username: account.username,
            name: account.name,
        }
    }
}

impl From<&auth::User> for CurrentUser {
    fn from(user: &auth::User) -> Self {
        Self {
            id: UserResource::id(user.id),
            username: user.username.clone(),
            name: user.name.clone(),
            admin: user.admin,
        }
    }
}
