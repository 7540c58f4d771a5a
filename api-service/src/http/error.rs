//! The one form in which a request is refused: a status and `{"errors": […]}`, each error with a code
//! for programs.

use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::{Value, json};

/// A refused request.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{status}")]
pub(super) struct HttpError {
    status: StatusCode,
    errors: Vec<Value>,
    /// The method that the path takes instead.
    allow: Option<&'static str>,
    /// After how many seconds to try again.
    retry_after: Option<u64>,
}

impl HttpError {
    /// With one sentence for the caller, and the code of the status.
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let mut error = json!({ "message": message.into() });
        if let Some(code) = code(status) {
            error["extensions"] = json!({ "code": code });
        }
        Self {
            status,
            errors: vec![error],
            allow: None,
            retry_after: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(5),
        }
    }

    /// With a list of what is wrong.
    pub(super) fn with_errors(status: StatusCode, errors: &[impl Serialize]) -> Self {
        let errors = errors.iter().map(|error| json!(error)).collect();
        Self {
            status,
            errors,
            allow: None,
            retry_after: None,
        }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn unauthorized(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    pub(super) fn unsupported_media_type(message: &str) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    }

    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }

    /// What was begun is not known to have ended, so the client is not asked to repeat it.
    pub(super) fn timeout(limit: Duration) -> Self {
        let message = format!(
            "The request took longer than {limit:?}. A change that it has begun goes on: look before you send it again"
        );
        let mut error = Self::unavailable(message);
        error.errors[0]["extensions"]["code"] = json!("TIMEOUT");
        error.retry_after = None;
        error
    }

    /// The client has sent too many requests; the next one is taken after `wait`.
    pub(super) fn rate_limited(wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let message = format!("Too many requests, the next one is taken in {seconds} s");
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, message)
        }
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is nothing at this path")
    }

    /// At a path that takes another method.
    pub(super) fn only(allow: &'static str) -> Self {
        let message = format!("This path takes {allow} only");
        Self {
            allow: Some(allow),
            ..Self::new(StatusCode::METHOD_NOT_ALLOWED, message)
        }
    }

    /// Ours; what happened is in the log.
    pub(super) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error")
    }
}

/// `extensions.code` of a status. A 401 has none: its body is, by contract, the message alone.
fn code(status: StatusCode) -> Option<&'static str> {
    Some(match status {
        StatusCode::BAD_REQUEST => "BAD_REQUEST",
        StatusCode::FORBIDDEN => "FORBIDDEN",
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::METHOD_NOT_ALLOWED => "METHOD_NOT_ALLOWED",
        StatusCode::REQUEST_TIMEOUT => "REQUEST_TIMEOUT",
        StatusCode::PAYLOAD_TOO_LARGE => "PAYLOAD_TOO_LARGE",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "UNSUPPORTED_MEDIA_TYPE",
        StatusCode::UNPROCESSABLE_ENTITY => "VALIDATION_FAILED",
        StatusCode::TOO_MANY_REQUESTS => "RATE_LIMITED",
        StatusCode::INTERNAL_SERVER_ERROR => "INTERNAL",
        StatusCode::SERVICE_UNAVAILABLE => "UNAVAILABLE",
        _ => return None,
    })
}

impl ResponseError for HttpError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status);
        if let Some(allow) = self.allow {
            response.insert_header((header::ALLOW, allow));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        response.json(json!({ "errors": self.errors }))
    }
}

impl actix_web::Responder for HttpError {
    type Body = BoxBody;

    fn respond_to(self, _request: &actix_web::HttpRequest) -> HttpResponse<BoxBody> {
        self.error_response()
    }
}
