//! Listing destinations (the reference's 8.4 and 8.5).

use sea_orm::{ActiveValue, EntityTrait as _};
use serde_json::json;
use shared::entities::{destination_event_type_filters, destination_headers};
use shared::secrets::Purpose;

use crate::level::{Level, on_both_levels};
use crate::stage::OTHER_GROUP;

#[tokio::test]
async fn who_may_sees_all_of_them_with_their_tokens_the_oldest_first() {
    on_both_levels(async |stage, level, ada| {
        let mut made = Vec::new();
        for number in 0..3 {
            let url = format!("https://1.1.1.1/{number}");
            made.push(level.created(stage, ada, &url, json!({})).await);
        }
        let list = level.list(stage, ada, "").await;
        let nodes = list.data()["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), 3);
        for (node, made) in nodes.iter().zip(&made) {
            for field in [
                "id",
                "name",
                "destinationUrl",
                "verificationToken",
                "active",
            ] {
                assert_eq!(node[field], made[field], "{field}");
            }
            assert_eq!(node["verificationToken"].as_str().unwrap().len(), 24);
            assert_eq!(node["headers"], json!({"nodes": []}));
        }
    })
    .await;
}

#[tokio::test]
async fn each_has_its_own_headers_and_filters() {
    on_both_levels(async |stage, level, ada| {
        for number in 0..3 {
            let url = format!("https://1.1.1.1/{number}");
            let made = level.created(stage, ada, &url, json!({})).await;
            let id = made["id"].as_str().unwrap().rsplit('/').next().unwrap();
            let id: i64 = id.parse().unwrap();
            for letter in ["B", "A"] {
                add_header(stage, id, &format!("X-{letter}-{number}"), letter == "A").await;
            }
            add_filter(stage, id, &format!("type_{number}")).await;
        }
        let list = level.list(stage, ada, "").await;
        for number in 0..3 {
            let node = &list.data()["nodes"][number];
            assert_eq!(node["eventTypeFilters"], json!([format!("type_{number}")]));
            let headers = node["headers"]["nodes"].as_array().unwrap();
            let told: Vec<_> = headers
                .iter()
                .map(|header| (header["key"].as_str().unwrap(), header["active"] == true))
                .collect();
            let keys = [format!("X-B-{number}"), format!("X-A-{number}")];
            assert_eq!(told, [(keys[0].as_str(), false), (keys[1].as_str(), true)]);
            assert_eq!(headers[0]["value"], format!("value of X-B-{number}"));
            let class = match level {
                Level::Group => "AuditEvents::Streaming::Header/",
                Level::Instance => "AuditEvents::Streaming::InstanceHeader/",
            };
            assert!(headers[0]["id"].as_str().unwrap().contains(class));
        }
    })
    .await;
}

#[tokio::test]
async fn a_list_shows_its_own_parent_only() {
    crate::databases::on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        let url = "https://1.1.1.1/logs";
        let own = Level::Group.created(stage, &ada, url, json!({})).await;
        Level::Group
            .created(stage, &ada, url, json!({"groupPath": OTHER_GROUP}))
            .await;
        let instance = Level::Instance.created(stage, &ada, url, json!({})).await;
        for (level, made) in [(Level::Group, own), (Level::Instance, instance)] {
            let list = level.list(stage, &ada, "").await;
            let nodes = list.data()["nodes"].as_array().unwrap();
            assert_eq!(nodes.len(), 1);
            assert_eq!(nodes[0]["id"], made["id"]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_destination_leads_back_to_its_group_and_its_list() {
    crate::databases::on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        Level::Group
            .created(stage, &ada, "https://1.1.1.1/logs", json!({}))
            .await;
        let query = "{ group(fullPath: \"acme\") { id name path fullPath externalAuditEventDestinations { nodes { group { externalAuditEventDestinations { nodes { destinationUrl } } } } } } }";
        let answer = stage.run(&ada, query, json!({})).await;
        let group = &answer.data()["group"];
        assert_eq!(group["fullPath"], "acme");
        assert_eq!(group["path"], "acme");
        assert_eq!(group["name"], "ACME");
        assert!(group["id"].as_str().unwrap().starts_with("gid://gitlab/Group/"));
        let inner = &group["externalAuditEventDestinations"]["nodes"][0]["group"];
        assert_eq!(
            inner["externalAuditEventDestinations"]["nodes"],
            json!([{"destinationUrl": "https://1.1.1.1/logs"}])
        );
    })
    .await;
}

async fn add_header(stage: &crate::stage::Stage, destination_id: i64, key: &str, active: bool) {
    let value = format!("value of {key}").into();
    let sealed = stage.foundation.keyring.seal(Purpose::HeaderValue, &value);
    destination_headers::Entity::insert(destination_headers::ActiveModel {
        id: ActiveValue::NotSet,
        destination_id: ActiveValue::Set(destination_id),
        key: ActiveValue::Set(key.to_owned()),
        value: ActiveValue::Set(sealed),
        active: ActiveValue::Set(active),
    })
    .exec(stage.foundation.database.writer())
    .await
    .unwrap();
}

async fn add_filter(stage: &crate::stage::Stage, destination_id: i64, event_type: &str) {
    let filter = destination_event_type_filters::ActiveModel {
        id: ActiveValue::NotSet,
        destination_id: ActiveValue::Set(destination_id),
        event_type: ActiveValue::Set(event_type.to_owned()),
    };
    destination_event_type_filters::Entity::insert(filter)
        .exec(stage.foundation.database.writer())
        .await
        .unwrap();
}

#[tokio::test]
async fn destinations_can_be_asked_for_by_the_interface_of_their_generation() {
    crate::databases::on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        let url = "https://1.1.1.1/logs";
        let level = crate::level::Level::Group;
        let made = level.created(stage, &ada, url, json!({})).await;
        let query = "{ group(fullPath: \"acme\") {
            old: externalAuditEventDestinations { nodes { ... on ExternalAuditEventDestinationInterface { name destinationUrl verificationToken active eventTypeFilters } } }
            new: externalAuditEventStreamingDestinations { nodes { __typename ... on AuditEventStreamingDestinationInterface { name category config secretToken active eventTypeFilters } } }
        } }";
        let answer = stage.run(&ada, query, json!({})).await;
        let group = &answer.data()["group"];
        assert_eq!(group["old"]["nodes"][0]["destinationUrl"], url);
        let new = &group["new"]["nodes"][0];
        assert_eq!(new["__typename"], "GroupAuditEventStreamingDestination");
        assert_eq!(new["config"], json!({"url": url}));
        assert_eq!(new["secretToken"], made["verificationToken"]);
    })
    .await;
}
