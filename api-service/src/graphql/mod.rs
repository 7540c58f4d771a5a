//! The GraphQL API: objects, inputs and their wording over the services, which do not know of it.

mod administration;
mod audit_event;
mod connection;
mod destination;
mod destination_mutations;
mod engine;
mod errors;
mod event_type_filter_mutations;
mod gid;
mod group;
pub mod limits;
mod query;
mod surface;
mod user;

use async_graphql::{Context, EmptySubscription, MergedObject};

pub use query::Query;

use crate::app::App;
use crate::auth::Caller;

/// The schema.
pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// The mutation root.
#[derive(MergedObject, Default)]
pub struct Mutation(
    destination_mutations::DestinationMutations,
    event_type_filter_mutations::EventTypeFilterMutations,
    audit_event::AuditEventMutations,
    administration::AdministrationMutations,
);

/// Builds the schema. Each request needs the [`Caller`] in its data; without, it is anonymous.
pub fn schema(app: App) -> Schema {
    builder().data(app).finish()
}

/// The schema in its own language, with descriptions.
pub fn sdl() -> String {
    builder().finish().sdl()
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation::default(), EmptySubscription)
        .limit_depth(limits::DEPTH)
        .limit_complexity(limits::COMPLEXITY)
        .limit_directives(limits::DIRECTIVES)
        .extension(engine::ConformanceFactory)
}

fn app<'a>(ctx: &Context<'a>) -> &'a App {
    ctx.data_opt()
        .expect("`schema` puts the app into the schema's data")
}

fn caller(ctx: &Context<'_>) -> Caller {
    ctx.data_opt::<Caller>().cloned().unwrap_or_default()
}
