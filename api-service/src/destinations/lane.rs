//! What waits for a destination that is in trouble or paused.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use shared::entities::destination_health::{Column, Entity, OPEN};
use shared::queue::Notice;

use super::{AuthorisedDestination, Failure};
use crate::app::App;
use crate::domain::Violation;

/// Has what waits for a destination moved to its dead letters, by whichever worker drains the lane.
pub async fn purge_lane(app: &App, authorised: &AuthorisedDestination) -> Result<(), Failure> {
    let transaction = authorised.begin(app).await?;
    let now = app.foundation.clock.now();
    let done = Entity::update_many()
        .col_expr(Column::PurgeRequestedAt, Expr::value(now.0))
        .filter(Column::DestinationId.eq(authorised.id()))
        .filter(Column::LaneState.eq(OPEN))
        .exec(&transaction)
        .await?;
    if done.rows_affected == 0 {
        return Err(Failure::Invalid(vec![Violation::NothingWaits]));
    }
    transaction.commit().await?;
    // For speed only: who drains the lane looks anyway.
    app.foundation.queue.announce(Notice::LanesChanged);
    Ok(())
}
