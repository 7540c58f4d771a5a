//! The places in the API where the same thing is spelled out: names, no behaviour.

use super::destination::{
    DestinationObject, ExternalAuditEventDestination, GroupAuditEventStreamingDestination,
    InstanceAuditEventStreamingDestination, InstanceExternalAuditEventDestination,
};
use super::gid::Resource;
use super::{errors, wording};
use crate::domain::{Generation, ScopeKind, Violation};

/// One place: a generation of the API at one level.
pub(super) trait Surface: Send + Sync + 'static {
    /// The level.
    const SCOPE: ScopeKind;
    /// The generation.
    const GENERATION: Generation;
    /// What is answered to who may not use it.
    const FORBIDDEN: &'static str;
    /// Class and input type of its destinations' ids.
    type Destination: Resource;
    /// Name of the object that it shows destinations as.
    const OBJECT: &'static str;
    /// The object.
    type Object: DestinationObject;

    /// The sentence for a violation.
    fn phrase(violation: &Violation) -> String {
        wording::phrase(Self::GENERATION, violation)
    }
}

/// A place where a header is a record of its own.
pub(super) trait HeaderSurface: Surface {
    /// Name of the object.
    const HEADER_TYPE: &'static str;
    /// What is answered when a header is for a destination that does not exist.
    const NO_DESTINATION: &'static str;
    /// Class and input type of the headers' ids.
    type Header: Resource;
}

/// A place where a destination can be limited to namespaces.
pub(super) trait NamespaceFilterSurface: Surface {
    /// Class and input type of the filters' ids.
    type Filter: Resource;
}

/// A place of the consolidated generation.
pub(super) trait ConsolidatedSurface: NamespaceFilterSurface {
    /// Name of the object that a namespace filter is.
    const FILTER_TYPE: &'static str;
}

/// `externalAuditEventDestination…`: destinations of a group.
pub(super) struct LegacyGroup;
/// `instanceExternalAuditEventDestination…`: destinations of the instance.
pub(super) struct LegacyInstance;
/// `instanceAuditEventExternalDestination…`: the same under the names of GitLab's first plan.
pub(super) struct PlanInstance;
/// `groupAuditEventStreamingDestinations…`: destinations of a group.
pub(super) struct ConsolidatedGroup;
/// `instanceAuditEventStreamingDestinations…`: destinations of the instance.
pub(super) struct ConsolidatedInstance;

impl Surface for LegacyGroup {
    const SCOPE: ScopeKind = ScopeKind::Group;
    const GENERATION: Generation = Generation::Legacy;
    const FORBIDDEN: &'static str = errors::NO_SUCH_RESOURCE;
    type Destination = LegacyGroupDestination;
    const OBJECT: &'static str = "ExternalAuditEventDestination";
    type Object = ExternalAuditEventDestination;
}

impl HeaderSurface for LegacyGroup {
    const HEADER_TYPE: &'static str = "AuditEventStreamingHeader";
    const NO_DESTINATION: &'static str = errors::NO_SUCH_RESOURCE;
    type Header = LegacyGroupHeader;
}

impl NamespaceFilterSurface for LegacyGroup {
    type Filter = LegacyGroupNamespaceFilter;
}

impl Surface for LegacyInstance {
    const SCOPE: ScopeKind = ScopeKind::Instance;
    const GENERATION: Generation = Generation::Legacy;
    const FORBIDDEN: &'static str = errors::NO_ACCESS_TO_MUTATION;
    type Destination = LegacyInstanceDestination;
    const OBJECT: &'static str = "InstanceExternalAuditEventDestination";
    type Object = InstanceExternalAuditEventDestination;
}

impl HeaderSurface for LegacyInstance {
    const HEADER_TYPE: &'static str = "AuditEventsStreamingInstanceHeader";
    const NO_DESTINATION: &'static str = "Please provide valid destination id.";
    type Header = LegacyInstanceHeader;
}

impl Surface for PlanInstance {
    const SCOPE: ScopeKind = LegacyInstance::SCOPE;
    const GENERATION: Generation = LegacyInstance::GENERATION;
    const FORBIDDEN: &'static str = LegacyInstance::FORBIDDEN;
    type Destination = LegacyInstanceDestination;
    const OBJECT: &'static str = LegacyInstance::OBJECT;
    type Object = InstanceExternalAuditEventDestination;
}

