//! The permission check, which alone makes the proof that all other functions ask for.

use sea_orm::{ColumnTrait as _, Condition};
use sea_orm::{EntityTrait as _, QueryFilter as _};
use shared::entities::{destinations, namespaces};

use super::{Failure, HTTP};
use crate::accounts;
use crate::app::App;
use crate::auth::{Author, Caller, User};
use crate::domain::permission::Facts;
use crate::domain::{AccessLevel, GroupScope, Scope, ScopeKind};

/// Proof that somebody may administer the destinations of a scope.
#[derive(Debug, Clone)]
pub struct Authorised {
    scope: Scope,
    author: Author,
}

/// Proof that somebody may administer a destination, which exists.
#[derive(Debug)]
pub struct AuthorisedDestination {
    authorised: Authorised,
    id: i64,
}

impl Authorised {
    /// What may be administered.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Who does so.
    pub fn author(&self) -> &Author {
        &self.author
    }
}

impl AuthorisedDestination {
    /// The scope that the destination belongs to, and who administers it.
    pub fn authorised(&self) -> &Authorised {
        &self.authorised
    }

    /// Number of the destination.
    pub fn id(&self) -> i64 {
        self.id
    }
}

/// Whether the caller may administer the instance's destinations.
pub fn instance(app: &App, caller: &Caller) -> Result<Authorised, Failure> {
    let user = caller.api_user().ok_or(Failure::Forbidden)?;
    if facts(app, user, None).may_administer_instance() {
        Ok(Authorised {
            scope: Scope::Instance,
            author: caller.author(user),
        })
    } else {
        Err(Failure::Forbidden)
    }
}

/// The group at a full path, for the permission check: whether there is one must not be told to who
/// does not pass it.
pub async fn find_group(app: &App, full_path: &str) -> Result<GroupScope, Failure> {
    accounts::groups::find(app.foundation.database.reader(), full_path)
        .await?
        .ok_or(Failure::NotFound)
}

/// Whether the caller may administer the destinations of a group.
pub async fn group(app: &App, caller: &Caller, group: GroupScope) -> Result<Authorised, Failure> {
    let user = caller.api_user().ok_or(Failure::Forbidden)?;
    let level = access_level(app, user, &group).await?;
    if facts(app, user, level).may_administer_group() {
        Ok(Authorised {
            scope: Scope::Group(group),
            author: caller.author(user),
        })
    } else {
        Err(Failure::Forbidden)
    }
}

/// The group at a full path, when the caller may know of it: members and admins do.
pub async fn visible_group(
    app: &App,
    caller: &Caller,
    full_path: &str,
) -> Result<Option<GroupScope>, Failure> {
    let Some(user) = caller.api_user() else {
        return Ok(None);
    };
    let Some(group) = accounts::groups::find(app.foundation.database.reader(), full_path).await?
    else {
        return Ok(None);
    };
    let level = access_level(app, user, &group).await?;
    Ok(facts(app, user, level).may_see_group().then_some(group))
}

/// Whether the caller may administer the destination of a level with this number.
pub async fn destination(
    app: &App,
    caller: &Caller,
    kind: ScopeKind,
    id: i64,
) -> Result<AuthorisedDestination, Failure> {
    let authorised = match kind {
        // Decided before looking, so that who may not do this learns nothing about numbers.
        ScopeKind::Instance => {
            let authorised = instance(app, caller)?;
            find(app, id, destinations::Column::NamespaceId.is_null()).await?;
            authorised
        }
        ScopeKind::Group => {
            let row = find(app, id, destinations::Column::NamespaceId.is_not_null()).await?;
            let group = namespaces::Entity::find_by_id(row.namespace_id.ok_or(Failure::NotFound)?)
                .one(app.foundation.database.reader())
                .await?
                .ok_or(Failure::NotFound)?;
            self::group(app, caller, group.into()).await?
        }
    };
    Ok(AuthorisedDestination { authorised, id })
}

async fn find(
    app: &App,
    id: i64,
    level: sea_orm::sea_query::Expr,
) -> Result<destinations::Model, Failure> {
    destinations::Entity::find_by_id(id)
        .filter(
            Condition::all()
                .add(level)
                .add(destinations::Column::Category.eq(HTTP)),
        )
        .one(app.foundation.database.reader())
        .await?
        .ok_or(Failure::NotFound)
}

async fn access_level(
    app: &App,
    user: &User,
    group: &GroupScope,
) -> Result<Option<AccessLevel>, Failure> {
    let database = app.foundation.database.reader();
    Ok(accounts::members::highest_level(database, user.id, &group.full_path).await?)
}

fn facts(app: &App, user: &User, access_level: Option<AccessLevel>) -> Facts {
    Facts {
        licensed: app.foundation.config.plan.streams_audit_events(),
        instance_destinations: app.foundation.config.instance_destinations,
        admin: user.admin,
        access_level,
    }
}
