//! Makes a destination.

use sea_orm::{ActiveModelTrait as _, ActiveValue};
use secrecy::SecretString;
use shared::entities::destinations;
use shared::secrets::{Purpose, random_signing_secret, random_token};
use uuid::Uuid;

use super::change::Change;
use super::conflicts::{self, Claims};
use super::{Authorised, Failure, headers, read, target_url};
use crate::app::App;
use crate::audit::Happening;
use crate::domain::header::NewHeader;
use crate::domain::{
    Category, ChosenToken, Destination, NewHttpTarget, Violation, name, verification_token,
};

/// What a destination is made from.
#[derive(Debug)]
pub struct NewDestination {
    /// What its events are sent to, or what is wrong with that.
    pub target: Result<NewHttpTarget, Vec<Violation>>,
    /// Absent or blank: one is made up.
    pub name: Option<String>,
    /// Absent: one is made.
    pub verification_token: Option<ChosenToken>,
    /// Whether it gets events at once.
    pub active: bool,
}

/// Makes a destination. All rules that the request does not keep are told
/// together.
pub async fn create(
    app: &App,
    authorised: &Authorised,
    wanted: NewDestination,
) -> Result<Destination, Failure> {
    let scope = authorised.scope();
    let (candidate, mut violations) = prepare(app, wanted).await;
    let change = Change::begin(app, authorised).await?;
    let claims = Claims {
        of: None,
        url: Some(&candidate.url),
        name: Some(&candidate.name),
        token_digest: Some(&candidate.token_digest),
    };
    violations.extend(conflicts::taken(scope, &claims, change.transaction()).await?);
    if scope.is_subgroup() {
        violations.push(Violation::Subgroup);
    }
    let reached = conflicts::reached_limit(app, scope, change.transaction()).await?;
    violations.extend(reached.map(|limit| Violation::TooManyDestinations { limit }));
    Failure::if_any(violations)?;
    let row = candidate
        .row(app, &change, scope.namespace_id())
        .insert(change.transaction())
        .await
        .map_err(Failure::of_statement)?;
    headers::insert(app, &change, row.id, &candidate.headers).await?;
    let destination = read::complete_one(change.transaction(), scope, row).await?;
    change.commit_as(&destination, &Happening::Created).await?;
    Ok(destination)
}

/// A destination that is about to be made, with all that can be absent filled in.
struct Candidate {
    url: String,
    headers: Vec<NewHeader>,
    name: String,
    token: SecretString,
    token_digest: String,
    active: bool,
}

/// Fills in what is absent, and decides whatever needs no transaction.
async fn prepare(app: &App, wanted: NewDestination) -> (Candidate, Vec<Violation>) {
    let (url, headers, mut violations) = match wanted.target {
        Ok(target) => {
            let (url, violations) = target_url::check(app, &target.url).await;
            (url, target.headers, violations)
        }
        Err(violations) => (String::new(), Vec::new(), violations),
    };
    let name = wanted
        .name
        .filter(|name| !name.trim().is_empty())
        .unwrap_or_else(|| format!("Destination_{}", Uuid::new_v4()));
    violations.extend(name::check(&name));
    let token = match wanted.verification_token {
        Some(chosen) => {
            violations.extend(chosen.check());
            chosen.text
        }
        None => random_token(verification_token::LONGEST),
    };
    let candidate = Candidate {
        url,
        headers,
        name,
        token_digest: app.foundation.keyring.digest(&token),
        token,
        active: wanted.active,
    };
    (candidate, violations)
}

impl Candidate {
    fn row(
        &self,
        app: &App,
        change: &Change<'_>,
        namespace_id: Option<i64>,
    ) -> destinations::ActiveModel {
        let keyring = &app.foundation.keyring;
        destinations::ActiveModel {
            id: ActiveValue::NotSet,
            namespace_id: ActiveValue::Set(namespace_id),
            name: ActiveValue::Set(self.name.clone()),
            category: ActiveValue::Set(Category::Http.name().to_owned()),
            destination_url: ActiveValue::Set(self.url.clone()),
            verification_token: ActiveValue::Set(
                keyring.seal(Purpose::VerificationToken, &self.token),
            ),
            verification_token_digest: ActiveValue::Set(self.token_digest.clone()),
            signing_secret: ActiveValue::Set(
                keyring.seal(Purpose::SigningSecret, &random_signing_secret()),
            ),
            previous_signing_secret: ActiveValue::Set(None),
            previous_signing_secret_until: ActiveValue::Set(None),
            active: ActiveValue::Set(self.active),
            config_version: ActiveValue::Set(change.version()),
            created_at: ActiveValue::Set(change.now().0),
            updated_at: ActiveValue::Set(change.now().0),
            active_changed_at: ActiveValue::Set(None),
        }
    }
}
