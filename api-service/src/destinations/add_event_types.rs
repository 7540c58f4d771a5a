//! Adds to the event types that a destination is limited to.

use sea_orm::{
    ActiveValue, ColumnTrait as _, DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _,
    QueryOrder as _,
};
use shared::entities::destination_event_type_filters as filters;

use super::change::Change;
use super::{AuthorisedDestination, Failure};
use crate::app::App;
use crate::audit::AuditEvent;
use crate::domain::{EventTypes, Violation, event_type_filters};

/// What came of adding event types.
#[derive(Debug)]
pub struct Addition {
    /// All event types that the destination is limited to now, in the order in which they were added.
    pub event_type_filters: Vec<String>,
    /// Why nothing was added; empty when everything was.
    pub violations: Vec<Violation>,
}

/// Adds all of the event types, or none of them. All rules that the request does not keep are told
/// together.
pub async fn add_event_types(
    app: &App,
    destination: &AuthorisedDestination,
    wanted: &EventTypes,
) -> Result<Addition, Failure> {
    let authorised = destination.authorised();
    let change = Change::begin(app, authorised).await?;
    let row = change.find(destination).await?;
    let mut event_type_filters = existing(row.id, change.transaction()).await?;
    let violations = event_type_filters::check(&event_type_filters, wanted);
    if !violations.is_empty() {
        return Ok(Addition {
            event_type_filters,
            violations,
        });
    }
    let rows = wanted.names().iter().map(|name| filters::ActiveModel {
        id: ActiveValue::NotSet,
        destination_id: ActiveValue::Set(row.id),
        event_type: ActiveValue::Set(name.clone()),
    });
    filters::Entity::insert_many(rows)
        .exec_without_returning(change.transaction())
        .await?;
    change.touch(row.id).await?;
    let event =
        AuditEvent::event_type_filters_created(authorised.scope(), row.id, &row.name, wanted);
    change.commit(&[event]).await?;
    event_type_filters.extend_from_slice(wanted.names());
    Ok(Addition {
        event_type_filters,
        violations,
    })
}

async fn existing(
    destination_id: i64,
    transaction: &DatabaseTransaction,
) -> Result<Vec<String>, DbErr> {
    let rows = filters::Entity::find()
        .filter(filters::Column::DestinationId.eq(destination_id))
        .order_by_asc(filters::Column::Id)
        .all(transaction)
        .await?;
    Ok(rows.into_iter().map(|row| row.event_type).collect())
}
