//! Reads a request's body within limits of size and time.

use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, web};
use bytes::Bytes;

use super::error::HttpError;
use super::text_header;

/// How long a client may take to send a body.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// The whole body, at most `most` bytes; a longer one is refused as soon as that is known.
pub(super) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    most: usize,
) -> Result<Bytes, HttpError> {
    let encoding = text_header(request, header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return Err(HttpError::unsupported_media_type(
            "The body must not be compressed",
        ));
    }
    let too_large = || {
        let message = format!("The body is larger than {most} bytes");
        HttpError::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    };
    let announced =
        text_header(request, header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    if announced.is_some_and(|length: u64| length > most as u64) {
        return Err(too_large());
    }
    match tokio::time::timeout(READ_TIMEOUT, payload.to_bytes_limited(most)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(_))) => Err(HttpError::bad_request("The body ended early")),
        Ok(Err(_)) => Err(too_large()),
        Err(_elapsed) => Err(HttpError::new(
            StatusCode::REQUEST_TIMEOUT,
            format!(
                "The body did not arrive within {} seconds",
                READ_TIMEOUT.as_secs()
            ),
        )),
    }
}
