//! The one service that reads and changes streaming destinations, of both levels and for every
//! generation of the API. Each of its functions asks for an [`Authorised`] scope, which only the
//! permission check can make.

pub mod authorize;
mod change;
mod conflicts;
mod create;
mod dead_letters;
mod destroy;
mod event_type_filters;
mod groups;
mod headers;
mod health;
mod lane;
mod list;
mod namespace_filters;
mod read;
mod replace_headers;
mod signing_secret;
mod target_url;
mod test_event;
pub mod unique;
mod update;

use std::sync::Arc;

use sea_orm::DbErr;

pub use authorize::{Authorised, AuthorisedDestination, AuthorisedPart};
pub use create::{NewDestination, create};
pub(crate) use dead_letters::DeadLetters;
pub use dead_letters::{
    DeadLetter, MOST_BODIES, MOST_DESTINATIONS, dead_letter_bodies, dead_letter_counts,
    dead_letters, purge_dead_letters, replay_dead_letters,
};
pub use destroy::destroy;
pub use event_type_filters::{add_event_types, remove_event_types};
pub use groups::groups;
pub use headers::{
    HeaderUpdate, LoneHeader, add_header, read_header, remove_header, update_header,
};
pub use health::{Figures, backlog, figures, figures_at_once, health, last_failed_attempts};
pub use lane::purge_lane;
pub use list::list;
pub use namespace_filters::{add_namespace_filter, find_namespace, remove_namespace_filter};
pub use read::read;
pub use signing_secret::rotate_signing_secret;
pub use test_event::{Test, Untried, test};
pub use update::{DestinationUpdate, TargetUpdate, update};

use crate::domain::{Destination, Violation};

/// Numbers of destinations.
fn numbers(of: &[Arc<Destination>]) -> impl Iterator<Item = i64> {
    of.iter().map(|destination| destination.id)
}

/// Why something was not done.
#[derive(Debug)]
pub enum Failure {
    /// The caller may not do this.
    Forbidden,
    /// There is nothing with this number or path that the caller could know of.
    NotFound,
    /// The request does not keep these rules.
    Invalid(Vec<Violation>),
    /// The fault is ours.
    Internal(anyhow::Error),
}

impl Failure {
    /// Nothing, when no rule is broken.
    pub(crate) fn if_any(violations: Vec<Violation>) -> Result<(), Self> {
        if violations.is_empty() {
            Ok(())
        } else {
            Err(Self::Invalid(violations))
        }
    }

    /// A statement that failed, for the rule of a unique index or for something else.
    fn of_statement(error: DbErr) -> Self {
        match unique::violated(&error) {
            Some(violation) => Self::Invalid(vec![violation]),
            None => error.into(),
        }
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self::Internal(anyhow::Error::new(error).context("the database refused a statement"))
    }
}
