//! Changes of the configuration are audit events, written in the transaction of the change.

use api_service::domain::AccessLevel;
use sea_orm::EntityTrait as _;
use serde_json::json;
use shared::entities::{config_version, destinations, outbox};
use shared::event::Envelope;

use crate::databases::on_every_database;
use crate::level::{Level, on_both_levels};
use crate::stage::GROUP;

const URL: &str = "https://1.1.1.1/logs";

#[tokio::test]
async fn a_creation_is_audited_once_by_its_own_version() {
    on_both_levels(async |stage, level, ada| {
        level.created(stage, ada, URL, json!({})).await;
        assert_eq!(
            stage.audited().await,
            [format!("Create {} {URL}", level.noun())]
        );
        let database = stage.foundation.database.reader();
        let version = config_version::current(database).await.unwrap();
        let row = outbox::Entity::find().one(database).await.unwrap().unwrap();
        let destination = destinations::Entity::find()
            .one(database)
            .await
            .unwrap()
            .unwrap();
        // A worker may not route the event by a configuration without the new destination.
        assert_eq!(row.config_version, version);
        assert_eq!(destination.config_version, version);
        let envelope = Envelope::parse(&row.body).unwrap();
        assert_eq!(envelope.event_type, row.event_type);
    })
    .await;
}

#[tokio::test]
async fn an_event_says_who_did_what_where() {
    on_every_database(async |stage| {
        let owner = stage.member(GROUP, AccessLevel::Owner).await;
        Level::Group.created(stage, &owner, URL, json!({})).await;
        let event = stage.outbox().await.remove(0);
        assert_eq!(event["event_type"], "create_event_streaming_destination");
        assert_eq!(event["author_name"], "ACME-OWNER");
        assert_eq!(event["author_id"], owner.api_user().unwrap().id);
        assert_eq!(event["entity_type"], "Group");
        assert_eq!(event["entity_path"], "acme");
        assert_eq!(event["target_type"], "Group");
        assert_eq!(event["target_id"], event["entity_id"]);
    })
    .await;
}

#[tokio::test]
async fn every_change_has_the_next_version() {
    on_both_levels(async |stage, level, ada| {
        let database = stage.foundation.database.reader();
        for number in 1..=3 {
            let url = format!("{URL}/{number}");
            level.created(stage, ada, &url, json!({})).await;
            assert_eq!(config_version::current(database).await.unwrap(), number);
        }
        level.create(stage, ada, "ftp://1.1.1.1", json!({})).await;
        assert_eq!(config_version::current(database).await.unwrap(), 3);
    })
    .await;
}
