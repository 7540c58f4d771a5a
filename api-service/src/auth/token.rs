//! Finds whose a token is, in the cache or in the database.

mod known;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _};
use shared::clock::{Clock, Timestamp};
use shared::database::Database;
use shared::entities::{access_tokens, users};

use super::{AccessTokenScope, User};
use known::{KnownTokens, Look, Token};

/// How long a token is looked for in the database.
const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There is no such token, or it was revoked, or it has expired.
    Invalid,
    /// The token is not known here and the database does not answer.
    Unavailable,
}

/// Whose the tokens are, by their digests.
#[derive(Debug)]
pub(crate) struct TokenCache {
    known: Mutex<KnownTokens>,
    database: Database,
    clock: Clock,
}

impl TokenCache {
    pub(crate) fn new(database: Database, clock: Clock) -> Self {
        Self {
            known: Mutex::default(),
            database,
            clock,
        }
    }

    /// The user that the token of a digest stands for.
    pub(crate) async fn user(&self, digest: &str) -> Result<Arc<User>, Refused> {
        let generation = match self.known().look(digest, self.clock.now()) {
            Look::Known(user) => return Ok(user),
            Look::Expired => return Err(Refused::Invalid),
            Look::Ask(generation) => generation,
        };
        let now = self.clock.now();
        match tokio::time::timeout(READ_TIMEOUT, self.read(digest, now)).await {
            Ok(Ok(Some(token))) => {
                let user = token.user.clone();
                self.known()
                    .found(digest.to_owned(), token, generation, now);
                Ok(user)
            }
            Ok(Ok(None)) => {
                self.known().not_found(digest);
                Err(Refused::Invalid)
            }
            unanswered => {
                if let Ok(Err(error)) = unanswered {
                    tracing::warn!(error = %error, "a token cannot be looked up");
                }
                self.known().unanswered(digest, self.clock.now())
            }
        }
    }

    /// To be called when users or tokens changed: every token is looked up again.
    pub(crate) fn changed(&self) {
        self.known().changed();
    }

    async fn read(&self, digest: &str, now: Timestamp) -> Result<Option<Token>, DbErr> {
        let reader = self.database.reader();
        let token = access_tokens::Entity::find()
            .filter(access_tokens::Column::Digest.eq(digest))
            .filter(access_tokens::Column::RevokedAt.is_null())
            .one(reader)
            .await?
            .filter(|token| token.expires_at.is_none_or(|expires_at| now.0 < expires_at));
        let Some(token) = token else { return Ok(None) };
        let user = users::Entity::find_by_id(token.user_id).one(reader).await?;
        Ok(user.map(|user| Token {
            user: Arc::new(User {
                id: user.id,
                username: user.username,
                name: user.name,
                admin: user.admin,
                scopes: scopes(&token.scopes),
            }),
            expires_at: token.expires_at.map(Timestamp),
        }))
    }

    /// Never held across an await.
    fn known(&self) -> MutexGuard<'_, KnownTokens> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The scopes of a token as it is stored; a name that this version does not know permits nothing.
fn scopes(names: &str) -> Vec<AccessTokenScope> {
    let known = |name: &str| {
        AccessTokenScope::ALL
            .into_iter()
            .find(|scope| scope.name() == name)
    };
    names.split(',').filter_map(known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_scope_permits_nothing() {
        assert_eq!(scopes("api,publish"), AccessTokenScope::ALL);
        assert_eq!(scopes("publish"), [AccessTokenScope::Publish]);
        assert_eq!(scopes("everything"), []);
        assert_eq!(scopes(""), []);
    }
}
