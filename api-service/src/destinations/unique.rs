//! Which rule a unique index has refused. Changes look for conflicts beforehand, under the lock of the
//! configuration; this is for whatever writes to the table without that lock.

use sea_orm::{DbErr, SqlErr};

use crate::domain::Violation;

/// PostgreSQL names the index, SQLite the columns.
const SIGNS: [(&str, Violation); 14] = [
    ("destinations_group_url", Violation::UrlTaken),
    ("destinations_instance_url", Violation::UrlTaken),
    ("destinations.destination_url", Violation::UrlTaken),
    ("destinations_group_name", Violation::NameTaken),
    ("destinations_instance_name", Violation::NameTaken),
    ("destinations.name", Violation::NameTaken),
    ("destinations_group_token", Violation::TokenTaken),
    ("destinations_instance_token", Violation::TokenTaken),
    (
        "destinations.verification_token_digest",
        Violation::TokenTaken,
    ),
    ("destination_headers_key", Violation::HeaderKeyTaken),
    (
        "destination_event_type_filters_destination_id_event_type_key",
        Violation::EventTypeTaken,
    ),
    (
        "destination_event_type_filters.event_type",
        Violation::EventTypeTaken,
    ),
    (
        "destination_namespace_filters_destination_id_namespace_id_key",
        Violation::NamespaceTaken,
    ),
    (
        "destination_namespace_filters.namespace_id",
        Violation::NamespaceTaken,
    ),
];

/// The rule that a statement about destinations would have broken; none, when it failed otherwise.
pub fn violated(error: &DbErr) -> Option<Violation> {
    let Some(SqlErr::UniqueConstraintViolation(text)) = error.sql_err() else {
        return None;
    };
    // Whole words: SQLite names `destinations.namespace_id` too, which begins like another sign.
    let words: Vec<&str> = text
        .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
        .collect();
    SIGNS
        .into_iter()
        .find(|(sign, _)| words.contains(sign))
        .map(|(_, violation)| violation)
}
