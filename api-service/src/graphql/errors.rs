//! The errors of the API: each has a sentence for the caller and a code for programs. What is our
//! fault is logged here, once, and answered without telling what it was.

use async_graphql::{Error, ServerError};

use super::surface::Surface;
use super::wording;
use crate::auth::MissingScope;
use crate::destinations::Failure;
use crate::publishing::Unavailable;

/// What is answered to who may not know whether something exists.
pub(super) const NO_SUCH_RESOURCE: &str = "The resource that you are attempting to access does not exist or you don't have permission to perform this action";
/// What is answered to who may not use a mutation of the instance.
pub(super) const NO_ACCESS_TO_MUTATION: &str = "You do not have access to this mutation.";

/// What kind of error it is: `extensions.code`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Code {
    /// The text is no GraphQL.
    Syntax,
    /// The request does not fit the schema or its limits.
    Schema,
    /// An argument cannot be used.
    Input,
    /// The caller may not do this.
    Forbidden,
    /// The request does not keep the rules of what it is about.
    Validation,
    /// The answer would be too large; what a mutation did is done.
    TooLarge,
    /// It took too long to begin this.
    Timeout,
    /// It may work later.
    Unavailable,
    /// The fault is ours.
    Internal,
}

impl Code {
    fn name(self) -> &'static str {
        match self {
            Self::Syntax => "GRAPHQL_PARSE_FAILED",
            Self::Schema => "GRAPHQL_VALIDATION_FAILED",
            Self::Input => "BAD_USER_INPUT",
            Self::Forbidden => "FORBIDDEN",
            Self::Validation => "VALIDATION_FAILED",
            Self::TooLarge => "ANSWER_TOO_LARGE",
            Self::Timeout => "TIMEOUT",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }

    /// Whether an error has this code.
    pub(super) fn is_of(self, error: &ServerError) -> bool {
        let extensions = error.extensions.as_ref();
        let code = extensions.and_then(|extensions| extensions.get("code"));
        matches!(code, Some(async_graphql::Value::String(code)) if code == self.name())
    }

    /// Gives the code to an error that has none.
    pub(super) fn set_if_absent(self, error: &mut ServerError) {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", self.name());
        }
    }

    fn error(self, message: impl Into<String>) -> Error {
        let mut error = Error::new(message);
        error
            .extensions
            .get_or_insert_default()
            .set("code", self.name());
        error
    }
}

/// The caller may not do this.
pub(super) fn forbidden(message: &str) -> Error {
    Code::Forbidden.error(message)
}

/// The token that was used may not do this.
pub(super) fn missing_scope(missing: MissingScope) -> Error {
    forbidden(&missing.to_string())
}

/// An argument cannot be used.
pub(super) fn bad_input(message: impl std::fmt::Display) -> Error {
    Code::Input.error(message.to_string())
}

/// The answer would be too large.
pub(super) fn too_large(message: impl std::fmt::Display) -> Error {
    Code::TooLarge.error(message.to_string())
}

/// Nothing was stored, for want of queue and database.
pub(super) fn unavailable(error: &Unavailable) -> Error {
    Code::Unavailable.error(error.to_string())
}

/// The fault is ours.
pub(super) fn internal(error: &anyhow::Error) -> Error {
    tracing::error!(error = format!("{error:#}"), "a graphql request failed");
    opaque()
}

/// The fault is ours, and what happened is in the log.
pub(super) fn opaque() -> Error {
    Code::Internal.error("Internal server error")
}

/// The error at the top level of the response that a failure is on a surface.
pub(super) fn top_level<S: Surface>(failure: Failure) -> Error {
    match failure {
        Failure::Forbidden => forbidden(S::FORBIDDEN),
        Failure::NotFound => forbidden(NO_SUCH_RESOURCE),
        Failure::Invalid(violations) => {
            let sentences = wording::sentences(&violations, S::phrase);
            Code::Validation.error(invalid(&sentences.join(", ")))
        }
        Failure::Internal(error) => internal(&error),
    }
}

/// As [`top_level`], for what answers the same on every surface to who may not do it, which is what
/// it answers when there is no such thing.
pub(super) fn top_level_of_resource<S: Surface>(failure: Failure) -> Error {
    match failure {
        Failure::Forbidden => forbidden(NO_SUCH_RESOURCE),
        other => top_level::<S>(other),
    }
}

/// A mutation answers with what it made, or with what is wrong with its input; what else failed is an
/// error at the top level.
pub(super) fn split<S: Surface, T>(
    outcome: Result<T, Failure>,
) -> Result<(Option<T>, Vec<String>), Error> {
    match outcome {
        Ok(made) => Ok((Some(made), Vec::new())),
        Err(Failure::Invalid(violations)) => Ok((None, wording::sentences(&violations, S::phrase))),
        Err(failure) => Err(top_level::<S>(failure)),
    }
}

/// What a record's validation is answered with in GitLab.
pub(super) fn invalid(sentences: &str) -> String {
    format!("Validation failed: {sentences}")
}
