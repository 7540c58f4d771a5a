//! What is wrong with what a caller asked for: data, not words, since the generations of the API
//! word the same thing differently.

use shared::egress::Blocked;

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
    /// The name has control characters.
    NameUnprintable,
    /// Another destination of the same parent has the name.
    NameTaken,
    /// The token is nothing but blanks.
    TokenBlank,
    /// The token has fewer than [`super::verification_token::SHORTEST`] characters.
    TokenTooShort,
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
    /// The name of an event type has more than [`shared::event::LONGEST_EVENT_TYPE`] characters.
    EventTypeTooLong,
    /// There is no event type of this name.
    EventTypeUnknown(String),
    /// The destination is limited to the event type already.
    EventTypeTaken,
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
