//! Permissions that last, that are taken away, and that cannot be looked up, on a real database.

use std::sync::atomic::{AtomicU64, Ordering};

use secrecy::ExposeSecret as _;
use shared::clock::{Clock, Timestamp};
use shared::config::{Config, Source};
use shared::foundation::Foundation;
use shared::secrets::token_digest;
use tempfile::TempDir;

use super::*;
use crate::accounts::{
    NewAccessToken, NewGroup, NewUser, TokenReference, create_access_token, create_group,
    create_user, revoke_access_token, set_group_member,
};
use crate::auth::{AccessTokenScope, InstanceAdmin};
use crate::domain::{AccessLevel, Generation};

const GROUP: &str = "acme";

struct Scratch {
    app: App,
    tokens: Arc<TokenCache>,
    statements: Arc<AtomicU64>,
    _folder: TempDir,
}

impl Scratch {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("auditstream.db");
        let mut source = Source::default();
        source.set(
            "database.url",
            format!("sqlite://{}?mode=rwc", file.display()),
        );
        let config = Config::from_source(&source, Vec::new()).unwrap();
        let migrate = async |url: &str| migrations::apply(url).await;
        let mut foundation = Foundation::open_without_queue(config, migrate)
            .await
            .unwrap();
        foundation.clock = Clock::stopped(Timestamp(1_000_000));
        let statements = Arc::new(AtomicU64::new(0));
        let count = statements.clone();
        foundation.database.observe(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let group = NewGroup {
            path: GROUP.to_owned(),
            name: GROUP.to_owned(),
            parent_path: None,
        };
        create_group(&foundation, &InstanceAdmin::operator(), group)
            .await
            .unwrap();
        let database = foundation.database.clone();
        let tokens = TokenCache::new(database, foundation.clock.clone());
        Self {
            app: App::new(foundation).unwrap(),
            tokens: Arc::new(tokens),
            statements,
            _folder: folder,
        }
    }

    async fn join(&self, username: &str, level: AccessLevel) {
        let admin = InstanceAdmin::operator();
        set_group_member(&self.app.foundation, &admin, GROUP, username, level)
            .await
            .unwrap();
    }

    /// Somebody with a token.
    async fn user(&self, username: &str, admin: bool) -> secrecy::SecretString {
        let operator = InstanceAdmin::operator();
        let user = NewUser {
            username: username.to_owned(),
            name: username.to_owned(),
            admin,
        };
        let foundation = &self.app.foundation;
        create_user(foundation, &operator, user).await.unwrap();
        let token = NewAccessToken {
            username: username.to_owned(),
            name: "for a test".to_owned(),
            scopes: vec![AccessTokenScope::Api],
            expires_at: None,
        };
        let made = create_access_token(foundation, &operator, token).await;
        made.unwrap().token
    }

    /// Access to the group's destinations, as if there were so many, and maybe to one of the instance.
    async fn access(&self, token: &secrecy::SecretString, of_group: usize, of_all: bool) -> Access {
        let digest = token_digest(token);
        let caller = Caller::signed_in(self.tokens.user(&digest).await.unwrap());
        let generation = Generation::Legacy;
        let group = authorize::group_at(&self.app, &caller, generation, GROUP)
            .await
            .unwrap();
        let mut scopes = vec![group; of_group];
        if of_all {
            scopes.push(authorize::instance(&self.app, &caller, generation).unwrap());
        }
        Access::new(self.app.clone(), self.tokens.clone(), digest, &scopes)
    }
}

#[tokio::test]
async fn the_token_and_each_scope_are_asked_for_once() {
    let scratch = Scratch::open().await;
    let token = scratch.user("ada", true).await;
    let access = scratch.access(&token, 99, true).await;
    assert_eq!(access.scopes.len(), 2);
    let before = scratch.statements.load(Ordering::Relaxed);
    assert_eq!(access.check().await, Permission::Given);
    let after = scratch.statements.load(Ordering::Relaxed);
    // The token is known; nothing is to be read for the instance.
    assert_eq!(after - before, 1);
}

#[tokio::test]
async fn who_owns_the_group_no_more_or_whose_token_is_revoked_may_no_more() {
    let scratch = Scratch::open().await;
    let owner = scratch.user("grace", false).await;
    scratch.join("grace", AccessLevel::Owner).await;
    let access = scratch.access(&owner, 1, false).await;
    assert_eq!(access.check().await, Permission::Given);
    scratch.join("grace", AccessLevel::Maintainer).await;
    assert_eq!(access.check().await, Permission::Withdrawn);
    scratch.join("grace", AccessLevel::Owner).await;
    assert_eq!(access.check().await, Permission::Given);
    let reference = TokenReference::Token(owner.expose_secret().into());
    let admin = InstanceAdmin::operator();
    revoke_access_token(&scratch.app.foundation, &admin, reference)
        .await
        .unwrap();
    scratch.tokens.changed();
    assert_eq!(access.check().await, Permission::Withdrawn);
}

#[tokio::test]
async fn nobody_can_tell_without_the_database() {
    let scratch = Scratch::open().await;
    let token = scratch.user("ada", true).await;
    let access = scratch.access(&token, 1, false).await;
    let reader = scratch.app.foundation.database.reader().clone();
    reader.close().await.unwrap();
    let permission = access.check().await;
    assert!(
        matches!(permission, Permission::Unknown(_)),
        "{permission:?}"
    );
}
