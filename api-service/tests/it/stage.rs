//! The service without its HTTP side, with ways to make people and groups, and a client for its schema.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use api_service::App;
use api_service::accounts::{
    self, NewGroup, NewProject, NewUser, bootstrap, create_group, create_project, create_user,
    set_group_member,
};
use api_service::auth::{AccessTokenScope, Caller, InstanceAdmin, User};
use api_service::domain::AccessLevel;
use api_service::graphql::{self, Schema};
use async_graphql::{Request, Variables};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
};
use serde_json::{Value, json};
use shared::config::{Config, Source};
use shared::entities::{destinations, outbox, users};
use shared::foundation::Foundation;

use crate::databases::Settings;

/// The group that tests are about.
pub(crate) const GROUP: &str = "acme";
/// A group beside it.
pub(crate) const OTHER_GROUP: &str = "other";

pub(crate) struct Stage {
    pub(crate) foundation: Foundation,
    app: App,
    schema: Schema,
    statements: Arc<AtomicU64>,
}

/// What a request was answered with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) data: Value,
    pub(crate) errors: Vec<Value>,
}

impl Answer {
    /// The data of a request that went well.
    #[track_caller]
    pub(crate) fn data(&self) -> &Value {
        assert!(self.errors.is_empty(), "{self:#?}");
        &self.data
    }

    /// Message and code of the only error.
    #[track_caller]
    pub(crate) fn refused(&self) -> (&str, &str) {
        assert_eq!(self.errors.len(), 1, "{self:#?}");
        let error = &self.errors[0];
        let code = error["extensions"]["code"].as_str();
        (
            error["message"].as_str().unwrap(),
            code.unwrap_or_else(|| panic!("an error without a code: {error}")),
        )
    }
}

impl Stage {
    pub(crate) async fn open(settings: Settings<'_>) -> Self {
        let mut source = Source::default();
        for (name, value) in settings {
            source.add_environment([(format!("AUDITSTREAM_{name}"), (*value).to_owned())]);
        }
        let config = Config::from_source(&source, Vec::new()).unwrap();
        let mut foundation =
            Foundation::open(config, async |url: &str| migrations::apply(url).await)
                .await
                .unwrap();
        let statements = Arc::new(AtomicU64::new(0));
        let count = statements.clone();
        foundation.database.observe(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        bootstrap(&foundation).await.unwrap();
        let app = App::new(foundation.clone()).unwrap();
        Self {
            foundation,
            schema: graphql::schema(app.clone()),
            app,
            statements,
        }
    }

    /// What the services work with.
    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// How many SQL statements there have been so far.
    pub(crate) fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Makes a project at a full path, in a group that exists.
    pub(crate) async fn project(&self, full_path: &str) {
        let (group_path, path) = full_path.rsplit_once('/').unwrap();
        let new = NewProject {
            path: path.to_owned(),
            name: path.to_uppercase(),
            group_path: group_path.to_owned(),
        };
        create_project(&self.foundation, &InstanceAdmin::operator(), new)
            .await
            .unwrap();
    }

    /// Makes a group at a full path, in one that exists.
    pub(crate) async fn group(&self, full_path: &str) {
        let (parent, path) = match full_path.rsplit_once('/') {
            Some((parent, path)) => (Some(parent.to_owned()), path),
            None => (None, full_path),
        };
        let new = NewGroup {
            path: path.to_owned(),
            name: path.to_uppercase(),
            parent_path: parent,
        };
        create_group(&self.foundation, &InstanceAdmin::operator(), new)
            .await
            .unwrap();
    }

    /// Makes a user, who may be an admin.
    pub(crate) async fn user(&self, username: &str, admin: bool) -> Caller {
        let new = NewUser {
            username: username.to_owned(),
            name: username.to_uppercase(),
            admin,
        };
        let account = create_user(&self.foundation, &InstanceAdmin::operator(), new)
            .await
            .unwrap();
        caller(account, &AccessTokenScope::ALL)
    }

    /// A user who is there already.
    pub(crate) async fn known(&self, username: &str) -> Caller {
        let row = users::Entity::find()
            .filter(users::Column::Username.eq(username))
            .one(self.foundation.database.reader())
            .await
            .unwrap();
        let row = row.unwrap_or_else(|| panic!("there is no {username}"));
        caller(row.into(), &AccessTokenScope::ALL)
    }

    /// Makes a user who is a member of a group.
    pub(crate) async fn member(&self, group: &str, level: AccessLevel) -> Caller {
        let username = format!("{}-{level:?}", group.replace('/', "-"));
        let caller = self.user(&username, false).await;
        let admin = InstanceAdmin::operator();
        set_group_member(&self.foundation, &admin, group, &username, level)
            .await
            .unwrap();
        caller
    }

    pub(crate) async fn run(&self, caller: &Caller, query: &str, variables: Value) -> Answer {
        let request = Request::new(query)
            .variables(Variables::from_json(variables))
            .data(caller.clone());
        let response = self.schema.execute(request).await;
        Answer {
            errors: response.errors.iter().map(|error| json!(error)).collect(),
            data: json!(response.data),
        }
    }

    /// What is in the outbox, in order.
    pub(crate) async fn outbox(&self) -> Vec<Value> {
        let rows = outbox::Entity::find()
            .order_by_asc(outbox::Column::Id)
            .all(self.foundation.database.reader())
            .await
            .unwrap();
        rows.iter()
            .map(|row| serde_json::from_slice(&row.body).unwrap())
            .collect()
    }

    /// What the outbox says of changes, in order.
    pub(crate) async fn audited(&self) -> Vec<String> {
        let message = |event: &Value| {
            let message = event["details"]["custom_message"].as_str();
            message.unwrap().to_owned()
        };
        self.outbox().await.iter().map(message).collect()
    }

    pub(crate) async fn destinations(&self) -> u64 {
        destinations::Entity::find()
            .count(self.foundation.database.reader())
            .await
            .unwrap()
    }

    /// Holds that nothing was made, removed or audited.
    #[track_caller]
    pub(crate) fn assert_untouched(&self) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        async move {
            assert_eq!(self.destinations().await, 0, "destinations, at {at}");
            assert_eq!(
                self.audited().await,
                Vec::<String>::new(),
                "outbox, at {at}"
            );
        }
    }
}

/// Somebody whose token has these scopes.
pub(crate) fn caller(account: accounts::Account, scopes: &[AccessTokenScope]) -> Caller {
    Caller::signed_in(Arc::new(User {
        id: account.id,
        username: account.username,
        name: account.name,
        admin: account.admin,
        scopes: scopes.to_vec(),
    }))
}
