//! Every violation in the words of each generation.

use shared::egress::Blocked;

use super::*;

const SCHEMA: &str = "Config must be a valid json schema";

/// The violation, its sentence in the legacy generation, and in the consolidated one where that has
/// words of its own.
#[expect(clippy::too_many_lines, reason = "a table")]
fn table() -> Vec<(Violation, &'static str, Option<&'static str>)> {
    let blocked = |why: BlockedUrl| Violation::UrlBlocked(why);
    let length = "Secret token should have length between 16 to 24 characters.";
    vec![
        (
            Violation::UrlBlank,
            "Destination url can't be blank",
            Some(SCHEMA),
        ),
        (
            Violation::UrlMissing,
            "Destination url must be a valid URL",
            Some(SCHEMA),
        ),
        (
            Violation::UrlTooLong,
            "Destination url is too long (maximum is 255 characters)",
            Some(SCHEMA),
        ),
        (
            blocked(BlockedUrl::Scheme),
            "Destination url is blocked: Only allowed schemes are http, https",
            Some(SCHEMA),
        ),
        (
            blocked(BlockedUrl::Unreadable),
            "Destination url is blocked: URI is invalid",
            Some(SCHEMA),
        ),
        (
            blocked(BlockedUrl::Credentials),
            "Destination url is blocked: User names and passwords in URLs are not allowed",
            Some("Config url is blocked: User names and passwords in URLs are not allowed"),
        ),
        (
            blocked(BlockedUrl::Host),
            "Destination url is blocked: Hostname or IP address invalid",
            Some("Config url is blocked: Hostname or IP address invalid"),
        ),
        (
            blocked(BlockedUrl::Egress(Blocked::Localhost)),
            "Destination url is blocked: Requests to localhost are not allowed",
            Some("Config url is blocked: Requests to localhost are not allowed"),
        ),
        (
            Violation::UrlTaken,
            "Destination url has already been taken",
            Some("Config url already taken."),
        ),
        (
            Violation::NameTooLong,
            "Name is too long (maximum is 72 characters)",
            None,
        ),
        (Violation::NameBlank, "Name can't be blank", None),
        (
            Violation::NameUnprintable,
            "Name contains invalid characters",
            None,
        ),
        (Violation::NameTaken, "Name has already been taken", None),
        (
            Violation::TokenBlank,
            "Verification token can't be blank",
            Some("Secret token can't be blank"),
        ),
        (
            Violation::TokenTooShort { shortest: 16 },
            "Verification token is too short (minimum is 16 characters)",
            Some(length),
        ),
        (
            Violation::TokenTooShort { shortest: 8 },
            "Verification token is too short (minimum is 8 characters)",
            Some(length),
        ),
        (
            Violation::TokenTooLong,
            "Verification token is too long (maximum is 24 characters)",
            Some(length),
        ),
        (
            Violation::TokenUnprintable,
            "Verification token contains invalid characters",
            Some("Secret token contains invalid characters"),
        ),
        (
            Violation::TokenTaken,
            "Verification token has already been taken",
            Some("Secret token has already been taken"),
        ),
        (
            Violation::Subgroup,
            "Group must not be a subgroup",
            Some("Group must not be a subgroup. Use a top-level group."),
        ),
        (
            Violation::TooManyDestinations { limit: 5 },
            "Maximum number of external audit event destinations (5) exceeded",
            None,
        ),
        (
            Violation::TooManyToActivate { limit: 5 },
            "Cannot activate: Maximum number of external audit event destinations (5) exceeded",
            None,
        ),
        (Violation::CategoryBlank, "Category can't be blank", None),
        (
            Violation::CategoryUnknown,
            "Category is not included in the list",
            None,
        ),
        (
            Violation::CategoryUnsupported("aws"),
            "Category aws is not supported yet. Use http.",
            None,
        ),
        (Violation::ConfigNotObject, "Config must be a hash", None),
        (Violation::ConfigInvalid, SCHEMA, None),
        (
            Violation::HeaderKeyBlank,
            "Key can't be blank",
            Some(SCHEMA),
        ),
        (
            Violation::HeaderKeyTooLong,
            "Key is too long (maximum is 255 characters)",
            Some(SCHEMA),
        ),
        (
            Violation::HeaderKeyInvalid,
            "Key is not a valid HTTP header name",
            Some(SCHEMA),
        ),
        (
            Violation::HeaderKeyReserved("X-Gitlab-Event-Streaming-Token"),
            "Key cannot be X-Gitlab-Event-Streaming-Token",
            Some("Config headers cannot contain X-Gitlab-Event-Streaming-Token"),
        ),
        (
            Violation::HeaderKeyTaken,
            "Key has already been taken",
            Some("Config headers cannot contain the same key more than once"),
        ),
        (Violation::HeaderValueBlank, "Value can't be blank", None),
        (
            Violation::HeaderValueTooLong,
            "Value is too long (maximum is 2000 characters)",
            Some(SCHEMA),
        ),
        (
            Violation::HeaderValueInvalid,
            "Value contains invalid characters",
            Some(SCHEMA),
        ),
        (
            Violation::HeaderActiveMissing,
            "Active must be a boolean value",
            None,
        ),
        (
            Violation::TooManyHeaders { limit: 20 },
            "Headers are limited to 20 per destination",
            Some(SCHEMA),
        ),
        (
            Violation::EventTypeTooLong,
            "Audit event type is too long (maximum is 255 characters)",
            None,
        ),
        (
            Violation::EventTypeUnknown("nothing".to_owned()),
            "Audit event type with value nothing is undefined.",
            None,
        ),
        (
            Violation::EventTypeTaken,
            "Audit event type has already been taken",
            None,
        ),
        (
            Violation::EventTypesNotThere(vec!["a".to_owned(), "b".to_owned()]),
            "Couldn't find event type filters where audit event type(s): a, b",
            None,
        ),
        (
            Violation::NamespaceOutside,
            "External audit event destination does not belong to the top-level group of the namespace.",
            Some(
                "External streaming destination does not belong to the top-level group of the namespace.",
            ),
        ),
        (
            Violation::NamespaceTaken,
            "Namespace has already been taken",
            None,
        ),
        (
            Violation::NamespaceFilterTaken,
            "External audit event destination has already been taken",
            None,
        ),
        (
            Violation::TooManyNamespaceFilters { limit: 5 },
            "Namespace filters are limited to 5 per destination",
            None,
        ),
        (
            Violation::NotSetAside(SetAside::DeadLetter, vec![1, 2]),
            "Couldn't find dead letters: gid://gitlab/AuditEvents::Streaming::DeadLetter/1, gid://gitlab/AuditEvents::Streaming::DeadLetter/2",
            None,
        ),
        (
            Violation::BeingReplayed(SetAside::DeadLetter, vec![1]),
            "Cannot purge dead letters that are being replayed: gid://gitlab/AuditEvents::Streaming::DeadLetter/1",
            None,
        ),
        (
            Violation::KeptInPart(SetAside::RejectedMessage, vec![1]),
            "Cannot replay rejected messages that are kept in part: gid://gitlab/AuditEvents::Streaming::RejectedMessage/1",
            None,
        ),
        (
            Violation::NothingWaits,
            "Nothing waits for the destination",
            None,
        ),
    ]
}

#[test]
fn violations_are_worded_as_gitlab_does() {
    for (violation, in_legacy, in_consolidated) in table() {
        assert_eq!(phrase(Generation::Legacy, &violation), in_legacy);
        let consolidated = in_consolidated.unwrap_or(in_legacy);
        assert_eq!(phrase(Generation::Consolidated, &violation), consolidated);
    }
}

#[test]
fn several_rules_with_one_sentence_are_told_once() {
    let violations = [
        Violation::UrlBlank,
        Violation::NameTaken,
        Violation::UrlMissing,
    ];
    let told = sentences(&violations, |violation| {
        phrase(Generation::Consolidated, violation)
    });
    assert_eq!(told, [SCHEMA, "Name has already been taken"]);
}
