//! Who is calling, and the proofs of permission that the services ask for.

use std::sync::Arc;

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessTokenScope {
    /// The GraphQL API.
    Api,
    /// Publishing of audit events.
    Publish,
}

impl AccessTokenScope {
    /// Every scope.
    pub const ALL: [Self; 2] = [Self::Api, Self::Publish];

    /// The name as it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Publish => "publish",
        }
    }
}

/// A signed-in user, as the token cache holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Number of the user.
    pub id: i64,
    /// Unique name.
    pub username: String,
    /// Shown name.
    pub name: String,
    /// Whether this is an instance admin.
    pub admin: bool,
    /// What the token that was used may do.
    pub scopes: Vec<AccessTokenScope>,
}

/// The token that was used may not do this. `Display` is the sentence for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The token does not have the scope {}", .0.name().to_ascii_uppercase())]
pub struct MissingScope(pub AccessTokenScope);

/// Who is calling: nobody, when there was no token.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    user: Option<Arc<User>>,
    ip_address: String,
}

/// Proof that an instance admin (or the operator at the command line) is acting.
#[derive(Debug, Clone)]
pub struct InstanceAdmin {
    author: Author,
}

/// Proof that the caller may publish audit events.
#[derive(Debug, Clone)]
pub struct MayPublish(());

/// Who a change is attributed to in its audit event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Number of the user; −1 for the operator at the command line.
    pub id: i64,
    /// Shown name.
    pub name: String,
    /// Where the request came from; empty for the command line.
    pub ip_address: String,
}

impl Caller {
    /// Somebody without a token.
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// Somebody with a valid token.
    pub fn signed_in(user: Arc<User>) -> Self {
        Self {
            user: Some(user),
            ip_address: String::new(),
        }
    }

    /// The same caller at this address.
    #[must_use]
    pub fn from_address(self, ip_address: String) -> Self {
        Self { ip_address, ..self }
    }

    /// The user; none for somebody without a token. An error, when the token that was used has not
    /// the scope.
    pub fn with_scope(&self, scope: AccessTokenScope) -> Result<Option<&User>, MissingScope> {
        match self.user.as_deref() {
            Some(user) if !user.scopes.contains(&scope) => Err(MissingScope(scope)),
            user => Ok(user),
        }
    }

    /// The user, when the token that was used is for the GraphQL API.
    pub fn api_user(&self) -> Option<&User> {
        self.with_scope(AccessTokenScope::Api).ok().flatten()
    }

    /// The proof that an instance admin is calling the GraphQL API.
    pub fn instance_admin(&self) -> Option<InstanceAdmin> {
        let user = self.api_user().filter(|user| user.admin)?;
        Some(InstanceAdmin {
            author: self.author(user),
        })
    }

    /// The proof that the caller may publish audit events; none for somebody without a token.
    pub fn may_publish(&self) -> Result<Option<MayPublish>, MissingScope> {
        let user = self.with_scope(AccessTokenScope::Publish)?;
        Ok(user.map(|_| MayPublish(())))
    }

    /// Who the changes of this caller, who is this user, are attributed to.
    pub(crate) fn author(&self, user: &User) -> Author {
        Author {
            id: user.id,
            name: user.name.clone(),
            ip_address: self.ip_address.clone(),
        }
    }
}

impl InstanceAdmin {
    /// The operator at the command line, who can reach the database anyway.
    pub fn operator() -> Self {
        Self {
            author: Author {
                id: -1,
                name: "operator".to_owned(),
                ip_address: String::new(),
            },
        }
    }

    /// Who changes are attributed to.
    pub fn author(&self) -> &Author {
        &self.author
    }
}
