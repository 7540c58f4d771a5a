//! A destination as it is read: one value for both levels and both generations of the API.

use super::SealedSecret;
use super::page::Numbered;

/// Where events are streamed to.
#[derive(Debug, Clone)]
pub struct Destination {
    /// Number of the destination.
    pub id: i64,
    /// Unique in its parent.
    pub name: String,
    /// Where each event is sent with POST.
    pub url: String,
    /// What a receiver tells us by.
    pub verification_token: SealedSecret,
    /// Whether it receives anything.
    pub active: bool,
    /// The event types that it is limited to, in the order in which they were added; all when empty.
    pub event_type_filters: Vec<String>,
    /// Headers of its own, in the order in which they were added.
    pub headers: Vec<Header>,
}

/// A header that is sent with every event.
#[derive(Debug, Clone)]
pub struct Header {
    /// Number of the header.
    pub id: i64,
    /// The header's name.
    pub key: String,
    /// The header's value.
    pub value: SealedSecret,
    /// Whether it is sent.
    pub active: bool,
}

impl Numbered for Destination {
    fn number(&self) -> i64 {
        self.id
    }
}

impl Numbered for Header {
    fn number(&self) -> i64 {
        self.id
    }
}
