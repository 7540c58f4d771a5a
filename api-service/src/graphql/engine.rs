//! What the GraphQL engine leaves undone: its own errors have no code, and a field that failed is left
//! out of the data, where the specification asks for null.

use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextRequest, NextResolve,
    NextValidation, ResolveInfo,
};
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Response, ServerError, ServerResult, ValidationResult, Value, Variables};

use super::errors::Code;

/// Makes a [`Conformance`] for each request.
pub(super) struct ConformanceFactory;

/// Collects the errors of one request.
#[derive(Default)]
struct Conformance {
    errors: Mutex<Vec<ServerError>>,
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
        let mut collected = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        response.errors.extend(take(&mut *collected));
        for error in &mut response.errors {
            Code::Input.set_if_absent(error);
        }
        response
    }

    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        next.run(ctx, query, variables)
            .await
            .map_err(|error| with_code(error, Code::Syntax))
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx).await.map_err(|errors| {
            errors
                .into_iter()
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

fn with_code(mut error: ServerError, code: Code) -> ServerError {
    code.set_if_absent(&mut error);
    error
}
