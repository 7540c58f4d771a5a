//! The event types that a destination is limited to.

use sea_orm::{ActiveValue, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use shared::entities::destination_event_type_filters as filters;

use super::change::Change;
use super::{AuthorisedDestination, Failure};
use crate::app::App;
use crate::audit::Happening;
use crate::domain::{EventTypes, event_type_filters};

/// Adds all of the event types, or none of them; gives all that the destination is limited to then, in
/// the order in which they were added. All rules that the request does not keep are told together.
pub async fn add_event_types(
    app: &App,
    authorised: &AuthorisedDestination,
    wanted: &EventTypes,
) -> Result<Vec<String>, Failure> {
    let change = Change::begin(app, authorised.authorised()).await?;
    let mut destination = change.find(authorised).await?;
    let existing = &destination.event_type_filters;
    let catalogue = &app.foundation.catalogue;
    Failure::if_any(event_type_filters::check(existing, wanted, catalogue))?;
    let rows = wanted.names().iter().map(|name| filters::ActiveModel {
        id: ActiveValue::NotSet,
        destination_id: ActiveValue::Set(destination.id),
        event_type: ActiveValue::Set(name.clone()),
    });
    filters::Entity::insert_many(rows)
        .exec_without_returning(change.transaction())
        .await
        .map_err(Failure::of_statement)?;
    change.touch(destination.id).await?;
    change
        .commit_as(&destination, &Happening::EventTypesAdded(wanted))
        .await?;
    destination
        .event_type_filters
        .extend_from_slice(wanted.names());
    Ok(destination.event_type_filters)
}

/// Takes all of the event types away, or none of them.
pub async fn remove_event_types(
    app: &App,
    authorised: &AuthorisedDestination,
    unwanted: EventTypes,
) -> Result<(), Failure> {
    let unwanted = unwanted.distinct();
    let change = Change::begin(app, authorised.authorised()).await?;
    let destination = change.find(authorised).await?;
    let existing = &destination.event_type_filters;
    Failure::if_any(event_type_filters::check_removal(existing, &unwanted))?;
    filters::Entity::delete_many()
        .filter(filters::Column::DestinationId.eq(destination.id))
        .filter(filters::Column::EventType.is_in(unwanted.names()))
        .exec(change.transaction())
        .await?;
    change.touch(destination.id).await?;
    change
        .commit_as(&destination, &Happening::EventTypesRemoved(&unwanted))
        .await
}
