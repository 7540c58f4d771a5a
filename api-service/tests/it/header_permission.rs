//! Who may change the headers of a destination, and what is told to who may not.

use api_service::auth::Caller;
use api_service::domain::AccessLevel;
use serde_json::json;

use crate::level::{Level, NO_ACCESS, NO_RESOURCE, on_both_levels};
use crate::stage::{GROUP, OTHER_GROUP};
use crate::surface::number;

#[tokio::test]
async fn an_unknown_destination_or_header_is_told_in_gitlabs_words() {
    on_both_levels(async |stage, level, ada| {
        let unknown = format!("gid://gitlab/{}/999", level.class());
        let input = json!({"destinationId": unknown, "key": "X", "value": "v"});
        let answer = level.header(stage, ada, "Create", input).await;
        let sentence = match level {
            Level::Group => NO_RESOURCE,
            Level::Instance => "Please provide valid destination id.",
        };
        assert_eq!(answer.refused(), (sentence, "FORBIDDEN"));
        for verb in ["Update", "Destroy"] {
            let input = json!({"headerId": level.header_id(999)});
            let answer = level.header(stage, ada, verb, input).await;
            assert_eq!(answer.refused(), (NO_RESOURCE, "FORBIDDEN"));
        }
    })
    .await;
}

#[tokio::test]
async fn who_may_not_administer_a_destination_may_not_touch_its_headers() {
    on_both_levels(async |stage, level, ada| {
        let id = level.destination(stage, ada).await;
        let header = level.add_header(stage, ada, &id, "X-A").await;
        let mut strangers = vec![
            Caller::anonymous(),
            stage.member(OTHER_GROUP, AccessLevel::Owner).await,
        ];
        for role in [
            AccessLevel::Guest,
            AccessLevel::Developer,
            AccessLevel::Maintainer,
        ] {
            strangers.push(stage.member(GROUP, role).await);
        }
        let audited = stage.audited().await;
        let refusal = match level {
            Level::Group => NO_RESOURCE,
            Level::Instance => NO_ACCESS,
        };
        for stranger in &strangers {
            for header_id in [header["id"].as_str().unwrap(), &level.header_id(999)] {
                for (verb, input) in [
                    (
                        "Create",
                        json!({"destinationId": id, "key": "X", "value": "v"}),
                    ),
                    ("Update", json!({"headerId": header_id, "key": "X"})),
                    ("Destroy", json!({"headerId": header_id})),
                ] {
                    let answer = level.header(stage, stranger, verb, input).await;
                    assert_eq!(answer.refused(), (refusal, "FORBIDDEN"), "{verb}");
                }
            }
        }
        assert_eq!(stage.audited().await, audited);
        assert_eq!(level.listed_headers(stage, ada).await, json!([header]));
    })
    .await;
}

#[tokio::test]
async fn a_header_of_the_other_level_is_not_found() {
    crate::databases::on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        for (here, there) in [
            (Level::Group, Level::Instance),
            (Level::Instance, Level::Group),
        ] {
            let id = here.destination(stage, &ada).await;
            let header = here.add_header(stage, &ada, &id, "X-A").await;
            let input = json!({"headerId": there.header_id(number(&header["id"]))});
            let answer = there.header(stage, &ada, "Destroy", input).await;
            assert_eq!(answer.refused(), (NO_RESOURCE, "FORBIDDEN"));
            here.destroy(stage, &ada, &id).await.data();
        }
    })
    .await;
}
