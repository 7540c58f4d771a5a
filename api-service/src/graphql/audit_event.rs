//! The mutation that publishes an audit event.

use async_graphql::{Context, ID, InputObject, Json, Object, Result, SimpleObject, Value};
use serde::Serialize;

use super::big_int::BigInt;
use super::{app, errors, may_publish};
use crate::metrics::Refusal;
use crate::publishing::complete::{Completion, Problem, complete};
use crate::publishing::{ProducerTrace, Via};

/// An audit event. What may not be left out is told in the payload's errors.
#[derive(InputObject, Serialize)]
pub(super) struct AuditEventCreateInput {
    /// Comes back in the payload.
    #[serde(skip)]
    client_mutation_id: Option<String>,
    /// 1 to 128 of A-Z, a-z, 0-9 and _ : . -; made when absent.
    id: Option<ID>,
    /// Name of one of the known types.
    event_type: Option<String>,
    /// Number of who did it.
    author_id: Option<BigInt>,
    /// Name of who did it.
    author_name: Option<String>,
    /// Number of the user, group or project that it concerns; 1 for the instance.
    entity_id: Option<BigInt>,
    /// `User`, `Group`, `Project` or `Gitlab::Audit::InstanceScope`.
    entity_type: Option<String>,
    /// Full path of the entity, names parted by single slashes; `gitlab_instance` for the instance.
    /// Its first part decides which group's destinations receive the event. Cut to 5,500 characters.
    entity_path: Option<String>,
    /// Whatever else there is to say.
    details: Option<Json<Value>>,
    /// Where it was done from; from the details when absent.
    ip_address: Option<String>,
    /// Number of what was acted on; from the details when absent.
    target_id: Option<BigInt>,
    /// Class of what was acted on; from the details when absent.
    target_type: Option<String>,
    /// Name of what was acted on; from the details when absent. Cut to 5,500 characters.
    target_details: Option<String>,
    /// When it was done, with a zone, such as `2022-07-26T05:43:53.662Z`; now when absent.
    created_at: Option<String>,
}

/// The event was accepted, or is told what is wrong with it.
#[derive(SimpleObject)]
pub(super) struct AuditEventCreatePayload {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// What is wrong with the event.
    errors: Vec<String>,
    /// The accepted event, which will reach every destination that it matches.
    audit_event: Option<AuditEvent>,
}

/// An accepted audit event.
#[derive(SimpleObject)]
pub(super) struct AuditEvent {
    /// The id that every receiver sees.
    id: ID,
    /// Name of its type.
    event_type: String,
}

/// The mutations of this file.
#[derive(Default)]
pub(super) struct AuditEventMutations;

#[Object]
impl AuditEventMutations {
    /// Publishes an audit event. Needs a token with the scope `PUBLISH`.
    async fn audit_event_create(
        &self,
        ctx: &Context<'_>,
        input: AuditEventCreateInput,
    ) -> Result<Option<AuditEventCreatePayload>> {
        let permission = may_publish(ctx)?;
        let app = app(ctx);
        let foundation = &app.foundation;
        let json =
            serde_json::to_string(&input).map_err(|error| errors::internal(&error.into()))?;
        let completion =
            Completion::new(foundation.clock.now(), foundation.config.limits.event_bytes);
        let mut payload = AuditEventCreatePayload {
            client_mutation_id: input.client_mutation_id,
            errors: Vec::new(),
            audit_event: None,
        };
        match complete(&json, &foundation.catalogue, completion) {
            Err(problems) => {
                app.metrics.refused(Via::GraphQl, Refusal::Invalid, 1);
                payload.errors = problems.iter().map(sentence).collect();
            }
            Ok(mut event) => {
                if let Some(ProducerTrace(trace)) = ctx.data_opt() {
                    event.traceparent.clone_from(trace);
                }
                payload.audit_event = Some(AuditEvent {
                    id: ID(event.id.clone()),
                    event_type: event.event_type.clone(),
                });
                app.publisher
                    .publish(permission, Via::GraphQl, vec![event])
                    .await
                    .map_err(|error| errors::unavailable(&error))?;
            }
        }
        Ok(Some(payload))
    }
}

/// A sentence that names the argument as the schema does.
fn sentence(problem: &Problem) -> String {
    match &problem.field {
        Some(field) => format!("{} {}", argument(field), problem.message),
        None => problem.message.clone(),
    }
}

/// `author_id` is the argument `authorId`.
fn argument(field: &str) -> String {
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
        name
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_the_argument_as_the_schema_does() {
        let problem = |field: Option<&str>| Problem {
            field: field.map(str::to_owned),
            message: "is missing".to_owned(),
        };
        assert_eq!(
            sentence(&problem(Some("event_type"))),
            "eventType is missing"
        );
        assert_eq!(sentence(&problem(Some("id"))), "id is missing");
        assert_eq!(sentence(&problem(None)), "is missing");
    }
}
