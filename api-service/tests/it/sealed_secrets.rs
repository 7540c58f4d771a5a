//! A stored secret that no key opens, such as after the loss of a key.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use shared::entities::{destination_headers, destinations};

use crate::level::{Level, on_both_levels};
use crate::stage::Stage;

const LOST: &str = "v1.key-that-was-lost.AAAA";

/// Makes a destination that can be read and one that cannot, and gives their ids.
async fn one_readable_and_one_not(
    stage: &Stage,
    level: Level,
    ada: &api_service::auth::Caller,
) -> [String; 2] {
    let mut ids = Vec::new();
    for name in ["readable", "lost"] {
        let url = format!("https://1.1.1.1/{name}");
        let made = level
            .created(stage, ada, &url, json!({ "name": name }))
            .await;
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    let database = stage.foundation.database.writer();
    destinations::Entity::update_many()
        .col_expr(
            destinations::Column::VerificationToken,
            Expr::value(LOST.to_owned()),
        )
        .filter(destinations::Column::Name.eq("lost"))
        .exec(database)
        .await
        .unwrap();
    destination_headers::Entity::insert(destination_headers::ActiveModel {
        id: ActiveValue::NotSet,
        destination_id: ActiveValue::Set(ids[1].rsplit('/').next().unwrap().parse().unwrap()),
        key: ActiveValue::Set("X-A".to_owned()),
        value: ActiveValue::Set(LOST.to_owned()),
        active: ActiveValue::Set(true),
    })
    .exec(database)
    .await
    .unwrap();
    ids.try_into().unwrap()
}

/// The nodes of the level's list with these fields, and the errors.
async fn nodes(
    stage: &Stage,
    level: Level,
    ada: &api_service::auth::Caller,
    fields: &str,
) -> (Value, Vec<Value>) {
    let list = format!("{}s {{ nodes {{ {fields} }} }}", level.object());
    let query = match level {
        Level::Group => format!("{{ group(fullPath: \"acme\") {{ {list} }} }}"),
        Level::Instance => format!("{{ {list} }}"),
    };
    let answer = stage.run(ada, &query, json!({})).await;
    let connection = match level {
        Level::Group => &answer.data["group"]["externalAuditEventDestinations"],
        Level::Instance => &answer.data["instanceExternalAuditEventDestinations"],
    };
    (connection["nodes"].clone(), answer.errors)
}

#[tokio::test]
async fn a_lost_secret_fails_the_field_that_shows_it_and_nothing_else() {
    on_both_levels(async |stage, level, ada| {
        one_readable_and_one_not(stage, level, ada).await;
        let (shown, errors) = nodes(stage, level, ada, "name headers { nodes { key } }").await;
        assert_eq!(errors, Vec::<Value>::new());
        assert_eq!(
            shown,
            json!([
                {"name": "readable", "headers": {"nodes": []}},
                {"name": "lost", "headers": {"nodes": [{"key": "X-A"}]}},
            ])
        );
        for (fields, end) in [
            ("name verificationToken", json!([1, "verificationToken"])),
            (
                "name headers { nodes { value } }",
                json!([1, "headers", "nodes", 0, "value"]),
            ),
        ] {
            let (shown, errors) = nodes(stage, level, ada, fields).await;
            assert_eq!(shown[0]["name"], "readable");
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert_eq!(errors[0]["message"], "Internal server error");
            assert_eq!(errors[0]["extensions"]["code"], "INTERNAL");
            let path = errors[0]["path"].as_array().unwrap();
            let end = end.as_array().unwrap();
            assert!(path.ends_with(end), "{path:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_destination_with_a_lost_secret_can_be_removed() {
    on_both_levels(async |stage, level, ada| {
        let [_, lost] = one_readable_and_one_not(stage, level, ada).await;
        level.destroy(stage, ada, &lost).await.data();
        assert_eq!(stage.destinations().await, 1);
    })
    .await;
}
