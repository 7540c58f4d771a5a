//! Groups and projects, for instance admins.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::{administration, split};
use crate::accounts;
use crate::graphql::group::{Group, Project};

/// What a group is made from.
#[derive(InputObject)]
pub(in crate::graphql) struct GroupCreateInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// The last part of the full path.
    path: String,
    /// Shown name.
    name: String,
    /// Full path of the group that it is made in; a top-level group when absent.
    parent_path: Option<ID>,
}

/// The group that was made.
#[derive(SimpleObject)]
pub(in crate::graphql) struct GroupCreatePayload {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// What is wrong with the input.
    errors: Vec<String>,
    /// The new group.
    group: Option<Group>,
}

/// What a project is made from.
#[derive(InputObject)]
pub(in crate::graphql) struct ProjectCreateInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// The last part of the full path.
    path: String,
    /// Shown name.
    name: String,
    /// Full path of the group that it is made in.
    group_path: ID,
}

/// The project that was made.
#[derive(SimpleObject)]
pub(in crate::graphql) struct ProjectCreatePayload {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// What is wrong with the input.
    errors: Vec<String>,
    /// The new project.
    project: Option<Project>,
}

/// The mutations of this file.
#[derive(Default)]
pub(in crate::graphql) struct GroupMutations;

#[Object]
impl GroupMutations {
    /// Makes a group, for instance admins.
    async fn group_create(
        &self,
        ctx: &Context<'_>,
        input: GroupCreateInput,
    ) -> Result<Option<GroupCreatePayload>> {
        let new = accounts::NewGroup {
            path: input.path,
            name: input.name,
            parent_path: input.parent_path.map(|path| path.0),
        };
        let (admin, foundation) = administration(ctx)?;
        let (group, errors) = split(accounts::create_group(foundation, &admin, new).await)?;
        Ok(Some(GroupCreatePayload {
            client_mutation_id: input.client_mutation_id,
            errors,
            group: group.map(Group),
        }))
    }

    /// Makes a project in a group, for instance admins.
    async fn project_create(
        &self,
        ctx: &Context<'_>,
        input: ProjectCreateInput,
    ) -> Result<Option<ProjectCreatePayload>> {
        let new = accounts::NewProject {
            path: input.path,
            name: input.name,
            group_path: input.group_path.0,
        };
        let (admin, foundation) = administration(ctx)?;
        let (project, errors) = split(accounts::create_project(foundation, &admin, new).await)?;
        Ok(Some(ProjectCreatePayload {
            client_mutation_id: input.client_mutation_id,
            errors,
            project: project.map(Into::into),
        }))
    }
}
