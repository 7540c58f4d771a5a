//! What the GraphQL engine leaves undone: its own errors have no code, a field that failed is left
//! out of the data, where the specification asks for null, and some documents would cost it without
//! bound.

use std::mem::take;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextPrepareRequest, NextRequest,
    NextResolve, NextValidation, ResolveInfo,
};
use async_graphql::parser::parse_query;
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{
    Request, Response, ServerError, ServerResult, ValidationResult, Value, Variables,
};

use super::errors::Code;
use super::limits::{ERRORS, VALUES};
use super::{expansion, nesting};

/// Makes a [`Conformance`] for each request.
pub(super) struct ConformanceFactory;

/// Collects the errors of one request, and counts what it is answered with.
#[derive(Default)]
struct Conformance {
    errors: Mutex<Vec<ServerError>>,
    values: AtomicUsize,
}

impl Conformance {
    fn is_exhausted(&self) -> bool {
        self.values.load(Ordering::Relaxed) > VALUES
    }
}

impl ExtensionFactory for ConformanceFactory {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Conformance::default())
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Conformance {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let mut response = next.run(ctx).await;
        if self.is_exhausted() {
            // Whole, since the engine puts null and an error in the place of each part it misses.
            return Response::from_errors(vec![exhausted()]);
        }
        let mut collected = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        response.errors.extend(take(&mut *collected));
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
        request.set_parsed_query(document);
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
        self.values.fetch_add(1, Ordering::Relaxed);
        if self.is_exhausted() {
            return Err(exhausted());
        }
        let nullable = !info.return_type.ends_with('!');
        match next.run(ctx, info).await {
            Err(error) if nullable => {
                let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
                errors.push(error);
                Ok(Some(Value::Null))
            }
            resolved => resolved,
        }
    }
}

fn exhausted() -> ServerError {
    too_much(format_args!(
        "The answer would hold more than {VALUES} values"
    ))
}

fn too_much(sentence: impl std::fmt::Display) -> ServerError {
    with_code(ServerError::new(sentence.to_string(), None), Code::Schema)
}

fn with_code(mut error: ServerError, code: Code) -> ServerError {
    code.set_if_absent(&mut error);
    error
}
