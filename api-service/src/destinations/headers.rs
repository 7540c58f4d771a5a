//! The headers that a destination gets with every event.

use sea_orm::{ActiveModelTrait as _, ActiveValue, DbErr, EntityTrait as _};
use secrecy::{ExposeSecret as _, SecretString};
use shared::entities::destination_headers;
use shared::secrets::Purpose;

use super::change::Change;
use super::{AuthorisedDestination, AuthorisedPart, Failure, read};
use crate::app::App;
use crate::audit::{Happening, HeaderChange};
use crate::domain::header::{self, HeaderName, NewHeader};
use crate::domain::{Destination, Header, Target, Violation};

/// A header that is to be a record of its own.
#[derive(Debug)]
pub struct LoneHeader {
    /// The name.
    pub key: String,
    /// The value; blanks around it are cut.
    pub value: SecretString,
    /// Whether it is sent, which must be said.
    pub active: Option<bool>,
}

/// What is to become of a header; none: it stays as it is.
#[derive(Debug)]
pub struct HeaderUpdate {
    /// The name.
    pub key: Option<String>,
    /// The value.
    pub value: Option<SecretString>,
    /// Whether it is sent.
    pub active: Option<bool>,
}

/// Gives a destination a header. All rules that the request does not keep are told together.
pub async fn add_header(
    app: &App,
    authorised: &AuthorisedDestination,
    wanted: LoneHeader,
) -> Result<Header, Failure> {
    let missing = wanted
        .active
        .is_none()
        .then_some(Violation::HeaderActiveMissing);
    let wanted = NewHeader {
        key: wanted.key,
        value: header::without_blanks(&wanted.value),
        active: wanted.active.unwrap_or_default(),
    };
    let change = Change::begin(app, authorised.authorised()).await?;
    let destination = change.find(authorised).await?;
    let mut violations = check_key(&wanted.key, headers(&destination));
    violations.extend(check_value(&wanted.value));
    violations.extend(missing);
    let limit = app.foundation.config.limits.headers;
    if headers(&destination).len() as u64 >= limit {
        violations.push(Violation::TooManyHeaders { limit });
    }
    Failure::if_any(violations)?;
    let row = row(app, destination.id, &wanted)
        .insert(change.transaction())
        .await
        .map_err(Failure::of_statement)?;
    let header = read::header(row);
    change.touch(destination.id).await?;
    change
        .commit_as(&destination, &Happening::HeaderCreated(&header))
        .await?;
    Ok(header)
}

/// Changes a header; nothing happens when all is as it is wanted already.
pub async fn update_header(
    app: &App,
    authorised: &AuthorisedPart,
    wanted: HeaderUpdate,
) -> Result<Header, Failure> {
    let keyring = &app.foundation.keyring;
    let (change, destination, before) = begin(app, authorised).await?;
    let others = headers(&destination)
        .iter()
        .filter(|header| header.id != before.id);
    let wanted_value = wanted.value.is_some();
    let after = NewHeader {
        key: wanted.key.unwrap_or_else(|| before.key.clone()),
        value: header::without_blanks(&wanted.value.unwrap_or_default()),
        active: wanted.active.unwrap_or(before.active),
    };
    let mut violations = check_key(&after.key, others);
    if wanted_value {
        violations.extend(check_value(&after.value));
    }
    Failure::if_any(violations)?;
    let new_value = wanted_value && before.value.differs_from(&after.value, keyring);
    if !new_value && after.key == before.key && after.active == before.active {
        return Ok(before);
    }
    let after = write(app, &change, before.id, &after, new_value).await?;
    change.touch(destination.id).await?;
    let changed = HeaderChange {
        before: &before,
        after: &after,
        new_value,
    };
    change
        .commit_as(&destination, &Happening::HeaderChanged(&changed))
        .await?;
    Ok(after)
}

