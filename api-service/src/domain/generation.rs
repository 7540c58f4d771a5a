//! The generations of the API: what they name alike is one thing here, and what differs between them
//! by GitLab's rules is decided by this value.

/// A generation of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Generation {
    /// `externalAuditEventDestination…`: a destination has columns, headers and at most one namespace
    /// filter.
    Legacy,
    /// `…AuditEventStreamingDestinations…`: a destination has a category and its settings.
    Consolidated,
}
