//! The two levels as shells around the fields of a generation: a group's destination shows its group.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use async_graphql::resolver_utils::ContainerType;
use async_graphql::{OutputType, SimpleObject, TypeName};

use crate::domain::Destination;
use crate::domain::page::Numbered;
use crate::graphql::group::Group;

/// The fields of a generation at a level.
pub(in crate::graphql) trait Fields:
    OutputType + ContainerType + From<Arc<Destination>> + Send + Sync + 'static
{
    /// Name of the object.
    const OBJECT: &'static str;

    /// What is shown.
    fn destination(&self) -> &Arc<Destination>;
}

/// Where a group's audit events are streamed to.
#[derive(SimpleObject)]
#[graphql(name_type)]
pub(in crate::graphql) struct OfGroup<F: Fields> {
    #[graphql(flatten)]
    fields: F,
    /// The group whose events are streamed.
    group: Group,
}

/// Where the audit events of the whole instance are streamed to.
#[derive(SimpleObject)]
#[graphql(name_type)]
pub(in crate::graphql) struct OfInstance<F: Fields> {
    #[graphql(flatten)]
    fields: F,
}

impl<F: Fields> TypeName for OfGroup<F> {
    fn type_name() -> Cow<'static, str> {
        F::OBJECT.into()
    }
}

impl<F: Fields> TypeName for OfInstance<F> {
    fn type_name() -> Cow<'static, str> {
        F::OBJECT.into()
    }
}

impl<F: Fields> From<Arc<Destination>> for OfGroup<F> {
    fn from(destination: Arc<Destination>) -> Self {
        Self {
            group: Group::of(&destination),
            fields: destination.into(),
        }
    }
}

impl<F: Fields> From<Arc<Destination>> for OfInstance<F> {
    fn from(destination: Arc<Destination>) -> Self {
        Self {
            fields: destination.into(),
        }
    }
}

impl<F: Fields> Numbered for OfGroup<F> {
    fn number(&self) -> i64 {
        self.destination().id
    }
}

impl<F: Fields> Numbered for OfInstance<F> {
    fn number(&self) -> i64 {
        self.destination().id
    }
}

// An interface calls the resolvers of the fields as methods of the object.

impl<F: Fields> Deref for OfGroup<F> {
    type Target = F;

    fn deref(&self) -> &F {
        &self.fields
    }
}

impl<F: Fields> Deref for OfInstance<F> {
    type Target = F;

    fn deref(&self) -> &F {
        &self.fields
    }
}
