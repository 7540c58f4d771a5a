//! The permission check, which alone makes the proof that all other functions ask for.

use sea_orm::{
    ColumnTrait as _, Condition, DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _,
};
use shared::entities::{
    destination_headers, destination_namespace_filters, destinations, namespaces,
};

use super::Failure;
use crate::accounts;
use crate::app::App;
use crate::auth::{Author, Caller, User};
use crate::domain::permission::Facts;
use crate::domain::{AccessLevel, Category, Generation, GroupScope, Scope, ScopeKind};

/// Proof that somebody may administer the destinations of a scope.
#[derive(Debug, Clone)]
pub struct Authorised {
    scope: Scope,
    generation: Generation,
    author: Author,
    /// The user whose membership this rests on; none for an admin.
    member: Option<i64>,
}

/// Proof that somebody may administer a destination, which exists.
#[derive(Debug)]
pub struct AuthorisedDestination {
    authorised: Authorised,
    id: i64,
}

/// Proof that somebody may administer a header or a namespace filter of a destination.
#[derive(Debug)]
pub struct AuthorisedPart {
    destination: AuthorisedDestination,
    id: i64,
}

/// What a destination has several of, each with a number of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Custom headers.
    Header,
    /// Namespace filters.
    NamespaceFilter,
}

impl Authorised {
    /// What may be administered.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// In which generation of the API, whose words the audit events have.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Whether it still holds in a transaction: between the permission check and the change there is
    /// time, for one that waits for the network or for its turn.
    pub(super) async fn still_holds(
        &self,
        transaction: &DatabaseTransaction,
    ) -> Result<bool, DbErr> {
        let (Some(user_id), Scope::Group(group)) = (self.member, &self.scope) else {
            return Ok(true);
        };
        let level =
            accounts::members::highest_level(transaction, user_id, &group.full_path).await?;
        Ok(level == Some(AccessLevel::Owner))
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

    /// Begins a transaction that writes, if what this rests on still holds in it. For what is no change
    /// of the streaming configuration, and so has no version.
    pub(super) async fn begin(&self, app: &App) -> Result<DatabaseTransaction, Failure> {
        let transaction = app.foundation.database.begin().await?;
        if self.authorised.still_holds(&transaction).await? {
            Ok(transaction)
        } else {
            Err(Failure::Forbidden)
        }
    }
}

impl AuthorisedPart {
    /// The destination that it belongs to.
    pub fn destination(&self) -> &AuthorisedDestination {
        &self.destination
    }

    /// Number of the header or filter.
    pub fn id(&self) -> i64 {
        self.id
    }
}

/// Whether the caller may administer the instance's destinations.
pub fn instance(app: &App, caller: &Caller, generation: Generation) -> Result<Authorised, Failure> {
    let user = caller.api_user().ok_or(Failure::Forbidden)?;
    if facts(app, user, None).may_administer_instance() {
        Ok(Authorised {
            scope: Scope::Instance,
            generation,
            author: caller.author(user),
            member: None,
        })
    } else {
        Err(Failure::Forbidden)
    }
}

/// Whether the caller may administer the destinations of the group at a full path. Whether there is
/// one must not be told to who may not.
pub async fn group_at(
    app: &App,
    caller: &Caller,
    generation: Generation,
    full_path: &str,
) -> Result<Authorised, Failure> {
    let found = accounts::groups::find(app.foundation.database.reader(), full_path).await?;
    group(app, caller, generation, found.ok_or(Failure::NotFound)?).await
}

/// Whether the caller may administer the destinations of a group.
pub async fn group(
    app: &App,
    caller: &Caller,
    generation: Generation,
    group: GroupScope,
) -> Result<Authorised, Failure> {
    let user = caller.api_user().ok_or(Failure::Forbidden)?;
    let level = access_level(app, user, &group).await?;
    if facts(app, user, level).may_administer_group() {
        Ok(Authorised {
            scope: Scope::Group(group),
            generation,
            author: caller.author(user),
            member: (!user.admin).then_some(user.id),
        })
    } else {
        Err(Failure::Forbidden)
    }
}

/// Whether the caller may administer what somebody, maybe a while ago, was found to be able to.
pub(crate) async fn again(
    app: &App,
    caller: &Caller,
    authorised: &Authorised,
) -> Result<Authorised, Failure> {
    let generation = authorised.generation;
    match &authorised.scope {
        Scope::Instance => instance(app, caller, generation),
        Scope::Group(group) => self::group(app, caller, generation, group.clone()).await,
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
    generation: Generation,
    id: i64,
) -> Result<AuthorisedDestination, Failure> {
    let authorised = match kind {
        // Decided before looking, so that who may not do this learns nothing about numbers.
        ScopeKind::Instance => {
            let authorised = instance(app, caller, generation)?;
            find(app, id, destinations::Column::NamespaceId.is_null()).await?;
            authorised
        }
        ScopeKind::Group => {
            let row = find(app, id, destinations::Column::NamespaceId.is_not_null()).await?;
            let group = namespaces::Entity::find_by_id(row.namespace_id.ok_or(Failure::NotFound)?)
                .one(app.foundation.database.reader())
                .await?
                .ok_or(Failure::NotFound)?;
            self::group(app, caller, generation, group.into()).await?
        }
    };
    Ok(AuthorisedDestination { authorised, id })
}

/// Whether the caller may administer the header or namespace filter of a level with this number.
pub async fn part(
    app: &App,
    caller: &Caller,
    kind: ScopeKind,
    generation: Generation,
    part: Part,
    id: i64,
) -> Result<AuthorisedPart, Failure> {
    if kind == ScopeKind::Instance {
        // Decided before looking, as for destinations.
        instance(app, caller, generation)?;
    }
    let database = app.foundation.database.reader();
    let destination_id = match part {
        Part::Header => destination_headers::Entity::find_by_id(id)
            .one(database)
            .await?
            .map(|row| row.destination_id),
        Part::NamespaceFilter => destination_namespace_filters::Entity::find_by_id(id)
            .one(database)
            .await?
            .map(|row| row.destination_id),
    };
    let destination_id = destination_id.ok_or(Failure::NotFound)?;
    let destination = destination(app, caller, kind, generation, destination_id).await?;
    Ok(AuthorisedPart { destination, id })
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
                .add(destinations::Column::Category.eq(Category::Http.name())),
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

/// What the decision about a user rests on, who has this level in the group that it is about.
pub(super) fn facts(app: &App, user: &User, access_level: Option<AccessLevel>) -> Facts {
    Facts {
        licensed: app.foundation.config.plan.streams_audit_events(),
        instance_destinations: app.foundation.config.instance_destinations,
        admin: user.admin,
        access_level,
    }
}