impl Surface for ConsolidatedGroup {
    const SCOPE: ScopeKind = ScopeKind::Group;
    const GENERATION: Generation = Generation::Consolidated;
    const FORBIDDEN: &'static str = errors::NO_SUCH_RESOURCE;
    type Destination = ConsolidatedGroupDestination;
    const OBJECT: &'static str = "GroupAuditEventStreamingDestination";
    type Object = GroupAuditEventStreamingDestination;
}

impl NamespaceFilterSurface for ConsolidatedGroup {
    type Filter = ConsolidatedGroupNamespaceFilter;
}

impl ConsolidatedSurface for ConsolidatedGroup {
    const FILTER_TYPE: &'static str = "GroupAuditEventNamespaceFilter";
}

impl Surface for ConsolidatedInstance {
    const SCOPE: ScopeKind = ScopeKind::Instance;
    const GENERATION: Generation = Generation::Consolidated;
    const FORBIDDEN: &'static str = errors::NO_SUCH_RESOURCE;
    type Destination = ConsolidatedInstanceDestination;
    const OBJECT: &'static str = "InstanceAuditEventStreamingDestination";
    type Object = InstanceAuditEventStreamingDestination;
}

impl NamespaceFilterSurface for ConsolidatedInstance {
    type Filter = ConsolidatedInstanceNamespaceFilter;
}

impl ConsolidatedSurface for ConsolidatedInstance {
    const FILTER_TYPE: &'static str = "InstanceAuditEventNamespaceFilter";
}

/// Ids of [`LegacyGroup`]'s destinations.
pub(super) struct LegacyGroupDestination;

impl Resource for LegacyGroupDestination {
    const SCALAR: &'static str = "AuditEventsExternalAuditEventDestinationID";
    const CLASS: &'static str = "AuditEvents::ExternalAuditEventDestination";
}

/// Ids of [`LegacyInstance`]'s destinations.
pub(super) struct LegacyInstanceDestination;

impl Resource for LegacyInstanceDestination {
    const SCALAR: &'static str = "AuditEventsInstanceExternalAuditEventDestinationID";
    const CLASS: &'static str = "AuditEvents::InstanceExternalAuditEventDestination";
}

/// Ids of [`ConsolidatedGroup`]'s destinations.
pub(super) struct ConsolidatedGroupDestination;

impl Resource for ConsolidatedGroupDestination {
    const SCALAR: &'static str = "AuditEventsGroupExternalStreamingDestinationID";
    const CLASS: &'static str = "AuditEvents::Group::ExternalStreamingDestination";
}

/// Ids of [`ConsolidatedInstance`]'s destinations.
pub(super) struct ConsolidatedInstanceDestination;

impl Resource for ConsolidatedInstanceDestination {
    const SCALAR: &'static str = "AuditEventsInstanceExternalStreamingDestinationID";
    const CLASS: &'static str = "AuditEvents::Instance::ExternalStreamingDestination";
}

/// Ids of [`LegacyGroup`]'s headers.
pub(super) struct LegacyGroupHeader;

impl Resource for LegacyGroupHeader {
    const SCALAR: &'static str = "AuditEventsStreamingHeaderID";
    const CLASS: &'static str = "AuditEvents::Streaming::Header";
}

/// Ids of [`LegacyInstance`]'s headers.
pub(super) struct LegacyInstanceHeader;

impl Resource for LegacyInstanceHeader {
    const SCALAR: &'static str = "AuditEventsStreamingInstanceHeaderID";
    const CLASS: &'static str = "AuditEvents::Streaming::InstanceHeader";
}

/// Ids of [`LegacyGroup`]'s namespace filters.
pub(super) struct LegacyGroupNamespaceFilter;

impl Resource for LegacyGroupNamespaceFilter {
    const SCALAR: &'static str = "AuditEventsStreamingHTTPNamespaceFilterID";
    const CLASS: &'static str = "AuditEvents::Streaming::HTTP::NamespaceFilter";
}

/// Ids of [`ConsolidatedGroup`]'s namespace filters.
pub(super) struct ConsolidatedGroupNamespaceFilter;

impl Resource for ConsolidatedGroupNamespaceFilter {
    const SCALAR: &'static str = "AuditEventsGroupNamespaceFilterID";
    const CLASS: &'static str = "AuditEvents::Group::NamespaceFilter";
}

/// Ids of [`ConsolidatedInstance`]'s namespace filters.
pub(super) struct ConsolidatedInstanceNamespaceFilter;

impl Resource for ConsolidatedInstanceNamespaceFilter {
    const SCALAR: &'static str = "AuditEventsInstanceNamespaceFilterID";
    const CLASS: &'static str = "AuditEvents::Instance::NamespaceFilter";
}
