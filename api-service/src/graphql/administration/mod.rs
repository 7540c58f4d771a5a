//! Mutations of an instance admin: groups, projects, users, memberships, access
//! tokens, and what was rejected.

mod access_tokens;
mod groups;
mod members;
mod rejected_messages;
mod users;

use async_graphql::{Context, MergedObject, Result};
use shared::foundation::Foundation;

use super::{app, caller, errors};
use crate::accounts::Failure;
use crate::auth::InstanceAdmin;

/// All mutations of an instance admin.
#[derive(MergedObject, Default)]
pub(super) struct AdministrationMutations(
    groups::GroupMutations,
    users::UserMutations,
    members::MemberMutations,
    access_tokens::AccessTokenMutations,
    rejected_messages::RejectedMessageMutations,
);

/// What every mutation here begins with.
fn administration<'a>(ctx: &Context<'a>) -> Result<(InstanceAdmin, &'a Foundation)> {
    let admin = caller(ctx)?
        .instance_admin()
        .ok_or_else(|| errors::forbidden(errors::NO_ACCESS_TO_MUTATION))?;
    Ok((admin, &app(ctx).foundation))
}

/// A mutation answers with its object or with its errors.
fn split<T>(outcome: Result<T, Failure>) -> Result<(Option<T>, Vec<String>)> {
    match outcome {
        Ok(object) => Ok((Some(object), Vec::new())),
        Err(Failure::Invalid(violations)) => {
            Ok((None, violations.iter().map(ToString::to_string).collect()))
        }
        Err(Failure::Database(error)) => Err(errors::internal(&error.into())),
    }
}
