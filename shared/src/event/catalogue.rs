//! The event types that exist: 517 built in, as in GitLab's reference, and the operator's own.

mod definition;
mod folder;

use std::path::Path;
use std::sync::{Arc, LazyLock};

use crate::config::{ConfigError, variable};

/// What is known of one event type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventType {
    /// The name, see [`is_event_type_name`](super::is_event_type_name).
    pub name: String,
    /// What such an event tells.
    pub description: String,
    /// Where it was asked for: an https URI.
    pub introduced_by_issue: Option<String>,
    /// Where it was made: an https URI.
    pub introduced_by_mr: Option<String>,
    /// The feature that it belongs to.
    pub feature_category: String,
    /// The version of GitLab that brought it, as in `15.9`.
    pub milestone: String,
    /// Whether the producer keeps it in its own database besides.
    pub saved_to_database: bool,
    /// Whether it is streamed. It is: what is published here is.
    pub streamed: bool,
    /// What kinds of entity it concerns, at least one.
    pub scopes: Vec<EntityKind>,
}

/// A kind of entity that an event type concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntityKind {
    /// The whole instance.
    Instance,
    /// A group.
    Group,
    /// A project.
    Project,
    /// A user.
    User,
}

impl EntityKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Instance, Self::Group, Self::Project, Self::User];

    /// The name, as in definitions and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Instance => "Instance",
            Self::Group => "Group",
            Self::Project => "Project",
            Self::User => "User",
        }
    }

    /// The kind of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

static BUILT_IN: LazyLock<Vec<Arc<EventType>>> = LazyLock::new(|| {
    let lines = include_str!("event_types.csv").lines().skip(1);
    let mut event_types: Vec<_> = lines.map(built_in).map(Arc::new).collect();
    event_types.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    event_types
});

/// The type that a line of `event_types.csv` tells of.
fn built_in(line: &str) -> EventType {
    let columns: Vec<&str> = line.split(',').collect();
    let columns: [&str; 7] = columns
        .try_into()
        .expect("every line of event_types.csv has seven columns");
    let [
        name,
        scopes,
        streamed,
        saved,
        category,
        milestone,
        description,
    ] = columns;
    let kind = |name| EntityKind::from_name(name).expect("every scope in event_types.csv exists");
    EventType {
        name: name.to_owned(),
        description: description.to_owned(),
        introduced_by_issue: None,
        introduced_by_mr: None,
        feature_category: category.to_owned(),
        milestone: milestone.to_owned(),
        saved_to_database: saved == "true",
        streamed: streamed == "true",
        scopes: scopes.split('|').map(kind).collect(),
    }
}

/// Every event type that there is.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// Ordered by name.
    event_types: Vec<Arc<EventType>>,
}

impl Catalogue {
    /// The built-in types alone.
    pub fn built_in() -> Self {
        Self {
            event_types: BUILT_IN.clone(),
        }
    }

    /// The built-in types, and those that are defined in a folder when one is given. The error has
    /// all that is wrong with the definitions.
    pub fn open(definitions: Option<&Path>) -> Result<Self, ConfigError> {
        let mut catalogue = Self::built_in();
        let Some(definitions) = definitions else {
            return Ok(catalogue);
        };
        let own = folder::read(definitions, &catalogue).map_err(|problems| {
            let variable = variable("catalogue.definitions");
            let named = problems
                .into_iter()
                .map(|problem| format!("{variable}: {problem}"));
            ConfigError(named.collect())
        })?;
        tracing::info!(count = own.len(), "own event types are known");
        catalogue.event_types.extend(own.into_iter().map(Arc::new));
        catalogue
            .event_types
            .sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(catalogue)
    }

    /// Looks a type up by its name.
    pub fn find(&self, name: &str) -> Option<&EventType> {
        let place = self
            .event_types
            .binary_search_by(|event_type| event_type.name.as_str().cmp(name));
        place.ok().map(|place| &*self.event_types[place])
    }

    /// All types, ordered by name.
    pub fn all(&self) -> &[Arc<EventType>] {
        &self.event_types
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_has_the_517_types_of_the_reference() {
        let catalogue = Catalogue::built_in();
        assert_eq!(catalogue.all().len(), 517);
        let stream_only = catalogue.all().iter().filter(|one| !one.saved_to_database);
        assert_eq!(stream_only.count(), 37);
        for event_type in catalogue.all() {
            let name = &event_type.name;
            assert!(crate::event::is_event_type_name(name), "{name}");
            assert!(!event_type.scopes.is_empty(), "{name}");
            assert!(event_type.streamed, "{name}");
        }
    }

    #[test]
    fn every_built_in_type_is_described_by_a_sentence_of_its_own() {
        let mut sentences = std::collections::BTreeSet::new();
        for event_type in Catalogue::built_in().all() {
            let sentence = &event_type.description;
            let words = sentence.strip_suffix('.').unwrap_or_default();
            assert!(words.split(' ').count() > 2, "{event_type:?}");
            assert!(words.starts_with(char::is_uppercase), "{event_type:?}");
            assert!(!words.contains(['.', '_', '"']), "{event_type:?}");
            assert!(!words.contains("  "), "{event_type:?}");
            assert!(sentences.insert(sentence.clone()), "{event_type:?}");
        }
    }

    #[test]
    fn every_type_is_found_and_no_other() {
        let catalogue = Catalogue::built_in();
        for event_type in catalogue.all() {
            assert_eq!(catalogue.find(&event_type.name), Some(&**event_type));
        }
        for unknown in ["no_such_type", "", "user_create", "User_created"] {
            assert_eq!(catalogue.find(unknown), None);
        }
    }

    #[test]
    fn types_are_ordered_by_name() {
        let catalogue = Catalogue::built_in();
        assert!(
            catalogue
                .all()
                .is_sorted_by(|one, next| one.name < next.name)
        );
    }
}
