//! What is wrong with what a caller asked for: data, not words, since the generations of the API
//! word the same thing differently.

use shared::egress::Blocked;

use super::set_aside::SetAside;

/// A rule of destinations that a request does not keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// The URL is empty or blank.
    UrlBlank,
    /// The URL is no URL at all.
    UrlMissing,
    /// The URL has more than [`super::destination_url::LONGEST`] characters.
    UrlTooLong,
    /// Requests to the URL are not allowed.
    UrlBlocked(BlockedUrl),
    /// Another destination of the same parent has the URL.
    UrlTaken,
    /// The name has more than [`super::name::LONGEST`] characters.
    NameTooLong,
    /// The name is empty or blank.
    NameBlank,
    /// The name has control characters.
    NameUnprintable,
    /// Another destination of the same parent has the name.
    NameTaken,
    /// The token is nothing but blanks.
    TokenBlank,
    /// The token is too short.
    TokenTooShort {
        /// Fewest characters that it may have.
        shortest: usize,
    },
    /// The token has more than [`super::verification_token::LONGEST`] characters.
    TokenTooLong,
    /// The token has characters that no HTTP header may have.
    TokenUnprintable,
    /// Another destination of the same parent has the token.
    TokenTaken,
    /// The group is inside of another one.
    Subgroup,
    /// The parent has as many active destinations as it may.
    TooManyDestinations {
        /// How many that is.
        limit: u64,
    },
    /// The parent has as many active destinations as it may, and an inactive one was to become active.
    TooManyToActivate {
        /// How many that is.
        limit: u64,
    },
    /// No kind of target was named.
    CategoryBlank,
    /// There is no kind of target of this name.
    CategoryUnknown,
    /// GitLab has this kind of target, and this service does not have it yet.
    CategoryUnsupported(&'static str),
    /// The settings of a target are no JSON object.
    ConfigNotObject,
    /// The settings of a target have not the form that they must have.
    ConfigInvalid,
    /// The name of a header is empty or blank.
    HeaderKeyBlank,
    /// The name of a header has more than [`super::header::LONGEST_KEY`] characters.
    HeaderKeyTooLong,
    /// The name of a header has characters that no name of an HTTP header may have.
    HeaderKeyInvalid,
    /// The header of this name is ours, or that of the connection.
    HeaderKeyReserved(&'static str),
    /// The destination has a header of this name, whatever the case of its letters.
    HeaderKeyTaken,
    /// The value of a header is empty or blank.
    HeaderValueBlank,
    /// The value of a header has more than [`super::header::LONGEST_VALUE`] characters.
    HeaderValueTooLong,
    /// The value of a header has characters that no value of an HTTP header may have.
    HeaderValueInvalid,
    /// It was not said whether a header is sent.
    HeaderActiveMissing,
    /// The destination has as many headers as it may.
    TooManyHeaders {
        /// How many that is.
        limit: u64,
    },
    /// The name of an event type has more than [`shared::event::LONGEST_EVENT_TYPE`] characters.
    EventTypeTooLong,
    /// There is no event type of this name.
    EventTypeUnknown(String),
    /// The destination is limited to the event type already.
    EventTypeTaken,
    /// The destination is not limited to these event types.
    EventTypesNotThere(Vec<String>),
    /// The namespace is outside of the group that the destination belongs to.
    NamespaceOutside,
    /// The destination is limited to the namespace already; in the legacy generation: some
    /// destination of a group is.
    NamespaceTaken,
    /// The destination is limited to a namespace already, and may be to one only.
    NamespaceFilterTaken,
    /// The destination is limited to as many namespaces as it may.
    TooManyNamespaceFilters {
        /// How many that is.
        limit: u64,
    },
    /// Of what was set aside for the caller, nothing has these numbers.
    NotSetAside(SetAside, Vec<i64>),
    /// These are being replayed, so that it is too late to delete them.
    BeingReplayed(SetAside, Vec<i64>),
    /// Of these only the beginning was kept, which cannot be replayed.
    KeptInPart(SetAside, Vec<i64>),
    /// Nothing waits for the destination that could be moved to its dead letters.
    NothingWaits,
}

/// Why requests to a URL are not allowed. `Display` words it as GitLab does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlockedUrl {
    /// It cannot be read as a URL, or has line breaks or blanks in it.
    #[error("URI is invalid")]
    Unreadable,
    /// Its scheme is another one.
    #[error("Only allowed schemes are http, https")]
    Scheme,
    /// It has a user name or a password, which nothing would send and every reader would see.
    #[error("User names and passwords in URLs are not allowed")]
    Credentials,
    /// Its host is no address, and no name that begins with a letter or a digit.
    #[error("Hostname or IP address invalid")]
    Host,
    /// Its host, or an address that the host's name stands for, is where no delivery may go.
    #[error(transparent)]
    Egress(#[from] Blocked),
}
