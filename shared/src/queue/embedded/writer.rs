//! The one task that writes: it puts what many ask for into one transaction, so that a commit to
//! disk is shared.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, DbErr, Statement, Value};
use tokio::sync::{mpsc, oneshot};

use super::{DELIVERY_LIMIT, Wakers, value};
use crate::backoff::Schedule;
use crate::clock::{Clock, Timestamp};
use crate::database::Database;
use crate::queue::{Headers, Message, PublishError, Source, Stored};

/// Commands in one transaction at most.
const BATCH: usize = 512;

pub(super) enum Command {
    Insert(Box<Insert>),
    Claim(Claim),
    Ack(i64),
    GiveBack(i64, Source),
    Close,
}

pub(super) struct Insert {
    pub(super) source: Source,
    /// Milliseconds since 1970; 0: at once.
    pub(super) available_at: i64,
    pub(super) message: Message,
    pub(super) reply: oneshot::Sender<Result<Stored, PublishError>>,
}

pub(super) struct Claim {
    pub(super) source: Source,
    pub(super) most: usize,
    pub(super) reply: oneshot::Sender<Vec<Claimed>>,
}

pub(super) struct Claimed {
    pub(super) id: i64,
    pub(super) message: Message,
    pub(super) redelivered: bool,
}

/// Releases what a process before this one had claimed; what has been claimed too often ended its
/// process each time and is rejected.
pub(super) async fn release_claims(database: &Database) -> Result<(), DbErr> {
    let reason = serde_json::to_string(&Headers {
        reason: Some("redelivered too often".to_owned()),
        ..Headers::default()
    })
    .expect("headers can be written as JSON");
    let transaction = database.begin().await?;
    transaction
        .execute_raw(sql(
            "UPDATE queue_messages SET queue = ?, headers = ?, deliveries = 0 WHERE claimed AND deliveries > ? AND queue IN ('events', 'deliver')",
            [value(Source::Rejected), reason.into(), DELIVERY_LIMIT.into()],
        ))
        .await?;
    transaction
        .execute_raw(sql(
            "UPDATE queue_messages SET claimed = false WHERE claimed",
            [],
        ))
        .await?;
    transaction.commit().await
}

/// How many messages of a queue are not claimed.
pub(super) async fn depth(database: &Database, source: Source) -> Result<u64, DbErr> {
    let unclaimed = "SELECT count(*) FROM queue_messages WHERE queue = ? AND claimed = false";
    count(database, sql(unclaimed, [value(source)])).await
}

/// How many deliveries are not to be taken yet.
pub(super) async fn waiting_for_their_time(
    database: &Database,
    now: Timestamp,
) -> Result<u64, DbErr> {
    let early = "SELECT count(*) FROM queue_messages WHERE queue = ? AND claimed = false AND available_at > ?";
    count(database, sql(early, [value(Source::Deliver), now.0.into()])).await
}

async fn count(database: &Database, counting: Statement) -> Result<u64, DbErr> {
    let row = database
        .reader()
        .query_one_raw(counting)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("a count has a row".to_owned()))?;
    let count: i64 = row.try_get_by_index(0)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Removes a queue with all its messages.
pub(super) async fn remove(database: &Database, source: Source) -> Result<u64, DbErr> {
    let transaction = database.begin().await?;
    let removed = transaction
        .execute_raw(sql(
            "DELETE FROM queue_messages WHERE queue = ?",
            [value(source)],
        ))
        .await?
        .rows_affected();
    transaction.commit().await?;
    Ok(removed)
}

pub(super) async fn run(
    database: Database,
    mut commands: mpsc::UnboundedReceiver<Command>,
    wakers: Wakers,
) {
    let mut batch = Batch::default();
    let mut schedule = Schedule::new(Duration::from_millis(20), Duration::from_secs(1), 0.5);
    let mut received = Vec::with_capacity(BATCH);
    while !batch.closing {
        // Settlements of a transaction that failed are still in the batch: they must not be lost,
        // or their messages stay claimed until the next start.
        if batch.is_empty() && commands.recv_many(&mut received, BATCH).await == 0 {
            return;
        }
        while received.len() < BATCH
            && let Ok(command) = commands.try_recv()
        {
            received.push(command);
        }
        received.drain(..).for_each(|command| batch.add(command));
        match batch.write(&database).await {
            Ok(claimed) => {
                schedule.reset();
                batch.answer(claimed, &wakers);
            }
            Err(error) => {
                tracing::error!(error = %error, "the embedded queue cannot write");
                batch.fail(&error);
                tokio::time::sleep(schedule.next_wait()).await;
            }
        }
    }
}

