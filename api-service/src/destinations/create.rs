//! Makes a destination.

use std::net::IpAddr;
use std::time::Duration;

use sea_orm::{
    ActiveModelTrait as _, ActiveValue, ColumnTrait as _, Condition, DatabaseTransaction, DbErr,
    EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
};
use secrecy::{ExposeSecret as _, SecretString};
use shared::egress::EgressPolicy;
use shared::entities::destinations;
use shared::secrets::{Purpose, random_signing_secret, random_token};
use uuid::Uuid;

use super::change::Change;
use super::{Authorised, Failure, HTTP, unique};
use crate::app::App;
use crate::audit::AuditEvent;
use crate::domain::{
    Destination, Scope, SealedSecret, Violation, destination_url, name, verification_token,
};

/// How long the host's name may take to be resolved; after that it counts as one that does not
/// resolve, which is accepted, since every address is checked again when it is called.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(2);

/// What a destination is made from.
#[derive(Debug)]
pub struct NewDestination {
    /// Where to POST.
    pub url: String,
    /// Absent or blank: one is made up.
    pub name: Option<String>,
    /// Absent: one is made.
    pub verification_token: Option<SecretString>,
}

/// Makes a destination, which is active at once. All rules that the request does not keep are told
/// together.
pub async fn create(
    app: &App,
    authorised: &Authorised,
    wanted: NewDestination,
) -> Result<Destination, Failure> {
    let (candidate, mut violations) = prepare(app, wanted).await;
    let change = Change::begin(app, authorised).await?;
    violations.extend(conflicts(app, authorised.scope(), &candidate, change.transaction()).await?);
    if !violations.is_empty() {
        return Err(Failure::Invalid(violations));
    }
    let row = candidate
        .row(app, authorised.scope(), &change)
        .insert(change.transaction())
        .await
        .map_err(|error| match unique::violated(&error) {
            Some(violation) => Failure::Invalid(vec![violation]),
            None => error.into(),
        })?;
    let destination = Destination {
        id: row.id,
        name: row.name,
        url: row.destination_url,
        verification_token: SealedSecret::new(Purpose::VerificationToken, row.verification_token),
        active: row.active,
        event_type_filters: Vec::new(),
        headers: Vec::new(),
    };
    let event = AuditEvent::destination_created(authorised.scope(), &destination);
    change.commit(&[event]).await?;
    Ok(destination)
}

/// A destination that is about to be made, with all that can be absent filled in.
struct Candidate {
    url: String,
    name: String,
    token: SecretString,
    token_digest: String,
}

/// Fills in what is absent, and decides whatever needs no transaction: nothing may wait for the
/// network while the configuration is locked.
async fn prepare(app: &App, wanted: NewDestination) -> (Candidate, Vec<Violation>) {
    let egress = EgressPolicy {
        allow_local_requests: app.foundation.config.delivery.allow_local_requests,
    };
    let url = destination_url::check(&wanted.url, egress);
    let mut violations = url.violations;
    if let Some((host, port)) = url.to_resolve {
        let addresses = resolve(&host, port).await;
        violations.extend(destination_url::check_addresses(addresses, egress));
    }
    let name = wanted
        .name
        .filter(|name| !name.trim().is_empty())
        .unwrap_or_else(|| format!("Destination_{}", Uuid::new_v4()));
    violations.extend(name::check(&name));
    let token = match wanted.verification_token {
        Some(token) => {
            violations.extend(verification_token::check(token.expose_secret()));
            token
        }
        None => random_token(verification_token::LONGEST),
    };
    let candidate = Candidate {
        url: url.text,
        name,
        token_digest: app.foundation.keyring.digest(&token),
        token,
    };
    (candidate, violations)
}

/// The addresses of a name; none when it does not resolve in time.
async fn resolve(host: &str, port: u16) -> Vec<IpAddr> {
    let looked_up =
        tokio::time::timeout(RESOLVE_TIMEOUT, tokio::net::lookup_host((host, port))).await;
    match looked_up {
        Ok(Ok(addresses)) => addresses.map(|address| address.ip()).collect(),
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}

impl Candidate {
    fn row(&self, app: &App, scope: &Scope, change: &Change<'_>) -> destinations::ActiveModel {
        let keyring = &app.foundation.keyring;
        destinations::ActiveModel {
            id: ActiveValue::NotSet,
            namespace_id: ActiveValue::Set(scope.namespace_id()),
            name: ActiveValue::Set(self.name.clone()),
            category: ActiveValue::Set(HTTP.to_owned()),
            destination_url: ActiveValue::Set(self.url.clone()),
            verification_token: ActiveValue::Set(
                keyring.seal(Purpose::VerificationToken, &self.token),
            ),
            verification_token_digest: ActiveValue::Set(self.token_digest.clone()),
            signing_secret: ActiveValue::Set(
                keyring.seal(Purpose::SigningSecret, &random_signing_secret()),
            ),
            active: ActiveValue::Set(true),
            config_version: ActiveValue::Set(change.version()),
            created_at: ActiveValue::Set(change.now().0),
            updated_at: ActiveValue::Set(change.now().0),
        }
    }
}

/// What stands in the way of the candidate beside itself.
async fn conflicts(
    app: &App,
    scope: &Scope,
    candidate: &Candidate,
    transaction: &DatabaseTransaction,
) -> Result<Vec<Violation>, DbErr> {
    use destinations::Column;
    let siblings = || destinations::Entity::find().filter(super::list::belongs_to(scope));
    let mut like_it =
        Condition::any().add(Column::VerificationTokenDigest.eq(&candidate.token_digest));
    for (column, text) in [
        (Column::DestinationUrl, &candidate.url),
        (Column::Name, &candidate.name),
    ] {
        // Such a text is never stored, and PostgreSQL refuses to look for it.
        if !text.contains('\0') {
            like_it = like_it.add(column.eq(text));
        }
    }
    let alike = siblings().filter(like_it).all(transaction).await?;
    let same_category = |row: &&destinations::Model| row.category == HTTP;
    let mut violations = Vec::new();
    if alike
        .iter()
        .filter(same_category)
        .any(|row| row.destination_url == candidate.url)
    {
        violations.push(Violation::UrlTaken);
    }
    if alike
        .iter()
        .filter(same_category)
        .any(|row| row.name == candidate.name)
    {
        violations.push(Violation::NameTaken);
    }
    if alike
        .iter()
        .any(|row| row.verification_token_digest == candidate.token_digest)
    {
        violations.push(Violation::TokenTaken);
    }
    if scope.is_subgroup() {
        violations.push(Violation::Subgroup);
    }
    let limit = app.foundation.config.limits.destinations;
    if limit > 0 {
        let active = siblings()
            .filter(Column::Active.eq(true))
            .count(transaction)
            .await?;
        if active >= limit {
            violations.push(Violation::TooManyDestinations { limit });
        }
    }
    Ok(violations)
}
