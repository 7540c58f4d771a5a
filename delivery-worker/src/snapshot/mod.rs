//! All destinations as one moment had them, indexed for routing. Immutable: look-ups take no lock
//! and do no I/O.

pub(crate) mod reload;

use std::collections::HashMap;
use std::sync::Arc;

use shared::snapshot::Changes;

use crate::endpoint::{Endpoint, EndpointSettings};
use crate::routing::lower;

/// An immutable view of the streaming configuration.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    version: i64,
    by_id: HashMap<i64, Arc<Endpoint>>,
    by_group: HashMap<Box<str>, Vec<Arc<Endpoint>>>,
    instance: Vec<Arc<Endpoint>>,
}

impl Snapshot {
    /// The version of the configuration that it shows.
    pub(crate) fn version(&self) -> i64 {
        self.version
    }

    /// A destination by its number.
    pub(crate) fn find(&self, id: i64) -> Option<&Arc<Endpoint>> {
        self.by_id.get(&id)
    }

    /// All destinations.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.by_id.values()
    }

    /// The destinations of a top-level group; its path in lower case.
    pub(crate) fn of_group(&self, path: &str) -> &[Arc<Endpoint>] {
        self.by_group.get(path).map_or(&[], Vec::as_slice)
    }

    /// The destinations of the instance.
    pub(crate) fn of_instance(&self) -> &[Arc<Endpoint>] {
        &self.instance
    }

    /// The next snapshot. Endpoints that did not change are shared with this one, and with them
    /// their state.
    pub(crate) fn with(&self, changes: Changes, settings: &EndpointSettings) -> Self {
        let mut by_id = self.by_id.clone();
        for id in &changes.destroyed {
            by_id.remove(id);
        }
        for destination in changes.changed {
            let before = by_id.get(&destination.id);
            let endpoint = Endpoint::new(destination, settings, before.map(AsRef::as_ref));
            by_id.insert(endpoint.id, Arc::new(endpoint));
        }
        let mut next = Self {
            version: changes.version,
            ..Self::default()
        };
        for endpoint in by_id.values() {
            match &endpoint.group_path {
                Some(path) => next
                    .by_group
                    .entry(lower(path).into())
                    .or_default()
                    .push(endpoint.clone()),
                None => next.instance.push(endpoint.clone()),
            }
        }
        next.by_id = by_id;
        next
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use shared::snapshot::{Destination, Secrets, SigningSecrets};

    use super::*;

    pub(crate) fn destination(
        id: i64,
        group_path: Option<&str>,
        change: impl FnOnce(&mut Destination),
    ) -> Destination {
        let mut destination = Destination {
            id,
            group_path: group_path.map(str::to_owned),
            name: format!("destination {id}"),
            url: format!("https://receiver.example/{id}"),
            active: true,
            secrets: Ok(Secrets {
                verification_token: "a-token-of-20-letters".into(),
                headers: Vec::new(),
                signing: SigningSecrets {
                    current: "whsec_c2VjcmV0".into(),
                    previous: None,
                },
            }),
            event_types: Vec::new(),
            namespaces: Vec::new(),
        };
        change(&mut destination);
        destination
    }

    pub(crate) fn snapshot(destinations: impl IntoIterator<Item = Destination>) -> Snapshot {
        Snapshot::default().with(
            Changes {
                version: 1,
                changed: destinations.into_iter().collect(),
                destroyed: Vec::new(),
            },
            &EndpointSettings::for_tests(),
        )
    }

    fn changes(version: i64, changed: Vec<Destination>, destroyed: Vec<i64>) -> Changes {
        Changes {
            version,
            changed,
            destroyed,
        }
    }

    #[test]
    fn a_change_replaces_only_what_changed() {
        let first = snapshot([
            destination(1, Some("Acme"), |_| {}),
            destination(2, None, |_| {}),
            destination(3, None, |_| {}),
        ]);
        let settings = EndpointSettings::for_tests();
        let moved = destination(1, Some("Acme"), |d| {
            d.url = "https://new.example".to_owned();
        });
        let second = first.with(changes(2, vec![moved], vec![3]), &settings);
        assert_eq!(second.version(), 2);
        assert!(second.find(3).is_none());
        assert_eq!(second.of_group("acme").len(), 1);
        assert_eq!(second.of_instance().len(), 1);
        assert!(Arc::ptr_eq(first.find(2).unwrap(), second.find(2).unwrap()));
        assert!(!Arc::ptr_eq(
            first.find(1).unwrap(),
            second.find(1).unwrap()
        ));
    }

    #[test]
    fn without_a_licence_nothing_is_streamed() {
        let settings = EndpointSettings {
            licensed: false,
            ..EndpointSettings::for_tests()
        };
        let all = vec![
            destination(1, Some("acme"), |_| {}),
            destination(2, None, |_| {}),
        ];
        let snapshot = Snapshot::default().with(changes(1, all, Vec::new()), &settings);
        assert!(!snapshot.find(1).unwrap().filters.active);
        assert!(!snapshot.find(2).unwrap().filters.active);
    }

    #[test]
    fn with_the_flag_off_only_groups_stream() {
        let settings = EndpointSettings {
            instance_destinations: false,
            ..EndpointSettings::for_tests()
        };
        let all = vec![
            destination(1, Some("acme"), |_| {}),
            destination(2, None, |_| {}),
        ];
        let snapshot = Snapshot::default().with(changes(1, all, Vec::new()), &settings);
        assert!(snapshot.find(1).unwrap().filters.active);
        assert!(!snapshot.find(2).unwrap().filters.active);
    }
}
