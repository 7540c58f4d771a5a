//! The part of a list of destinations that a connection shows, on every surface.

use std::sync::Arc;

use async_graphql::Result;

use super::connection::Connection;
use super::errors;
use super::session::Session;
use super::surface::Surface;
use crate::destinations::{self, Authorised, Failure};
use crate::domain::page::PageRequest;

/// The destinations of what the caller may administer; none for who may not.
pub(super) async fn connection<S: Surface>(
    session: &Session<'_, S>,
    authorised: Result<Authorised, Failure>,
    request: PageRequest,
) -> Result<Option<Connection<S::Object>>> {
    let listed = async { destinations::list(session.app, &authorised?, request).await };
    match listed.await {
        Ok(page) => {
            let shown = page.map(|destination| S::Object::from(Arc::new(destination)));
            Ok(Some(shown.into()))
        }
        Err(Failure::Forbidden | Failure::NotFound) => Ok(None),
        Err(failure) => Err(errors::top_level::<S>(failure)),
    }
}
