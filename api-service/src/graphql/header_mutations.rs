//! Mutations of custom headers, which are records of their own in the legacy generation.

use std::marker::PhantomData;

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use super::destination_payload::{Created, Updated};
use super::done::{Done, HeaderDestroy};
use super::errors;
use super::gid::Gid;
use super::header::StreamingHeader;
use super::session::Session;
use super::surface::{HeaderSurface, LegacyGroup, LegacyInstance};
use crate::destinations::{self, Failure, HeaderUpdate, LoneHeader};
use crate::domain::Header;

/// What a header is made from.
#[derive(InputObject)]
#[graphql(concrete(name = "AuditEventsStreamingHeadersCreateInput", params(LegacyGroup)))]
#[graphql(concrete(
    name = "AuditEventsStreamingInstanceHeadersCreateInput",
    params(LegacyInstance)
))]
pub(super) struct CreateHeader<S: HeaderSurface> {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of the destination.
    destination_id: Gid<S::Destination>,
    /// Name of an HTTP header, 1 to 255 characters, that the destination does not have yet.
    key: String,
    /// 1 to 2,000 printable Latin-1 characters.
    value: String,
    /// Whether it is sent.
    #[graphql(default_with = "Some(true)")]
    active: Option<bool>,
}

/// What is to become of a header; what is absent or null stays as it is.
#[derive(InputObject)]
#[graphql(concrete(name = "AuditEventsStreamingHeadersUpdateInput", params(LegacyGroup)))]
#[graphql(concrete(
    name = "AuditEventsStreamingInstanceHeadersUpdateInput",
    params(LegacyInstance)
))]
pub(super) struct UpdateHeader<S: HeaderSurface> {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of the header.
    header_id: Gid<S::Header>,
    /// Name of an HTTP header, 1 to 255 characters.
    key: Option<String>,
    /// 1 to 2,000 printable Latin-1 characters.
    value: Option<String>,
    /// Whether it is sent.
    active: Option<bool>,
}

/// Which header is to be removed.
#[derive(InputObject)]
#[graphql(concrete(name = "AuditEventsStreamingHeadersDestroyInput", params(LegacyGroup)))]
#[graphql(concrete(
    name = "AuditEventsStreamingInstanceHeadersDestroyInput",
    params(LegacyInstance)
))]
pub(super) struct DestroyHeader<S: HeaderSurface> {
    /// Comes back in the payload.
    client_mutation_id: Option<String>,
    /// Global id of the header.
    header_id: Gid<S::Header>,
}

/// The header as it is now.
#[derive(SimpleObject)]
#[graphql(concrete(
    name = "AuditEventsStreamingHeadersCreatePayload",
    params(LegacyGroup, Created)
))]
#[graphql(concrete(
    name = "AuditEventsStreamingInstanceHeadersCreatePayload",
    params(LegacyInstance, Created)
))]
#[graphql(concrete(
    name = "AuditEventsStreamingHeadersUpdatePayload",
    params(LegacyGroup, Updated)
))]
#[graphql(concrete(
    name = "AuditEventsStreamingInstanceHeadersUpdatePayload",
    params(LegacyInstance, Updated)
))]
pub(super) struct HeaderPayload<S: HeaderSurface, O> {
    /// As in the input.
    client_mutation_id: Option<String>,
    /// What is wrong with the input.
    errors: Vec<String>,
    /// The header.
    header: Option<StreamingHeader<S>>,
    #[graphql(skip)]
    _names: PhantomData<fn() -> O>,
}

impl<S: HeaderSurface, O> HeaderPayload<S, O> {
    fn new(
        client_mutation_id: Option<String>,
        header: Option<Header>,
        errors: Vec<String>,
    ) -> Self {
        Self {
            client_mutation_id,
            errors,
            header: header.map(Into::into),
            _names: PhantomData,
        }
    }
}

