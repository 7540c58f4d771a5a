//! Shows stored secrets to who may see them.

use async_graphql::{Context, Result};
use secrecy::ExposeSecret as _;

use super::{app, errors};
use crate::domain::SealedSecret;

/// The secret as text. One that cannot be opened is our fault, told in the log with what it is and the
/// number of what it belongs to.
pub(super) fn show(
    ctx: &Context<'_>,
    secret: &SealedSecret,
    what: &'static str,
    of: i64,
) -> Result<String> {
    match secret.open(&app(ctx).foundation.keyring) {
        Ok(opened) => Ok(opened.expose_secret().to_owned()),
        Err(error) => {
            tracing::error!(
                secret.kind = what,
                secret.of = of,
                error = %error,
                "a stored secret cannot be shown"
            );
            Err(errors::opaque())
        }
    }
}
