//! A destination as it is read: one value for both levels and both generations of the API.

use shared::clock::Timestamp;

use super::namespace::Namespace;
use super::page::Numbered;
use super::{Category, Scope, SealedSecret};

/// Where events are streamed to.
#[derive(Debug, Clone)]
pub struct Destination {
    /// Number of the destination.
    pub id: i64,
    /// Whom it belongs to.
    pub scope: Scope,
    /// Unique in its parent and category.
    pub name: String,
    /// Whether it receives anything.
    pub active: bool,
    /// When it was last activated or deactivated; none: never.
    pub active_changed_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// What a receiver tells us by.
    pub verification_token: SealedSecret,
    /// What requests are signed with.
    pub signing_secret: SealedSecret,
    /// What its events are sent to.
    pub target: Target,
    /// The event types that it is limited to, in the order in which they were added; all when empty.
    pub event_type_filters: Vec<String>,
    /// The groups and projects that it is limited to, in the order in which they were added; all when
    /// empty.
    pub namespace_filters: Vec<NamespaceFilter>,
}

/// What events are sent to.
#[derive(Debug, Clone)]
pub enum Target {
    /// A URL.
    Http(HttpTarget),
}

/// A URL with what is sent along.
#[derive(Debug, Clone)]
pub struct HttpTarget {
    /// Where each event is sent with POST.
    pub url: String,
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

/// A group or project that a destination is limited to.
#[derive(Debug, Clone)]
pub struct NamespaceFilter {
    /// Number of the filter.
    pub id: i64,
    /// The group or project.
    pub namespace: Namespace,
    /// The names of the groups that it is in and its own, from the top-level group on.
    pub names: Vec<String>,
}

impl Target {
    /// The kind.
    pub fn category(&self) -> Category {
        match self {
            Self::Http(_) => Category::Http,
        }
    }
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
