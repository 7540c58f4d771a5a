//! Reads destinations with all that belongs to them.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _,
};
use shared::clock::Timestamp;
use shared::entities::{
    destination_event_type_filters, destination_headers, destination_namespace_filters,
    destinations, namespaces,
};
use shared::secrets::Purpose;

use super::list::belongs_to;
use super::{AuthorisedDestination, Failure};
use crate::accounts::groups;
use crate::app::App;
use crate::domain::{
    Destination, Header, HttpTarget, NamespaceFilter, Scope, SealedSecret, Target,
};

/// A destination as it is now.
pub async fn read(app: &App, authorised: &AuthorisedDestination) -> Result<Destination, Failure> {
    let scope = authorised.authorised().scope();
    one(app.foundation.database.reader(), scope, authorised.id())
        .await?
        .ok_or(Failure::NotFound)
}

/// The destination of a scope with this number.
pub(super) async fn one(
    database: &impl ConnectionTrait,
    scope: &Scope,
    id: i64,
) -> Result<Option<Destination>, DbErr> {
    let row = destinations::Entity::find_by_id(id)
        .filter(belongs_to(scope))
        .one(database)
        .await?;
    match row {
        Some(row) => Ok(Some(complete_one(database, scope, row).await?)),
        None => Ok(None),
    }
}

/// A destination of a scope with all that belongs to it.
pub(super) async fn complete_one(
    database: &impl ConnectionTrait,
    scope: &Scope,
    row: destinations::Model,
) -> Result<Destination, DbErr> {
    let mut parts = Parts::load(database, vec![row.id]).await?;
    Ok(parts.join(scope, row))
}

/// Destinations of a scope with all that belongs to them. The number of statements does not depend on
/// how many there are.
pub(super) async fn complete(
    database: &impl ConnectionTrait,
    scope: &Scope,
    rows: Vec<destinations::Model>,
) -> Result<Vec<Destination>, DbErr> {
    let ids = rows.iter().map(|row| row.id).collect();
    let mut parts = Parts::load(database, ids).await?;
    Ok(rows.into_iter().map(|row| parts.join(scope, row)).collect())
}

/// What hangs on destinations, by their numbers.
#[derive(Default)]
struct Parts {
    headers: HashMap<i64, Vec<Header>>,
    event_type_filters: HashMap<i64, Vec<String>>,
    namespace_filters: HashMap<i64, Vec<NamespaceFilter>>,
}

impl Parts {
    async fn load(database: &impl ConnectionTrait, ids: Vec<i64>) -> Result<Self, DbErr> {
        let mut parts = Self::default();
        if ids.is_empty() {
            return Ok(parts);
        }
        let headers = destination_headers::Entity::find()
            .filter(destination_headers::Column::DestinationId.is_in(ids.clone()))
            .order_by_asc(destination_headers::Column::Id)
            .all(database)
            .await?;
        for row in headers {
            let headers = parts.headers.entry(row.destination_id).or_default();
            headers.push(header(row));
        }
        let event_types = destination_event_type_filters::Entity::find()
            .filter(destination_event_type_filters::Column::DestinationId.is_in(ids.clone()))
            .order_by_asc(destination_event_type_filters::Column::Id)
            .all(database)
            .await?;
        for row in event_types {
            let names = parts.event_type_filters.entry(row.destination_id);
            names.or_default().push(row.event_type);
        }
        let filtered = destination_namespace_filters::Entity::find()
            .filter(destination_namespace_filters::Column::DestinationId.is_in(ids))
            .order_by_asc(destination_namespace_filters::Column::Id)
            .all(database)
            .await?;
        parts.namespace_filters = namespace_filters(database, filtered).await?;
        Ok(parts)
    }

    fn join(&mut self, scope: &Scope, row: destinations::Model) -> Destination {
        let id = row.id;
        Destination {
            id,
            scope: scope.clone(),
            name: row.name,
            active: row.active,
            active_changed_at: row.active_changed_at.map(Timestamp),
            created_at: Timestamp(row.created_at),
            verification_token: SealedSecret::new(
                Purpose::VerificationToken,
                row.verification_token,
            ),
            signing_secret: SealedSecret::new(Purpose::SigningSecret, row.signing_secret),
            target: Target::Http(HttpTarget {
                url: row.destination_url,
                headers: self.headers.remove(&id).unwrap_or_default(),
            }),
            event_type_filters: self.event_type_filters.remove(&id).unwrap_or_default(),
            namespace_filters: self.namespace_filters.remove(&id).unwrap_or_default(),
        }
    }
}

/// A header as it is stored.
pub(super) fn header(row: destination_headers::Model) -> Header {
    Header {
        id: row.id,
        key: row.key,
        value: SealedSecret::new(Purpose::HeaderValue, row.value),
        active: row.active,
    }
}

/// Namespace filters by destination, with the names of the groups that their namespaces are in.
async fn namespace_filters(
    database: &impl ConnectionTrait,
    rows: Vec<destination_namespace_filters::Model>,
) -> Result<HashMap<i64, Vec<NamespaceFilter>>, DbErr> {
    let mut filters: HashMap<i64, Vec<NamespaceFilter>> = HashMap::new();
    if rows.is_empty() {
        return Ok(filters);
    }
    let ids: BTreeSet<i64> = rows.iter().map(|row| row.namespace_id).collect();
    let found = namespaces::Entity::find()
        .filter(namespaces::Column::Id.is_in(ids))
        .all(database)
        .await?;
    let paths: BTreeSet<String> = found
        .iter()
        .flat_map(|namespace| groups::at_and_above(&namespace.full_path.to_ascii_lowercase()))
        .collect();
    let names: HashMap<String, String> = namespaces::Entity::find()
        .filter(groups::lower_full_path().is_in(paths))
        .all(database)
        .await?
        .into_iter()
        .map(|namespace| (namespace.full_path.to_ascii_lowercase(), namespace.name))
        .collect();
    let found: HashMap<i64, namespaces::Model> =
        found.into_iter().map(|row| (row.id, row)).collect();
    for row in rows {
        // A filter goes with its namespace, so there is one unless it has just gone.
        let Some(namespace) = found.get(&row.namespace_id) else {
            continue;
        };
        let path = namespace.full_path.to_ascii_lowercase();
        let above = groups::at_and_above(&path);
        filters
            .entry(row.destination_id)
            .or_default()
            .push(NamespaceFilter {
                id: row.id,
                namespace: namespace.clone().into(),
                names: above
                    .iter()
                    .filter_map(|path| names.get(path).cloned())
                    .collect(),
            });
    }
    Ok(filters)
}
