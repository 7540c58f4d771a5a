//! What can happen to a destination, and how each generation of the API tells it.

use serde_json::{Map, Value, json};

use super::{ConfigChange, Target};
use crate::domain::{
    Destination, EventTypes, Generation, GroupScope, Header, Namespace, Scope, ScopeKind,
    Target as Sink,
};

/// Something that happened to a destination.
#[derive(Debug)]
pub(crate) enum Happening<'a> {
    /// It was made.
    Created,
    /// One of its columns was changed.
    Changed(&'a ConfigChange),
    /// It was removed.
    Destroyed,
    /// It got a header.
    HeaderCreated(&'a Header),
    /// One of its headers was changed.
    HeaderChanged(&'a HeaderChange<'a>),
    /// It lost a header.
    HeaderDestroyed(&'a Header),
    /// It was limited to further event types.
    EventTypesAdded(&'a EventTypes),
    /// It is not limited to some event types any more.
    EventTypesRemoved(&'a EventTypes),
    /// It was limited to a further group or project.
    NamespaceAdded(&'a Namespace),
    /// It is not limited to a group or project any more.
    NamespaceRemoved(&'a Namespace),
}

/// A header before and after a change.
#[derive(Debug)]
pub(crate) struct HeaderChange<'a> {
    pub(crate) before: &'a Header,
    pub(crate) after: &'a Header,
    pub(crate) new_value: bool,
}

impl Happening<'_> {
    /// The event's type.
    pub(super) fn event_type(&self, generation: Generation, kind: ScopeKind) -> &'static str {
        use Generation::{Consolidated, Legacy};
        use ScopeKind::{Group, Instance};
        match (self, generation, kind) {
            (Self::Created, Legacy, Group) => "create_event_streaming_destination",
            (Self::Created, Legacy, Instance) => "create_instance_event_streaming_destination",
            (Self::Created, Consolidated, Group) => {
                "created_group_audit_event_streaming_destination"
            }
            (Self::Created, Consolidated, Instance) => {
                "created_instance_audit_event_streaming_destination"
            }
            (Self::Changed(_), Legacy, Group) => "update_event_streaming_destination",
            (Self::Changed(_), Legacy, Instance) => "update_instance_event_streaming_destination",
            (Self::Changed(_), Consolidated, Group) => {
                "updated_group_audit_event_streaming_destination"
            }
            (Self::Changed(_), Consolidated, Instance) => {
                "updated_instance_audit_event_streaming_destination"
            }
            (Self::Destroyed, Legacy, Group) => "destroy_event_streaming_destination",
            (Self::Destroyed, Legacy, Instance) => "destroy_instance_event_streaming_destination",
            (Self::Destroyed, Consolidated, Group) => {
                "deleted_group_audit_event_streaming_destination"
            }
            (Self::Destroyed, Consolidated, Instance) => {
                "deleted_instance_audit_event_streaming_destination"
            }
            (Self::HeaderCreated(_), _, Group) => "audit_events_streaming_headers_create",
            (Self::HeaderCreated(_), _, Instance) => {
                "audit_events_streaming_instance_headers_create"
            }
            (Self::HeaderChanged(_), _, Group) => "audit_events_streaming_headers_update",
            (Self::HeaderChanged(_), _, Instance) => {
                "audit_events_streaming_instance_headers_update"
            }
            (Self::HeaderDestroyed(_), _, Group) => "audit_events_streaming_headers_destroy",
            (Self::HeaderDestroyed(_), _, Instance) => {
                "audit_events_streaming_instance_headers_destroy"
            }
            (Self::EventTypesAdded(_), ..) => "event_type_filters_created",
            (Self::EventTypesRemoved(_), ..) => "event_type_filters_deleted",
            (Self::NamespaceAdded(_), Legacy, _) => "create_http_namespace_filter",
            (Self::NamespaceAdded(_), Consolidated, Group) => "created_group_namespace_filter",
            (Self::NamespaceAdded(_), Consolidated, Instance) => {
                "created_instance_namespace_filter"
            }
            (Self::NamespaceRemoved(_), Legacy, _) => "delete_http_namespace_filter",
            (Self::NamespaceRemoved(_), Consolidated, Group) => "deleted_group_namespace_filter",
            (Self::NamespaceRemoved(_), Consolidated, Instance) => {
                "deleted_instance_namespace_filter"
            }
        }
    }

    /// The event's text.
    pub(super) fn message(&self, generation: Generation, destination: &Destination) -> String {
        let kind = destination.scope.kind();
        match self {
            Self::Created => came_or_went(["Create", "Created"], generation, destination),
            Self::Changed(change) => change.message(),
            Self::Destroyed => came_or_went(["Destroy", "Deleted"], generation, destination),
            Self::HeaderCreated(header) => {
                format!("Created custom HTTP header with key {}.", header.key)
            }
            Self::HeaderChanged(change) => change.message(),
            Self::HeaderDestroyed(header) => {
                format!("Destroyed a custom HTTP header with key {}.", header.key)
            }
            Self::EventTypesAdded(types) => {
                let types = to_sentence(types.names());
                format!("Created audit event type filter(s): {types}")
            }
            Self::EventTypesRemoved(types) => {
                let types = to_sentence(types.names());
                format!("Deleted audit event type filter(s): {types}")
            }
            Self::NamespaceAdded(namespace) => match generation {
                Generation::Legacy => legacy_namespace("Create", destination, namespace),
                Generation::Consolidated => consolidated_namespace("Created", kind),
            },
            Self::NamespaceRemoved(namespace) => match generation {
                Generation::Legacy => legacy_namespace("Delete", destination, namespace),
                Generation::Consolidated => consolidated_namespace("Deleted", kind),
            },
        }
    }

    /// What it happened to: the group on group level when a destination came or went, the header, or
    /// else the destination.
    pub(super) fn target(&self, generation: Generation, destination: &Destination) -> Target {
        match (self, &destination.scope) {
            (Self::Created | Self::Destroyed, Scope::Group(GroupScope { id, name, .. })) => {
                Target {
                    id: *id,
                    class: "Group",
                    details: name.clone(),
                }
            }
            (Self::HeaderCreated(header) | Self::HeaderDestroyed(header), scope) => {
                header_target(header, scope)
            }
            (Self::HeaderChanged(change), scope) => header_target(change.after, scope),
            (_, scope) => Target {
                id: destination.id,
                class: destination_class(generation, scope.kind()),
                details: destination.name.clone(),
            },
        }
    }

    /// What the details say of this beside what those of every event do.
    pub(super) fn details(
        &self,
        generation: Generation,
        destination: &Destination,
    ) -> Map<String, Value> {
        let details = match (self, generation) {
            (Self::Changed(change), _) => change.details(),
            (Self::Created | Self::Destroyed, Generation::Consolidated) => json!({
                "category": destination.target.category().name(),
                "id": destination.id,
            }),
            (
                Self::NamespaceAdded(namespace) | Self::NamespaceRemoved(namespace),
                Generation::Consolidated,
            ) => json!({
                "destination_name": destination.name,
                "namespace": namespace.full_path,
            }),
            _ => json!({}),
        };
        match details {
            Value::Object(details) => details,
            _ => Map::new(),
        }
    }
}

/// The verbs are those of the legacy and of the consolidated generation.
fn came_or_went(
    [legacy, consolidated]: [&str; 2],
    generation: Generation,
    destination: &Destination,
) -> String {
    let Sink::Http(target) = &destination.target;
    let url = &target.url;
    match (generation, destination.scope.kind()) {
        (Generation::Legacy, ScopeKind::Group) => {
            format!("{legacy} event streaming destination {url}")
        }
        (Generation::Legacy, ScopeKind::Instance) => {
            format!("{legacy} instance event streaming destination {url}")
        }
        (Generation::Consolidated, _) => {
            let category = destination.target.category().name().to_ascii_uppercase();
            format!("{consolidated} audit event streaming destination for {category}")
        }
    }
}

pub(super) fn destination_class(generation: Generation, kind: ScopeKind) -> &'static str {
    match (generation, kind) {
        (Generation::Legacy, ScopeKind::Group) => "AuditEvents::ExternalAuditEventDestination",
        (Generation::Legacy, ScopeKind::Instance) => {
            "AuditEvents::InstanceExternalAuditEventDestination"
        }
        (Generation::Consolidated, ScopeKind::Group) => {
            "AuditEvents::Group::ExternalStreamingDestination"
        }
        (Generation::Consolidated, ScopeKind::Instance) => {
            "AuditEvents::Instance::ExternalStreamingDestination"
        }
    }
}

fn header_target(header: &Header, scope: &Scope) -> Target {
    Target {
        id: header.id,
        class: match scope.kind() {
            ScopeKind::Group => "AuditEvents::Streaming::Header",
            ScopeKind::Instance => "AuditEvents::Streaming::InstanceHeader",
        },
        details: header.key.clone(),
    }
}

fn legacy_namespace(verb: &str, destination: &Destination, namespace: &Namespace) -> String {
    let (name, path) = (&destination.name, &namespace.full_path);
    format!(
        "{verb} namespace filter for http audit event streaming destination {name} and namespace {path}"
    )
}

fn consolidated_namespace(done: &str, kind: ScopeKind) -> String {
    let level = match kind {
        ScopeKind::Group => "group",
        ScopeKind::Instance => "instance",
    };
    format!("{done} namespace filter for {level} audit event streaming destination.")
}

impl HeaderChange<'_> {
    /// In GitLab's words, which never say the value.
    fn message(&self) -> String {
        let (before, after) = (self.before, self.after);
        let key = if before.key == after.key {
            format!("with key {}", after.key)
        } else {
            format!("from key {} to have a key {}", before.key, after.key)
        };
        let value = if self.new_value {
            " to have a new value"
        } else {
            ""
        };
        let active = if before.active == after.active {
            String::new()
        } else {
            format!(" activation status changed to {}", after.active)
        };
        format!("Updated a custom HTTP header {key}{value}{active}.")
    }
}

/// `a`, `a and b`, `a, b, and c`, as Rails joins words.
fn to_sentence(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first, second] => format!("{first} and {second}"),
        [others @ .., last] => format!("{}, and {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_joined_as_rails_does() {
        let table = [
            (&["a"][..], "a"),
            (&["a", "b"], "a and b"),
            (&["a", "b", "c"], "a, b, and c"),
            (&["a", "b", "c", "d"], "a, b, c, and d"),
        ];
        for (words, sentence) in table {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            assert_eq!(to_sentence(&words), sentence);
        }
    }
}
