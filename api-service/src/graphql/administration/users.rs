//! Users, for instance admins.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use super::{administration, split};
use crate::accounts;
use crate::graphql::user::User;

/// What a user is made from.
#[derive(InputObject)]
pub(in crate::graphql) struct UserCreateInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Unique name.
    username: String,
    /// Shown name.
    name: String,
    /// Whether this is an instance admin.
    #[graphql(default_with = "Some(false)")]
    admin: Option<bool>,
}

/// The user that was made.
#[derive(SimpleObject)]
pub(in crate::graphql) struct UserCreatePayload {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// What is wrong with the input.
    errors: Vec<String>,
    /// The new user.
    user: Option<User>,
}

/// The mutations of this file.
#[derive(Default)]
pub(in crate::graphql) struct UserMutations;

#[Object]
impl UserMutations {
    /// Makes a user, for instance admins.
    async fn user_create(
        &self,
        ctx: &Context<'_>,
        input: UserCreateInput,
    ) -> Result<Option<UserCreatePayload>> {
        let new = accounts::NewUser {
            username: input.username,
            name: input.name,
            admin: input.admin.unwrap_or_default(),
        };
        let (admin, foundation) = administration(ctx)?;
        let (user, errors) = split(accounts::create_user(foundation, &admin, new).await)?;
        Ok(Some(UserCreatePayload {
            client_mutation_id: input.client_mutation_id,
            errors,
            user: user.map(Into::into),
        }))
    }
}
