//! The event types that exist: 517 built in, as in GitLab's reference.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What is known of one event type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventType {
    /// The name, `^[a-z0-9_]+$`, at most 64 characters.
    pub name: &'static str,
    /// What kinds of entity it concerns: `Instance`, `Group`, `Project`, `User`.
    pub scopes: Vec<&'static str>,
    /// Whether the producer keeps it in its own database besides.
    pub saved_to_database: bool,
    /// The feature that it belongs to.
    pub feature_category: &'static str,
    /// The version of GitLab that brought it.
    pub milestone: &'static str,
}

static BUILT_IN: LazyLock<HashMap<&'static str, EventType>> = LazyLock::new(|| {
    include_str!("event_types.csv")
        .lines()
        .skip(1)
        .map(|line| {
            let mut columns = line.split(',');
            let mut next = || {
                columns
                    .next()
                    .expect("every line of event_types.csv has six columns")
            };
            let name = next();
            let scopes = next().split('|').collect();
            let _streamed = next();
            let event_type = EventType {
                name,
                scopes,
                saved_to_database: next() == "true",
                feature_category: next(),
                milestone: next(),
            };
            (name, event_type)
        })
        .collect()
});

/// Looks a type up by its name.
pub fn find(name: &str) -> Option<&'static EventType> {
    BUILT_IN.get(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_has_the_517_types_of_the_reference() {
        assert_eq!(BUILT_IN.len(), 517);
        for (name, event_type) in BUILT_IN.iter() {
            assert!(crate::event::is_event_type_name(name), "{name}");
            assert!(!event_type.scopes.is_empty(), "{name}");
        }
    }

    #[test]
    fn an_unknown_type_is_not_found() {
        assert!(find("user_created").is_some());
        assert!(find("no_such_type").is_none());
    }
}
