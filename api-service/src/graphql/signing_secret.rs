//! The mutation that rotates a destination's signing secret. GitLab has none; ours takes the id of a
//! destination in either generation and at either level.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use secrecy::ExposeSecret as _;

use super::any_destination::{self, AnyDestination};
use super::{app, caller, errors};
use crate::destinations;

/// Whose secret is to be rotated.
#[derive(InputObject)]
pub(super) struct AuditEventStreamingSigningSecretRotateInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of a destination of any of the four classes.
    destination_id: ID,
}

/// The secret was rotated.
#[derive(SimpleObject)]
pub(super) struct AuditEventStreamingSigningSecretRotatePayload {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// Always empty.
    errors: Vec<String>,
    /// The new secret. The one before it signs along for 24 hours.
    signing_secret: Option<String>,
}

/// The mutation of this file.
#[derive(Default)]
pub(super) struct SigningSecretMutations;

#[Object]
impl SigningSecretMutations {
    /// Gives a destination a new signing secret, for who may change it. The one that it had signs
    /// along for 24 hours, so that its receiver can change over without losing an event.
    async fn audit_event_streaming_signing_secret_rotate(
        &self,
        ctx: &Context<'_>,
        input: AuditEventStreamingSigningSecretRotateInput,
    ) -> Result<Option<AuditEventStreamingSigningSecretRotatePayload>> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let id: AnyDestination = input.destination_id.parse().map_err(errors::bad_input)?;
        let rotated = async {
            let destination = id.authorise(app, &caller).await?;
            destinations::rotate_signing_secret(app, &destination).await
        };
        let secret = rotated.await.map_err(any_destination::error)?;
        Ok(Some(AuditEventStreamingSigningSecretRotatePayload {
            client_mutation_id: input.client_mutation_id,
            errors: Vec::new(),
            signing_secret: Some(secret.expose_secret().to_owned()),
        }))
    }
}
