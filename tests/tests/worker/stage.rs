//! A worker, a destination of the instance, and the receiver behind it; and another destination, if need be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use delivery_worker::Worker;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait as _, ActiveValue, EntityTrait as _};
use shared::clock::{Clock, Timestamp};
use shared::config::{Config, Source as Settings};
use shared::entities::destination_health::{self as health, OPEN};
use shared::entities::{config_version, destinations};
use shared::foundation::Foundation;
use shared::queue::{Depth, Headers, Message, Source, Target};
use shared::secrets::Purpose;
use standalone::receiver::Receiver;
use tempfile::TempDir;
use tests::backend::service_url;
use tests::broker;
use tests::database::unique_name;
use tests::events::complete_event;
use tests::scenario::{until_received, until_routed_by_version};
use tests::wait::until;

use crate::watched_queue::{Seen, WatchedQueue};

/// When stopped clocks begin: 2026-01-01.
pub(crate) const START: Timestamp = Timestamp(1_767_225_600_000);
/// The first destination of a database.
const DESTINATION: i64 = 1;

/// Which queue a test runs on; its database is SQLite.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Queue {
    Embedded,
    Rabbit,
}

/// Makes one test of each case on each queue.
macro_rules! on_both_queues {
    ($($case:ident),+ $(,)?) => {
        mod embedded {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    super::$case($crate::stage::Queue::Embedded).await;
                }
            )+
        }
        mod rabbit {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    super::$case($crate::stage::Queue::Rabbit).await;
                }
            )+
        }
    };
}
pub(crate) use on_both_queues;

/// What a worker runs between.
pub(crate) struct Stage {
    pub(crate) foundation: Foundation,
    pub(crate) worker: Worker,
    pub(crate) receiver: Receiver,
    /// What was put into lanes.
    pub(crate) seen: Arc<Seen>,
    status: Arc<AtomicU16>,
    /// The broker and what the names on it begin with.
    on_broker: Option<(String, String)>,
    _folder: TempDir,
}

impl Stage {
    /// With a destination whose receiver answers 503.
    pub(crate) async fn new(queue: Queue, clock: Clock, settings: &[(&str, &str)]) -> Self {
        let status = Arc::new(AtomicU16::new(503));
        let answer = {
            let status = status.clone();
            Arc::new(move |_: &_| status.load(Ordering::SeqCst))
        };
        let receiver =
            Receiver::start(([127, 0, 0, 1], 0).into(), answer).expect("a receiver can be started");
        let url = receiver.url("/");
        Self::of(queue, clock, settings, receiver, status, url).await
    }

    /// With a destination at another address than that of the stage's receiver.
    pub(crate) async fn streaming_to(url: String, queue: Queue, clock: Clock) -> Self {
        let receiver = Receiver::start_willing().expect("a receiver can be started");
        let status = Arc::new(AtomicU16::new(200));
        Self::of(queue, clock, &[], receiver, status, url).await
    }

    async fn of(
        queue: Queue,
        clock: Clock,
        settings: &[(&str, &str)],
        receiver: Receiver,
        status: Arc<AtomicU16>,
        url: String,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut source = Settings::default();
        let database = folder.path().join("test.db");
        source.set(
            "database.url",
            format!("sqlite://{}?mode=rwc", database.display()),
        );
        source.set("delivery.allow_local_requests", "true");
        source.set("worker.bind", "127.0.0.1:0");
        let on_broker = match queue {
            Queue::Embedded => None,
            Queue::Rabbit => Some((service_url("TEST_AMQP_URL"), unique_name())),
        };
        if let Some((url, prefix)) = &on_broker {
            source.set("queue.url", url);
            source.set("queue.prefix", prefix);
            let key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
            source.set("secrets.encryption_key", key);
        }
        for (key, value) in settings {
            source.set(key, *value);
        }
        let config = Config::from_source(&source, Vec::new()).expect("the settings are usable");
        let migrate = async |url: &str| migrations::apply(url).await;
        let mut foundation = Foundation::open(config, migrate)
            .await
            .expect("everything can be opened");
        foundation.clock = clock;
        let seen = Arc::new(Seen::default());
        foundation.queue = Arc::new(WatchedQueue {
            queue: foundation.queue.clone(),
            database: foundation.database.clone(),
            seen: seen.clone(),
        });
        make_destination(&foundation, DESTINATION, url).await;
        until("the queue", async || {
            foundation.queue.is_connected().then_some(())
        })
        .await;
        let worker = Worker::start(foundation.clone())
            .await
            .expect("a worker can be started");
        Self {
            foundation,
            worker,
            receiver,
            seen,
            status,
            on_broker,
            _folder: folder,
        }
    }

    /// What the receiver answers from now on.
    pub(crate) fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// Makes another destination, and waits until the worker knows it.
    pub(crate) async fn stream_also_to(&self, url: String) {
        const ANOTHER: i64 = DESTINATION + 1;
        make_destination(&self.foundation, ANOTHER, url).await;
        until_routed_by_version(self.worker.address(), ANOTHER.unsigned_abs()).await;
    }

