//! The rows of the database's tables, one file a table. They are never shown as they are: the API
//! has objects of its own.

pub mod access_tokens;
pub mod config_version;
pub mod dead_letters;
pub mod delivery_stats;
pub mod destination_event_type_filters;
pub mod destination_headers;
pub mod destination_health;
pub mod destination_namespace_filters;
pub mod destinations;
pub mod destroyed_destinations;
pub mod failed_attempts;
pub mod members;
pub mod namespaces;
pub mod outbox;
pub mod rejected_messages;
pub mod users;
