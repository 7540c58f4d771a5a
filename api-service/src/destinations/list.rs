//! Reads the destinations of a scope.

use std::collections::HashMap;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, DatabaseConnection, DbErr, EntityTrait as _, Order, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};
use shared::entities::{destination_event_type_filters, destination_headers, destinations};
use shared::secrets::Purpose;

use super::{Authorised, Failure, HTTP};
use crate::app::App;
use crate::domain::page::{End, Page, PageRequest};
use crate::domain::{Destination, Header, Scope, SealedSecret};

/// A part of the scope's destinations, the oldest first, with their headers and filters. The number
/// of statements does not depend on how many there are.
pub async fn list(
    app: &App,
    authorised: &Authorised,
    request: PageRequest,
) -> Result<Page<Destination>, Failure> {
    use destinations::Column;
    let database = app.foundation.database.reader();
    let all = destinations::Entity::find()
        .filter(belongs_to(authorised.scope()))
        .filter(Column::Category.eq(HTTP));
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
    let page = Page::from_read(rows, request, beyond_after, beyond_before);
    let mut details = Details::load(database, &page.items).await?;
    Ok(page.map(|row| details.join(row)))
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

/// What hangs on destinations, by their numbers.
struct Details {
    headers: HashMap<i64, Vec<Header>>,
    event_type_filters: HashMap<i64, Vec<String>>,
}

impl Details {
    async fn load(
        database: &DatabaseConnection,
        destinations: &[destinations::Model],
    ) -> Result<Self, DbErr> {
        let ids: Vec<i64> = destinations.iter().map(|row| row.id).collect();
        let mut details = Self {
            headers: HashMap::new(),
            event_type_filters: HashMap::new(),
        };
        let headers = destination_headers::Entity::find()
            .filter(destination_headers::Column::DestinationId.is_in(ids.clone()))
            .order_by_asc(destination_headers::Column::Id)
            .all(database)
            .await?;
        for row in headers {
            details
                .headers
                .entry(row.destination_id)
                .or_default()
                .push(Header {
                    id: row.id,
                    key: row.key,
                    value: SealedSecret::new(Purpose::HeaderValue, row.value),
                    active: row.active,
                });
        }
        let filters = destination_event_type_filters::Entity::find()
            .filter(destination_event_type_filters::Column::DestinationId.is_in(ids))
            .order_by_asc(destination_event_type_filters::Column::Id)
            .all(database)
            .await?;
        for row in filters {
            details
                .event_type_filters
                .entry(row.destination_id)
                .or_default()
                .push(row.event_type);
        }
        Ok(details)
    }

    fn join(&mut self, row: destinations::Model) -> Destination {
        Destination {
            headers: self.headers.remove(&row.id).unwrap_or_default(),
            event_type_filters: self.event_type_filters.remove(&row.id).unwrap_or_default(),
            id: row.id,
            name: row.name,
            url: row.destination_url,
            verification_token: SealedSecret::new(
                Purpose::VerificationToken,
                row.verification_token,
            ),
            active: row.active,
        }
    }
}
