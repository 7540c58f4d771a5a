//! What takes days, with a clock that is moved.

#![expect(
    clippy::unwrap_used,
    reason = "the stage of the tests is made by functions"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use delivery_worker::Worker;
use sea_orm::{ActiveModelTrait as _, ActiveValue, EntityTrait as _};
use shared::clock::{Clock, Timestamp};
use shared::config::{Config, Source};
use shared::entities::{dead_letters, destinations};
use shared::foundation::Foundation;
use shared::queue::{Message, Target};
use shared::secrets::Purpose;
use standalone::receiver::Receiver;
use tempfile::TempDir;
use tests::events::complete_event;
use tests::scenario::until_received;
use tests::wait::until;

/// 2026-01-01.
const START: Timestamp = Timestamp(1_767_225_600_000);
const DAY: Duration = Duration::from_hours(24);

/// A worker whose time stands, and a destination of the instance that is well or not.
struct Stage {
    foundation: Foundation,
    worker: Worker,
    receiver: Receiver,
    well: Arc<AtomicBool>,
    _folder: TempDir,
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Source::default();
        let database = folder.path().join("test.db");
        settings.set(
            "database.url",
            format!("sqlite://{}?mode=rwc", database.display()),
        );
        settings.set("delivery.allow_local_requests", "true");
        settings.set("worker.bind", "127.0.0.1:0");
        let config = Config::from_source(&settings, Vec::new()).unwrap();
        let migrate = async |url: &str| migrations::apply(url).await;
        let mut foundation = Foundation::open(config, migrate).await.unwrap();
        foundation.clock = Clock::stopped(START);
        let well = Arc::new(AtomicBool::new(false));
        let answer = {
            let well = well.clone();
            Arc::new(move |_: &_| {
                if well.load(Ordering::SeqCst) {
                    200
                } else {
                    503
                }
            })
        };
        let receiver = Receiver::start(([127, 0, 0, 1], 0).into(), answer).unwrap();
        make_destination(&foundation, receiver.url("/")).await;
        let worker = Worker::start(foundation.clone()).await.unwrap();
        Self {
            foundation,
            worker,
            receiver,
            well,
            _folder: folder,
        }
    }

    async fn publish(&self, id: &str) {
        let event = complete_event(id, "acme", "user_created").to_string();
        let message = Message::new("user_created", event);
        let _ = self
            .foundation
            .queue
            .publish(Target::Events, message)
            .await
            .unwrap();
    }

    /// Waits for another request than those there were before `act`.
    async fn another_request(&self, what: &str, act: impl FnOnce()) {
        let before = self.receiver.received().len();
        act();
        until_received(what, &self.receiver, |got| got.len() > before).await;
    }

    /// Waits until the worker has noted when it tries next: time that moves before that is lost on it.
    async fn until_waiting(&self, failed_probes: i64) {
        let database = &self.foundation.database;
        until("the note of a failed try", async || {
            let rows = shared::entities::destination_health::Entity::find()
                .all(database.reader())
                .await
                .ok()?;
            let row = rows.first()?;
            (row.failed_probes >= failed_probes && row.lease_holder.is_none()).then_some(())
        })
        .await;
    }

    async fn stop(self) {
        self.worker.stop().await;
        self.foundation.queue.close().await;
        self.receiver.stop().await;
    }
}

async fn make_destination(foundation: &Foundation, url: String) {
    let keyring = &foundation.keyring;
    let row = destinations::ActiveModel {
        id: ActiveValue::NotSet,
        namespace_id: ActiveValue::Set(None),
        name: ActiveValue::Set("a destination".to_owned()),
        category: ActiveValue::Set("http".to_owned()),
        destination_url: ActiveValue::Set(url),
        verification_token: ActiveValue::Set(
            keyring.seal(Purpose::VerificationToken, &"a-token-of-20-letters".into()),
        ),
        verification_token_digest: ActiveValue::Set(String::new()),
        signing_secret: ActiveValue::Set(
            keyring.seal(Purpose::SigningSecret, &"whsec_c2VjcmV0".into()),
        ),
        previous_signing_secret: ActiveValue::Set(None),
        previous_signing_secret_until: ActiveValue::Set(None),
        active: ActiveValue::Set(true),
        config_version: ActiveValue::Set(1),
        created_at: ActiveValue::Set(START.0),
        updated_at: ActiveValue::Set(START.0),
        active_changed_at: ActiveValue::Set(None),
    };
    row.insert(foundation.database.writer()).await.unwrap();
    let version = shared::entities::config_version::Entity::update_many()
        .col_expr(
            shared::entities::config_version::Column::Version,
            sea_orm::sea_query::Expr::value(1),
        )
        .exec(foundation.database.writer())
        .await
        .unwrap();
    assert_eq!(version.rows_affected, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_that_is_down_for_days_is_still_tried_and_gets_its_events() {
    let stage = Stage::new().await;
    let clock = stage.foundation.clock.clone();
    stage.publish("one").await;
    for failed in 1..5 {
        stage.until_waiting(failed).await;
        let what = format!("a try after {failed} failures");
        stage.another_request(&what, || clock.advance(DAY)).await;
    }
    stage.until_waiting(5).await;
    stage.well.store(true, Ordering::SeqCst);
    stage
        .another_request("the delivery", || clock.advance(DAY))
        .await;
    let got = stage.receiver.received();
    assert_eq!(got.last().unwrap().event_id, "one");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_the_whole_retention_is_a_dead_letter() {
    let stage = Stage::new().await;
    let clock = stage.foundation.clock.clone();
    stage.publish("older").await;
    stage.until_waiting(1).await;
    clock.advance(DAY);
    stage.until_waiting(2).await;
    stage.publish("newer").await;
    // Both would be in the lane: the older one is seven days old, the newer one is not.
    clock.advance(DAY * 6);
    let database = &stage.foundation.database;
    let row = until("a dead letter", async || {
        let rows = dead_letters::Entity::find()
            .all(database.reader())
            .await
            .ok()?;
        rows.into_iter().next()
    })
    .await;
    assert_eq!(row.event_id, "older");
    assert_eq!(row.first_seen_at, START.0);
    stage.well.store(true, Ordering::SeqCst);
    clock.advance(DAY / 24);
    until_received("the newer one", &stage.receiver, |got| {
        got.iter().any(|one| one.event_id == "newer")
    })
    .await;
    let letters = dead_letters::Entity::find().all(database.reader()).await;
    assert_eq!(letters.unwrap().len(), 1);
    stage.stop().await;
}
