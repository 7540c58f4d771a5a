//! Memberships, for instance admins.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};

use super::{administration, split};
use crate::graphql::group::Group;
use crate::graphql::user::User;
use crate::{accounts, domain};

/// What a member may do in a group and in all groups inside of it.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(in crate::graphql) enum MemberAccessLevel {
    /// Administers it, its streaming included.
    Owner,
    /// Looks after its projects.
    Maintainer,
    /// Works in it.
    Developer,
    /// Sees it.
    Guest,
}

/// Who may do what in a group.
#[derive(InputObject)]
pub(in crate::graphql) struct GroupMemberSetInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Full path of the group.
    group_path: ID,
    /// Who.
    username: String,
    /// May do what.
    access_level: MemberAccessLevel,
}

/// The membership as it is now.
#[derive(SimpleObject)]
pub(in crate::graphql) struct GroupMemberSetPayload {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// What is wrong with the input.
    errors: Vec<String>,
    /// The member.
    group_member: Option<GroupMember>,
}

/// A member of a group.
#[derive(SimpleObject)]
pub(in crate::graphql) struct GroupMember {
    /// Who.
    user: User,
    /// Where.
    group: Group,
    /// May do what.
    access_level: MemberAccessLevel,
}

/// The mutations of this file.
#[derive(Default)]
pub(in crate::graphql) struct MemberMutations;

#[Object]
impl MemberMutations {
    /// Makes a user a member of a group, or changes what the member may do, for instance admins.
    async fn group_member_set(
        &self,
        ctx: &Context<'_>,
        input: GroupMemberSetInput,
    ) -> Result<Option<GroupMemberSetPayload>> {
        let (admin, foundation) = administration(ctx)?;
        let set = accounts::set_group_member(
            foundation,
            &admin,
            &input.group_path,
            &input.username,
            input.access_level.into(),
        );
        let (member, errors) = split(set.await)?;
        Ok(Some(GroupMemberSetPayload {
            client_mutation_id: input.client_mutation_id,
            errors,
            group_member: member.map(|member| GroupMember {
                user: member.user.into(),
                group: Group(member.group),
                access_level: input.access_level,
            }),
        }))
    }
}

impl From<MemberAccessLevel> for domain::AccessLevel {
    fn from(level: MemberAccessLevel) -> Self {
        match level {
            MemberAccessLevel::Owner => Self::Owner,
            MemberAccessLevel::Maintainer => Self::Maintainer,
            MemberAccessLevel::Developer => Self::Developer,
            MemberAccessLevel::Guest => Self::Guest,
        }
    }
}
