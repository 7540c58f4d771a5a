//! What a database without an admin starts with.

use api_service::accounts::{Bootstrapped, NewUser, bootstrap, create_user};
use api_service::auth::InstanceAdmin;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _};
use secrecy::ExposeSecret as _;
use shared::entities::{access_tokens, users};
use shared::foundation::Foundation;
use shared::secrets::token_digest;

use crate::databases::{on_every_database, on_every_database_with};

async fn empty(foundation: &Foundation) {
    let database = foundation.database.writer();
    database
        .execute_unprepared("DELETE FROM access_tokens")
        .await
        .unwrap();
    database
        .execute_unprepared("DELETE FROM users")
        .await
        .unwrap();
}

#[tokio::test]
async fn an_empty_database_gets_an_admin_and_a_token_that_is_told_once() {
    on_every_database(async |stage| {
        let foundation = &stage.foundation;
        empty(foundation).await;
        let Bootstrapped::Created { token: Some(token) } = bootstrap(foundation).await.unwrap()
        else {
            panic!("no token was generated");
        };
        assert!(token.expose_secret().starts_with("ast-"));
        assert!(token.expose_secret().len() >= 24);
        let database = foundation.database.reader();
        let row = access_tokens::Entity::find()
            .one(database)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.digest, token_digest(&token));
        assert_eq!(row.scopes, "api,publish");
        assert_eq!(row.expires_at, None);
        let root = users::Entity::find().one(database).await.unwrap().unwrap();
        assert!(root.admin);
        assert_eq!(root.username, "root");
        let again = bootstrap(foundation).await.unwrap();
        assert!(matches!(again, Bootstrapped::AlreadyDone), "{again:?}");
    })
    .await;
}

/// Makes a user on a database without any.
async fn only(foundation: &Foundation, username: &str, admin: bool) {
    empty(foundation).await;
    let new = NewUser {
        username: username.to_owned(),
        name: username.to_owned(),
        admin,
    };
    create_user(foundation, &InstanceAdmin::operator(), new)
        .await
        .unwrap();
}

#[tokio::test]
async fn users_without_an_admin_among_them_do_not_lock_everybody_out() {
    on_every_database(async |stage| {
        let foundation = &stage.foundation;
        only(foundation, "ada", false).await;
        let done = bootstrap(foundation).await.unwrap();
        assert!(
            matches!(done, Bootstrapped::Created { token: Some(_) }),
            "{done:?}"
        );
        let database = foundation.database.reader();
        let users = users::Entity::find().all(database).await.unwrap();
        let admins: Vec<(&str, bool)> = users
            .iter()
            .map(|user| (user.username.as_str(), user.admin))
            .collect();
        assert_eq!(admins, [("ada", false), ("root", true)]);
    })
    .await;
}

#[tokio::test]
async fn an_admin_of_another_name_is_enough() {
    on_every_database(async |stage| {
        only(&stage.foundation, "ada", true).await;
        let done = bootstrap(&stage.foundation).await.unwrap();
        assert!(matches!(done, Bootstrapped::AlreadyDone), "{done:?}");
    })
    .await;
}

#[tokio::test]
async fn a_user_root_who_is_no_admin_stays_as_it_is() {
    on_every_database(async |stage| {
        let foundation = &stage.foundation;
        for username in ["root", "Root"] {
            only(foundation, username, false).await;
            let done = bootstrap(foundation).await.unwrap();
            assert!(matches!(done, Bootstrapped::AlreadyDone), "{done:?}");
            let database = foundation.database.reader();
            let users = users::Entity::find().all(database).await.unwrap();
            assert_eq!(users.len(), 1);
            assert!(!users[0].admin);
            let tokens = access_tokens::Entity::find().count(database).await;
            assert_eq!(tokens.unwrap(), 0);
        }
    })
    .await;
}

#[tokio::test]
async fn the_configured_token_is_taken_and_not_told() {
    let token = "a-configured-admin-token";
    on_every_database_with(&[("BOOTSTRAP__ADMIN_TOKEN", token)], async |stage| {
        empty(&stage.foundation).await;
        let done = bootstrap(&stage.foundation).await.unwrap();
        assert!(
            matches!(done, Bootstrapped::Created { token: None }),
            "{done:?}"
        );
        let database = stage.foundation.database.reader();
        let row = access_tokens::Entity::find()
            .one(database)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.digest, token_digest(&token.into()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_that_start_at_once_one_makes_the_admin() {
    on_every_database(async |stage| {
        empty(&stage.foundation).await;
        let done = join_all((0..5).map(|_| bootstrap(&stage.foundation))).await;
        let made = done
            .iter()
            .filter(|done| matches!(done, Ok(Bootstrapped::Created { .. })));
        assert_eq!(made.count(), 1, "{done:?}");
        assert!(done.iter().all(Result::is_ok), "{done:?}");
        let database = stage.foundation.database.reader();
        assert_eq!(users::Entity::find().count(database).await.unwrap(), 1);
        assert_eq!(
            access_tokens::Entity::find().count(database).await.unwrap(),
            1
        );
    })
    .await;
}
