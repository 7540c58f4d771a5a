//! Reads the destinations of a scope.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use shared::entities::destinations;

use super::{Authorised, Failure, read};
use crate::app::App;
use crate::domain::page::{Page, PageRequest};
use crate::domain::{Category, Destination, Scope};
use crate::keyset;

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
    let page = keyset::page(database, &all, Column::Id, &request).await?;
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
