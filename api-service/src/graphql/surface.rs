//! The places in the API where the same thing is spelled out: names and wording, no behaviour.

use shared::event::LONGEST_EVENT_TYPE;

use super::errors;
use super::gid::Resource;
use crate::domain::destination_url::LONGEST as LONGEST_URL;
use crate::domain::name::LONGEST as LONGEST_NAME;
use crate::domain::verification_token::{LONGEST as LONGEST_TOKEN, SHORTEST as SHORTEST_TOKEN};
use crate::domain::{ScopeKind, Violation};

/// What is answered on every surface to a list of event types without any.
pub(super) const NO_EVENT_TYPES: &str = "event type filters must be present";

/// One place: a generation of the API at one level.
pub(super) trait Surface: Send + Sync + 'static {
    /// The level.
    const SCOPE: ScopeKind;
    /// What is answered to who may not use it.
    const FORBIDDEN: &'static str;
    /// Class and input type of its destinations' ids.
    type Destination: Resource;

    /// The sentence for a violation.
    fn phrase(violation: &Violation) -> String {
        legacy(violation)
    }
}

/// A place where a header is a record of its own.
pub(super) trait HeaderSurface: Surface {
    /// Name of the object.
    const HEADER_TYPE: &'static str;
    /// Class and input type of the headers' ids.
    type Header: Resource;
}

/// `externalAuditEventDestination…`: destinations of a group.
pub(super) struct LegacyGroup;
/// `instanceExternalAuditEventDestination…`: destinations of the instance.
pub(super) struct LegacyInstance;

impl Surface for LegacyGroup {
    const SCOPE: ScopeKind = ScopeKind::Group;
    const FORBIDDEN: &'static str = errors::NO_SUCH_RESOURCE;
    type Destination = LegacyGroupDestination;
}

impl HeaderSurface for LegacyGroup {
    const HEADER_TYPE: &'static str = "AuditEventStreamingHeader";
    type Header = LegacyGroupHeader;
}

impl Surface for LegacyInstance {
    const SCOPE: ScopeKind = ScopeKind::Instance;
    const FORBIDDEN: &'static str = errors::NO_ACCESS_TO_MUTATION;
    type Destination = LegacyInstanceDestination;
}

impl HeaderSurface for LegacyInstance {
    const HEADER_TYPE: &'static str = "AuditEventsStreamingInstanceHeader";
    type Header = LegacyInstanceHeader;
}

/// Ids of [`LegacyGroup`]'s destinations.
pub(super) struct LegacyGroupDestination;

impl Resource for LegacyGroupDestination {
    const SCALAR: &'static str = "AuditEventsExternalAuditEventDestinationID";
    const CLASS: &'static str = "AuditEvents::ExternalAuditEventDestination";
}

/// Ids of [`LegacyInstance`]'s destinations.
pub(super) struct LegacyInstanceDestination;

impl Resource for LegacyInstanceDestination {
    const SCALAR: &'static str = "AuditEventsInstanceExternalAuditEventDestinationID";
    const CLASS: &'static str = "AuditEvents::InstanceExternalAuditEventDestination";
}

/// Ids of [`LegacyGroup`]'s headers.
pub(super) struct LegacyGroupHeader;

impl Resource for LegacyGroupHeader {
    const SCALAR: &'static str = "AuditEventsStreamingHeaderID";
    const CLASS: &'static str = "AuditEvents::Streaming::Header";
}

/// Ids of [`LegacyInstance`]'s headers.
pub(super) struct LegacyInstanceHeader;

impl Resource for LegacyInstanceHeader {
    const SCALAR: &'static str = "AuditEventsStreamingInstanceHeaderID";
    const CLASS: &'static str = "AuditEvents::Streaming::InstanceHeader";
}

