//! The part of a list of destinations that a connection shows, on both levels.

use async_graphql::Result;

use super::errors;
use super::surface::Surface;
use crate::app::App;
use crate::destinations::{self, Authorised, Failure};
use crate::domain::Destination;
use crate::domain::page::{Page, PageRequest};

/// The destinations of what the caller may administer; none for who may not.
pub(super) async fn page<S: Surface>(
    app: &App,
    authorised: Result<Authorised, Failure>,
    request: PageRequest,
) -> Result<Option<Page<Destination>>> {
    let listed = async { destinations::list(app, &authorised?, request).await };
    match listed.await {
        Ok(page) => Ok(Some(page)),
        Err(Failure::Forbidden | Failure::NotFound) => Ok(None),
        Err(failure) => Err(errors::top_level::<S>(failure)),
    }
}
