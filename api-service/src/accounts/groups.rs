//! Groups and projects.

use sea_orm::sea_query::{Expr, Func};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue, ConnectionTrait, DatabaseTransaction, DbErr,
    EntityTrait as _, ExprTrait as _, QueryFilter as _,
};
use shared::entities::namespaces;
use shared::foundation::Foundation;

use super::violation::{DEEPEST, Field, check_name, check_path};
use super::{Failure, Violation, or_taken, refuse_if_any};
use crate::auth::InstanceAdmin;
use crate::domain::{GroupScope, Namespace};

/// What a group is made from.
#[derive(Debug)]
pub struct NewGroup {
    /// The last part of its full path.
    pub path: String,
    /// Shown name.
    pub name: String,
    /// Full path of the group that it is made in; none for a top-level group.
    pub parent_path: Option<String>,
}

/// What a project is made from.
#[derive(Debug)]
pub struct NewProject {
    /// The last part of its full path.
    pub path: String,
    /// Shown name.
    pub name: String,
    /// Full path of the group that it is made in.
    pub group_path: String,
}

/// A project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Number of the project.
    pub id: i64,
    /// Shown name.
    pub name: String,
    /// Path from the top-level group on, parted by slashes.
    pub full_path: String,
}

/// Makes a group.
pub async fn create_group(
    foundation: &Foundation,
    _admin: &InstanceAdmin,
    new: NewGroup,
) -> Result<GroupScope, Failure> {
    let row = create(
        foundation,
        "group",
        new.path,
        new.name,
        new.parent_path,
        Field::ParentPath,
    );
    Ok(row.await?.into())
}

/// Makes a project in a group.
pub async fn create_project(
    foundation: &Foundation,
    _admin: &InstanceAdmin,
    new: NewProject,
) -> Result<Project, Failure> {
    let parent = Some(new.group_path);
    let row = create(
        foundation,
        "project",
        new.path,
        new.name,
        parent,
        Field::GroupPath,
    )
    .await?;
    Ok(Project {
        id: row.id,
        name: row.name,
        full_path: row.full_path,
    })
}

/// The group or project at a full path, whatever the case of its letters.
pub(crate) async fn find_any(
    database: &impl ConnectionTrait,
    full_path: &str,
) -> Result<Option<Namespace>, DbErr> {
    Ok(find_namespace(database, full_path).await?.map(Into::into))
}

/// The group at a full path, whatever the case of its letters.
pub async fn find(
    database: &impl ConnectionTrait,
    full_path: &str,
) -> Result<Option<GroupScope>, DbErr> {
    let found = find_namespace(database, full_path).await?;
    Ok(found.filter(|row| row.kind == "group").map(Into::into))
}

async fn create(
    foundation: &Foundation,
    kind: &str,
    path: String,
    name: String,
    parent_path: Option<String>,
    parent_field: Field,
) -> Result<namespaces::Model, Failure> {
    let mut violations: Vec<Violation> = [check_path(Field::Path, &path), check_name(&name)]
        .into_iter()
        .flatten()
        .collect();
    let transaction = foundation.database.begin().await?;
    let parent = match parent_path {
        None => None,
        Some(parent_path) => {
            let parent = find(&transaction, &parent_path).await?;
            if parent.is_none() {
                violations.push(Violation::Unknown(parent_field));
            }
            parent
        }
    };
    let full_path = match &parent {
        Some(parent) => format!("{}/{path}", parent.full_path),
        None => path.clone(),
    };
    violations.extend(place(&transaction, kind, &full_path).await?);
    refuse_if_any(violations)?;
    let row = namespaces::ActiveModel {
        id: ActiveValue::NotSet,
        kind: ActiveValue::Set(kind.to_owned()),
        parent_id: ActiveValue::Set(parent.map(|parent| parent.id)),
        path: ActiveValue::Set(path),
        name: ActiveValue::Set(name),
        full_path: ActiveValue::Set(full_path),
        created_at: ActiveValue::Set(foundation.clock.now().0),
    };
    let row = row
        .insert(&transaction)
        .await
        .map_err(or_taken(Violation::Taken(Field::Path)))?;
    transaction.commit().await?;
    Ok(row)
}

/// What is wrong with the place where something is to be made.
async fn place(
    transaction: &DatabaseTransaction,
    kind: &str,
    full_path: &str,
) -> Result<Option<Violation>, DbErr> {
    if kind == "group" && full_path.split('/').count() > DEEPEST {
        return Ok(Some(Violation::TooDeep));
    }
    let taken = find_namespace(transaction, full_path).await?.is_some();
    Ok(taken.then_some(Violation::Taken(Field::Path)))
}

async fn find_namespace(
    database: &impl ConnectionTrait,
    full_path: &str,
) -> Result<Option<namespaces::Model>, DbErr> {
    // Nothing else can be a full path, and PostgreSQL refuses to look for some of it.
    if !full_path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(None);
    }
    namespaces::Entity::find()
        .filter(lower_full_path().eq(full_path.to_ascii_lowercase()))
        .one(database)
        .await
}

/// What the unique index on full paths is made of.
pub(crate) fn lower_full_path() -> Expr {
    Func::lower(Expr::col((
        namespaces::Entity,
        namespaces::Column::FullPath,
    )))
    .into()
}

/// The full paths of a namespace and of those that it is in: `a/b/c` is in `a/b` and in `a`.
pub(crate) fn at_and_above(full_path: &str) -> Vec<String> {
    full_path
        .match_indices('/')
        .map(|(end, _)| full_path[..end].to_owned())
        .chain([full_path.to_owned()])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_in_all_those_that_its_path_begins_with() {
        assert_eq!(at_and_above("a/b/c"), ["a", "a/b", "a/b/c"]);
        assert_eq!(at_and_above("a"), ["a"]);
    }
}
