//! The GraphQL API: objects, inputs and their wording over the services, which do not know of it.

mod administration;
mod any_destination;
mod audit_event;
mod batches;
mod big_int;
mod connection;
mod consolidated_mutations;
mod dead_letter_mutations;
mod dead_letters;
mod definitions;
mod destination;
mod destination_list;
mod destination_payload;
mod destination_test;
mod destroy;
mod done;
mod engine;
mod errors;
mod event_type_filter_mutations;
mod expansion;
mod gid;
mod group;
mod header;
mod header_mutations;
mod health;
mod lane;
mod legacy_mutations;
pub mod limits;
mod measuring;
mod namespace_filter;
mod namespace_filter_mutations;
mod nesting;
mod query;
mod rejected_messages;
mod replay_payload;
mod required_variables;
mod secret;
mod session;
mod signing_secret;
mod surface;
mod time;
mod user;
mod wording;

use std::time::Duration;

use async_graphql::{Context, EmptySubscription, MergedObject, Result};

pub(crate) use any_destination::{NotAuthorised, authorise_destination};
pub use query::Query;

use crate::app::App;
use crate::auth::{AccessTokenScope, Caller, MayPublish};

/// The schema.
pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// The mutation root.
#[derive(MergedObject, Default)]
pub struct Mutation(
    legacy_mutations::LegacyMutations,
    consolidated_mutations::ConsolidatedMutations,
    header_mutations::HeaderMutations,
    event_type_filter_mutations::EventTypeFilterMutations,
    namespace_filter_mutations::NamespaceFilterMutations,
    signing_secret::SigningSecretMutations,
    dead_letter_mutations::DeadLetterMutations,
    lane::LaneMutations,
    destination_test::DestinationTestMutations,
    audit_event::AuditEventMutations,
    administration::AdministrationMutations,
);

/// Builds the schema. Each request needs the [`Caller`] in its data; without, it is anonymous.
pub fn schema(app: App) -> Schema {
    let patience = app.foundation.config.limits.graphql_timeout;
    let metrics = app.metrics.clone();
    // The first, and so the outermost: it sees the answer as it leaves.
    let builder = Schema::build(Query, Mutation::default(), EmptySubscription)
        .extension(measuring::MeasuringFactory { metrics });
    complete(builder, patience).data(app).finish()
}

/// The schema in its own language, with descriptions.
pub fn sdl() -> String {
    let builder = Schema::build(Query, Mutation::default(), EmptySubscription);
    complete(builder, Duration::MAX).finish().sdl()
}

type Builder = async_graphql::SchemaBuilder<Query, Mutation, EmptySubscription>;

/// With its types, its limits, and what the engine leaves undone.
fn complete(builder: Builder, patience: Duration) -> Builder {
    builder
        .register_output_type::<destination::ExternalAuditEventDestinationInterface>()
        .register_output_type::<destination::AuditEventStreamingDestinationInterface>()
        .limit_depth(limits::DEPTH)
        .limit_complexity(limits::COMPLEXITY)
        .limit_directives(limits::DIRECTIVES)
        .extension(engine::ConformanceFactory { patience })
}

fn app<'a>(ctx: &Context<'a>) -> &'a App {
    ctx.data_opt()
        .expect("`schema` puts the app into the schema's data")
}

/// Who is calling, for whatever the scope `API` is needed for. To be asked for before anything is
/// looked up, so that the answer does not tell what there is.
fn caller(ctx: &Context<'_>) -> Result<Caller> {
    let caller = any_caller(ctx);
    caller
        .with_scope(AccessTokenScope::Api)
        .map_err(errors::missing_scope)?;
    Ok(caller)
}

/// The proof that the caller may publish audit events.
fn may_publish(ctx: &Context<'_>) -> Result<MayPublish> {
    any_caller(ctx)
        .may_publish()
        .map_err(errors::missing_scope)?
        .ok_or_else(|| errors::forbidden(errors::NO_ACCESS_TO_MUTATION))
}

fn any_caller(ctx: &Context<'_>) -> Caller {
    ctx.data_opt::<Caller>().cloned().unwrap_or_default()
}
