//! Changing destinations, on every surface.

use api_service::domain::AccessLevel;
use serde_json::{Value, json};
use shared::entities::config_version;
use shared::snapshot::changes_since;

use crate::level::NO_RESOURCE;
use crate::stage::{OTHER_GROUP, Stage};
use crate::surface::{Surface, Wanted, mutate, on_every_surface, on_every_surface_with};

const URL: &str = "https://1.1.1.1/logs";
const NEW_URL: &str = "https://1.1.1.1/new";
const TOKEN: &str = "a-token-of-24-characters";

async fn destination(stage: &Stage, surface: Surface, ada: &api_service::auth::Caller) -> Value {
    surface.created(stage, ada, URL).await
}

fn id(destination: &Value) -> &str {
    destination["id"].as_str().unwrap()
}

fn url(url: &str) -> Wanted<'_> {
    Wanted {
        url: Some(url),
        ..Wanted::default()
    }
}

fn name(name: &str) -> Wanted<'_> {
    Wanted {
        name: Some(name),
        ..Wanted::default()
    }
}

fn token(token: &str) -> Wanted<'_> {
    Wanted {
        token: Some(token),
        ..Wanted::default()
    }
}

fn active(active: bool) -> Wanted<'static> {
    Wanted {
        active: Some(active),
        ..Wanted::default()
    }
}