/// How the legacy generation words a violation.
fn legacy(violation: &Violation) -> String {
    match violation {
        Violation::UrlBlank => "Destination url can't be blank".to_owned(),
        Violation::UrlMissing => "Destination url must be a valid URL".to_owned(),
        Violation::UrlTooLong => {
            format!("Destination url is too long (maximum is {LONGEST_URL} characters)")
        }
        Violation::UrlBlocked(why) => format!("Destination url is blocked: {why}"),
        Violation::UrlTaken => "Destination url has already been taken".to_owned(),
        Violation::NameTooLong => {
            format!("Name is too long (maximum is {LONGEST_NAME} characters)")
        }
        Violation::NameUnprintable => "Name contains invalid characters".to_owned(),
        Violation::NameTaken => "Name has already been taken".to_owned(),
        Violation::TokenBlank => "Verification token can't be blank".to_owned(),
        Violation::TokenTooShort => {
            format!("Verification token is too short (minimum is {SHORTEST_TOKEN} characters)")
        }
        Violation::TokenTooLong => {
            format!("Verification token is too long (maximum is {LONGEST_TOKEN} characters)")
        }
        Violation::TokenUnprintable => "Verification token contains invalid characters".to_owned(),
        Violation::TokenTaken => "Verification token has already been taken".to_owned(),
        Violation::Subgroup => "Group must not be a subgroup".to_owned(),
        Violation::TooManyDestinations { limit } => {
            format!("Maximum number of external audit event destinations ({limit}) exceeded")
        }
        Violation::EventTypeTooLong => {
            format!("Audit event type is too long (maximum is {LONGEST_EVENT_TYPE} characters)")
        }
        Violation::EventTypeUnknown(name) => {
            format!("Audit event type with value {name} is undefined.")
        }
        Violation::EventTypeTaken => "Audit event type has already been taken".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use shared::egress::Blocked;

    use super::*;
    use crate::domain::violation::BlockedUrl;

    #[test]
    fn violations_are_worded_as_gitlab_does() {
        let blocked = |why: BlockedUrl| Violation::UrlBlocked(why);
        let table = [
            (Violation::UrlBlank, "Destination url can't be blank"),
            (Violation::UrlMissing, "Destination url must be a valid URL"),
            (
                Violation::UrlTooLong,
                "Destination url is too long (maximum is 255 characters)",
            ),
            (
                blocked(BlockedUrl::Scheme),
                "Destination url is blocked: Only allowed schemes are http, https",
            ),
            (
                blocked(BlockedUrl::Unreadable),
                "Destination url is blocked: URI is invalid",
            ),
            (
                blocked(BlockedUrl::Credentials),
                "Destination url is blocked: User names and passwords in URLs are not allowed",
            ),
            (
                blocked(BlockedUrl::Host),
                "Destination url is blocked: Hostname or IP address invalid",
            ),
            (
                blocked(BlockedUrl::Egress(Blocked::Localhost)),
                "Destination url is blocked: Requests to localhost are not allowed",
            ),
            (
                Violation::UrlTaken,
                "Destination url has already been taken",
            ),
            (
                Violation::NameTooLong,
                "Name is too long (maximum is 72 characters)",
            ),
            (
                Violation::NameUnprintable,
                "Name contains invalid characters",
            ),
            (Violation::NameTaken, "Name has already been taken"),
            (Violation::TokenBlank, "Verification token can't be blank"),
            (
                Violation::TokenTooShort,
                "Verification token is too short (minimum is 16 characters)",
            ),
            (
                Violation::TokenTooLong,
                "Verification token is too long (maximum is 24 characters)",
            ),
            (
                Violation::TokenUnprintable,
                "Verification token contains invalid characters",
            ),
            (
                Violation::TokenTaken,
                "Verification token has already been taken",
            ),
            (Violation::Subgroup, "Group must not be a subgroup"),
            (
                Violation::TooManyDestinations { limit: 5 },
                "Maximum number of external audit event destinations (5) exceeded",
            ),
            (
                Violation::EventTypeTooLong,
                "Audit event type is too long (maximum is 255 characters)",
            ),
            (
                Violation::EventTypeUnknown("nothing".to_owned()),
                "Audit event type with value nothing is undefined.",
            ),
            (
                Violation::EventTypeTaken,
                "Audit event type has already been taken",
            ),
        ];
        for (violation, sentence) in table {
            assert_eq!(LegacyGroup::phrase(&violation), sentence);
            assert_eq!(LegacyInstance::phrase(&violation), sentence);
        }
    }
}
