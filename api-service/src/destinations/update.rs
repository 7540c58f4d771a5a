//! Changes a destination.

use std::collections::HashSet;

use sea_orm::{ActiveValue, DbErr};
use secrecy::SecretString;
use shared::entities::destinations;
use shared::secrets::Purpose;

use super::change::Change;
use super::conflicts::{self, Claims};
use super::replace_headers::replace_headers;
use super::{AuthorisedDestination, Failure, target_url};
use crate::app::App;
use crate::audit::{AuditEvent, DestinationChange, Happening};
use crate::domain::header::NewHeader;
use crate::domain::{ChosenToken, Destination, NewHttpTarget, Target, Violation, name};

/// What is to become of a destination; none: it stays as it is.
#[derive(Debug, Default)]
pub struct DestinationUpdate {
    /// What its events are sent to, or what is wrong with that.
    pub target: Option<Result<TargetUpdate, Vec<Violation>>>,
    /// The name.
    pub name: Option<String>,
    /// The token.
    pub verification_token: Option<ChosenToken>,
    /// Whether it receives anything.
    pub active: Option<bool>,
}

/// What is to become of a target; none: it stays as it is.
#[derive(Debug)]
pub struct TargetUpdate {
    /// Where to POST.
    pub url: Option<String>,
    /// All headers. One whose name was there before keeps its number.
    pub headers: Option<Vec<NewHeader>>,
}

impl From<NewHttpTarget> for TargetUpdate {
    fn from(target: NewHttpTarget) -> Self {
        Self {
            url: Some(target.url),
            headers: Some(target.headers),
        }
    }
}

/// Changes a destination, all or nothing; all rules that the request does not keep are told together.
/// Nothing happens when all is as it is wanted already.
pub async fn update(
    app: &App,
    authorised: &AuthorisedDestination,
    wanted: DestinationUpdate,
) -> Result<Destination, Failure> {
    let (wanted, mut violations) = prepare(app, wanted).await;
    let change = Change::begin(app, authorised.authorised()).await?;
    let before = change.find(authorised).await?;
    violations.extend(conflicts(app, &change, &before, &wanted).await?);
    Failure::if_any(violations)?;
    let verification_token = write(app, &change, &before, &wanted).await?;
    let header_values = match wanted.headers {
        None => HashSet::new(),
        Some(wanted) => {
            let Target::Http(target) = &before.target;
            replace_headers(app, &change, before.id, &target.headers, wanted).await?
        }
    };
    let after = change.find(authorised).await?;
    let changed = DestinationChange {
        before: &before,
        after: &after,
        verification_token,
        header_values: &header_values,
    };
    let columns = changed.columns(authorised.authorised().generation());
    if columns.is_empty() {
        // Without a commit the version stays too, and no worker loads anything.
        return Ok(before);
    }
    let events = columns.iter().map(|column| {
        let happening = Happening::Changed(column);
        AuditEvent::new(authorised.authorised(), &after, &happening)
    });
    change.commit(events.collect()).await?;
    Ok(after)
}

/// What is wanted, as it is to be stored.
struct Prepared {
    url: Option<String>,
    headers: Option<Vec<NewHeader>>,
    name: Option<String>,
    token: Option<Token>,
    active: Option<bool>,
}

/// A token, and the digest by which equal ones are found.
struct Token {
    text: SecretString,
    digest: String,
}

/// Decides whatever needs no transaction.
async fn prepare(app: &App, wanted: DestinationUpdate) -> (Prepared, Vec<Violation>) {
    let mut violations = Vec::new();
    let (mut url, mut headers) = (None, None);
    match wanted.target {
        None => {}
        Some(Err(broken)) => violations.extend(broken),
        Some(Ok(target)) => {
            if let Some(given) = target.url {
                let (text, broken) = target_url::check(app, &given).await;
                url = Some(text);
                violations.extend(broken);
            }
            headers = target.headers;
        }
    }
    if let Some(name) = &wanted.name {
        violations.extend(name::check(name));
    }
    let token = wanted.verification_token.map(|chosen| {
        violations.extend(chosen.check());
        Token {
            digest: app.foundation.keyring.digest(&chosen.text),
            text: chosen.text,
        }
    });
    let prepared = Prepared {
        url,
        headers,
        name: wanted.name,
        token,
        active: wanted.active,
    };
    (prepared, violations)
}

/// What stands in the way beside the destination itself.
async fn conflicts(
    app: &App,
    change: &Change<'_>,
    before: &Destination,
    wanted: &Prepared,
) -> Result<Vec<Violation>, DbErr> {
    let claims = Claims {
        of: Some(before.id),
        url: wanted.url.as_deref(),
        name: wanted.name.as_deref(),
        token_digest: wanted.token.as_ref().map(|token| &*token.digest),
    };
    let mut violations = conflicts::taken(&before.scope, &claims, change.transaction()).await?;
    if wanted.active == Some(true) && !before.active {
        let reached = conflicts::reached_limit(app, &before.scope, change.transaction()).await?;
        violations.extend(reached.map(|limit| Violation::TooManyToActivate { limit }));
    }
    Ok(violations)
}

/// Writes the columns that are wanted; whether the token is another one now.
async fn write(
    app: &App,
    change: &Change<'_>,
    before: &Destination,
    wanted: &Prepared,
) -> Result<bool, Failure> {
    let keyring = &app.foundation.keyring;
    let mut columns = destinations::ActiveModel::default();
    if let Some(url) = &wanted.url {
        columns.destination_url = ActiveValue::Set(url.clone());
    }
    if let Some(name) = &wanted.name {
        columns.name = ActiveValue::Set(name.clone());
    }
    if let Some(active) = wanted.active {
        columns.active = ActiveValue::Set(active);
        if active != before.active {
            columns.active_changed_at = ActiveValue::Set(Some(change.now().0));
        }
    }
    let there = &before.verification_token;
    let new_token = wanted
        .token
        .as_ref()
        .filter(|token| there.differs_from(&token.text, keyring));
    if let Some(token) = new_token {
        columns.verification_token =
            ActiveValue::Set(keyring.seal(Purpose::VerificationToken, &token.text));
        columns.verification_token_digest = ActiveValue::Set(token.digest.clone());
    }
    change.write(before.id, columns).await?;
    Ok(new_token.is_some())
}