/// What a URL's change is told as.
fn url_changed(surface: Surface) -> String {
    if surface.is_legacy() {
        format!("Changed destination_url from {URL} to {NEW_URL}")
    } else {
        format!(r#"Changed config from {{"url":"{URL}"}} to {{"url":"{NEW_URL}"}}"#)
    }
}

#[tokio::test]
async fn each_column_is_changed_alone_and_together_and_told_in_order() {
    on_every_surface(async |stage, surface, ada| {
        let made = destination(stage, surface, ada).await;
        let made_up = made["name"].as_str().unwrap();
        let wanted = Wanted {
            url: Some(NEW_URL),
            name: Some("New"),
            token: None,
            active: None,
        };
        let outcome = surface.update(stage, ada, id(&made), &wanted).await;
        assert_eq!(outcome.errors, Vec::<String>::new());
        assert_eq!(outcome.destination["destinationUrl"], NEW_URL);
        assert_eq!(outcome.destination["name"], "New");
        assert_eq!(
            outcome.destination["verificationToken"],
            made["verificationToken"]
        );
        assert_eq!(
            stage.audited().await[1..],
            [
                url_changed(surface),
                format!("Changed name from {made_up} to New")
            ]
        );
        surface.update(stage, ada, id(&made), &name("Newer")).await;
        assert_eq!(
            stage.audited().await[3..],
            ["Changed name from New to Newer"]
        );
        let list = surface.list(stage, ada).await;
        assert_eq!(list[0]["name"], "Newer");
        assert_eq!(list[0]["destinationUrl"], NEW_URL);
    })
    .await;
}

#[tokio::test]
async fn a_change_of_the_url_alone_is_exactly_one_event() {
    on_every_surface(async |stage, surface, ada| {
        let made = destination(stage, surface, ada).await;
        let outcome = surface.update(stage, ada, id(&made), &url(NEW_URL)).await;
        assert_eq!(outcome.errors, Vec::<String>::new());
        assert_eq!(stage.audited().await[1..], [url_changed(surface)]);
    })
    .await;
}

#[tokio::test]
async fn what_is_as_it_is_wanted_already_changes_and_tells_nothing() {
    on_every_surface(async |stage, surface, ada| {
        let made = destination(stage, surface, ada).await;
        let database = stage.foundation.database.reader();
        let version = config_version::current(database).await.unwrap();
        let same = Wanted {
            url: Some(URL),
            name: made["name"].as_str(),
            token: made["verificationToken"].as_str(),
            active: Some(true),
        };
        for wanted in [same, Wanted::default()] {
            let outcome = surface.update(stage, ada, id(&made), &wanted).await;
            assert_eq!(outcome.errors, Vec::<String>::new());
            assert_eq!(outcome.destination, made);
        }
        assert_eq!(config_version::current(database).await.unwrap(), version);
        assert_eq!(stage.audited().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_deactivated_destination_is_told_once_and_can_come_back() {
    on_every_surface(async |stage, surface, ada| {
        let made = destination(stage, surface, ada).await;
        for (wanted, message) in [
            (false, Some("Changed active from true to false")),
            (false, None),
            (true, Some("Changed active from false to true")),
            (true, None),
        ] {
            let before = stage.audited().await.len();
            let outcome = surface.update(stage, ada, id(&made), &active(wanted)).await;
            assert_eq!(outcome.errors, Vec::<String>::new());
            assert_eq!(outcome.destination["active"], wanted);
            let told = stage.audited().await.split_off(before);
            assert_eq!(told.first().map(String::as_str), message);
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_is_rotated_and_no_event_says_it() {
    on_every_surface(async |stage, surface, ada| {
        let made = destination(stage, surface, ada).await;
        let outcome = surface.update(stage, ada, id(&made), &token(TOKEN)).await;
        assert_eq!(outcome.destination["verificationToken"], TOKEN);
        let column = if surface.is_legacy() {
            "verification_token"
        } else {
            "secret_token"
        };
        let event = stage.outbox().await.pop().unwrap();
        assert_eq!(
            event["details"]["custom_message"],
            format!("Changed {column}")
        );
        assert!(!event.to_string().contains(TOKEN), "{event}");
    })
    .await;
}

#[tokio::test]
async fn workers_load_a_change_with_its_version() {
    on_every_surface(async |stage, surface, ada| {
        let made = destination(stage, surface, ada).await;
        let foundation = &stage.foundation;
        let before = config_version::current(foundation.database.reader())
            .await
            .unwrap();
        surface.update(stage, ada, id(&made), &url(NEW_URL)).await;
        let changes = changes_since(&foundation.database, &foundation.keyring, before)
            .await
            .unwrap();
        assert_eq!(changes.version, before + 1);
        assert_eq!(changes.changed[0].url, NEW_URL);
    })
    .await;
}

#[tokio::test]
async fn what_breaks_a_rule_is_told_in_the_payload_and_changes_nothing() {
    on_every_surface(async |stage, surface, ada| {
        let other = Wanted {
            url: Some("https://1.1.1.1/other"),
            name: Some("Other"),
            token: Some(TOKEN),
            active: None,
        };
        surface.create(stage, ada, &other).await;
        let made = destination(stage, surface, ada).await;
        let audited = stage.audited().await;
        let long = "a".repeat(73);
        let length = "Secret token should have length between 16 to 24 characters.";
        let schema = "Config must be a valid json schema";
        for (wanted, legacy, consolidated) in [
            (
                url("ftp://1.1.1.1"),
                "Destination url is blocked: Only allowed schemes are http, https",
                schema,
            ),
            (
                url("http://127.0.0.1"),
                "Destination url is blocked: Requests to loopback addresses are not allowed",
                "Config url is blocked: Requests to loopback addresses are not allowed",
            ),
            (
                url("https://1.1.1.1/other"),
                "Destination url has already been taken",
                "Config url already taken.",
            ),
            (
                name(&long),
                "Name is too long (maximum is 72 characters)",
                "Name is too long (maximum is 72 characters)",
            ),
            (name(" "), "Name can't be blank", "Name can't be blank"),
            (
                name("Other"),
                "Name has already been taken",
                "Name has already been taken",
            ),
            (
                token("short"),
                "Verification token is too short (minimum is 16 characters)",
                length,
            ),
            (
                token(&long),
                "Verification token is too long (maximum is 24 characters)",
                length,
            ),
            (
                token(TOKEN),
                "Verification token has already been taken",
                "Secret token has already been taken",
            ),
        ] {
            let outcome = surface.update(stage, ada, id(&made), &wanted).await;
            let sentence = if surface.is_legacy() {
                legacy
            } else {
                consolidated
            };
            assert_eq!(outcome.errors, [sentence], "{wanted:?}");
            // The legacy generation shows it as it still is, the other shows nothing.
            if surface.is_legacy() {
                assert_eq!(outcome.destination, made);
            } else {
                assert_eq!(outcome.destination, Value::Null);
            }
        }
        assert_eq!(surface.list(stage, ada).await[1], made);
        assert_eq!(stage.audited().await, audited);
    })
    .await;
}

#[tokio::test]
async fn an_update_is_all_or_nothing_and_tells_all_that_is_wrong() {
    on_every_surface(async |stage, surface, ada| {
        let made = destination(stage, surface, ada).await;
        let long = "a".repeat(73);
        let wanted = Wanted {
            url: Some("http://10.0.0.1"),
            name: Some(&long),
            token: Some("short"),
            active: Some(false),
        };
        let outcome = surface.update(stage, ada, id(&made), &wanted).await;
        assert_eq!(outcome.errors.len(), 3, "{outcome:?}");
        assert_eq!(surface.list(stage, ada).await[0], made);
    })
    .await;
}

#[tokio::test]
async fn the_limit_holds_on_activation_too() {
    on_every_surface_with(
        &[("LIMITS__DESTINATIONS", "2")],
        async |stage, surface, ada| {
            let first = destination(stage, surface, ada).await;
            surface.update(stage, ada, id(&first), &active(false)).await;
            // An inactive one does not count.
            surface.created(stage, ada, "https://1.1.1.1/2").await;
            let third = surface.created(stage, ada, "https://1.1.1.1/3").await;
            let outcome = surface.update(stage, ada, id(&first), &active(true)).await;
            let sentence =
                "Cannot activate: Maximum number of external audit event destinations (2) exceeded";
            assert_eq!(outcome.errors, [sentence]);
            // Everything else can be changed, and active ones are active already.
            let outcome = surface
                .update(stage, ada, id(&first), &name("Renamed"))
                .await;
            assert_eq!(outcome.destination["name"], "Renamed");
            let outcome = surface.update(stage, ada, id(&third), &active(true)).await;
            assert_eq!(outcome.errors, Vec::<String>::new());
            surface.update(stage, ada, id(&third), &active(false)).await;
            let outcome = surface.update(stage, ada, id(&first), &active(true)).await;
            assert_eq!(outcome.errors, Vec::<String>::new());
        },
    )
    .await;
}

#[tokio::test]
async fn one_counter_limits_both_generations() {
    on_every_surface_with(
        &[("LIMITS__DESTINATIONS", "1")],
        async |stage, surface, ada| {
            surface.created(stage, ada, URL).await;
            let outcome = surface.sibling().create(stage, ada, &url(NEW_URL)).await;
            let sentence = "Maximum number of external audit event destinations (1) exceeded";
            assert_eq!(outcome.errors, [sentence]);
        },
    )
    .await;
}

#[tokio::test]
async fn both_generations_show_and_change_the_same_destination() {
    on_every_surface(async |stage, surface, ada| {
        let made = destination(stage, surface, ada).await;
        let sibling = surface.sibling();
        let list = sibling.list(stage, ada).await;
        let id = sibling.id(crate::surface::number(&made["id"]));
        assert_eq!(list[0]["id"], id);
        for field in [
            "name",
            "destinationUrl",
            "verificationToken",
            "active",
            "signingSecret",
        ] {
            assert_eq!(list[0][field], made[field], "{field}");
        }
        sibling.update(stage, ada, &id, &name("Theirs")).await;
        assert_eq!(surface.list(stage, ada).await[0]["name"], "Theirs");
        sibling.destroy(stage, ada, &id).await.data();
        assert_eq!(surface.list(stage, ada).await, json!([]));
    })
    .await;
}

#[tokio::test]
async fn an_unknown_or_foreign_destination_is_a_resource_error() {
    on_every_surface(async |stage, surface, ada| {
        let made = destination(stage, surface, ada).await;
        let wanted = name("Mine");
        let unknown = surface.id(999_999);
        let outcome = surface.update(stage, ada, &unknown, &wanted).await;
        assert_eq!(outcome.errors, [NO_RESOURCE]);
        let stranger = stage.member(OTHER_GROUP, AccessLevel::Owner).await;
        for id in [id(&made), &unknown] {
            let outcome = surface.update(stage, &stranger, id, &wanted).await;
            assert_eq!(outcome.errors, [surface.refusal()]);
        }
        assert_eq!(surface.list(stage, ada).await[0], made);
        assert_eq!(stage.audited().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_owner_changes_no_destination_of_another_group() {
    crate::databases::on_every_database(async |stage| {
        let ada = stage.member(OTHER_GROUP, AccessLevel::Owner).await;
        let surface = Surface::LegacyGroup;
        let input = json!({"destinationUrl": URL, "groupPath": OTHER_GROUP});
        let selection = "externalAuditEventDestination { id name }";
        let made = mutate(stage, &ada, &surface.create_mutation(), selection, input).await;
        let made = &made.data()["externalAuditEventDestination"];
        let owner = surface.administrator(stage).await;
        let wanted = name("Mine");
        let outcome = surface.update(stage, &owner, id(made), &wanted).await;
        assert_eq!(outcome.errors, [NO_RESOURCE]);
    })
    .await;
}
