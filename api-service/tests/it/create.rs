//! Making destinations (the reference's 8.1 and 8.5).

use api_service::destinations::unique;
use api_service::domain::{AccessLevel, Violation};
use sea_orm::{ActiveModelTrait as _, ActiveValue, ConnectionTrait as _, EntityTrait as _};
use serde_json::json;
use shared::entities::destinations;
use shared::secrets::Purpose;

use crate::databases::{on_every_database, on_every_database_with};
use crate::level::{Level, on_both_levels, on_both_levels_with};
use crate::stage::{GROUP, OTHER_GROUP};

const URL: &str = "https://1.1.1.1/logs";

#[tokio::test]
async fn a_destination_gets_an_id_a_name_and_a_token_and_is_active() {
    on_both_levels(async |stage, level, ada| {
        let made = level.created(stage, ada, URL, json!({})).await;
        let id = made["id"].as_str().unwrap();
        let number = id.strip_prefix(&format!("gid://gitlab/{}/", level.class()));
        assert!(number.unwrap().parse::<i64>().is_ok(), "{id}");
        assert!(made["name"].as_str().unwrap().starts_with("Destination_"));
        assert_eq!(made["destinationUrl"], URL);
        assert_eq!(made["active"], true);
        assert_eq!(made["eventTypeFilters"], json!([]));
        let token = made["verificationToken"].as_str().unwrap();
        assert_eq!(token.len(), 24);
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(stage.destinations().await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_group_destination_belongs_to_its_group() {
    on_every_database(async |stage| {
        let owner = stage.member(GROUP, AccessLevel::Owner).await;
        let query = format!(
            r#"mutation {{ externalAuditEventDestinationCreate(input: {{destinationUrl: "{URL}", groupPath: "ACME"}}) {{ externalAuditEventDestination {{ group {{ name path fullPath }} }} }} }}"#
        );
        let answer = stage.run(&owner, &query, json!({})).await;
        let made = &answer.data()["externalAuditEventDestinationCreate"]["externalAuditEventDestination"];
        assert_eq!(
            made["group"],
            json!({"name": "ACME", "path": "acme", "fullPath": "acme"})
        );
    })
    .await;
}

#[tokio::test]
async fn a_name_and_a_token_of_ones_own_are_kept() {
    on_both_levels(async |stage, level, ada| {
        let own = json!({
            "name": "SIEM ä",
            "verificationToken": "own token ~ 24 characters"[..24],
            "clientMutationId": "m1",
        });
        let answer = level
            .create(stage, ada, "  https://1.1.1.1/Logs?a=b ", own)
            .await;
        let payload = &answer.data()[format!("{}Create", level.object())];
        assert_eq!(payload["clientMutationId"], "m1");
        let made = &payload[level.object()];
        assert_eq!(made["name"], "SIEM ä");
        assert_eq!(made["verificationToken"], "own token ~ 24 character");
        assert_eq!(made["destinationUrl"], "https://1.1.1.1/Logs?a=b");
    })
    .await;
}

#[tokio::test]
async fn one_that_is_made_inactive_gets_nothing_until_it_is_activated() {
    on_both_levels(async |stage, level, ada| {
        level
            .created(stage, ada, URL, json!({"active": false}))
            .await;
        let database = stage.foundation.database.reader();
        let row = destinations::Entity::find().one(database).await.unwrap();
        assert!(!row.unwrap().active);
    })
    .await;
}

#[tokio::test]
async fn secrets_are_sealed_in_the_database() {
    on_both_levels(async |stage, level, ada| {
        let token = "a-token-of-24-characters";
        level
            .created(stage, ada, URL, json!({"verificationToken": token}))
            .await;
        let database = stage.foundation.database.reader();
        let row = destinations::Entity::find()
            .one(database)
            .await
            .unwrap()
            .unwrap();
        assert!(!format!("{row:?}").contains(token));
        let keyring = &stage.foundation.keyring;
        let signing = keyring
            .open_sealed(Purpose::SigningSecret, &row.signing_secret)
            .unwrap();
        assert!(secrecy::ExposeSecret::expose_secret(&signing).starts_with("whsec_"));
    })
    .await;
}

#[tokio::test]
async fn what_breaks_a_rule_is_told_at_the_top_and_nothing_is_made_or_audited() {
    on_both_levels(async |stage, level, ada| {
        let table = [
            ("ftp://1.1.1.1", json!({}), "Destination url is blocked: Only allowed schemes are http, https"),
            ("", json!({}), "Destination url can't be blank, Destination url must be a valid URL"),
            ("http://1.1.1.1/a\r\nb", json!({}), "Destination url is blocked: URI is invalid"),
            ("https:1.1.1.1", json!({}), "Destination url is blocked: URI is invalid"),
            ("$SIEM_URL", json!({}), "Destination url is blocked: Only allowed schemes are http, https"),
            ("https://ada:secret@1.1.1.1", json!({}), "Destination url is blocked: User names and passwords in URLs are not allowed"),
            ("http://localhost:9", json!({}), "Destination url is blocked: Requests to localhost are not allowed"),
            ("http://127.0.0.1", json!({}), "Destination url is blocked: Requests to loopback addresses are not allowed"),
            ("http://10.0.0.1", json!({}), "Destination url is blocked: Requests to the local network are not allowed"),
            ("http://169.254.169.254", json!({}), "Destination url is blocked: Requests to the link local network are not allowed"),
            (URL, json!({"name": "a".repeat(73)}), "Name is too long (maximum is 72 characters)"),
            (
                "http://1.1.1.1/a\u{0}b",
                json!({}),
                "Destination url is blocked: URI is invalid",
            ),
            (URL, json!({"name": "a\u{0}b"}), "Name contains invalid characters"),
            (URL, json!({"verificationToken": "a"}), "Verification token is too short (minimum is 16 characters)"),
            (URL, json!({"verificationToken": "a".repeat(25)}), "Verification token is too long (maximum is 24 characters)"),
            (URL, json!({"verificationToken": "a\u{0}b\r\ncdefghijklmnop"}), "Verification token contains invalid characters"),
            (
                "ftp://1.1.1.1",
                json!({"name": "a".repeat(73), "verificationToken": ""}),
                "Destination url is blocked: Only allowed schemes are http, https, Name is too long (maximum is 72 characters), Verification token can't be blank, Verification token is too short (minimum is 16 characters)",
            ),
        ];
        for (url, more, sentence) in table {
            let answer = level.create(stage, ada, url, more).await;
            let expected = format!("Validation failed: {sentence}");
            assert_eq!(answer.refused(), (expected.as_str(), "VALIDATION_FAILED"));
            assert_eq!(answer.errors[0]["path"], json!([format!("{}Create", level.object())]));
            assert_eq!(answer.data, json!({format!("{}Create", level.object()): null}));
        }
        let long = format!("https://1.1.1.1/{}", "a".repeat(240));
        let answer = level.create(stage, ada, &long, json!({})).await;
        let expected = "Validation failed: Destination url is too long (maximum is 255 characters)";
        assert_eq!(answer.refused().0, expected);
        stage.assert_untouched().await;
    })
    .await;
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_accepted() {
    on_both_levels(async |stage, level, ada| {
        level
            .created(stage, ada, "https://siem.invalid/logs", json!({}))
            .await;
    })
    .await;
}

#[tokio::test]
async fn local_targets_are_accepted_where_the_operator_allows_them() {
    let settings = [("DELIVERY__ALLOW_LOCAL_REQUESTS", "true")];
    on_both_levels_with(&settings, async |stage, level, ada| {
        level
            .created(stage, ada, "http://127.0.0.1:9000/logs", json!({}))
            .await;
        level
            .created(stage, ada, "http://localhost:9000/logs", json!({}))
            .await;
    })
    .await;
}

#[tokio::test]
async fn url_name_and_token_are_unique_in_the_parent() {
    on_both_levels(async |stage, level, ada| {
        let own = json!({"name": "SIEM", "verificationToken": "a-token-of-24-characters"});
        level.created(stage, ada, URL, own.clone()).await;
        let table = [
            (URL, json!({}), "Destination url has already been taken"),
            ("https://1.1.1.1/b", json!({"name": "SIEM"}), "Name has already been taken"),
            (
                "https://1.1.1.1/b",
                json!({"verificationToken": "a-token-of-24-characters"}),
                "Verification token has already been taken",
            ),
            (
                URL,
                own,
                "Destination url has already been taken, Name has already been taken, Verification token has already been taken",
            ),
        ];
        for (url, more, sentence) in table {
            let answer = level.create(stage, ada, url, more).await;
            assert_eq!(answer.refused().0, format!("Validation failed: {sentence}"));
        }
        assert_eq!(stage.destinations().await, 1);
        assert_eq!(stage.audited().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn another_parent_may_have_the_same_url_name_and_token() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        let same = json!({"name": "SIEM", "verificationToken": "a-token-of-24-characters"});
        let mut elsewhere = same.clone();
        elsewhere["groupPath"] = OTHER_GROUP.into();
        Level::Group.created(stage, &ada, URL, same.clone()).await;
        Level::Group.created(stage, &ada, URL, elsewhere).await;
        Level::Instance.created(stage, &ada, URL, same).await;
    })
    .await;
}

#[tokio::test]
async fn one_more_than_the_limit_is_refused() {
    on_both_levels(async |stage, level, ada| {
        for number in 0..5 {
            let url = format!("{URL}/{number}");
            level.created(stage, ada, &url, json!({})).await;
        }
        let answer = level.create(stage, ada, URL, json!({})).await;
        assert_eq!(
            answer.refused(),
            (
                "Validation failed: Maximum number of external audit event destinations (5) exceeded",
                "VALIDATION_FAILED"
            )
        );
        assert_eq!(stage.destinations().await, 5);
        assert_eq!(stage.audited().await.len(), 5);
    })
    .await;
}

#[tokio::test]
async fn inactive_destinations_do_not_count_towards_the_limit() {
    on_both_levels_with(
        &[("LIMITS__DESTINATIONS", "1")],
        async |stage, level, ada| {
            level.created(stage, ada, URL, json!({})).await;
            destinations::Entity::update_many()
                .col_expr(
                    destinations::Column::Active,
                    sea_orm::sea_query::Expr::value(false),
                )
                .exec(stage.foundation.database.writer())
                .await
                .unwrap();
            level
                .created(stage, ada, "https://1.1.1.1/b", json!({}))
                .await;
            let answer = level
                .create(stage, ada, "https://1.1.1.1/c", json!({}))
                .await;
            assert!(answer.refused().0.contains("(1) exceeded"), "{answer:?}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_limit_of_zero_is_none() {
    on_both_levels_with(
        &[("LIMITS__DESTINATIONS", "0")],
        async |stage, level, ada| {
            for number in 0..7 {
                let url = format!("{URL}/{number}");
                level.created(stage, ada, &url, json!({})).await;
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_subgroup_has_no_destinations_of_its_own() {
    on_every_database(async |stage| {
        stage.group("acme/web").await;
        let owner = stage.member("acme/web", AccessLevel::Owner).await;
        let answer = Level::Group
            .create(stage, &owner, URL, json!({"groupPath": "acme/web"}))
            .await;
        assert_eq!(
            answer.refused().0,
            "Validation failed: Group must not be a subgroup"
        );
        stage.assert_untouched().await;
    })
    .await;
}

#[tokio::test]
async fn reserved_addresses_are_refused_also_where_local_targets_are_allowed() {
    let settings = [("DELIVERY__ALLOW_LOCAL_REQUESTS", "true")];
    on_every_database_with(&settings, async |stage| {
        let ada = stage.user("ada", true).await;
        let answer = Level::Instance
            .create(stage, &ada, "http://255.255.255.255/", json!({}))
            .await;
        assert!(
            answer.refused().0.contains("limited broadcast"),
            "{answer:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_row_that_a_unique_index_refuses_is_a_violation_too() {
    on_both_levels(async |stage, level, ada| {
        level.created(stage, ada, URL, json!({})).await;
        let database = &stage.foundation.database;
        let row = destinations::Entity::find().one(database.reader()).await;
        let row = row.unwrap().unwrap();
        let other = destinations::Model {
            destination_url: "https://1.1.1.1/other".to_owned(),
            name: "other".to_owned(),
            verification_token_digest: "other".to_owned(),
            ..row.clone()
        };
        let mut same_url = other.clone();
        same_url.destination_url.clone_from(&row.destination_url);
        let mut same_name = other.clone();
        same_name.name.clone_from(&row.name);
        let mut same_token = other;
        same_token
            .verification_token_digest
            .clone_from(&row.verification_token_digest);
        for (same, expected) in [
            (same_url, Violation::UrlTaken),
            (same_name, Violation::NameTaken),
            (same_token, Violation::TokenTaken),
        ] {
            let mut row = destinations::ActiveModel::from(same).reset_all();
            row.id = ActiveValue::NotSet;
            let error = destinations::Entity::insert(row)
                .exec(database.writer())
                .await;
            assert_eq!(unique::violated(&error.unwrap_err()), Some(expected));
        }
    })
    .await;
}

#[tokio::test]
async fn a_header_or_filter_that_a_unique_index_refuses_is_a_violation_too() {
    on_every_database(async |stage| {
        let ada = stage.user("ada", true).await;
        Level::Instance.created(stage, &ada, URL, json!({})).await;
        let database = stage.foundation.database.writer();
        for (table, columns, values, violation) in [
            (
                "destination_headers",
                "key, value, active",
                ["'X-A', 'v', true", "'x-a', 'w', true"],
                Violation::HeaderKeyTaken,
            ),
            (
                "destination_event_type_filters",
                "event_type",
                ["'user_created'"; 2],
                Violation::EventTypeTaken,
            ),
            (
                "destination_namespace_filters",
                "namespace_id",
                ["1"; 2],
                Violation::NamespaceTaken,
            ),
        ] {
            let [first, second] = values.map(|values| {
                format!("INSERT INTO {table} (destination_id, {columns}) VALUES (1, {values})")
            });
            database.execute_unprepared(&first).await.unwrap();
            let refused = database.execute_unprepared(&second).await.unwrap_err();
            assert_eq!(unique::violated(&refused), Some(violation), "{table}");
        }
    })
    .await;
}
