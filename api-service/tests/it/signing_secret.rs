//! The secret that requests are signed with, and its rotation.

use sea_orm::EntityTrait as _;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::entities::destinations;
use shared::secrets::Purpose;

use crate::level::NO_RESOURCE;
use crate::surface::{mutate, number, on_every_surface};

const ROTATE: &str = "auditEventStreamingSigningSecretRotate";
const SELECTION: &str = "errors clientMutationId signingSecret";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[tokio::test]
async fn the_new_secret_is_told_and_the_old_signs_along_for_a_day() {
    on_every_surface(async |stage, surface, ada| {
        let made = surface.created(stage, ada, "https://1.1.1.1/logs").await;
        let old = made["signingSecret"].as_str().unwrap();
        assert!(old.starts_with("whsec_"), "{old}");
        let before = Clock::System.now().0;
        let input = json!({"destinationId": made["id"], "clientMutationId": "m"});
        let answer = mutate(stage, ada, ROTATE, SELECTION, input).await;
        let new = answer.data()["signingSecret"].as_str().unwrap();
        assert!(new.starts_with("whsec_") && new != old, "{new}");
        assert_eq!(answer.data["errors"], json!([]));
        assert_eq!(answer.data["clientMutationId"], "m");
        assert_eq!(surface.list(stage, ada).await[0]["signingSecret"], new);
        let row = destinations::Entity::find_by_id(number(&made["id"]))
            .one(stage.foundation.database.reader())
            .await
            .unwrap()
            .unwrap();
        let previous = row.previous_signing_secret.unwrap();
        let keyring = &stage.foundation.keyring;
        let opened = keyring
            .open_sealed(Purpose::SigningSecret, &previous)
            .unwrap();
        assert_eq!(opened.expose_secret(), old);
        let until = row.previous_signing_secret_until.unwrap();
        let after = Clock::System.now().0;
        assert!(
            (before + DAY_MS..=after + DAY_MS).contains(&until),
            "{until}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_rotation_is_audited_without_either_secret() {
    on_every_surface(async |stage, surface, ada| {
        let made = surface.created(stage, ada, "https://1.1.1.1/logs").await;
        let input = json!({"destinationId": made["id"]});
        let answer = mutate(stage, ada, ROTATE, SELECTION, input).await;
        let event = stage.outbox().await.pop().unwrap();
        assert_eq!(event["details"]["custom_message"], "Changed signing_secret");
        for secret in [&made["signingSecret"], &answer.data()["signingSecret"]] {
            let secret = secret.as_str().unwrap();
            assert!(!event.to_string().contains(secret), "{event}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_unknown_destination_or_what_is_none_is_refused() {
    on_every_surface(async |stage, surface, ada| {
        let unknown = surface.id(999);
        for (id, expected) in [
            (unknown.as_str(), (NO_RESOURCE, "FORBIDDEN")),
            ("7", ("\"7\" is not a valid Global ID", "BAD_USER_INPUT")),
            (
                "gid://gitlab/User/1",
                (
                    "\"gid://gitlab/User/1\" does not represent an instance of a destination",
                    "BAD_USER_INPUT",
                ),
            ),
        ] {
            let answer = mutate(stage, ada, ROTATE, SELECTION, json!({"destinationId": id})).await;
            assert_eq!(answer.refused(), expected);
            assert_eq!(answer.data, Value::Null);
        }
    })
    .await;
}
