//! What waits for a destination, as its owner can give it up.

use api_service::auth::Caller;
use sea_orm::{ActiveModelTrait as _, ActiveValue, EntityTrait as _};
use serde_json::{Value, json};
use shared::entities::destination_health::{self, CLOSED, OPEN};

use crate::level::NO_RESOURCE;
use crate::stage::{Answer, Stage};
use crate::surface::{mutate, number, on_every_surface};

const URL: &str = "https://1.1.1.1/logs";

/// A lane in this state, which last changed at 5,000.
pub(crate) async fn lane(stage: &Stage, destination_id: i64, lane_state: &str) {
    let row = destination_health::ActiveModel {
        destination_id: ActiveValue::Set(destination_id),
        lane_state: ActiveValue::Set(lane_state.to_owned()),
        changed_at: ActiveValue::Set(5_000),
        ..Default::default()
    };
    row.insert(stage.foundation.database.writer())
        .await
        .unwrap();
}

async fn purge(stage: &Stage, caller: &Caller, id: &Value) -> Answer {
    let input = json!({"destinationId": id, "clientMutationId": "m"});
    let field = "auditEventStreamingLanePurge";
    mutate(stage, caller, field, "errors clientMutationId", input).await
}

async fn purge_requested_at(stage: &Stage) -> Vec<Option<i64>> {
    let rows = destination_health::Entity::find()
        .all(stage.foundation.database.reader())
        .await
        .unwrap();
    rows.iter().map(|row| row.purge_requested_at).collect()
}

#[tokio::test]
async fn what_waits_in_an_open_lane_is_to_be_moved_to_the_dead_letters() {
    on_every_surface(async |stage, surface, ada| {
        let made = surface.created(stage, ada, URL).await;
        lane(stage, number(&made["id"]), OPEN).await;
        let answer = purge(stage, ada, &made["id"]).await;
        assert_eq!(
            *answer.data(),
            json!({"errors": [], "clientMutationId": "m"})
        );
        assert!(purge_requested_at(stage).await[0].is_some());
    })
    .await;
}

#[tokio::test]
async fn where_nothing_waits_there_is_nothing_to_move() {
    on_every_surface(async |stage, surface, ada| {
        let closed = surface.created(stage, ada, URL).await;
        let healthy = surface.created(stage, ada, "https://1.1.1.1/other").await;
        lane(stage, number(&closed["id"]), CLOSED).await;
        for made in [closed, healthy] {
            let answer = purge(stage, ada, &made["id"]).await;
            let sentence = "Nothing waits for the destination";
            assert_eq!(answer.data()["errors"], json!([sentence]));
        }
        assert_eq!(purge_requested_at(stage).await, [None]);
        let answer = purge(stage, ada, &surface.id(999).into()).await;
        assert_eq!(answer.refused(), (NO_RESOURCE, "FORBIDDEN"));
    })
    .await;
}
