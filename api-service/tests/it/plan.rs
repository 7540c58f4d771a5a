//! The names of GitLab's first plan for destinations of the instance, which it never shipped: deprecated
//! aliases of those that it did.

use api_service::auth::Caller;
use api_service::domain::AccessLevel;
use serde_json::{Value, json};

use crate::databases::on_every_database;
use crate::level::{Level, NO_ACCESS, NO_RESOURCE};
use crate::stage::{Answer, GROUP, Stage};
use crate::surface::mutate;

const OBJECT: &str = "instanceAuditEventExternalDestination";
const URL: &str = "https://1.1.1.1/hello";

async fn call(stage: &Stage, caller: &Caller, verb: &str, input: Value) -> Answer {
    let selection = if verb == "Destroy" {
        "errors".to_owned()
    } else {
        format!("errors {OBJECT} {{ id name destinationUrl verificationToken active }}")
    };
    mutate(stage, caller, &format!("{OBJECT}{verb}"), &selection, input).await
}

#[tokio::test]
async fn a_destination_is_made_listed_changed_and_destroyed_under_the_names_of_the_plan() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        let input = json!({"destinationUrl": URL, "verificationToken": "f4242Qadaf"});
        let answer = call(stage, &ada, "Create", input).await;
        let made = answer.data()[OBJECT].clone();
        assert_eq!(made["verificationToken"], "f4242Qadaf");
        let query = format!("{{ {OBJECT} {{ nodes {{ destinationUrl verificationToken id }} }} }}");
        let list = stage.run(&ada, &query, json!({})).await;
        let expected = json!([{"destinationUrl": URL, "verificationToken": "f4242Qadaf", "id": made["id"]}]);
        assert_eq!(list.data()[OBJECT]["nodes"], expected);
        // It is the destination that the shipped names show.
        let shipped = Level::Instance.list(stage, &ada, "").await;
        assert_eq!(shipped.data()["nodes"][0]["id"], made["id"]);
        let input = json!({"id": made["id"], "destinationUrl": "https://1.1.1.1/new", "verificationToken": "eight---"});
        let answer = call(stage, &ada, "Update", input).await;
        assert_eq!(answer.data()["errors"], json!([]));
        assert_eq!(answer.data[OBJECT]["destinationUrl"], "https://1.1.1.1/new");
        assert_eq!(answer.data[OBJECT]["verificationToken"], "eight---");
        let answer = call(stage, &ada, "Destroy", json!({"id": made["id"]})).await;
        assert_eq!(*answer.data(), json!({"errors": []}));
        assert_eq!(
            stage.audited().await,
            [
                format!("Create instance event streaming destination {URL}"),
                format!("Changed destination_url from {URL} to https://1.1.1.1/new"),
                "Changed verification_token".to_owned(),
                "Destroy instance event streaming destination https://1.1.1.1/new".to_owned(),
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn a_token_has_8_to_24_characters_there_and_16_to_24_everywhere_else() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        for (token, told) in [
            ("a".repeat(7), "too short (minimum is 8 characters)"),
            ("a".repeat(25), "too long (maximum is 24 characters)"),
        ] {
            let input = json!({"destinationUrl": URL, "verificationToken": token});
            let answer = call(stage, &ada, "Create", input).await;
            let sentence = format!("Validation failed: Verification token is {told}");
            assert_eq!(answer.refused(), (sentence.as_str(), "VALIDATION_FAILED"));
        }
        stage.assert_untouched().await;
        let short = json!({"verificationToken": "f4242Qadaf"});
        let sentence =
            "Validation failed: Verification token is too short (minimum is 16 characters)";
        for level in [Level::Group, Level::Instance] {
            let answer = level.create(stage, &ada, URL, short.clone()).await;
            assert_eq!(answer.refused().0, sentence);
        }
    })
    .await;
}

#[tokio::test]
async fn only_admins_may() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        let owner = stage.member(GROUP, AccessLevel::Owner).await;
        let made = call(stage, &ada, "Create", json!({"destinationUrl": URL})).await;
        let id = made.data()[OBJECT]["id"].clone();
        for (verb, input) in [
            ("Create", json!({"destinationUrl": "https://1.1.1.1/mine"})),
            ("Update", json!({"id": id, "name": "Mine"})),
            ("Destroy", json!({"id": id})),
        ] {
            let answer = call(stage, &owner, verb, input).await;
            assert_eq!(answer.refused(), (NO_ACCESS, "FORBIDDEN"));
        }
        let query = format!("{{ {OBJECT} {{ nodes {{ id }} }} }}");
        let list = stage.run(&owner, &query, json!({})).await;
        assert_eq!(list.data()[OBJECT], json!({"nodes": []}));
        let unknown = "gid://gitlab/AuditEvents::InstanceExternalAuditEventDestination/999";
        for (verb, input) in [
            ("Update", json!({"id": unknown, "name": "Mine"})),
            ("Destroy", json!({"id": unknown})),
        ] {
            let answer = call(stage, &ada, verb, input).await;
            assert_eq!(answer.refused(), (NO_RESOURCE, "FORBIDDEN"));
        }
    })
    .await;
}
