//! Access tokens, for instance admins.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;

use super::{administration, split};
use crate::accounts::{self, TokenReference};
use crate::auth;
use crate::graphql::gid::{AccessTokenResource, Gid, Resource as _};

/// What a token may be used for.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(in crate::graphql) enum AccessTokenScope {
    /// This API.
    Api,
    /// Publishing of audit events.
    Publish,
}

/// What a token is made from.
#[derive(InputObject)]
pub(in crate::graphql) struct AccessTokenCreateInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Whose token it is.
    username: String,
    /// What its owner calls it.
    name: String,
    /// What it may be used for.
    scopes: Vec<AccessTokenScope>,
    /// When it ends; never when absent.
    expires_at: Option<DateTime<Utc>>,
}

/// The token that was made.
#[derive(SimpleObject)]
pub(in crate::graphql) struct AccessTokenCreatePayload {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// What is wrong with the input.
    errors: Vec<String>,
    /// Global id of the token, by which it can be revoked.
    id: Option<ID>,
    /// The token. Nobody can show it again.
    token: Option<String>,
}

/// Which token is to be revoked: by its id, or by itself.
#[derive(InputObject)]
pub(in crate::graphql) struct AccessTokenRevokeInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of the token.
    id: Option<Gid<AccessTokenResource>>,
    /// The token.
    token: Option<String>,
}

/// The token was revoked.
#[derive(SimpleObject)]
pub(in crate::graphql) struct AccessTokenRevokePayload {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// What is wrong with the input.
    errors: Vec<String>,
}

/// The mutations of this file.
#[derive(Default)]
pub(in crate::graphql) struct AccessTokenMutations;

#[Object]
impl AccessTokenMutations {
    /// Makes an access token for a user, for instance admins.
    async fn access_token_create(
        &self,
        ctx: &Context<'_>,
        input: AccessTokenCreateInput,
    ) -> Result<Option<AccessTokenCreatePayload>> {
        let new = accounts::NewAccessToken {
            username: input.username,
            name: input.name,
            scopes: input.scopes.into_iter().map(Into::into).collect(),
            expires_at: input.expires_at.map(Into::into),
        };
        let (admin, foundation) = administration(ctx)?;
        let (created, errors) =
            split(accounts::create_access_token(foundation, &admin, new).await)?;
        Ok(Some(AccessTokenCreatePayload {
            client_mutation_id: input.client_mutation_id,
            errors,
            id: created
                .as_ref()
                .map(|created| AccessTokenResource::id(created.id)),
            token: created.map(|created| created.token.expose_secret().to_owned()),
        }))
    }

    /// Ends an access token for good, for instance admins.
    async fn access_token_revoke(
        &self,
        ctx: &Context<'_>,
        input: AccessTokenRevokeInput,
    ) -> Result<Option<AccessTokenRevokePayload>> {
        let (admin, foundation) = administration(ctx)?;
        let reference = match (input.id, input.token) {
            (Some(id), None) => Ok(TokenReference::Id(id.number)),
            (None, Some(token)) => Ok(TokenReference::Token(token.into())),
            _ => Err(accounts::Violation::NotOneReference.into()),
        };
        let revoked = match reference {
            Ok(reference) => accounts::revoke_access_token(foundation, &admin, reference).await,
            Err(failure) => Err(failure),
        };
        let (_, errors) = split(revoked)?;
        Ok(Some(AccessTokenRevokePayload {
            client_mutation_id: input.client_mutation_id,
            errors,
        }))
    }
}

impl From<AccessTokenScope> for auth::AccessTokenScope {
    fn from(scope: AccessTokenScope) -> Self {
        match scope {
            AccessTokenScope::Api => Self::Api,
            AccessTokenScope::Publish => Self::Publish,
        }
    }
}
