//! Administration: users, groups, projects, memberships and access tokens, for the GraphQL API and
//! the command line alike. Whatever changes something asks for the proof that an instance admin acts.

pub mod bootstrap;
pub mod groups;
pub mod members;
pub mod tokens;
pub mod users;
mod violation;

use sea_orm::{DbErr, SqlErr};

pub use bootstrap::{Bootstrapped, bootstrap};
pub use groups::{NewGroup, NewProject, Project, create_group, create_project};
pub use members::{Member, set_group_member};
pub use tokens::{
    CreatedToken, NewAccessToken, TokenReference, create_access_token, revoke_access_token,
};
pub use users::{Account, NewUser, create_user};
pub use violation::Violation;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The request does not keep these rules.
    #[error("{}", violation::sentences(.0).join(", "))]
    Invalid(Vec<Violation>),
    /// The fault is ours.
    #[error("the database refused a statement")]
    Database(#[from] DbErr),
}

impl From<Violation> for Failure {
    fn from(violation: Violation) -> Self {
        Self::Invalid(vec![violation])
    }
}

/// Ends with all violations, if there are any.
fn refuse_if_any(violations: Vec<Violation>) -> Result<(), Failure> {
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Failure::Invalid(violations))
    }
}

/// What a unique index has refused was taken by somebody else at the same moment.
fn or_taken(violation: Violation) -> impl FnOnce(DbErr) -> Failure {
    move |error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => violation.into(),
        _ => error.into(),
    }
}
