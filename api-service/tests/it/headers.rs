//! Custom headers, which are records of their own in the legacy generation and part of the settings in
//! the consolidated one.

use api_service::auth::Caller;
use serde_json::{Value, json};
use shared::entities::config_version;
use shared::snapshot::changes_since;

use crate::level::{Level, NO_RESOURCE, on_both_levels, on_both_levels_with};
use crate::stage::{Answer, Stage};
use crate::surface::{Surface, mutate, number};

const URL: &str = "https://1.1.1.1/logs";
const VALUE: &str = "the secret of a receiver";

impl Level {
    pub(crate) fn headers(self, verb: &str) -> String {
        match self {
            Self::Group => format!("auditEventsStreamingHeaders{verb}"),
            Self::Instance => format!("auditEventsStreamingInstanceHeaders{verb}"),
        }
    }

    pub(crate) fn header_id(self, number: i64) -> String {
        match self {
            Self::Group => format!("gid://gitlab/AuditEvents::Streaming::Header/{number}"),
            Self::Instance => {
                format!("gid://gitlab/AuditEvents::Streaming::InstanceHeader/{number}")
            }
        }
    }

    pub(crate) async fn header(
        self,
        stage: &Stage,
        caller: &Caller,
        verb: &str,
        input: Value,
    ) -> Answer {
        let selection = if verb == "Destroy" {
            "errors clientMutationId"
        } else {
            "errors clientMutationId header { id key value active }"
        };
        mutate(stage, caller, &self.headers(verb), selection, input).await
    }

    pub(crate) async fn add_header(
        self,
        stage: &Stage,
        caller: &Caller,
        id: &str,
        key: &str,
    ) -> Value {
        let input = json!({"destinationId": id, "key": key, "value": VALUE});
        let answer = self.header(stage, caller, "Create", input).await;
        assert_eq!(answer.data()["errors"], json!([]), "{answer:?}");
        answer.data["header"].clone()
    }

