//! The one service that reads and changes streaming destinations, of both levels and for every
//! generation of the API. Each of its functions asks for an [`Authorised`] scope, which only the
//! permission check can make.

mod add_event_types;
pub mod authorize;
mod change;
mod create;
mod destroy;
mod list;
pub mod unique;

use sea_orm::DbErr;

pub use add_event_types::{Addition, add_event_types};
pub use authorize::{Authorised, AuthorisedDestination};
pub use create::{NewDestination, create};
pub use destroy::destroy;
pub use list::list;

use crate::domain::Violation;

/// The kind of target that a destination of this service has.
const HTTP: &str = "http";

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

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self::Internal(anyhow::Error::new(error).context("the database refused a statement"))
    }
}
