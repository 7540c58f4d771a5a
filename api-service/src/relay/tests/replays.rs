//! Replays by the relay.

use sea_orm::{ActiveModelTrait as _, ActiveValue, EntityTrait as _, IntoActiveModel as _};
use shared::entities::{dead_letters, destinations};
use shared::secrets::Purpose;

use super::*;
use crate::destinations::DeadLetters;
use crate::publishing::versions::Versions;

impl Scratch {
    fn dead_letters(&self) -> DeadLetters {
        DeadLetters {
            versions: Versions::new(self.foundation.database.clone()),
        }
    }

    /// A dead letter of a destination, whose replay was asked for at this time.
    async fn bury(&self, replay_requested_at: Option<i64>) -> dead_letters::Model {
        let writer = self.foundation.database.writer();
        let name = replay_requested_at.unwrap_or_default().to_string();
        let seal = |purpose| {
            let sealed = self.foundation.keyring.seal(purpose, &"secret".into());
            ActiveValue::Set(sealed)
        };
        let destination = destinations::ActiveModel {
            id: ActiveValue::NotSet,
            namespace_id: ActiveValue::Set(None),
            name: ActiveValue::Set(name.clone()),
            category: ActiveValue::Set("http".to_owned()),
            destination_url: ActiveValue::Set(name.clone()),
            verification_token: seal(Purpose::VerificationToken),
            verification_token_digest: ActiveValue::Set(name),
            signing_secret: seal(Purpose::SigningSecret),
            active: ActiveValue::Set(true),
            config_version: ActiveValue::Set(0),
            created_at: ActiveValue::Set(0),
            updated_at: ActiveValue::Set(0),
            ..Default::default()
        };
        let destination = destination.insert(writer).await.unwrap();
        let row = dead_letters::ActiveModel {
            id: ActiveValue::NotSet,
            destination_id: ActiveValue::Set(destination.id),
            event_id: ActiveValue::Set("1".to_owned()),
            event_type: ActiveValue::Set("add_ssh_key".to_owned()),
            body: ActiveValue::Set(b"{\"id\":\"1\"}".to_vec()),
            attempts: ActiveValue::Set(9),
            last_status: ActiveValue::Set(Some(503)),
            last_error: ActiveValue::Set("it answered with status 503".to_owned()),
            first_seen_at: ActiveValue::Set(1),
            died_at: ActiveValue::Set(2),
            last_attempt_at: ActiveValue::Set(Some(2)),
            replay_requested_at: ActiveValue::Set(replay_requested_at),
            claimed_until: ActiveValue::Set(0),
        };
        row.insert(writer).await.unwrap()
    }

    async fn buried(&self) -> Vec<i64> {
        let reader = self.foundation.database.reader();
        let rows = dead_letters::Entity::find().all(reader).await.unwrap();
        rows.iter().map(|row| row.id).collect()
    }
}

#[tokio::test]
async fn a_dead_letter_is_delivered_to_its_destination_as_if_it_were_new() {
    let scratch = embedded().await;
    let kept = scratch.bury(None).await;
    let replayed = scratch.bury(Some(5)).await;
    let transaction = scratch.foundation.database.begin().await.unwrap();
    let version = shared::entities::config_version::advance(&transaction).await;
    transaction.commit().await.unwrap();
    round(
        &scratch.foundation,
        &published(),
        &scratch.dead_letters(),
        10,
    )
    .await
    .unwrap();
    assert_eq!(scratch.buried().await, [kept.id]);
    let message = scratch.messages(QueueSource::Deliver, 1).await.remove(0);
    let mut expected =
        Message::new("add_ssh_key", replayed.body).at_config_version(version.unwrap());
    expected.headers.destination_id = Some(replayed.destination_id);
    // Whoever consumes reads the type from the event.
    expected.event_type.clone_from(&message.event_type);
    assert_eq!(message, expected);
}

#[tokio::test]
async fn a_dead_letter_that_died_again_before_its_replay_was_settled_stays() {
    let scratch = embedded().await;
    let row = scratch.bury(Some(5)).await;
    let claim = claim::<DeadLetters>(&scratch.foundation, 10).await.unwrap();
    assert_eq!(claim.rows.len(), 1);
    // The row is replaced by the later death of the same event.
    let mut replaced = row.clone().into_active_model();
    replaced.replay_requested_at = ActiveValue::Set(None);
    replaced.claimed_until = ActiveValue::Set(0);
    let writer = scratch.foundation.database.writer();
    dead_letters::Entity::update(replaced.reset_all())
        .exec(writer)
        .await
        .unwrap();
    bring(
        &scratch.foundation,
        &published(),
        &scratch.dead_letters(),
        claim,
    )
    .await
    .unwrap();
    assert_eq!(scratch.buried().await, [row.id]);
}

#[tokio::test]
async fn a_dead_letter_stays_marked_until_the_broker_is_back() {
    let scratch = without_broker().await;
    let row = scratch.bury(Some(5)).await;
    let taken = round(
        &scratch.foundation,
        &published(),
        &scratch.dead_letters(),
        10,
    )
    .await;
    assert_eq!(
        taken.unwrap(),
        Round {
            taken: 1,
            failed: 1
        }
    );
    scratch.foundation.queue.close().await;
    let scratch = open(scratch.folder, "embedded").await;
    scratch.foundation.clock.advance(PUT_OFF);
    let taken = round(
        &scratch.foundation,
        &published(),
        &scratch.dead_letters(),
        10,
    )
    .await;
    assert_eq!(
        taken.unwrap(),
        Round {
            taken: 1,
            failed: 0
        }
    );
    assert_eq!(scratch.buried().await, Vec::<i64>::new(), "{row:?}");
}

#[tokio::test]
async fn those_whose_replay_was_asked_for_first_are_taken_first() {
    let scratch = embedded().await;
    let late = scratch.bury(Some(7)).await;
    let early = scratch.bury(Some(5)).await;
    for expected in [early.id, late.id] {
        let claim = claim::<DeadLetters>(&scratch.foundation, 1).await.unwrap();
        assert_eq!(claim.rows[0].id, expected);
    }
}
