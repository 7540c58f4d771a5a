//! Messages that are no valid events: read in parts, replayed and purged by instance admins.

use sea_orm::sea_query::Expr;
use sea_orm::{
    Condition, EntityTrait as _, FromQueryResult, PaginatorTrait as _, QuerySelect as _,
};
use serde::Deserialize;
use shared::entities::rejected_messages::{Column, Entity, Model};
use shared::event::is_event_type_name;
use shared::queue::{Message, Target};

use crate::app::App;
use crate::auth::InstanceAdmin;
use crate::destinations::Failure;
use crate::domain::page::{Numbered, Page, PageRequest};
use crate::domain::set_aside::{Chosen, SetAside};
use crate::keyset;
use crate::relay::Waiting;
use crate::replay::{self, AND_REQUESTED, FIRST_REQUESTED, Replayed};

/// Bytes of a message that are shown.
pub const EXCERPT: usize = 1024;
/// What a message whose type cannot be read is published as.
const UNKNOWN_TYPE: &str = "unknown";

/// A message that is no valid event.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct RejectedMessage {
    /// Number of the row.
    pub id: i64,
    /// Why.
    pub reason: String,
    /// How long the message was.
    pub body_bytes: i64,
    /// The first [`EXCERPT`] bytes of it.
    pub beginning: Vec<u8>,
    /// Whether all of it was kept.
    pub is_whole: bool,
    /// When it was rejected, in milliseconds since 1970.
    pub rejected_at: i64,
    /// When its replay was asked for, in milliseconds since 1970.
    pub replay_requested_at: Option<i64>,
}

impl RejectedMessage {
    /// The beginning as text, with a sign in the place of what is none. A character that the end cuts in
    /// two is left out.
    pub fn excerpt(&self) -> String {
        let mut text = String::from_utf8_lossy(&self.beginning).into_owned();
        let is_cut =
            usize::try_from(self.body_bytes).is_ok_and(|whole| whole > self.beginning.len());
        let last = self.beginning.utf8_chunks().last();
        let incomplete = |bytes: &[u8]| {
            std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
        };
        if is_cut && last.is_some_and(|chunk| incomplete(chunk.invalid())) {
            text.pop();
        }
        text
    }
}

impl Numbered for RejectedMessage {
    fn number(&self) -> i64 {
        self.id
    }
}

/// A part of the rejected messages, the oldest first.
pub async fn list(
    app: &App,
    _admin: &InstanceAdmin,
    request: PageRequest,
) -> Result<Page<RejectedMessage>, Failure> {
    let all = Entity::find()
        .select_only()
        .columns([
            Column::Id,
            Column::Reason,
            Column::BodyBytes,
            Column::RejectedAt,
            Column::ReplayRequestedAt,
        ])
        .column_as(
            Expr::cust(format!("substr(body, 1, {EXCERPT})")),
            "beginning",
        )
        .column_as(Expr::cust(RejectedMessages::IS_WHOLE), "is_whole");
    let database = app.foundation.database.reader();
    Ok(keyset::page(database, &all, Column::Id, &request).await?)
}

/// How many rejected messages there are.
pub async fn count(app: &App, _admin: &InstanceAdmin) -> Result<u64, Failure> {
    Ok(Entity::find()
        .count(app.foundation.database.reader())
        .await?)
}

/// Has rejected messages published again as they are, to be taken or rejected anew; how many were not
/// waiting for that already. Without a choice only those that are kept whole.
pub async fn replay(app: &App, _admin: &InstanceAdmin, chosen: &Chosen) -> Result<u64, Failure> {
    let transaction = app.foundation.database.begin().await?;
    let (now, all) = (app.foundation.clock.now(), Condition::all());
    let accepted = replay::request::<RejectedMessages>(&transaction, &all, chosen, now).await?;
    transaction.commit().await?;
    app.rejected_messages.wake();
    Ok(accepted)
}

/// Deletes rejected messages, but for those that are being replayed; how many there were.
pub async fn purge(app: &App, _admin: &InstanceAdmin, chosen: &Chosen) -> Result<u64, Failure> {
    let transaction = app.foundation.database.begin().await?;
    let all = Condition::all();
    let purged = replay::purge::<RejectedMessages>(&transaction, &all, chosen).await?;
    transaction.commit().await?;
    Ok(purged)
}

/// The rejected messages that are to be replayed, for the relay.
pub(crate) struct RejectedMessages;

impl Waiting for RejectedMessages {
    type Table = Entity;
    const AND_WAITS: &'static str = AND_REQUESTED;
    const ORDER: &'static str = FIRST_REQUESTED;
    const ID: Column = Column::Id;
    const CLAIMED_UNTIL: Column = Column::ClaimedUntil;

    fn id(row: &Model) -> i64 {
        row.id
    }

    async fn message(&self, row: Model) -> (Target, Message) {
        // Without a version, as from a producer on AMQP, so that what holds for those holds for it.
        let message = Message::new(event_type(&row.body), row.body);
        (Target::Events, message)
    }
}

impl Replayed for RejectedMessages {
    const WHAT: SetAside = SetAside::RejectedMessage;
    const REPLAY_REQUESTED_AT: Column = Column::ReplayRequestedAt;
    const IS_WHOLE: &'static str = "length(body) = body_bytes";
}

/// The type that a message says it is of, as far as it can be published as such.
fn event_type(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Typed {
        event_type: String,
    }
    let typed = serde_json::from_slice::<Typed>(body).ok();
    typed
        .map(|typed| typed.event_type)
        .filter(|name| is_event_type_name(name))
        .unwrap_or_else(|| UNKNOWN_TYPE.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_excerpt_is_text_whatever_the_bytes() {
        for (beginning, whole, expected) in [
            (&b"abc"[..], 3, "abc"),
            (b"a\xff\xfec", 4, "a\u{fffd}\u{fffd}c"),
            // The last byte begins a character, which the end of the message or the excerpt cuts.
            (b"abc\xc3", 4, "abc\u{fffd}"),
            (b"abc\xc3", 5, "abc"),
            (b"\xffabc\xf0\x9f", 9, "\u{fffd}abc"),
            (b"abc\xff", 9, "abc\u{fffd}"),
            (b"", 0, ""),
        ] {
            let message = RejectedMessage {
                id: 1,
                reason: String::new(),
                body_bytes: whole,
                beginning: beginning.to_vec(),
                is_whole: true,
                rejected_at: 0,
                replay_requested_at: None,
            };
            assert_eq!(message.excerpt(), expected, "{beginning:?} of {whole}");
        }
    }

    #[test]
    fn a_message_is_published_as_the_type_that_it_names_if_there_can_be_such_a_one() {
        let long = format!("{{\"event_type\": \"{}\"}}", "a".repeat(256));
        for (body, expected) in [
            (
                "{\"event_type\": \"user_created\", \"id\": []}",
                "user_created",
            ),
            ("{\"event_type\": 7}", UNKNOWN_TYPE),
            ("{\"event_type\": \"a.b #\"}", UNKNOWN_TYPE),
            (&long, UNKNOWN_TYPE),
            ("{}", UNKNOWN_TYPE),
            ("not JSON", UNKNOWN_TYPE),
        ] {
            assert_eq!(event_type(body.as_bytes()), expected, "{body}");
        }
    }
}
