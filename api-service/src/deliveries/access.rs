//! Whether a client may still watch.

use std::sync::Arc;

use crate::app::App;
use crate::auth::Caller;
use crate::auth::token::{Refused, TokenCache};
use crate::destinations::{Authorised, Failure, authorize};

/// What a client showed and was permitted.
pub(crate) struct Access {
    app: App,
    tokens: Arc<TokenCache>,
    /// Of the token.
    digest: String,
    /// What the destinations belong to, each once.
    scopes: Vec<Authorised>,
}

/// What came of asking again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Permission {
    /// The client still may.
    Given,
    /// It may no more.
    Withdrawn,
    /// Nobody can tell at the moment, for this reason.
    Unknown(String),
}

impl Access {
    /// For a token, by its digest, that was good for destinations of these scopes.
    pub(crate) fn new<'a>(
        app: App,
        tokens: Arc<TokenCache>,
        digest: String,
        permitted: impl IntoIterator<Item = &'a Authorised>,
    ) -> Self {
        let mut scopes: Vec<Authorised> = Vec::new();
        for authorised in permitted {
            if scopes.iter().all(|one| one.scope() != authorised.scope()) {
                scopes.push(authorised.clone());
            }
        }
        Self {
            app,
            tokens,
            digest,
            scopes,
        }
    }

    /// Looks the token up, and then what its user may.
    pub(crate) async fn check(&self) -> Permission {
        let user = match self.tokens.user(&self.digest).await {
            Ok(user) => user,
            Err(Refused::Invalid) => return Permission::Withdrawn,
            Err(Refused::Unavailable) => {
                return Permission::Unknown("the token cannot be looked up".to_owned());
            }
        };
        let caller = Caller::signed_in(user);
        for scope in &self.scopes {
            match authorize::again(&self.app, &caller, scope).await {
                Ok(_) => {}
                Err(Failure::Internal(error)) => return Permission::Unknown(format!("{error:#}")),
                Err(_) => return Permission::Withdrawn,
            }
        }
        Permission::Given
    }
}

#[cfg(test)]
mod tests;
