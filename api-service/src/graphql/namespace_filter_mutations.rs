//! Mutations of the groups and projects that a destination is limited to.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::done::{Done, NamespaceFilterDelete};
use super::errors;
use super::gid::Gid;
use super::namespace_filter::{HttpNamespaceFilter, StreamingNamespaceFilter};
use super::session::Session;
use super::surface::{
    ConsolidatedGroup, ConsolidatedInstance, ConsolidatedSurface, LegacyGroup,
    NamespaceFilterSurface, Surface,
};
use crate::destinations;
use crate::domain::namespace::NamespaceKind;
use crate::domain::{Destination, NamespaceFilter};

/// What a destination is to be limited to: exactly one of the paths.
#[derive(InputObject)]
#[graphql(name = "AuditEventsStreamingHTTPNamespaceFiltersAddInput")]
pub(super) struct AddHttpNamespaceFilter {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of the destination.
    destination_id: Gid<<LegacyGroup as Surface>::Destination>,
    /// Full path of a group, with all that is in it.
    group_path: Option<ID>,
    /// Full path of a project.
    project_path: Option<ID>,
}

/// The filter that was made.
#[derive(SimpleObject)]
#[graphql(name = "AuditEventsStreamingHTTPNamespaceFiltersAddPayload")]
pub(super) struct HttpNamespaceFilterAdded {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// What is wrong with the input.
    errors: Vec<String>,
    /// The filter.
    namespace_filter: Option<HttpNamespaceFilter>,
}

/// What a destination is to be limited to, beside what it is limited to already.
#[derive(InputObject)]
#[graphql(concrete(
    name = "AuditEventsGroupDestinationNamespaceFilterCreateInput",
    params(ConsolidatedGroup)
))]
#[graphql(concrete(
    name = "AuditEventsInstanceDestinationNamespaceFilterCreateInput",
    params(ConsolidatedInstance)
))]
pub(super) struct CreateNamespaceFilter<S: ConsolidatedSurface> {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of the destination.
    destination_id: Gid<S::Destination>,
    /// Full path of a group, with all that is in it, or of a project.
    namespace_path: Option<String>,
}

/// The filter that was made.
#[derive(SimpleObject)]
#[graphql(concrete(
    name = "AuditEventsGroupDestinationNamespaceFilterCreatePayload",
    params(ConsolidatedGroup)
))]
#[graphql(concrete(
    name = "AuditEventsInstanceDestinationNamespaceFilterCreatePayload",
    params(ConsolidatedInstance)
))]
pub(super) struct NamespaceFilterCreated<S: ConsolidatedSurface> {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// What is wrong with the input.
    errors: Vec<String>,
    /// The filter.
    namespace_filter: Option<StreamingNamespaceFilter<S>>,
}

/// Which filter is to be removed.
#[derive(InputObject)]
#[graphql(concrete(
    name = "AuditEventsStreamingHTTPNamespaceFiltersDeleteInput",
    params(LegacyGroup)
))]
#[graphql(concrete(
    name = "AuditEventsGroupDestinationNamespaceFilterDeleteInput",
    params(ConsolidatedGroup)
))]
#[graphql(concrete(
    name = "AuditEventsInstanceDestinationNamespaceFilterDeleteInput",
    params(ConsolidatedInstance)
))]
pub(super) struct DeleteNamespaceFilter<S: NamespaceFilterSurface> {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of the filter.
    namespace_filter_id: Gid<S::Filter>,
}

/// The namespace that is wanted, and what is answered when there is none.
struct Wanted<'a> {
    path: &'a str,
    kind: Option<NamespaceKind>,
    invalid: &'static str,
}

/// The filter with its destination, or what is wrong with it.
async fn add<S: Surface>(
    session: &Session<'_, S>,
    destination_id: &Gid<S::Destination>,
    wanted: Wanted<'_>,
) -> Result<(Option<(Arc<Destination>, NamespaceFilter)>, Vec<String>)> {
    let destination = session.destination(destination_id).await;
    let destination = destination.map_err(errors::top_level::<S>)?;
    let Wanted {
        path,
        kind,
        invalid,
    } = wanted;
    let namespace = destinations::find_namespace(session.app, &destination, path, kind)
        .await
        .map_err(errors::top_level::<S>)?
        .ok_or_else(|| errors::bad_input(invalid))?;
    let added = destinations::add_namespace_filter(session.app, &destination, &namespace).await;
    let (added, errors) = errors::split::<S, _>(added)?;
    let added = added.map(|(destination, filter)| (Arc::new(destination), filter));
    Ok((added, errors))
}

