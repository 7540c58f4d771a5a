//! The definitions of event types.

use std::sync::Arc;

use async_graphql::Object;
use shared::event::catalogue::{Catalogue, EntityKind, EventType};

use crate::domain::page::{Page, PageRequest, Placed};

/// The definition of an event type.
pub(super) struct AuditEventDefinition(Arc<EventType>);

/// The place is the name, so that a cursor still marks it after a restart with other types.
impl Placed for AuditEventDefinition {
    type Place = String;

    fn place(&self) -> String {
        self.0.name.clone()
    }
}

/// The part of the catalogue that is asked for.
pub(super) fn page(
    catalogue: &Catalogue,
    request: &PageRequest<String>,
) -> Page<AuditEventDefinition> {
    let all = catalogue.all().iter().cloned();
    Page::of(all.map(AuditEventDefinition).collect(), request)
}

/// The definition of an event type.
#[Object]
impl AuditEventDefinition {
    /// Unique name, as in `event_type` of events and in filters.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What such an event tells.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// Where the type was asked for; null for the built-in types.
    async fn introduced_by_issue(&self) -> Option<&str> {
        self.0.introduced_by_issue.as_deref()
    }

    /// Where the type was made; null for the built-in types.
    async fn introduced_by_mr(&self) -> Option<&str> {
        self.0.introduced_by_mr.as_deref()
    }

    /// The feature that the type belongs to.
    async fn feature_category(&self) -> &str {
        &self.0.feature_category
    }

    /// The version of GitLab that brought the type; `0.0` for one that none did.
    async fn milestone(&self) -> &str {
        &self.0.milestone
    }

    /// Whether the producer keeps such events in its own database besides.
    async fn saved_to_database(&self) -> bool {
        self.0.saved_to_database
    }

    /// Whether such events are streamed to destinations.
    async fn streamed(&self) -> bool {
        self.0.streamed
    }

    /// The kinds of entity that such an event concerns, of `Instance`, `Group`, `Project` and `User`.
    /// Not in GitLab.
    async fn scopes(&self) -> Vec<&'static str> {
        self.0
            .scopes
            .iter()
            .copied()
            .map(EntityKind::name)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(page: &Page<AuditEventDefinition>) -> Vec<String> {
        page.items.iter().map(Placed::place).collect()
    }

    #[test]
    fn a_cursor_marks_its_place_also_when_its_type_is_no_longer_defined() {
        let catalogue = Catalogue::built_in();
        let gone = || Some("user_create".to_owned());
        assert!(catalogue.find("user_create").is_none());
        let after = PageRequest::new(Some(1), gone(), None, None).unwrap();
        assert_eq!(names(&page(&catalogue, &after)), ["user_created"]);
        let before = PageRequest::new(None, None, Some(1), gone()).unwrap();
        assert_eq!(names(&page(&catalogue, &before)), ["user_blocked"]);
    }
}
