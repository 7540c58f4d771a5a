//! The mutation that tries a destination. GitLab has none; ours takes the id of a destination in either
//! generation and at either level.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::any_destination::{self, AnyDestination};
use super::{app, caller, errors};
use crate::destinations::{self, Test};

/// Which destination is to be tried.
#[derive(InputObject)]
pub(super) struct AuditEventStreamingDestinationTestInput {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of a destination of any of the four classes.
    destination_id: ID,
}

/// How the test event went.
#[derive(SimpleObject)]
pub(super) struct AuditEventStreamingDestinationTestPayload {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// Why nothing is known of an attempt; empty when there was one, whether it succeeded or not.
    errors: Vec<String>,
    /// Whether the receiver took the event, which is a status of 200 to 299; null when nothing is known of
    /// an attempt.
    delivered: Option<bool>,
    /// Status of the receiver's answer; null without one.
    status: Option<i32>,
    /// How long the attempt took, in milliseconds.
    duration_ms: Option<i32>,
    /// What went wrong; null when the event was delivered.
    error: Option<String>,
    /// The first 1,024 bytes of what the receiver answered; null when that is empty.
    response: Option<String>,
    /// Id of the test event, by which it can be found at the receiver.
    event_id: Option<String>,
}

/// The mutation of this file.
#[derive(Default)]
pub(super) struct DestinationTestMutations;

#[Object]
impl DestinationTestMutations {
    /// Sends a test event to a destination, for who may change it, and answers with what came of it. A
    /// delivery worker makes one attempt, with the token, headers and signature of every request. Inactive
    /// destinations can be tried too, and filters are not looked at. The attempt is neither recorded nor
    /// counted, and changes nothing for the events of the destination. The type of the event is
    /// `audit_event_streaming_destination_test`. Not in GitLab.
    async fn audit_event_streaming_destination_test(
        &self,
        ctx: &Context<'_>,
        input: AuditEventStreamingDestinationTestInput,
    ) -> Result<Option<AuditEventStreamingDestinationTestPayload>> {
        let (app, caller) = (app(ctx), caller(ctx)?);
        let id: AnyDestination = input.destination_id.parse().map_err(errors::bad_input)?;
        let test = async {
            let destination = id.authorise(app, &caller).await?;
            destinations::test(app, &destination).await
        };
        let test = test.await.map_err(any_destination::error)?;
        Ok(Some(payload(input.client_mutation_id, test)))
    }
}

fn payload(
    client_mutation_id: Option<String>,
    Test { event_id, attempt }: Test,
) -> AuditEventStreamingDestinationTestPayload {
    let (tried, errors) = match attempt {
        Ok(tried) => (Some(tried), Vec::new()),
        Err(untried) => (None, vec![untried.to_string()]),
    };
    AuditEventStreamingDestinationTestPayload {
        client_mutation_id,
        errors,
        delivered: tried.as_ref().map(|tried| tried.error.is_none()),
        status: tried.as_ref().and_then(|tried| tried.status).map(i32::from),
        duration_ms: tried
            .as_ref()
            .map(|tried| i32::try_from(tried.duration_ms).unwrap_or(i32::MAX)),
        event_id: Some(event_id),
        error: tried.as_ref().and_then(|tried| tried.error.clone()),
        response: tried.and_then(|tried| tried.response),
    }
}