    /// Publishes an event that all destinations should have.
    pub(crate) async fn publish(&self, id: &str) {
        let event = complete_event(id, "acme", "user_created").to_string();
        self.put(Target::Events, Message::new("user_created", event))
            .await;
    }

    /// Puts an event into the destination's lane, as a worker that believes it open would.
    pub(crate) async fn publish_into_lane(&self, id: &str) {
        let event = complete_event(id, "acme", "user_created").to_string();
        let mut message = Message::new("user_created", event);
        message.headers = Headers {
            destination_id: Some(DESTINATION),
            config_version: Some(1),
            first_seen: Some(self.foundation.clock.now()),
            ..Headers::default()
        };
        self.put(Target::Lane(DESTINATION), message).await;
    }

    async fn put(&self, target: Target, message: Message) {
        // The first ones may come before the broker has everything declared.
        let stored = until("a queue that takes messages", async || {
            let stored = self.foundation.queue.publish(target, message.clone()).await;
            stored.ok()
        });
        let _ = stored.await;
    }

    /// Waits until something of the destination's state is so.
    pub(crate) async fn until_lane(&self, what: &str, is: impl Fn(&health::Model) -> bool) {
        until(what, async || {
            let row = self.lane().await?;
            is(&row).then_some(())
        })
        .await;
    }

    /// What the database knows of the lane, if anything.
    pub(crate) async fn lane(&self) -> Option<health::Model> {
        let found = health::Entity::find_by_id(DESTINATION)
            .one(self.foundation.database.reader())
            .await;
        found.expect("the database answers")
    }

    /// Waits until the lane is open.
    pub(crate) async fn until_open(&self) {
        self.until_lane("an open lane", |lane| lane.lane_state == OPEN)
            .await;
    }

    /// Waits until the worker has noted when it tries next: time that moves before that is lost on it.
    pub(crate) async fn until_waiting(&self, failed_probes: i64) {
        self.until_lane("the note of a failed try", |lane| {
            lane.failed_probes >= failed_probes && lane.lease_holder.is_none()
        })
        .await;
    }

    /// Changes the row of the lane behind the worker's back.
    pub(crate) async fn set_lane(
        &self,
        columns: impl IntoIterator<Item = (health::Column, sea_orm::Value)>,
    ) {
        let mut update = health::Entity::update_many();
        for (column, value) in columns {
            update = update.col_expr(column, Expr::value(value));
        }
        let written = update.exec(self.foundation.database.writer()).await;
        assert_eq!(written.expect("it can be written").rows_affected, 1);
    }

    /// What is in the lane.
    pub(crate) async fn depth(&self) -> Option<Depth> {
        let source = Source::Lane(DESTINATION);
        self.foundation.queue.depth(source).await.ok()
    }

    /// Waits for another request than those there were before `act`.
    pub(crate) async fn another_request(&self, what: &str, act: impl FnOnce()) {
        let before = self.receiver.received().len();
        act();
        until_received(what, &self.receiver, |got| got.len() > before).await;
    }

    /// Waits until an event has arrived.
    pub(crate) async fn until_arrived(&self, id: &str) {
        until_received(id, &self.receiver, |got| {
            got.iter().any(|one| one.event_id == id)
        })
        .await;
    }

    pub(crate) async fn stop(self) {
        self.receiver.release();
        self.worker.stop().await;
        // The broker of a run is thrown away in the end.
        let _ = self.foundation.queue.remove_lane(DESTINATION).await;
        self.foundation.queue.close().await;
        if let Some((url, prefix)) = &self.on_broker {
            broker::remove(url, prefix).await;
        }
        self.receiver.stop().await;
    }
}

/// A day of the clock.
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// Makes a destination, by which the version of the configuration becomes the number of it.
async fn make_destination(foundation: &Foundation, id: i64, url: String) {
    let keyring = &foundation.keyring;
    let token = keyring.seal(Purpose::VerificationToken, &"a-token-of-20-letters".into());
    let secret = keyring.seal(Purpose::SigningSecret, &"whsec_c2VjcmV0".into());
    let row = destinations::ActiveModel {
        id: ActiveValue::Set(id),
        namespace_id: ActiveValue::Set(None),
        name: ActiveValue::Set(format!("destination {id}")),
        category: ActiveValue::Set("http".to_owned()),
        destination_url: ActiveValue::Set(url),
        verification_token: ActiveValue::Set(token),
        verification_token_digest: ActiveValue::Set(id.to_string()),
        signing_secret: ActiveValue::Set(secret),
        previous_signing_secret: ActiveValue::Set(None),
        previous_signing_secret_until: ActiveValue::Set(None),
        active: ActiveValue::Set(true),
        config_version: ActiveValue::Set(id),
        created_at: ActiveValue::Set(START.0),
        updated_at: ActiveValue::Set(START.0),
        active_changed_at: ActiveValue::Set(None),
    };
    let writer = foundation.database.writer();
    row.insert(writer).await.expect("the row can be written");
    let version = config_version::Entity::update_many()
        .col_expr(config_version::Column::Version, Expr::value(id))
        .exec(writer)
        .await;
    assert_eq!(version.expect("it can be written").rows_affected, 1);
}
