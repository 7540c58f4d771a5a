//! The groups and projects that a destination is limited to.

use sea_orm::{
    ActiveModelTrait as _, ActiveValue, ColumnTrait as _, DatabaseTransaction, DbErr,
    EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _,
};
use shared::entities::{destination_namespace_filters as filters, destinations};

use super::change::Change;
use super::{AuthorisedDestination, AuthorisedPart, Failure};
use crate::accounts::groups;
use crate::app::App;
use crate::audit::Happening;
use crate::domain::namespace::NamespaceKind;
use crate::domain::namespace_filters::{self, Facts};
use crate::domain::{Destination, Namespace, NamespaceFilter};

/// The group or project at a full path; of one kind, or of either. Asked for by somebody who may
/// administer a destination, for limiting it.
pub async fn find_namespace(
    app: &App,
    _authorised: &AuthorisedDestination,
    full_path: &str,
    kind: Option<NamespaceKind>,
) -> Result<Option<Namespace>, Failure> {
    let found = groups::find_any(app.foundation.database.reader(), full_path).await?;
    Ok(found.filter(|namespace| kind.is_none_or(|kind| namespace.kind == kind)))
}

/// Limits a destination to a further group or project; gives the destination and the filter. All rules that the request does not keep are told together.
pub async fn add_namespace_filter(
    app: &App,
    authorised: &AuthorisedDestination,
    wanted: &Namespace,
) -> Result<(Destination, NamespaceFilter), Failure> {
    let change = Change::begin(app, authorised.authorised()).await?;
    let destination = change.find(authorised).await?;
    let existing: Vec<i64> = destination
        .namespace_filters
        .iter()
        .map(|filter| filter.namespace.id)
        .collect();
    let facts = Facts {
        generation: authorised.authorised().generation(),
        scope: &destination.scope,
        existing: &existing,
        used_elsewhere: used_elsewhere(change.transaction(), destination.id, wanted.id).await?,
        limit: app.foundation.config.limits.namespace_filters,
    };
    Failure::if_any(namespace_filters::check(&facts, wanted))?;
    let row = filters::ActiveModel {
        id: ActiveValue::NotSet,
        destination_id: ActiveValue::Set(destination.id),
        namespace_id: ActiveValue::Set(wanted.id),
    };
    let row = row
        .insert(change.transaction())
        .await
        .map_err(Failure::of_statement)?;
    change.touch(destination.id).await?;
    let destination = change.find(authorised).await?;
    change
        .commit_as(&destination, &Happening::NamespaceAdded(wanted))
        .await?;
    let filter = find(&destination, row.id)?;
    Ok((destination, filter))
}

/// Takes a namespace filter away.
pub async fn remove_namespace_filter(
    app: &App,
    authorised: &AuthorisedPart,
) -> Result<(), Failure> {
    let change = Change::begin(app, authorised.destination().authorised()).await?;
    let destination = change.find(authorised.destination()).await?;
    let filter = find(&destination, authorised.id())?;
    filters::Entity::delete_by_id(filter.id)
        .exec(change.transaction())
        .await?;
    change.touch(destination.id).await?;
    change
        .commit_as(
            &destination,
            &Happening::NamespaceRemoved(&filter.namespace),
        )
        .await
}

fn find(destination: &Destination, id: i64) -> Result<NamespaceFilter, Failure> {
    let mut filters = destination.namespace_filters.iter();
    let found = filters.find(|filter| filter.id == id);
    found.cloned().ok_or(Failure::NotFound)
}

/// Whether another destination of a group is limited to a namespace.
async fn used_elsewhere(
    transaction: &DatabaseTransaction,
    destination_id: i64,
    namespace_id: i64,
) -> Result<bool, DbErr> {
    let of_groups = destinations::Entity::find()
        .select_only()
        .column(destinations::Column::Id)
        .filter(destinations::Column::NamespaceId.is_not_null())
        .into_query();
    let used = filters::Entity::find()
        .filter(filters::Column::NamespaceId.eq(namespace_id))
        .filter(filters::Column::DestinationId.ne(destination_id))
        .filter(filters::Column::DestinationId.in_subquery(of_groups))
        .limit(1)
        .count(transaction)
        .await?;
    Ok(used > 0)
}