    pub(crate) async fn destination(self, stage: &Stage, caller: &Caller) -> String {
        let made = self.created(stage, caller, URL, json!({})).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// The headers of the first destination, as the list has them.
    pub(crate) async fn listed_headers(self, stage: &Stage, caller: &Caller) -> Value {
        let list = self.list(stage, caller, "").await;
        list.data()["nodes"][0]["headers"]["nodes"].clone()
    }
}

/// The audit messages behind the creation of the destination.
async fn told(stage: &Stage) -> Vec<String> {
    stage.audited().await.split_off(1)
}

#[tokio::test]
async fn a_header_is_made_active_listed_and_audited_without_its_value() {
    on_both_levels(async |stage, level, ada| {
        let id = level.destination(stage, ada).await;
        let input =
            json!({"destinationId": id, "key": "X-A", "value": VALUE, "clientMutationId": "m"});
        let answer = level.header(stage, ada, "Create", input).await;
        let header = answer.data()["header"].clone();
        let expected = json!({"id": level.header_id(number(&header["id"])), "key": "X-A", "value": VALUE, "active": true});
        assert_eq!(header, expected);
        assert_eq!(answer.data["clientMutationId"], "m");
        let quiet = json!({"destinationId": id, "key": "X-B", "value": "b", "active": false});
        let quiet = level.header(stage, ada, "Create", quiet).await.data()["header"].clone();
        assert_eq!(quiet["active"], false);
        assert_eq!(level.listed_headers(stage, ada).await, json!([header, quiet]));
        assert_eq!(
            told(stage).await,
            [
                "Created custom HTTP header with key X-A.",
                "Created custom HTTP header with key X-B."
            ]
        );
        let event = stage.outbox().await.remove(1);
        assert!(!event.to_string().contains(VALUE), "{event}");
        assert_eq!(event["target_details"], "X-A");
    })
    .await;
}

#[tokio::test]
async fn only_active_headers_reach_workers_with_the_version_of_the_change() {
    on_both_levels(async |stage, level, ada| {
        let id = level.destination(stage, ada).await;
        let foundation = &stage.foundation;
        let before = config_version::current(foundation.database.reader())
            .await
            .unwrap();
        let header = level.add_header(stage, ada, &id, "X-A").await;
        let quiet = json!({"destinationId": id, "key": "X-B", "value": "b", "active": false});
        level.header(stage, ada, "Create", quiet).await.data();
        let changes = changes_since(&foundation.database, &foundation.keyring, before)
            .await
            .unwrap();
        let secrets = changes.changed[0].secrets.as_ref().unwrap();
        let keys: Vec<&str> = secrets
            .headers
            .iter()
            .map(|(key, _)| key.as_str())
            .collect();
        assert_eq!(keys, ["X-A"]);
        let off = json!({"headerId": header["id"], "active": false});
        level.header(stage, ada, "Update", off).await.data();
        let changes = changes_since(&foundation.database, &foundation.keyring, changes.version)
            .await
            .unwrap();
        assert_eq!(
            changes.changed[0].secrets.as_ref().unwrap().headers.len(),
            0
        );
    })
    .await;
}

#[tokio::test]
async fn what_breaks_a_rule_of_headers_is_told_and_nothing_is_made() {
    on_both_levels(async |stage, level, ada| {
        let id = level.destination(stage, ada).await;
        level.add_header(stage, ada, &id, "X-There").await;
        let long_key = "a".repeat(256);
        let long_value = "a".repeat(2_001);
        let table = [
            ("", "v", &["Key can't be blank"][..]),
            ("", "", &["Key can't be blank", "Value can't be blank"]),
            (" ", " ", &["Key can't be blank", "Value can't be blank"]),
            ("a b", "v", &["Key is not a valid HTTP header name"]),
            ("a\r\nb", "v", &["Key is not a valid HTTP header name"]),
            ("a\u{0}", "v", &["Key is not a valid HTTP header name"]),
            (
                &long_key,
                "v",
                &["Key is too long (maximum is 255 characters)"],
            ),
            ("x-there", "v", &["Key has already been taken"]),
            (
                "x-gitlab-event-streaming-TOKEN",
                "v",
                &["Key cannot be X-Gitlab-Event-Streaming-Token"],
            ),
            ("content-length", "v", &["Key cannot be Content-Length"]),
            (
                "X",
                &long_value,
                &["Value is too long (maximum is 2000 characters)"],
            ),
            ("X", "a\r\nY: b", &["Value contains invalid characters"]),
            ("X", "€", &["Value contains invalid characters"]),
            ("X", "a\u{0}b", &["Value contains invalid characters"]),
        ];
        for (key, value, sentences) in table {
            let input = json!({"destinationId": id, "key": key, "value": value});
            let answer = level.header(stage, ada, "Create", input).await;
            assert_eq!(
                answer.data()["errors"],
                json!(sentences),
                "{key:?} {value:.20?}"
            );
            assert_eq!(answer.data["header"], json!(null));
        }
        let input = json!({"destinationId": id, "key": "", "value": "", "active": null});
        let answer = level.header(stage, ada, "Create", input).await;
        let sentences = [
            "Key can't be blank",
            "Value can't be blank",
            "Active must be a boolean value",
        ];
        assert_eq!(answer.data()["errors"], json!(sentences));
        assert_eq!(told(stage).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn blanks_around_a_value_are_no_part_of_it_and_the_settings_can_be_written_back() {
    on_both_levels(async |stage, level, ada| {
        let id = level.destination(stage, ada).await;
        let input = json!({"destinationId": id, "key": "X-A", "value": "  a b "});
        let answer = level.header(stage, ada, "Create", input).await;
        let header = &answer.data()["header"];
        assert_eq!(header["value"], "a b");
        let input = json!({"headerId": header["id"], "value": " c "});
        let answer = level.header(stage, ada, "Update", input).await;
        assert_eq!(answer.data()["header"]["value"], "c");
        let surface = match level {
            Level::Group => Surface::ConsolidatedGroup,
            Level::Instance => Surface::ConsolidatedInstance,
        };
        let audited = stage.audited().await;
        let config = surface.list(stage, ada).await[0]["config"].clone();
        let input = json!({"id": surface.id(number(&json!(id))), "config": config});
        let answer = mutate(stage, ada, &surface.update_mutation(), "errors", input).await;
        assert_eq!(answer.data()["errors"], json!([]));
        assert_eq!(stage.audited().await, audited);
    })
    .await;
}

#[tokio::test]
async fn header_21_is_refused_when_it_is_added_and_the_limit_can_be_set() {
    for (settings, limit) in [(&[][..], 20), (&[("LIMITS__HEADERS", "2")], 2)] {
        on_both_levels_with(settings, async |stage, level, ada| {
            let id = level.destination(stage, ada).await;
            for number in 0..limit {
                level
                    .add_header(stage, ada, &id, &format!("X-{number}"))
                    .await;
            }
            let input = json!({"destinationId": id, "key": "X-More", "value": "v"});
            let answer = level.header(stage, ada, "Create", input).await;
            let sentence = format!("Headers are limited to {limit} per destination");
            assert_eq!(answer.data()["errors"], json!([sentence]));
            let headers = level.listed_headers(stage, ada).await;
            assert_eq!(headers.as_array().unwrap().len(), limit);
        })
        .await;
    }
}

#[tokio::test]
async fn an_update_changes_what_is_given_and_tells_what_is_different() {
    on_both_levels(async |stage, level, ada| {
        let id = level.destination(stage, ada).await;
        let header = level.add_header(stage, ada, &id, "X-A").await;
        let steps = [
            (
                json!({"key": "X-B"}),
                ("X-B", VALUE, true),
                Some("from key X-A to have a key X-B."),
            ),
            (json!({}), ("X-B", VALUE, true), None),
            (
                json!({"key": "X-B", "value": VALUE, "active": true}),
                ("X-B", VALUE, true),
                None,
            ),
            (
                json!({"key": null, "value": null, "active": null}),
                ("X-B", VALUE, true),
                None,
            ),
            (
                json!({"active": false}),
                ("X-B", VALUE, false),
                Some("with key X-B activation status changed to false."),
            ),
            (
                json!({"value": "new"}),
                ("X-B", "new", false),
                Some("with key X-B to have a new value."),
            ),
            (
                json!({"key": "x-b"}),
                ("x-b", "new", false),
                Some("from key X-B to have a key x-b."),
            ),
            (
                json!({"key": "X-C", "value": "newer", "active": true}),
                ("X-C", "newer", true),
                Some("from key x-b to have a key X-C to have a new value activation status changed to true."),
            ),
        ];
        for (mut input, (key, value, active), message) in steps {
            let before = stage.audited().await.len();
            input["headerId"] = header["id"].clone();
            let answer = level.header(stage, ada, "Update", input).await;
            let expected = json!({"id": header["id"], "key": key, "value": value, "active": active});
            assert_eq!(answer.data()["errors"], json!([]));
            assert_eq!(answer.data["header"], expected);
            assert_eq!(level.listed_headers(stage, ada).await, json!([expected]));
            let told = stage.audited().await.split_off(before);
            let expected = message.map(|message| format!("Updated a custom HTTP header {message}"));
            assert_eq!(told.first(), expected.as_ref());
            assert!(told.len() <= 1);
        }
    })
    .await;
}

#[tokio::test]
async fn a_header_that_cannot_be_changed_so_is_answered_as_it_still_is() {
    on_both_levels(async |stage, level, ada| {
        let id = level.destination(stage, ada).await;
        level.add_header(stage, ada, &id, "X-There").await;
        let header = level.add_header(stage, ada, &id, "X-A").await;
        let audited = stage.audited().await;
        for (mut input, sentence) in [
            (json!({"key": ""}), "Key can't be blank"),
            (json!({"value": ""}), "Value can't be blank"),
            (json!({"key": "X-THERE"}), "Key has already been taken"),
            (
                json!({"key": "X-Gitlab-Event-Streaming-Token"}),
                "Key cannot be X-Gitlab-Event-Streaming-Token",
            ),
        ] {
            input["headerId"] = header["id"].clone();
            let answer = level.header(stage, ada, "Update", input).await;
            assert_eq!(answer.data()["errors"], json!([sentence]));
            assert_eq!(answer.data["header"], header);
        }
        assert_eq!(stage.audited().await, audited);
    })
    .await;
}

#[tokio::test]
async fn a_destroyed_header_is_gone_and_audited() {
    on_both_levels(async |stage, level, ada| {
        let id = level.destination(stage, ada).await;
        let header = level.add_header(stage, ada, &id, "X-A").await;
        let input = json!({"headerId": header["id"], "clientMutationId": "m"});
        let answer = level.header(stage, ada, "Destroy", input.clone()).await;
        assert_eq!(
            *answer.data(),
            json!({"errors": [], "clientMutationId": "m"})
        );
        assert_eq!(level.listed_headers(stage, ada).await, json!([]));
        let message = "Destroyed a custom HTTP header with key X-A.";
        assert_eq!(told(stage).await[1..], [message]);
        let again = level.header(stage, ada, "Destroy", input).await;
        assert_eq!(again.refused(), (NO_RESOURCE, "FORBIDDEN"));
    })
    .await;
}
