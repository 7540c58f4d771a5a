//! A permission that is taken away while a change waits for its turn.

use api_service::accounts::set_group_member;
use api_service::auth::InstanceAdmin;
use api_service::destinations::{self, DestinationUpdate, Failure, authorize};
use api_service::domain::set_aside::Chosen;
use api_service::domain::{AccessLevel, Generation, ScopeKind};
use shared::entities::destination_health::OPEN;

use crate::databases::on_every_database;
use crate::dead_letters::{bury, left};
use crate::lane::lane;
use crate::stage::GROUP;
use crate::surface::{Surface, number};

#[tokio::test]
async fn who_owns_a_group_no_more_when_the_change_begins_changes_nothing() {
    on_every_database(async |stage| {
        let surface = Surface::LegacyGroup;
        let owner = surface.administrator(stage).await;
        let made = surface.created(stage, &owner, "https://1.1.1.1/logs").await;
        let (app, id) = (stage.app(), number(&made["id"]));
        let authorised =
            authorize::destination(app, &owner, ScopeKind::Group, Generation::Legacy, id)
                .await
                .unwrap();
        let username = &owner.api_user().unwrap().username;
        let admin = InstanceAdmin::operator();
        set_group_member(
            &stage.foundation,
            &admin,
            GROUP,
            username,
            AccessLevel::Maintainer,
        )
        .await
        .unwrap();
        let wanted = DestinationUpdate {
            name: Some("Mine".to_owned()),
            ..DestinationUpdate::default()
        };
        let changed = destinations::update(app, &authorised, wanted).await;
        assert!(matches!(changed, Err(Failure::Forbidden)), "{changed:?}");
        let destroyed = destinations::destroy(app, &authorised).await;
        assert!(
            matches!(destroyed, Err(Failure::Forbidden)),
            "{destroyed:?}"
        );
        bury(stage, id, "a").await;
        lane(stage, id, OPEN).await;
        for done in [
            destinations::replay_dead_letters(app, &authorised, &Chosen::All).await,
            destinations::purge_dead_letters(app, &authorised, &Chosen::All).await,
            destinations::purge_lane(app, &authorised).await.map(|()| 0),
        ] {
            assert!(matches!(done, Err(Failure::Forbidden)), "{done:?}");
        }
        assert_eq!(left(stage).await, "a");
        assert_eq!(stage.destinations().await, 1);
        assert_eq!(stage.audited().await.len(), 1);
    })
    .await;
}
