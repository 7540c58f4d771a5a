//! Reads the destinations of a scope.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, DatabaseConnection, DbErr, EntityTrait as _, Order, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};
use shared::entities::destinations;

use super::{Authorised, Failure, read};
use crate::app::App;
use crate::domain::page::{End, Page, PageRequest};
use crate::domain::{Category, Destination, Scope};

/// A part of the scope's destinations, the oldest first, with all that belongs to them. The number of
/// statements does not depend on how many there are.
pub async fn list(
    app: &App,
    authorised: &Authorised,
    request: PageRequest,
) -> Result<Page<Destination>, Failure> {
    use destinations::Column;
    let database = app.foundation.database.reader();
    let scope = authorised.scope();
    let all = destinations::Entity::find()
        .filter(belongs_to(scope))
        .filter(Column::Category.eq(Category::Http.name()));
    let mut part = all.clone();
    let (mut beyond_after, mut beyond_before) = (false, false);
    if let Some(after) = request.after {
        part = part.filter(Column::Id.gt(after));
        beyond_after = exists(database, all.clone().filter(Column::Id.lte(after))).await?;
    }
    if let Some(before) = request.before {
        part = part.filter(Column::Id.lt(before));
        beyond_before = exists(database, all.filter(Column::Id.gte(before))).await?;
    }
    let order = match request.end {
        End::First => Order::Asc,
        End::Last => Order::Desc,
    };
    let rows = part
        .order_by(Column::Id, order)
        .limit(request.size + 1)
        .all(database)
        .await?;
    let page = Page::from_read(rows, &request, beyond_after, beyond_before);
    Ok(Page {
        items: read::complete(database, scope, page.items).await?,
        has_previous: page.has_previous,
        has_next: page.has_next,
    })
}

/// Holds for the destinations of a scope and for no others.
pub(super) fn belongs_to(scope: &Scope) -> Expr {
    match scope.namespace_id() {
        None => destinations::Column::NamespaceId.is_null(),
        Some(group) => destinations::Column::NamespaceId.eq(group),
    }
}

async fn exists(
    database: &DatabaseConnection,
    part: Select<destinations::Entity>,
) -> Result<bool, DbErr> {
    Ok(part.limit(1).count(database).await? > 0)
}
