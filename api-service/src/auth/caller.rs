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

/// Who is calling: nobody, when there was no token.
#[derive(Debug, Clone, Default)]
pub struct Caller(Option<Arc<User>>);

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
}

impl Caller {
    /// Somebody without a token.
    pub fn anonymous() -> Self {
        Self(None)
    }

    /// Whether there was no token.
    pub fn is_anonymous(&self) -> bool {
        self.0.is_none()
    }

    /// Somebody with a valid token.
    pub fn signed_in(user: Arc<User>) -> Self {
        Self(Some(user))
    }

    /// The user, when the token that was used has the scope.
    pub fn with_scope(&self, scope: AccessTokenScope) -> Option<&User> {
        self.0
            .as_deref()
            .filter(|user| user.scopes.contains(&scope))
    }

    /// The user, for the GraphQL API.
    pub fn api_user(&self) -> Option<&User> {
        self.with_scope(AccessTokenScope::Api)
    }

    /// The proof that an instance admin is calling the GraphQL API.
    pub fn instance_admin(&self) -> Option<InstanceAdmin> {
        let user = self.api_user().filter(|user| user.admin)?;
        Some(InstanceAdmin {
            author: user.author(),
        })
    }

    /// The proof that the caller may publish audit events.
    pub fn may_publish(&self) -> Option<MayPublish> {
        self.with_scope(AccessTokenScope::Publish)
            .map(|_| MayPublish(()))
    }
}

impl User {
    /// Who this user's changes are attributed to.
    pub fn author(&self) -> Author {
        Author {
            id: self.id,
            name: self.name.clone(),
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
            },
        }
    }

    /// Who changes are attributed to.
    pub fn author(&self) -> &Author {
        &self.author
    }
}