/// Takes a header away.
pub async fn remove_header(app: &App, authorised: &AuthorisedPart) -> Result<(), Failure> {
    let (change, destination, header) = begin(app, authorised).await?;
    remove(&change, header.id).await?;
    change.touch(destination.id).await?;
    change
        .commit_as(&destination, &Happening::HeaderDestroyed(&header))
        .await
}

/// A header as it is now.
pub async fn read_header(app: &App, authorised: &AuthorisedPart) -> Result<Header, Failure> {
    let destination = read::read(app, authorised.destination()).await?;
    find(&destination, authorised)
}

/// Stores further headers of a destination.
pub(super) async fn insert(
    app: &App,
    change: &Change<'_>,
    destination_id: i64,
    wanted: &[NewHeader],
) -> Result<(), DbErr> {
    if wanted.is_empty() {
        return Ok(());
    }
    let rows = wanted.iter().map(|header| row(app, destination_id, header));
    destination_headers::Entity::insert_many(rows)
        .exec_without_returning(change.transaction())
        .await?;
    Ok(())
}

/// Changes the row of a header; its value only when that is another one, as sealing gives another text
/// each time.
pub(super) async fn write(
    app: &App,
    change: &Change<'_>,
    id: i64,
    wanted: &NewHeader,
    new_value: bool,
) -> Result<Header, Failure> {
    let keyring = &app.foundation.keyring;
    let mut columns = destination_headers::ActiveModel {
        id: ActiveValue::Unchanged(id),
        key: ActiveValue::Set(wanted.key.clone()),
        active: ActiveValue::Set(wanted.active),
        ..Default::default()
    };
    if new_value {
        columns.value = ActiveValue::Set(keyring.seal(Purpose::HeaderValue, &wanted.value));
    }
    let row = columns
        .update(change.transaction())
        .await
        .map_err(Failure::of_statement)?;
    Ok(read::header(row))
}

/// Removes the row of a header.
pub(super) async fn remove(change: &Change<'_>, id: i64) -> Result<(), DbErr> {
    destination_headers::Entity::delete_by_id(id)
        .exec(change.transaction())
        .await?;
    Ok(())
}

/// Begins a change of a header, which somebody else may have removed since the permission check.
async fn begin<'a>(
    app: &'a App,
    authorised: &'a AuthorisedPart,
) -> Result<(Change<'a>, Destination, Header), Failure> {
    let change = Change::begin(app, authorised.destination().authorised()).await?;
    let destination = change.find(authorised.destination()).await?;
    let header = find(&destination, authorised)?;
    Ok((change, destination, header))
}

fn find(destination: &Destination, authorised: &AuthorisedPart) -> Result<Header, Failure> {
    let found = headers(destination)
        .iter()
        .find(|header| header.id == authorised.id());
    found.cloned().ok_or(Failure::NotFound)
}

fn headers(destination: &Destination) -> &[Header] {
    let Target::Http(target) = &destination.target;
    &target.headers
}

fn row(app: &App, destination_id: i64, wanted: &NewHeader) -> destination_headers::ActiveModel {
    let sealed = app
        .foundation
        .keyring
        .seal(Purpose::HeaderValue, &wanted.value);
    destination_headers::ActiveModel {
        id: ActiveValue::NotSet,
        destination_id: ActiveValue::Set(destination_id),
        key: ActiveValue::Set(wanted.key.clone()),
        value: ActiveValue::Set(sealed),
        active: ActiveValue::Set(wanted.active),
    }
}

fn check_key<'a>(key: &str, others: impl IntoIterator<Item = &'a Header>) -> Vec<Violation> {
    let mut violations = header::check_key(key);
    let name = HeaderName::new(key);
    let mut others = others.into_iter();
    if others.any(|other| HeaderName::new(&other.key) == name) {
        violations.push(Violation::HeaderKeyTaken);
    }
    violations
}

/// As a record of its own a header has a value.
fn check_value(value: &SecretString) -> Vec<Violation> {
    if value.expose_secret().is_empty() {
        return vec![Violation::HeaderValueBlank];
    }
    header::check_value(value)
}