async fn create<S: ConsolidatedSurface>(
    ctx: &Context<'_>,
    input: CreateNamespaceFilter<S>,
) -> Result<Option<NamespaceFilterCreated<S>>> {
    let session = Session::<S>::open(ctx)?;
    let wanted = Wanted {
        path: input.namespace_path.as_deref().unwrap_or_default(),
        kind: None,
        invalid: "namespace_path should be of group or project only.",
    };
    let (added, errors) = add(&session, &input.destination_id, wanted).await?;
    Ok(Some(NamespaceFilterCreated {
        client_mutation_id: input.client_mutation_id,
        errors,
        namespace_filter: added
            .map(|(destination, filter)| StreamingNamespaceFilter::new(destination, filter)),
    }))
}

async fn delete<S: NamespaceFilterSurface>(
    ctx: &Context<'_>,
    input: DeleteNamespaceFilter<S>,
) -> Result<Option<Done<S, NamespaceFilterDelete>>> {
    let session = Session::<S>::open(ctx)?;
    let deleted = async {
        let filter = session.namespace_filter(&input.namespace_filter_id).await?;
        destinations::remove_namespace_filter(session.app, &filter).await
    };
    deleted.await.map_err(errors::top_level::<S>)?;
    Ok(Some(Done::new(input.client_mutation_id, Vec::new())))
}

/// The mutations of this file.
#[derive(Default)]
pub(super) struct NamespaceFilterMutations;

#[Object]
impl NamespaceFilterMutations {
    /// Limits a destination of a group to a group in it or to one of its projects, for its owners.
    async fn audit_events_streaming_http_namespace_filters_add(
        &self,
        ctx: &Context<'_>,
        input: AddHttpNamespaceFilter,
    ) -> Result<Option<HttpNamespaceFilterAdded>> {
        let session = Session::<LegacyGroup>::open(ctx)?;
        let wanted = match (&input.group_path, &input.project_path) {
            (Some(path), None) => Wanted {
                path,
                kind: Some(NamespaceKind::Group),
                invalid: "group_path is invalid",
            },
            (None, Some(path)) => Wanted {
                path,
                kind: Some(NamespaceKind::Project),
                invalid: "project_path is invalid",
            },
            _ => {
                return Err(errors::bad_input(
                    "One and only one of [groupPath, projectPath] arguments is required.",
                ));
            }
        };
        let (added, errors) = add(&session, &input.destination_id, wanted).await?;
        Ok(Some(HttpNamespaceFilterAdded {
            client_mutation_id: input.client_mutation_id,
            errors,
            namespace_filter: added
                .map(|(destination, filter)| HttpNamespaceFilter::new(destination, filter)),
        }))
    }

    /// Takes the limit to a group or project from a destination of a group, for its owners.
    async fn audit_events_streaming_http_namespace_filters_delete(
        &self,
        ctx: &Context<'_>,
        input: DeleteNamespaceFilter<LegacyGroup>,
    ) -> Result<Option<Done<LegacyGroup, NamespaceFilterDelete>>> {
        delete(ctx, input).await
    }

    /// Limits a destination of a group to a further group in it or to one of its projects, for its
    /// owners.
    async fn audit_events_group_destination_namespace_filter_create(
        &self,
        ctx: &Context<'_>,
        input: CreateNamespaceFilter<ConsolidatedGroup>,
    ) -> Result<Option<NamespaceFilterCreated<ConsolidatedGroup>>> {
        create(ctx, input).await
    }

    /// Takes the limit to a group or project from a destination of a group, for its owners.
    async fn audit_events_group_destination_namespace_filter_delete(
        &self,
        ctx: &Context<'_>,
        input: DeleteNamespaceFilter<ConsolidatedGroup>,
    ) -> Result<Option<Done<ConsolidatedGroup, NamespaceFilterDelete>>> {
        delete(ctx, input).await
    }

    /// Limits a destination of the instance to a further group or project, for its admins.
    async fn audit_events_instance_destination_namespace_filter_create(
        &self,
        ctx: &Context<'_>,
        input: CreateNamespaceFilter<ConsolidatedInstance>,
    ) -> Result<Option<NamespaceFilterCreated<ConsolidatedInstance>>> {
        create(ctx, input).await
    }

    /// Takes the limit to a group or project from a destination of the instance, for its admins.
    async fn audit_events_instance_destination_namespace_filter_delete(
        &self,
        ctx: &Context<'_>,
        input: DeleteNamespaceFilter<ConsolidatedInstance>,
    ) -> Result<Option<Done<ConsolidatedInstance, NamespaceFilterDelete>>> {
        delete(ctx, input).await
    }
}
