//! Removes a destination.

use sea_orm::{ActiveValue, EntityTrait as _};
use shared::entities::{destinations, destroyed_destinations};

use super::change::Change;
use super::{AuthorisedDestination, Failure};
use crate::app::App;
use crate::audit::AuditEvent;

/// Removes a destination with its headers, filters and dead letters. Nothing that is published after
/// this goes to it.
pub async fn destroy(app: &App, destination: &AuthorisedDestination) -> Result<(), Failure> {
    let authorised = destination.authorised();
    let change = Change::begin(app, authorised).await?;
    let row = change.find(destination).await?;
    destinations::Entity::delete_by_id(row.id)
        .exec(change.transaction())
        .await?;
    destroyed_destinations::Entity::insert(destroyed_destinations::ActiveModel {
        destination_id: ActiveValue::Set(row.id),
        config_version: ActiveValue::Set(change.version()),
    })
    .exec_without_returning(change.transaction())
    .await?;
    let event = AuditEvent::destination_destroyed(
        authorised.scope(),
        row.id,
        &row.name,
        &row.destination_url,
    );
    change.commit(&[event]).await
}
