//! The dead letters of destinations: read in parts, replayed and purged.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::sea_query::{Expr, ExprTrait as _, Query, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait as _, Condition, DatabaseConnection, DbErr, EntityTrait as _, FromQueryResult,
    Order, QueryFilter as _, QuerySelect as _,
};
use shared::entities::dead_letters::{Column, Entity, Model};
use shared::entities::destinations;
use shared::queue::{Message, Target};

use super::{AuthorisedDestination, Failure, numbers};
use crate::app::App;
use crate::domain::Destination;
use crate::domain::page::{End, Numbered, Page, PageRequest};
use crate::domain::set_aside::{Chosen, SetAside};
use crate::publishing::versions::Versions;
use crate::relay::Waiting;
use crate::replay::{self, AND_REQUESTED, FIRST_REQUESTED, Replayed};

/// Most destinations whose dead letters are read at once: each is a part of one statement.
pub const MOST_DESTINATIONS: usize = 100;
/// Most events that are read at once, each of at most `limits.event_bytes`.
pub const MOST_BODIES: usize = 100;

/// An event that a destination never took, without the event itself.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct DeadLetter {
    /// Number of the dead letter.
    pub id: i64,
    /// The destination.
    pub destination_id: i64,
    /// Id of the event.
    pub event_id: String,
    /// Name of the event's type.
    pub event_type: String,
    /// How often it was tried.
    pub attempts: i64,
    /// Status of the last response, if there was one.
    pub last_status: Option<i64>,
    /// What went wrong last.
    pub last_error: String,
    /// When it was first tried, in milliseconds since 1970.
    pub first_seen_at: i64,
    /// When it was last tried, in milliseconds since 1970.
    pub last_attempt_at: Option<i64>,
    /// When it was given up, in milliseconds since 1970.
    pub died_at: i64,
    /// When its replay was asked for, in milliseconds since 1970.
    pub replay_requested_at: Option<i64>,
}

/// The columns of a [`DeadLetter`].
const COLUMNS: [Column; 11] = [
    Column::Id,
    Column::DestinationId,
    Column::EventId,
    Column::EventType,
    Column::Attempts,
    Column::LastStatus,
    Column::LastError,
    Column::FirstSeenAt,
    Column::LastAttemptAt,
    Column::DiedAt,
    Column::ReplayRequestedAt,
];

impl Numbered for DeadLetter {
    fn number(&self) -> i64 {
        self.id
    }
}

/// The same part of the dead letters of each of at most [`MOST_DESTINATIONS`] destinations, by their
/// numbers. The number of statements does not depend on how many there are.
pub async fn dead_letters(
    app: &App,
    of: &[Arc<Destination>],
    request: PageRequest,
) -> Result<HashMap<i64, Page<Arc<DeadLetter>>>, Failure> {
    let database = app.foundation.database.reader();
    let mut rows: HashMap<i64, Vec<Arc<DeadLetter>>> = HashMap::new();
    if let Some(statement) = parts(of, request) {
        let statement = database.get_database_backend().build(&statement);
        let read = DeadLetter::find_by_statement(statement)
            .all(database)
            .await?;
        for row in read {
            let rows = rows.entry(row.destination_id).or_default();
            rows.push(Arc::new(row));
        }
    }
    let beyond_after = match request.after {
        Some(after) => with_any(database, of, Column::Id.lte(after)).await?,
        None => Vec::new(),
    };
    let beyond_before = match request.before {
        Some(before) => with_any(database, of, Column::Id.gte(before)).await?,
        None => Vec::new(),
    };
    let pages = of.iter().map(|destination| {
        let id = destination.id;
        let mut rows = rows.remove(&id).unwrap_or_default();
        // The parts of the statement are each in order; it says nothing of the whole.
        rows.sort_unstable_by_key(|row| row.id);
        if request.end == End::Last {
            rows.reverse();
        }
        let (after, before) = (beyond_after.contains(&id), beyond_before.contains(&id));
        (id, Page::from_read(rows, &request, after, before))
    });
    Ok(pages.collect())
}

/// One statement with a part for each destination, of which the index reads no more than the page has;
/// none without destinations.
fn parts(of: &[Arc<Destination>], request: PageRequest) -> Option<SelectStatement> {
    let order = match request.end {
        End::First => Order::Asc,
        End::Last => Order::Desc,
    };
    let part = |destination: &Arc<Destination>| {
        let rows = Query::select()
            .columns(COLUMNS)
            .from(Entity)
            .and_where(Column::DestinationId.eq(destination.id))
            .and_where_option(request.after.map(|after| Column::Id.gt(after)))
            .and_where_option(request.before.map(|before| Column::Id.lt(before)))
            .order_by(Column::Id, order.clone())
            .limit(request.size + 1)
            .to_owned();
        // SQLite takes an order of its own in a part of a union only one level down.
        Query::select()
            .columns(COLUMNS)
            .from_subquery(rows, "part")
            .to_owned()
    };
    let mut parts = of.iter().map(part);
    let mut whole = parts.next()?;
    whole.unions(parts.map(|part| (UnionType::All, part)));
    Some(whole)
}