#[derive(Default)]
struct Batch {
    inserts: Vec<Insert>,
    acks: Vec<i64>,
    give_backs: Vec<(i64, Source)>,
    claims: Vec<Claim>,
    closing: bool,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.inserts.is_empty()
            && self.acks.is_empty()
            && self.give_backs.is_empty()
            && self.claims.is_empty()
    }

    fn add(&mut self, command: Command) {
        match command {
            // A publisher that gave up waiting has put the message elsewhere.
            Command::Insert(insert) if insert.reply.is_closed() => drop(insert),
            Command::Insert(insert) => self.inserts.push(*insert),
            Command::Claim(claim) => self.claims.push(claim),
            Command::Ack(id) => self.acks.push(id),
            Command::GiveBack(id, source) => self.give_backs.push((id, source)),
            Command::Close => self.closing = true,
        }
    }

    async fn write(&self, database: &Database) -> Result<Vec<Vec<Claimed>>, DbErr> {
        if self.is_empty() {
            return Ok(Vec::new());
        }
        let transaction = database.begin().await?;
        for insert in &self.inserts {
            transaction.execute_raw(insert.statement()).await?;
        }
        for id in &self.acks {
            transaction
                .execute_raw(sql(
                    "DELETE FROM queue_messages WHERE id = ?",
                    [(*id).into()],
                ))
                .await?;
        }
        for (id, _) in &self.give_backs {
            transaction
                .execute_raw(sql(
                    "UPDATE queue_messages SET claimed = false WHERE id = ?",
                    [(*id).into()],
                ))
                .await?;
        }
        let mut claimed = Vec::with_capacity(self.claims.len());
        for claim in &self.claims {
            claimed.push(claim.run(&transaction).await?);
        }
        transaction.commit().await?;
        Ok(claimed)
    }

    fn answer(&mut self, claimed: Vec<Vec<Claimed>>, wakers: &Wakers) {
        for insert in self.inserts.drain(..) {
            // The publisher may have given up waiting; the message is stored all the same.
            let _ = insert.reply.send(Ok(Stored::confirmed()));
            wakers.of(insert.source).notify_one();
        }
        for (_, source) in self.give_backs.drain(..) {
            wakers.of(source).notify_one();
        }
        self.acks.clear();
        for (claim, claimed) in self.claims.drain(..).zip(claimed) {
            // Who asked has ended when this fails; the claims are released at the next start.
            let _ = claim.reply.send(claimed);
        }
    }

    /// Publishers are told; settlements stay for the next try.
    fn fail(&mut self, error: &DbErr) {
        for insert in self.inserts.drain(..) {
            let _ = insert
                .reply
                .send(Err(PublishError::Unavailable(error.to_string())));
        }
        for claim in self.claims.drain(..) {
            let _ = claim.reply.send(Vec::new());
        }
    }
}

impl Insert {
    fn statement(&self) -> Statement {
        let headers =
            serde_json::to_string(&self.message.headers).expect("headers can be written as JSON");
        sql(
            "INSERT INTO queue_messages (queue, event_type, headers, body, available_at, claimed, deliveries) VALUES (?, ?, ?, ?, ?, false, 0)",
            [
                value(self.source),
                self.message.event_type.as_str().into(),
                headers.into(),
                self.message.body.to_vec().into(),
                self.available_at.into(),
            ],
        )
    }
}

impl Claim {
    async fn run(&self, transaction: &DatabaseTransaction) -> Result<Vec<Claimed>, DbErr> {
        let most = i64::try_from(self.most).unwrap_or(i64::MAX);
        let rows = transaction
            .query_all_raw(sql(
                "UPDATE queue_messages SET claimed = true, deliveries = deliveries + 1 WHERE id IN (
                     SELECT id FROM queue_messages WHERE queue = ? AND claimed = false AND available_at <= ?
                     ORDER BY available_at, id LIMIT ?
                 ) RETURNING id, event_type, headers, body, deliveries",
                [
                    value(self.source),
                    Clock::System.now().0.into(),
                    most.into(),
                ],
            ))
            .await?;
        let mut claimed = Vec::with_capacity(rows.len());
        for row in rows {
            let headers: String = row.try_get("", "headers")?;
            let body: Vec<u8> = row.try_get("", "body")?;
            let deliveries: i64 = row.try_get("", "deliveries")?;
            claimed.push(Claimed {
                id: row.try_get("", "id")?,
                message: Message {
                    event_type: row.try_get("", "event_type")?,
                    body: body.into(),
                    headers: serde_json::from_str(&headers).unwrap_or_default(),
                },
                redelivered: deliveries > 1,
            });
        }
        // RETURNING promises no order.
        claimed.sort_by_key(|claimed| claimed.id);
        Ok(claimed)
    }
}

fn sql<const N: usize>(text: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Sqlite, text, values)
}
