//! Replays and purges what was set aside, from whichever table. A replay is a mark on the row: the relay
//! publishes what is marked and deletes it after the queue's confirm.

use std::collections::BTreeSet;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, Condition, DatabaseTransaction, DbErr, EntityTrait, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use shared::clock::Timestamp;

use crate::destinations::Failure;
use crate::domain::set_aside::{Chosen, Found, Order, SetAside, check};
use crate::relay::Waiting;

/// What of a table is to be replayed, for the relay.
pub(crate) const AND_REQUESTED: &str = "AND replay_requested_at IS NOT NULL";
/// In which order, for the relay. Not by the numbers of the rows: all that are marked would have to be sorted
/// for each round.
pub(crate) const FIRST_REQUESTED: &str = "replay_requested_at";

/// A table of what was set aside.
pub(crate) trait Replayed: Waiting {
    /// What its rows are.
    const WHAT: SetAside;
    /// When somebody asked for the replay of a row, in milliseconds since 1970.
    const REPLAY_REQUESTED_AT: <Self::Table as EntityTrait>::Column;
    /// Which rows hold all of what was set aside, as SQL.
    const IS_WHOLE: &'static str;
}

/// Marks rows to be brought to the queue again; how many were not marked before. To be followed by a
/// commit, and by waking the relay. `reach` says which rows the caller may know of.
pub(crate) async fn request<R: Replayed>(
    transaction: &DatabaseTransaction,
    reach: &Condition,
    chosen: &Chosen,
    now: Timestamp,
) -> Result<u64, Failure> {
    let these = these::<R>(transaction, reach, chosen, Order::Replay).await?;
    let done = R::Table::update_many()
        .col_expr(R::REPLAY_REQUESTED_AT, Expr::value(now.0))
        .filter(these)
        .filter(Expr::cust(R::IS_WHOLE))
        .exec(transaction)
        .await?;
    Ok(done.rows_affected)
}

/// Deletes rows; how many there were. What is being replayed stays: it may be on the queue already.
pub(crate) async fn purge<R: Replayed>(
    transaction: &DatabaseTransaction,
    reach: &Condition,
    chosen: &Chosen,
) -> Result<u64, Failure> {
    let these = these::<R>(transaction, reach, chosen, Order::Purge).await?;
    let done = R::Table::delete_many()
        .filter(these)
        .exec(transaction)
        .await?;
    Ok(done.rows_affected)
}

/// Holds for the rows that are meant and not being replayed. Refused, when the order cannot be carried
/// out on all that were named.
async fn these<R: Replayed>(
    transaction: &DatabaseTransaction,
    reach: &Condition,
    chosen: &Chosen,
    order: Order,
) -> Result<Condition, Failure> {
    let idle = reach.clone().add(R::REPLAY_REQUESTED_AT.is_null());
    let Chosen::These(numbers) = chosen else {
        return Ok(idle);
    };
    let found = find::<R>(transaction, reach, numbers).await?;
    Failure::if_any(check(R::WHAT, order, numbers, &found))?;
    Ok(idle.add(R::ID.is_in(numbers.iter().copied())))
}

/// The rows that there are of these. They stay as they are until the end of the transaction.
async fn find<R: Replayed>(
    transaction: &DatabaseTransaction,
    reach: &Condition,
    numbers: &BTreeSet<i64>,
) -> Result<Vec<Found>, DbErr> {
    let rows = R::Table::find()
        .select_only()
        .column(R::ID)
        .expr(R::REPLAY_REQUESTED_AT.is_not_null())
        .expr(Expr::cust(R::IS_WHOLE))
        .filter(reach.clone())
        .filter(R::ID.is_in(numbers.iter().copied()))
        .order_by_asc(R::ID)
        .lock_exclusive()
        .into_tuple::<(i64, bool, bool)>()
        .all(transaction)
        .await?;
    let found = rows.into_iter().map(|(id, is_replayed, is_whole)| Found {
        id,
        is_replayed,
        is_whole,
    });
    Ok(found.collect())
}