/// Which of the destinations have a dead letter for which something holds.
async fn with_any(
    database: &DatabaseConnection,
    of: &[Arc<Destination>],
    holds: Expr,
) -> Result<Vec<i64>, DbErr> {
    let any = Query::select()
        .expr(Expr::val(1))
        .from(Entity)
        .and_where(
            Expr::col((Entity, Column::DestinationId))
                .equals((destinations::Entity, destinations::Column::Id)),
        )
        .and_where(holds)
        .to_owned();
    destinations::Entity::find()
        .select_only()
        .column(destinations::Column::Id)
        .filter(destinations::Column::Id.is_in(numbers(of)))
        .filter(Expr::exists(any))
        .into_tuple()
        .all(database)
        .await
}

/// How many dead letters destinations have, by their numbers; of one without any nothing is said.
pub async fn dead_letter_counts(
    app: &App,
    of: &[Arc<Destination>],
) -> Result<HashMap<i64, i64>, Failure> {
    let counts: Vec<(i64, i64)> = Entity::find()
        .select_only()
        .column(Column::DestinationId)
        .column_as(Column::Id.count(), "count")
        .filter(Column::DestinationId.is_in(numbers(of)))
        .group_by(Column::DestinationId)
        .into_tuple()
        .all(app.foundation.database.reader())
        .await?;
    Ok(counts.into_iter().collect())
}

/// The events of at most [`MOST_BODIES`] dead letters, by their numbers.
pub async fn dead_letter_bodies(
    app: &App,
    of: &[Arc<DeadLetter>],
) -> Result<HashMap<i64, Arc<str>>, Failure> {
    let bodies: Vec<(i64, Vec<u8>)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Body])
        .filter(Column::Id.is_in(of.iter().map(|letter| letter.id)))
        .into_tuple()
        .all(app.foundation.database.reader())
        .await?;
    let text = |(id, body): (i64, Vec<u8>)| (id, String::from_utf8_lossy(&body).into());
    Ok(bodies.into_iter().map(text).collect())
}

/// Has dead letters of a destination delivered again, as if they were new to it; how many were not
/// waiting for that already.
pub async fn replay_dead_letters(
    app: &App,
    authorised: &AuthorisedDestination,
    chosen: &Chosen,
) -> Result<u64, Failure> {
    let transaction = authorised.begin(app).await?;
    let now = app.foundation.clock.now();
    let reach = reach(authorised);
    let accepted = replay::request::<DeadLetters>(&transaction, &reach, chosen, now).await?;
    transaction.commit().await?;
    app.dead_letters.wake();
    Ok(accepted)
}

/// Deletes dead letters of a destination, but for those that are being replayed; how many there were.
pub async fn purge_dead_letters(
    app: &App,
    authorised: &AuthorisedDestination,
    chosen: &Chosen,
) -> Result<u64, Failure> {
    let transaction = authorised.begin(app).await?;
    let purged = replay::purge::<DeadLetters>(&transaction, &reach(authorised), chosen).await?;
    transaction.commit().await?;
    Ok(purged)
}

fn reach(authorised: &AuthorisedDestination) -> Condition {
    Condition::all().add(Column::DestinationId.eq(authorised.id()))
}

/// The dead letters that are to be replayed, for the relay.
pub(crate) struct DeadLetters {
    pub(crate) versions: Versions,
}

impl Waiting for DeadLetters {
    type Table = Entity;
    const AND_WAITS: &'static str = AND_REQUESTED;
    const ORDER: &'static str = FIRST_REQUESTED;
    const ID: Column = Column::Id;
    const CLAIMED_UNTIL: Column = Column::ClaimedUntil;

    fn id(row: &Model) -> i64 {
        row.id
    }

    async fn message(&self, row: Model) -> (Target, Message) {
        // A worker whose snapshot is older might not know the destination. Nothing else is told of
        // what was: attempts and retention begin anew.
        let version = self.versions.current().await;
        let mut message = Message::new(row.event_type, row.body).at_config_version(version);
        message.headers.destination_id = Some(row.destination_id);
        (Target::Deliver, message)
    }
}

impl Replayed for DeadLetters {
    const WHAT: SetAside = SetAside::DeadLetter;
    const REPLAY_REQUESTED_AT: Column = Column::ReplayRequestedAt;
    const IS_WHOLE: &'static str = "TRUE";
}
