//! The sentence for each violation, in GitLab's words where it has one. The generations word some of
//! them differently.

#[cfg(test)]
mod tests;

use shared::event::LONGEST_EVENT_TYPE;

use super::gid::{DeadLetterResource, RejectedMessageResource, Resource as _};
use crate::domain::destination_url::LONGEST as LONGEST_URL;
use crate::domain::header::{LONGEST_KEY, LONGEST_VALUE};
use crate::domain::name::LONGEST as LONGEST_NAME;
use crate::domain::set_aside::SetAside;
use crate::domain::verification_token::{LONGEST as LONGEST_TOKEN, SHORTEST as SHORTEST_TOKEN};
use crate::domain::violation::BlockedUrl;
use crate::domain::{Generation, Violation};

/// What is answered on every surface to a list of event types without any.
pub(super) const NO_EVENT_TYPES: &str = "event type filters must be present";

/// The sentence for a violation in a generation of the API.
pub(super) fn phrase(generation: Generation, violation: &Violation) -> String {
    let own = match generation {
        Generation::Legacy => None,
        Generation::Consolidated => consolidated(violation),
    };
    own.unwrap_or_else(|| legacy(violation))
}

/// The sentences for several violations, each sentence once: several rules may have the same.
pub(super) fn sentences(
    violations: &[Violation],
    phrase: impl Fn(&Violation) -> String,
) -> Vec<String> {
    let mut sentences = Vec::new();
    for sentence in violations.iter().map(phrase) {
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences
}

/// Where the consolidated generation has words of its own.
fn consolidated(violation: &Violation) -> Option<String> {
    Some(match violation {
        // What GitLab finds out by the JSON schema of the settings.
        Violation::UrlBlank
        | Violation::UrlMissing
        | Violation::UrlTooLong
        | Violation::UrlBlocked(BlockedUrl::Scheme | BlockedUrl::Unreadable)
        | Violation::HeaderKeyBlank
        | Violation::HeaderKeyTooLong
        | Violation::HeaderKeyInvalid
        | Violation::HeaderValueTooLong
        | Violation::HeaderValueInvalid
        | Violation::TooManyHeaders { .. } => legacy(&Violation::ConfigInvalid),
        Violation::UrlBlocked(why) => format!("Config url is blocked: {why}"),
        Violation::UrlTaken => "Config url already taken.".to_owned(),
        Violation::HeaderKeyReserved(name) => format!("Config headers cannot contain {name}"),
        Violation::HeaderKeyTaken => {
            "Config headers cannot contain the same key more than once".to_owned()
        }
        Violation::TokenTooShort { .. } | Violation::TokenTooLong => format!(
            "Secret token should have length between {SHORTEST_TOKEN} to {LONGEST_TOKEN} characters."
        ),
        Violation::TokenBlank => "Secret token can't be blank".to_owned(),
        Violation::TokenUnprintable => "Secret token contains invalid characters".to_owned(),
        Violation::TokenTaken => "Secret token has already been taken".to_owned(),
        Violation::Subgroup => {
            "Group must not be a subgroup. Use a top-level group.".to_owned()
        }
        Violation::NamespaceOutside => {
            "External streaming destination does not belong to the top-level group of the namespace."
                .to_owned()
        }
        _ => return None,
    })
}

/// How the legacy generation words a violation, and both where they do not differ.
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
        Violation::NameBlank => "Name can't be blank".to_owned(),
        Violation::NameUnprintable => "Name contains invalid characters".to_owned(),
        Violation::NameTaken => "Name has already been taken".to_owned(),
        Violation::TokenBlank => "Verification token can't be blank".to_owned(),
        Violation::TokenTooShort { shortest } => {
            format!("Verification token is too short (minimum is {shortest} characters)")
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
        Violation::TooManyToActivate { limit } => format!(
            "Cannot activate: Maximum number of external audit event destinations ({limit}) exceeded"
        ),
        Violation::CategoryBlank => "Category can't be blank".to_owned(),
        Violation::CategoryUnknown => "Category is not included in the list".to_owned(),
        Violation::CategoryUnsupported(name) => {
            format!("Category {name} is not supported yet. Use http.")
        }
        Violation::ConfigNotObject => "Config must be a hash".to_owned(),
        Violation::ConfigInvalid => "Config must be a valid json schema".to_owned(),
        Violation::HeaderKeyBlank => "Key can't be blank".to_owned(),
        Violation::HeaderKeyTooLong => {
            format!("Key is too long (maximum is {LONGEST_KEY} characters)")
        }
        Violation::HeaderKeyInvalid => "Key is not a valid HTTP header name".to_owned(),
        Violation::HeaderKeyReserved(name) => format!("Key cannot be {name}"),
        Violation::HeaderKeyTaken => "Key has already been taken".to_owned(),
        Violation::HeaderValueBlank => "Value can't be blank".to_owned(),
        Violation::HeaderValueTooLong => {
            format!("Value is too long (maximum is {LONGEST_VALUE} characters)")
        }
        Violation::HeaderValueInvalid => "Value contains invalid characters".to_owned(),
        Violation::HeaderActiveMissing => "Active must be a boolean value".to_owned(),
        Violation::TooManyHeaders { limit } => {
            format!("Headers are limited to {limit} per destination")
        }
        Violation::EventTypeTooLong => {
            format!("Audit event type is too long (maximum is {LONGEST_EVENT_TYPE} characters)")
        }
        Violation::EventTypeUnknown(name) => {
            format!("Audit event type with value {name} is undefined.")
        }
        Violation::EventTypeTaken => "Audit event type has already been taken".to_owned(),
        Violation::EventTypesNotThere(names) => format!(
            "Couldn't find event type filters where audit event type(s): {}",
            names.join(", ")
        ),
        Violation::NamespaceOutside => {
            "External audit event destination does not belong to the top-level group of the namespace."
                .to_owned()
        }
        Violation::NamespaceTaken => "Namespace has already been taken".to_owned(),
        Violation::NamespaceFilterTaken => {
            "External audit event destination has already been taken".to_owned()
        }
        Violation::TooManyNamespaceFilters { limit } => {
            format!("Namespace filters are limited to {limit} per destination")
        }
        Violation::NotSetAside(what, numbers) => {
            format!("Couldn't find {}: {}", noun(*what), ids(*what, numbers))
        }
        Violation::BeingReplayed(what, numbers) => format!(
            "Cannot purge {} that are being replayed: {}",
            noun(*what),
            ids(*what, numbers)
        ),
        Violation::KeptInPart(what, numbers) => format!(
            "Cannot replay {} that are kept in part: {}",
            noun(*what),
            ids(*what, numbers)
        ),
        Violation::NothingWaits => "Nothing waits for the destination".to_owned(),
    }
}

fn noun(what: SetAside) -> &'static str {
    match what {
        SetAside::DeadLetter => "dead letters",
        SetAside::RejectedMessage => "rejected messages",
    }
}

fn ids(what: SetAside, numbers: &[i64]) -> String {
    let id = match what {
        SetAside::DeadLetter => DeadLetterResource::id,
        SetAside::RejectedMessage => RejectedMessageResource::id,
    };
    let ids: Vec<String> = numbers.iter().map(|number| id(*number).0).collect();
    ids.join(", ")
}
