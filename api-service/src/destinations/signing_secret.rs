//! Rotates the secret that a destination's requests are signed with.

use std::time::Duration;

use sea_orm::ActiveValue;
use secrecy::SecretString;
use shared::entities::destinations;
use shared::secrets::{Purpose, random_signing_secret};

use super::change::Change;
use super::{AuthorisedDestination, Failure};
use crate::app::App;
use crate::audit::{ConfigChange, Happening};

/// How long the old secret signs along, so that receivers can change over without losing a request.
const OVERLAP: Duration = Duration::from_hours(24);

/// Gives a destination a new signing secret, and tells it. The one that it had signs along for 24 hours;
/// one that still did so from an earlier rotation does not any more.
pub async fn rotate_signing_secret(
    app: &App,
    authorised: &AuthorisedDestination,
) -> Result<SecretString, Failure> {
    let change = Change::begin(app, authorised.authorised()).await?;
    let destination = change.find(authorised).await?;
    let secret = random_signing_secret();
    let sealed = app.foundation.keyring.seal(Purpose::SigningSecret, &secret);
    let until = (change.now() + OVERLAP).0;
    let columns = destinations::ActiveModel {
        signing_secret: ActiveValue::Set(sealed),
        previous_signing_secret: ActiveValue::Set(Some(
            destination.signing_secret.sealed().to_owned(),
        )),
        previous_signing_secret_until: ActiveValue::Set(Some(until)),
        ..Default::default()
    };
    change.write(destination.id, columns).await?;
    let rotated = ConfigChange::secret("signing_secret");
    change
        .commit_as(&destination, &Happening::Changed(&rotated))
        .await?;
    Ok(secret)
}
