//! Who may do what in a group.

use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{
    ActiveValue, ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _,
    QueryFilter as _,
};
use shared::entities::{members, namespaces};
use shared::foundation::Foundation;

use super::violation::Field;
use super::{Account, Failure, Violation, groups, users};
use crate::auth::InstanceAdmin;
use crate::domain::{AccessLevel, GroupScope};

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: Account,
    /// Where.
    pub group: GroupScope,
    /// May do what.
    pub access_level: AccessLevel,
}

/// Makes a user a member of a group, or changes what the member may do there.
pub async fn set_group_member(
    foundation: &Foundation,
    _admin: &InstanceAdmin,
    group_path: &str,
    username: &str,
    access_level: AccessLevel,
) -> Result<Member, Failure> {
    let transaction = foundation.database.begin().await?;
    let group = groups::find(&transaction, group_path).await?;
    let user = users::find(&transaction, username).await?;
    let (group, user) = match (group, user) {
        (Some(group), Some(user)) => (group, user),
        (group, user) => {
            let unknown = [
                group
                    .is_none()
                    .then_some(Violation::Unknown(Field::GroupPath)),
                user.is_none()
                    .then_some(Violation::Unknown(Field::Username)),
            ];
            return Err(Failure::Invalid(unknown.into_iter().flatten().collect()));
        }
    };
    let member = members::ActiveModel {
        id: ActiveValue::NotSet,
        user_id: ActiveValue::Set(user.id),
        namespace_id: ActiveValue::Set(group.id),
        access_level: ActiveValue::Set(access_level.number()),
        created_at: ActiveValue::Set(foundation.clock.now().0),
    };
    let again = OnConflict::columns([members::Column::UserId, members::Column::NamespaceId])
        .update_column(members::Column::AccessLevel)
        .to_owned();
    members::Entity::insert(member)
        .on_conflict(again)
        .exec_without_returning(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(Member {
        user,
        group,
        access_level,
    })
}

/// The highest level that a user has in a group and in those that it is in: membership is inherited
/// from above.
pub async fn highest_level(
    database: &impl ConnectionTrait,
    user_id: i64,
    full_path: &str,
) -> Result<Option<AccessLevel>, DbErr> {
    let paths = groups::at_and_above(&full_path.to_ascii_lowercase());
    let namespaces = Query::select()
        .column(namespaces::Column::Id)
        .from(namespaces::Entity)
        .and_where(groups::lower_full_path().is_in(paths))
        .to_owned();
    let rows = members::Entity::find()
        .filter(members::Column::UserId.eq(user_id))
        .filter(members::Column::NamespaceId.in_subquery(namespaces))
        .all(database)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| AccessLevel::from_number(row.access_level))
        .max())
}
