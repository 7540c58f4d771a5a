//! The operator's commands on users, groups, projects, members and tokens. They work on the
//! database, also beside services that are running.

use api_service::accounts::{
    NewAccessToken, NewGroup, NewProject, NewUser, TokenReference, create_access_token,
    create_group, create_project, create_user, revoke_access_token, set_group_member,
};
use api_service::auth::{AccessTokenScope, InstanceAdmin};
use api_service::domain::AccessLevel;
use secrecy::ExposeSecret as _;
use shared::foundation::Foundation;

use crate::arguments::{
    GroupCommand, Level, MemberCommand, ProjectCommand, TokenCommand, TokenScope, UserCommand,
};

/// Makes a user and says so.
pub async fn user(foundation: &Foundation, command: UserCommand) -> anyhow::Result<String> {
    let UserCommand::Create {
        username,
        name,
        admin,
    } = command;
    let name = name.unwrap_or_else(|| username.clone());
    let new = NewUser {
        username,
        name,
        admin,
    };
    let user = create_user(foundation, &InstanceAdmin::operator(), new).await?;
    Ok(format!("user {} was made", user.username))
}

/// Makes a group and says so.
pub async fn group(foundation: &Foundation, command: GroupCommand) -> anyhow::Result<String> {
    let GroupCommand::Create { path, name, parent } = command;
    let new = NewGroup {
        name: name.unwrap_or_else(|| path.clone()),
        path,
        parent_path: parent,
    };
    let group = create_group(foundation, &InstanceAdmin::operator(), new).await?;
    Ok(format!("group {} was made", group.full_path))
}

/// Makes a project and says so.
pub async fn project(foundation: &Foundation, command: ProjectCommand) -> anyhow::Result<String> {
    let ProjectCommand::Create { path, group, name } = command;
    let new = NewProject {
        name: name.unwrap_or_else(|| path.clone()),
        path,
        group_path: group,
    };
    let project = create_project(foundation, &InstanceAdmin::operator(), new).await?;
    Ok(format!("project {} was made", project.full_path))
}

/// Sets a member's level and says so.
pub async fn member(foundation: &Foundation, command: MemberCommand) -> anyhow::Result<String> {
    let MemberCommand::Set {
        group,
        username,
        level,
    } = command;
    let (level, name) = match level {
        Level::Owner => (AccessLevel::Owner, "owner"),
        Level::Maintainer => (AccessLevel::Maintainer, "maintainer"),
        Level::Developer => (AccessLevel::Developer, "developer"),
        Level::Guest => (AccessLevel::Guest, "guest"),
    };
    let admin = InstanceAdmin::operator();
    let member = set_group_member(foundation, &admin, &group, &username, level).await?;
    Ok(format!(
        "{} is {name} of {} now",
        member.user.username, member.group.full_path
    ))
}

/// Makes a token, of which the sentence is the token alone, or ends one and says so.
pub async fn token(foundation: &Foundation, command: TokenCommand) -> anyhow::Result<String> {
    let admin = InstanceAdmin::operator();
    match command {
        TokenCommand::Create {
            username,
            name,
            scope,
            expires_in,
        } => {
            let scopes = scope
                .into_iter()
                .map(|scope| match scope {
                    TokenScope::Api => AccessTokenScope::Api,
                    TokenScope::Publish => AccessTokenScope::Publish,
                })
                .collect::<Vec<_>>();
            let new = NewAccessToken {
                username,
                name,
                scopes: if scopes.is_empty() {
                    AccessTokenScope::ALL.to_vec()
                } else {
                    scopes
                },
                expires_at: expires_in.map(|duration| foundation.clock.now() + duration),
            };
            let created = create_access_token(foundation, &admin, new).await?;
            // Apart from the token, which a script may take from the standard output.
            eprintln!("token {} was made, it is shown this once:", created.id);
            Ok(created.token.expose_secret().to_owned())
        }
        TokenCommand::Revoke { id } => {
            revoke_access_token(foundation, &admin, TokenReference::Id(id)).await?;
            Ok(format!("token {id} was revoked"))
        }
    }
}
