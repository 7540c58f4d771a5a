//! Namespace filters as objects, and the groups and projects in them.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::Arc;

use async_graphql::{ID, Object, SimpleObject, TypeName};

use super::destination::ExternalAuditEventDestination;
use super::gid::{GroupResource, ProjectNamespaceResource, Resource as _};
use super::surface::{ConsolidatedSurface, LegacyGroup, NamespaceFilterSurface};
use crate::domain::namespace::NamespaceKind;
use crate::domain::{Destination, NamespaceFilter};

/// A group or a project.
#[derive(SimpleObject)]
pub(super) struct Namespace {
    /// Global id.
    id: ID,
    /// Shown name.
    name: String,
    /// The last part of the full path.
    path: String,
    /// The shown names from the top-level group on, parted by ` / `.
    full_name: String,
    /// Path from the top-level group on, parted by slashes.
    full_path: ID,
}

impl From<&NamespaceFilter> for Namespace {
    fn from(filter: &NamespaceFilter) -> Self {
        let namespace = &filter.namespace;
        Self {
            id: match namespace.kind {
                NamespaceKind::Group => GroupResource::id(namespace.id),
                NamespaceKind::Project => ProjectNamespaceResource::id(namespace.id),
            },
            name: namespace.name.clone(),
            path: namespace.path.clone(),
            full_name: filter.names.join(" / "),
            full_path: ID(namespace.full_path.clone()),
        }
    }
}

/// The group or project that a destination is limited to, in the legacy generation.
pub(super) struct HttpNamespaceFilter {
    destination: Arc<Destination>,
    filter: NamespaceFilter,
}

impl HttpNamespaceFilter {
    pub(super) fn new(destination: Arc<Destination>, filter: NamespaceFilter) -> Self {
        Self {
            destination,
            filter,
        }
    }
}

/// The group or project that a destination is limited to.
#[Object(name = "AuditEventStreamingHTTPNamespaceFilter")]
impl HttpNamespaceFilter {
    /// Global id.
    async fn id(&self) -> ID {
        <LegacyGroup as NamespaceFilterSurface>::Filter::id(self.filter.id)
    }

    /// The group or project.
    async fn namespace(&self) -> Namespace {
        (&self.filter).into()
    }

    /// The destination that is limited to it.
    async fn external_audit_event_destination(&self) -> ExternalAuditEventDestination {
        self.destination.clone().into()
    }
}

/// A group or project that a destination is limited to, in the consolidated generation.
pub(super) struct StreamingNamespaceFilter<S> {
    destination: Arc<Destination>,
    filter: NamespaceFilter,
    _surface: PhantomData<fn() -> S>,
}

impl<S> StreamingNamespaceFilter<S> {
    pub(super) fn new(destination: Arc<Destination>, filter: NamespaceFilter) -> Self {
        Self {
            destination,
            filter,
            _surface: PhantomData,
        }
    }
}

impl<S: ConsolidatedSurface> TypeName for StreamingNamespaceFilter<S> {
    fn type_name() -> Cow<'static, str> {
        S::FILTER_TYPE.into()
    }
}

/// A group or project that a destination is limited to.
#[Object(name_type)]
impl<S: ConsolidatedSurface> StreamingNamespaceFilter<S> {
    /// Global id.
    async fn id(&self) -> ID {
        S::Filter::id(self.filter.id)
    }

    /// The group or project.
    async fn namespace(&self) -> Namespace {
        (&self.filter).into()
    }

    /// The destination that is limited to it.
    async fn external_streaming_destination(&self) -> S::Object {
        self.destination.clone().into()
    }
}
