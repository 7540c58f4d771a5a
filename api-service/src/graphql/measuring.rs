//! Counts and times requests by what they ask for. The label is a root field of the schema or one of four
//! words: what a client calls its operation could be anything.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextRequest, NextResolve, ResolveInfo,
};
use async_graphql::{Response, ServerResult, Value};

use super::errors::Code;
use crate::metrics::Metrics;

/// Makes a [`Measuring`] for each request.
pub(super) struct MeasuringFactory {
    pub(super) metrics: Metrics,
}

struct Measuring {
    metrics: Metrics,
    asked: Mutex<Asked>,
}

/// Which root fields a request has.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
enum Asked {
    #[default]
    Nothing,
    /// Perhaps several times.
    One(String),
    Several,
}

impl Asked {
    fn and(self, field: &str) -> Self {
        match self {
            Self::Nothing => Self::One(field.to_owned()),
            Self::One(one) if one == field => Self::One(one),
            Self::One(_) | Self::Several => Self::Several,
        }
    }

    fn label(&self, outcome: &str) -> &str {
        match self {
            Self::One(field) if field.starts_with("__") => "introspection",
            Self::One(field) => field,
            Self::Several => "several",
            // Only the names of types; they are resolved by nobody.
            Self::Nothing if outcome == OK => "introspection",
            Self::Nothing => "invalid",
        }
    }
}

const OK: &str = "ok";

/// How a request ended: without an error, with something that the caller has to mend, or by our fault.
fn outcome(response: &Response) -> &'static str {
    let is_ours = |error: &async_graphql::ServerError| {
        let ours = [Code::Internal, Code::Timeout, Code::Unavailable];
        ours.iter().any(|code| code.is_of(error))
    };
    if response.errors.iter().any(is_ours) {
        "failed"
    } else if !response.errors.is_empty() || has_refusal(&response.data) {
        "refused"
    } else {
        OK
    }
}

/// Whether the payload of a mutation says why something was not done.
fn has_refusal(data: &Value) -> bool {
    let Value::Object(fields) = data else {
        return false;
    };
    fields.values().any(|payload| {
        matches!(payload, Value::Object(payload)
            if matches!(payload.get("errors"), Some(Value::List(errors)) if !errors.is_empty()))
    })
}

impl ExtensionFactory for MeasuringFactory {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Measuring {
            metrics: self.metrics.clone(),
            asked: Mutex::default(),
        })
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Measuring {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let began = Instant::now();
        let response = next.run(ctx).await;
        let outcome = outcome(&response);
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let operation = asked.label(outcome);
        self.metrics.executed(operation, outcome, began.elapsed());
        response
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        if info.path_node.parent.is_none() {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            *asked = std::mem::take(&mut *asked).and(info.name);
        }
        next.run(ctx, info).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_labelled_by_the_schemas_name_of_what_it_asks_for() {
        for (fields, outcome, label) in [
            (&["group"][..], OK, "group"),
            (&["group", "group"], "refused", "group"),
            (&["group", "auditEventDefinitions"], OK, "several"),
            (&["a", "b", "a"], OK, "several"),
            (&["__schema"], OK, "introspection"),
            (&[], OK, "introspection"),
            (&[], "refused", "invalid"),
        ] {
            let asked = fields.iter().copied().fold(Asked::Nothing, Asked::and);
            assert_eq!(asked.label(outcome), label, "{fields:?}");
        }
    }
}
