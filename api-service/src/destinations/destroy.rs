//! Removes a destination.

use sea_orm::{ActiveValue, EntityTrait as _};
use shared::entities::{destinations, destroyed_destinations};

use super::change::Change;
use super::{AuthorisedDestination, Failure};
use crate::app::App;
use crate::audit::Happening;

/// Removes a destination with its headers, filters and dead letters. Nothing that is published after
/// this goes to it.
pub async fn destroy(app: &App, authorised: &AuthorisedDestination) -> Result<(), Failure> {
    let change = Change::begin(app, authorised.authorised()).await?;
    let destination = change.find(authorised).await?;
    destinations::Entity::delete_by_id(destination.id)
        .exec(change.transaction())
        .await?;
    destroyed_destinations::Entity::insert(destroyed_destinations::ActiveModel {
        destination_id: ActiveValue::Set(destination.id),
        config_version: ActiveValue::Set(change.version()),
        // A worker may be opening one at this moment: whether there is one is for the queue to say.
        had_lane: ActiveValue::Set(true),
    })
    .exec_without_returning(change.transaction())
    .await?;
    change.commit_as(&destination, &Happening::Destroyed).await
}