async fn create<S: HeaderSurface>(
    ctx: &Context<'_>,
    input: CreateHeader<S>,
) -> Result<Option<HeaderPayload<S, Created>>> {
    let session = Session::<S>::open(ctx)?;
    let destination = match session.destination(&input.destination_id).await {
        Err(Failure::NotFound) => return Err(errors::forbidden(S::NO_DESTINATION)),
        found => found.map_err(errors::top_level::<S>)?,
    };
    let wanted = LoneHeader {
        key: input.key,
        value: input.value.into(),
        active: input.active,
    };
    let created = destinations::add_header(session.app, &destination, wanted).await;
    let (header, errors) = errors::split::<S, _>(created)?;
    Ok(Some(HeaderPayload::new(
        input.client_mutation_id,
        header,
        errors,
    )))
}

/// A header that cannot be changed as is wanted is answered as it still is.
async fn update<S: HeaderSurface>(
    ctx: &Context<'_>,
    input: UpdateHeader<S>,
) -> Result<Option<HeaderPayload<S, Updated>>> {
    let session = Session::<S>::open(ctx)?;
    let authorised = session.header(&input.header_id).await;
    let authorised = authorised.map_err(errors::top_level::<S>)?;
    let wanted = HeaderUpdate {
        key: input.key,
        value: input.value.map(Into::into),
        active: input.active,
    };
    let updated = destinations::update_header(session.app, &authorised, wanted).await;
    let (mut header, errors) = errors::split::<S, _>(updated)?;
    if header.is_none() {
        let unchanged = destinations::read_header(session.app, &authorised).await;
        header = Some(unchanged.map_err(errors::top_level::<S>)?);
    }
    Ok(Some(HeaderPayload::new(
        input.client_mutation_id,
        header,
        errors,
    )))
}

async fn destroy<S: HeaderSurface>(
    ctx: &Context<'_>,
    input: DestroyHeader<S>,
) -> Result<Option<Done<S, HeaderDestroy>>> {
    let session = Session::<S>::open(ctx)?;
    let destroyed = async {
        let header = session.header(&input.header_id).await?;
        destinations::remove_header(session.app, &header).await
    };
    destroyed.await.map_err(errors::top_level::<S>)?;
    Ok(Some(Done::new(input.client_mutation_id, Vec::new())))
}

/// The mutations of this file.
#[derive(Default)]
pub(super) struct HeaderMutations;

#[Object]
impl HeaderMutations {
    /// Gives a destination of a group a header, for its owners.
    async fn audit_events_streaming_headers_create(
        &self,
        ctx: &Context<'_>,
        input: CreateHeader<LegacyGroup>,
    ) -> Result<Option<HeaderPayload<LegacyGroup, Created>>> {
        create(ctx, input).await
    }

    /// Changes a header of a group's destination, for its owners.
    async fn audit_events_streaming_headers_update(
        &self,
        ctx: &Context<'_>,
        input: UpdateHeader<LegacyGroup>,
    ) -> Result<Option<HeaderPayload<LegacyGroup, Updated>>> {
        update(ctx, input).await
    }

    /// Removes a header of a group's destination, for its owners.
    async fn audit_events_streaming_headers_destroy(
        &self,
        ctx: &Context<'_>,
        input: DestroyHeader<LegacyGroup>,
    ) -> Result<Option<Done<LegacyGroup, HeaderDestroy>>> {
        destroy(ctx, input).await
    }

    /// Gives a destination of the instance a header, for its admins.
    async fn audit_events_streaming_instance_headers_create(
        &self,
        ctx: &Context<'_>,
        input: CreateHeader<LegacyInstance>,
    ) -> Result<Option<HeaderPayload<LegacyInstance, Created>>> {
        create(ctx, input).await
    }

    /// Changes a header of a destination of the instance, for its admins.
    async fn audit_events_streaming_instance_headers_update(
        &self,
        ctx: &Context<'_>,
        input: UpdateHeader<LegacyInstance>,
    ) -> Result<Option<HeaderPayload<LegacyInstance, Updated>>> {
        update(ctx, input).await
    }

    /// Removes a header of a destination of the instance, for its admins.
    async fn audit_events_streaming_instance_headers_destroy(
        &self,
        ctx: &Context<'_>,
        input: DestroyHeader<LegacyInstance>,
    ) -> Result<Option<Done<LegacyInstance, HeaderDestroy>>> {
        destroy(ctx, input).await
    }
}
