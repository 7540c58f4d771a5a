//! Removing destinations (the reference's 8.3 and 8.5).

use sea_orm::{ActiveValue, EntityTrait as _, PaginatorTrait as _};
use serde_json::json;
use shared::entities::destination_health::{CLOSED, OPEN};
use shared::entities::{config_version, destination_headers, destroyed_destinations};

use crate::lane::lane;
use crate::level::{Level, NO_RESOURCE, on_both_levels};
use crate::surface::number;

const URL: &str = "https://1.1.1.1/logs";

#[tokio::test]
async fn a_destroyed_destination_is_gone_and_the_change_is_audited() {
    on_both_levels(async |stage, level, ada| {
        let made = level.created(stage, ada, URL, json!({})).await;
        let answer = level
            .destroy(stage, ada, made["id"].as_str().unwrap())
            .await;
        let payload = &answer.data()[format!("{}Destroy", level.object())];
        assert_eq!(*payload, json!({"errors": [], "clientMutationId": "m"}));
        assert_eq!(stage.destinations().await, 0);
        let audited = stage.audited().await;
        assert_eq!(audited[1], format!("Destroy {} {URL}", level.noun()));
        assert_eq!(audited.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn workers_are_told_what_was_destroyed_by_its_version() {
    on_both_levels(async |stage, level, ada| {
        let made = level.created(stage, ada, URL, json!({})).await;
        let id = made["id"].as_str().unwrap();
        level.destroy(stage, ada, id).await.data();
        let database = stage.foundation.database.reader();
        let version = config_version::current(database).await.unwrap();
        let destroyed = destroyed_destinations::Entity::find()
            .all(database)
            .await
            .unwrap();
        assert_eq!(destroyed.len(), 1);
        assert_eq!(destroyed[0].config_version, version);
        assert!(
            id.ends_with(&format!("/{}", destroyed[0].destination_id)),
            "{id}"
        );
    })
    .await;
}

#[tokio::test]
async fn workers_are_told_to_look_for_the_lane_of_whatever_was_destroyed() {
    on_both_levels(async |stage, level, ada| {
        let mut had_lane = Vec::new();
        for (at, state) in [(0, None), (1, Some(CLOSED)), (2, Some(OPEN))] {
            let url = format!("{URL}/{at}");
            let made = level.created(stage, ada, &url, json!({})).await;
            if let Some(state) = state {
                lane(stage, number(&made["id"]), state).await;
            }
            let id = made["id"].as_str().unwrap();
            level.destroy(stage, ada, id).await.data();
            let destroyed = destroyed_destinations::Entity::find_by_id(number(&made["id"]))
                .one(stage.foundation.database.reader())
                .await
                .unwrap();
            had_lane.push(destroyed.unwrap().had_lane);
        }
        assert_eq!(had_lane, [true; 3]);
    })
    .await;
}

#[tokio::test]
async fn headers_go_with_their_destination() {
    on_both_levels(async |stage, level, ada| {
        let made = level.created(stage, ada, URL, json!({})).await;
        let id = made["id"].as_str().unwrap();
        let database = &stage.foundation.database;
        destination_headers::Entity::insert(destination_headers::ActiveModel {
            id: ActiveValue::NotSet,
            destination_id: ActiveValue::Set(id.rsplit('/').next().unwrap().parse().unwrap()),
            key: ActiveValue::Set("X-A".to_owned()),
            value: ActiveValue::Set("sealed".to_owned()),
            active: ActiveValue::Set(true),
        })
        .exec(database.writer())
        .await
        .unwrap();
        level.destroy(stage, ada, id).await.data();
        let left = destination_headers::Entity::find()
            .count(database.reader())
            .await;
        assert_eq!(left.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_id_is_a_resource_error_also_for_who_may() {
    on_both_levels(async |stage, level, ada| {
        for number in ["0", "1", "9223372036854775807"] {
            let id = format!("gid://gitlab/{}/{number}", level.class());
            let answer = level.destroy(stage, ada, &id).await;
            assert_eq!(answer.refused(), (NO_RESOURCE, "FORBIDDEN"));
        }
        stage.assert_untouched().await;
    })
    .await;
}

#[tokio::test]
async fn a_destination_cannot_be_destroyed_twice() {
    on_both_levels(async |stage, level, ada| {
        let made = level.created(stage, ada, URL, json!({})).await;
        let id = made["id"].as_str().unwrap();
        level.destroy(stage, ada, id).await.data();
        assert_eq!(level.destroy(stage, ada, id).await.refused().0, NO_RESOURCE);
        assert_eq!(stage.audited().await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_number_of_the_other_level_is_not_found() {
    crate::databases::on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        for (here, there) in [
            (Level::Group, Level::Instance),
            (Level::Instance, Level::Group),
        ] {
            let url = format!("{URL}/{here:?}");
            let made = here.created(stage, &ada, &url, json!({})).await;
            let number = made["id"].as_str().unwrap().rsplit('/').next().unwrap();
            let id = format!("gid://gitlab/{}/{number}", there.class());
            let answer = there.destroy(stage, &ada, &id).await;
            assert_eq!(answer.refused().0, NO_RESOURCE);
        }
        assert_eq!(stage.destinations().await, 2);
    })
    .await;
}

#[tokio::test]
async fn an_id_that_is_none_is_refused_in_gitlabs_words() {
    on_both_levels(async |stage, level, ada| {
        let table = [
            ("5", "\"5\" is not a valid Global ID".to_owned()),
            (
                "gid://other/User/5",
                "\"gid://other/User/5\" is not a Gitlab Global ID".to_owned(),
            ),
            (
                "gid://gitlab/User/5",
                format!(
                    "\"gid://gitlab/User/5\" does not represent an instance of {}",
                    level.class()
                ),
            ),
        ];
        for (id, message) in table {
            let answer = level.destroy(stage, ada, id).await;
            let (told, code) = answer.refused();
            assert!(told.contains(&message), "{told}");
            assert_eq!(code, "BAD_USER_INPUT");
        }
    })
    .await;
}
