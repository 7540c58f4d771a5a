//! The groups whose destinations somebody may administer.

use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use shared::entities::{destinations, members, namespaces};

use super::Failure;
use super::authorize::facts;
use crate::app::App;
use crate::auth::Caller;
use crate::domain::page::{Page, PageRequest};
use crate::domain::{AccessLevel, Category, GroupScope};
use crate::keyset;

/// A part of the top-level groups whose destinations the caller may administer, the oldest first. An
/// owner of a subgroup may not: events go by the top-level group. On demand only those that have any.
pub async fn groups(
    app: &App,
    caller: &Caller,
    with_destinations: bool,
    request: &PageRequest,
) -> Result<Page<GroupScope>, Failure> {
    use namespaces::Column;
    let Some(user) = caller.api_user() else {
        return Ok(Page::empty());
    };
    if !facts(app, user, Some(AccessLevel::Owner)).may_administer_group() {
        return Ok(Page::empty());
    }
    let mut all = namespaces::Entity::find()
        .filter(Column::Kind.eq("group"))
        .filter(Column::ParentId.is_null());
    if !facts(app, user, None).may_administer_group() {
        let owned = Query::select()
            .column(members::Column::NamespaceId)
            .from(members::Entity)
            .and_where(members::Column::UserId.eq(user.id))
            .and_where(members::Column::AccessLevel.eq(AccessLevel::Owner.number()))
            .to_owned();
        all = all.filter(Column::Id.in_subquery(owned));
    }
    if with_destinations {
        let streamed = Query::select()
            .column(destinations::Column::NamespaceId)
            .from(destinations::Entity)
            .and_where(destinations::Column::NamespaceId.is_not_null())
            .and_where(destinations::Column::Category.eq(Category::Http.name()))
            .to_owned();
        all = all.filter(Column::Id.in_subquery(streamed));
    }
    let database = app.foundation.database.reader();
    let page: Page<namespaces::Model> = keyset::page(database, &all, Column::Id, request).await?;
    Ok(page.map(GroupScope::from))
}
