//! Decides which destinations an event goes to. Pure: a snapshot and an event in, destinations out.

use std::borrow::Cow;
use std::sync::Arc;

use shared::event::{Envelope, INSTANCE_ENTITY, USER_ENTITY};

use crate::endpoint::Endpoint;
use crate::snapshot::Snapshot;

/// Where in the tree of groups an event took place.
#[derive(Debug, PartialEq, Eq)]
enum Place<'a> {
    /// In a group or project; the full path in lower case.
    Path(Cow<'a, str>),
    /// Nowhere: it concerns a user or the whole instance.
    Outside,
}

/// The destinations that an event goes to: the active ones of its top-level group and of the
/// instance whose filters it passes.
pub(crate) fn route<'s>(
    snapshot: &'s Snapshot,
    event: &Envelope<'_>,
) -> impl Iterator<Item = &'s Arc<Endpoint>> {
    let place = place(event);
    let group = match &place {
        Place::Path(path) => snapshot.of_group(top_level(path)),
        Place::Outside => &[],
    };
    let matching: Vec<&Arc<Endpoint>> = group
        .iter()
        .chain(snapshot.of_instance())
        .filter(|endpoint| passes(&endpoint.filters, &event.event_type, &place))
        .collect();
    matching.into_iter()
}

/// What limits the events of one destination. All in lower case.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    /// Inactive destinations receive nothing.
    pub(crate) active: bool,
    /// Names of event types; empty: all.
    pub(crate) event_types: std::collections::HashSet<Box<str>>,
    /// Full paths of groups and projects; empty: all.
    pub(crate) namespaces: Vec<Box<str>>,
}

fn passes(filters: &Filters, event_type: &str, place: &Place<'_>) -> bool {
    filters.active
        && (filters.event_types.is_empty() || filters.event_types.contains(event_type))
        && (filters.namespaces.is_empty()
            || match place {
                Place::Outside => true,
                Place::Path(path) => filters
                    .namespaces
                    .iter()
                    .any(|namespace| is_at_or_below(path, namespace)),
            })
}

fn place<'a>(event: &'a Envelope<'_>) -> Place<'a> {
    if event.entity_type == USER_ENTITY || event.entity_type == INSTANCE_ENTITY {
        return Place::Outside;
    }
    Place::Path(lower(&event.entity_path))
}

fn top_level(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

fn is_at_or_below(path: &str, namespace: &str) -> bool {
    path.strip_prefix(namespace)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Paths mean the same whatever their case.
pub(crate) fn lower(path: &str) -> Cow<'_, str> {
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(path.to_ascii_lowercase())
    } else {
        Cow::Borrowed(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::tests::{destination, snapshot};

    fn event<'a>(event_type: &'a str, entity_type: &'a str, entity_path: &'a str) -> Envelope<'a> {
        Envelope {
            id: "1".into(),
            event_type: event_type.into(),
            entity_type: entity_type.into(),
            entity_path: entity_path.into(),
        }
    }

    fn routed(entity_type: &str, entity_path: &str, event_type: &str) -> Vec<i64> {
        let snapshot = snapshot([
            destination(1, None, |_| {}),
            destination(2, Some("acme"), |_| {}),
            destination(3, Some("acme"), |d| {
                d.event_types = vec!["user_created".to_owned()];
            }),
            destination(4, Some("acme"), |d| d.active = false),
            destination(5, Some("acme"), |d| {
                d.namespaces = vec!["Acme/Web".to_owned()];
            }),
            destination(6, Some("other"), |_| {}),
            destination(7, None, |d| d.namespaces = vec!["acme/web/site".to_owned()]),
        ]);
        let mut ids: Vec<i64> = route(&snapshot, &event(event_type, entity_type, entity_path))
            .map(|endpoint| endpoint.id)
            .collect();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn events_go_where_level_and_filters_say() {
        let table: &[(&str, &str, &str, &[i64])] = &[
            // The top-level group's destinations and the instance's.
            ("Group", "acme", "group_created", &[1, 2]),
            ("Group", "ACME", "group_created", &[1, 2]),
            ("Group", "acme/api", "group_created", &[1, 2]),
            ("Project", "acme/api/server", "group_created", &[1, 2]),
            ("Group", "acmeist", "group_created", &[1]),
            // An event-type filter passes only its types.
            ("Group", "acme", "user_created", &[1, 2, 3]),
            // A namespace filter passes the namespace and all that is in it.
            ("Group", "acme/web", "group_created", &[1, 2, 5]),
            ("Project", "acme/web/shop", "group_created", &[1, 2, 5]),
            ("Project", "acme/web/site", "group_created", &[1, 2, 5, 7]),
            ("Project", "acme/webb", "group_created", &[1, 2]),
            // Users and the instance have no group, and no namespace that a filter could refuse.
            ("User", "acme", "user_created", &[1, 7]),
            (INSTANCE_ENTITY, "gitlab_instance", "user_created", &[1, 7]),
            // Personal namespaces and unknown groups have no destinations.
            ("Project", "ada/dotfiles", "user_created", &[1]),
            ("Group", "", "user_created", &[1]),
        ];
        for (entity_type, path, event_type, expected) in table {
            assert_eq!(
                routed(entity_type, path, event_type),
                *expected,
                "{entity_type} {path} {event_type}"
            );
        }
    }
}
