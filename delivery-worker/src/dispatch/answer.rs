//! Reads a receiver's answer.

use bytes::Bytes;
use http::Response;
use http::header::RETRY_AFTER;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use shared::clock::Timestamp;
use shared::queue::Accepted;
use tokio::time::{Instant, timeout_at};

use super::RESPONSE_LIMIT;
use crate::classification::{Ending, retry_after};
use crate::outcome::{Failure, Outcome};

/// Bytes of a body that are kept for the destination's owner.
const EXCERPT: usize = 1024;

/// Reads until the deadline at most. The status is the receiver's answer, however its body ends.
pub(super) async fn read(
    response: Response<Incoming>,
    deadline: Instant,
    now: Timestamp,
) -> Outcome {
    let status = response.status().as_u16();
    let wait = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| retry_after(value, now));
    let keep = if Accepted::of_status(status).is_some() {
        0
    } else {
        EXCERPT
    };
    let failure = Failure {
        status: Some(status),
        error: no_success(status),
        response: beginning(response.into_body(), keep, deadline).await,
    };
    Outcome::of(Ending::Status(status), failure, wait)
}

/// What a receiver answered, be it a success or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) status: u16,
    /// Why that is no delivery; none, when it is.
    pub(crate) error: Option<String>,
    /// The beginning of the body.
    pub(crate) response: Option<String>,
}

/// As [`read`], for somebody who wants to see the answer.
pub(super) async fn show(response: Response<Incoming>, deadline: Instant) -> Shown {
    let status = response.status().as_u16();
    Shown {
        status,
        error: Accepted::of_status(status)
            .is_none()
            .then(|| no_success(status)),
        response: beginning(response.into_body(), EXCERPT, deadline).await,
    }
}

fn no_success(status: u16) -> String {
    format!("the receiver answered with status {status}")
}

/// Reads a body until the deadline at most; what it begins with, if anything.
async fn beginning(body: Incoming, keep: usize, deadline: Instant) -> Option<String> {
    let mut excerpt = Vec::new();
    let _ = timeout_at(deadline, drain(body, keep, &mut excerpt)).await;
    (!excerpt.is_empty()).then(|| text(&excerpt))
}

/// Reads a body to its end, so that its connection can be used again; a receiver that goes on
/// and on loses it.
async fn drain(mut body: Incoming, keep: usize, excerpt: &mut Vec<u8>) {
    let mut read = 0;
    while read < RESPONSE_LIMIT as usize
        && let Some(Ok(frame)) = body.frame().await
    {
        let Some(data) = frame.data_ref() else {
            continue;
        };
        read += data.len();
        let room = keep - excerpt.len();
        excerpt.extend_from_slice(&data[..room.min(Bytes::len(data))]);
    }
}

/// PostgreSQL stores no NUL in texts, and nobody reads one.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}
