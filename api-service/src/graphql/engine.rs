//! What the GraphQL engine leaves undone: its own errors have no code, a field that failed is left
//! out of the data, where the specification asks for null, and some documents would cost it without
//! bound.

use std::mem::take;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextPrepareRequest, NextRequest,
    NextResolve, NextValidation, ResolveInfo,
};
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{
    QueryPathSegment, Request, Response, ServerError, ServerResult, ValidationResult, Value,
    Variables,
};

use super::dead_letters::DeadLettersOfRequest;
use super::destination_list::ListsOfRequest;
use super::errors::Code;
use super::health::HealthOfRequest;
use super::limits::{ERRORS, VALUES};
use super::{expansion, nesting, required_variables};

/// Makes a [`Conformance`] for each request.
pub(super) struct ConformanceFactory {
    /// After this time nobody waits for the answer any longer.
    pub(super) patience: Duration,
}

/// Collects the errors of one request, and counts what it is answered with.
struct Conformance {
    errors: Mutex<Vec<ServerError>>,
    values: AtomicUsize,
    /// Whether the document has a mutation.
    changes: AtomicBool,
    /// Nothing is begun after this.
    deadline: Instant,
}

impl Conformance {
    fn is_exhausted(&self) -> bool {
        self.values.load(Ordering::Relaxed) > VALUES
    }

    fn errors(&self) -> MutexGuard<'_, Vec<ServerError>> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why a field is not resolved.
    fn refusal(&self, info: &ResolveInfo<'_>) -> Option<ServerError> {
        // What a mutation would still begin, nobody would hear of.
        if info.path_node.parent.is_none() && Instant::now() >= self.deadline {
            return Some(too_late());
        }
        if !is_plain_item(info) {
            self.values.fetch_add(1, Ordering::Relaxed);
        }
        self.is_exhausted().then(exhausted)
    }
}

impl ExtensionFactory for ConformanceFactory {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Conformance {
            errors: Mutex::default(),
            values: AtomicUsize::new(0),
            changes: AtomicBool::new(false),
            deadline: Instant::now() + self.patience,
        })
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Conformance {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let mut response = next.run(ctx).await;
        response.errors.extend(take(&mut *self.errors()));
        if self.is_exhausted() {
            if !self.changes.load(Ordering::Relaxed) {
                // Whole, since half a list says less than none.
                return Response::from_errors(vec![exhausted()]);
            }
            // What was done must be told, with whatever of it there was room for; and once is enough.
            response.errors.retain(|error| !is_exhaustion(error));
            response.errors.push(exhausted());
        }
        for error in &mut response.errors {
            Code::Input.set_if_absent(error);
        }
        response
    }

    /// Refuses what would overflow the parser's stack, or what the engine would walk for hours before
    /// it compares it with its own limits.
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        mut request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        nesting::check(&request.query).map_err(too_much)?;
        let document =
            parse_query(&request.query).map_err(|error| with_code(error.into(), Code::Syntax))?;
        expansion::check(&document, &request.variables).map_err(too_much)?;
        required_variables::check(&document, &request).map_err(too_much)?;
        let mut operations = document.operations.iter();
        let changes = operations.any(|(_, operation)| operation.node.ty == OperationType::Mutation);
        self.changes.store(changes, Ordering::Relaxed);
        request.set_parsed_query(document);
        let request = request
            .data(ListsOfRequest::default())
            .data(DeadLettersOfRequest::default())
            .data(HealthOfRequest::default());
        next.run(ctx, request).await
    }

    /// What comes here was parsed already; only limits are left to fail.
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        next.run(ctx, query, variables)
            .await
            .map_err(|error| with_code(error, Code::Schema))
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx).await.map_err(|errors| {
            errors
                .into_iter()
                .take(ERRORS)
                .map(|error| with_code(error, Code::Schema))
                .collect()
        })
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let nullable = !info.return_type.ends_with('!');
        let resolved = match self.refusal(&info) {
            Some(refusal) => Err(refusal),
            None => next.run(ctx, info).await,
        };
        match resolved {
            Err(error) if nullable => {
                let mut errors = self.errors();
                if errors.len() < ERRORS || !is_exhaustion(&error) {
                    errors.push(error);
                }
                Ok(Some(Value::Null))
            }
            resolved => resolved,
        }
    }
}

/// Whether it is an item of a list of plain values, which counts as one with all its items.
fn is_plain_item(info: &ResolveInfo<'_>) -> bool {
    matches!(info.path_node.segment, QueryPathSegment::Index(_))
        && info.field.selection_set.node.items.is_empty()
}

fn exhausted() -> ServerError {
    let sentence = format!(
        "The answer would hold more than {VALUES} values. Ask for fewer fields, or for smaller pages."
    );
    with_code(ServerError::new(sentence, None), Code::TooLarge)
}

fn is_exhaustion(error: &ServerError) -> bool {
    error.message == exhausted().message
}

fn too_late() -> ServerError {
    let sentence = "The request took too long. This was not begun.".to_owned();
    with_code(ServerError::new(sentence, None), Code::Timeout)
}

fn too_much(sentence: impl std::fmt::Display) -> ServerError {
    with_code(ServerError::new(sentence.to_string(), None), Code::Schema)
}

fn with_code(mut error: ServerError, code: Code) -> ServerError {
    code.set_if_absent(&mut error);
    error
}
