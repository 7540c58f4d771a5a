//! The part of a list of destinations that a connection shows, on every surface.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Context, QueryPathSegment, Result};
use tokio::sync::OnceCell;

use super::connection::{Connection, PageArguments};
use super::errors;
use super::session::Session;
use super::surface::Surface;
use crate::destinations::{self, Failure};
use crate::domain::page::{Page, PageRequest};
use crate::domain::{Destination, Generation, GroupScope, Scope};

/// What was read for one request so far. A destination shows its group, and that its destinations: each
/// of these lists is the same one, and would be read again for every destination in it.
#[derive(Default)]
pub(super) struct ListsOfRequest(Mutex<HashMap<Key, Arc<List>>>);

/// A list; none for who may not see it.
type List = OnceCell<Option<Page<Arc<Destination>>>>;

/// Fields of a mutation are carried out one after the other, so what one of them shows is not to be what
/// an earlier one saw.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    root_field: String,
    generation: Generation,
    namespace_id: Option<i64>,
    request: PageRequest,
}

impl ListsOfRequest {
    fn list(&self, key: Key) -> Arc<List> {
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lists.entry(key).or_default().clone()
    }

    /// All destinations that a root field has shown so far in lists.
    pub(super) fn shown(&self, root_field: &str) -> Vec<Arc<Destination>> {
        let lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let read = lists
            .iter()
            .filter(|(key, _)| key.root_field == root_field)
            .filter_map(|(_, list)| list.get()?.as_ref());
        read.flat_map(|page| page.items.iter().cloned()).collect()
    }
}

/// The destinations of the instance, as a surface shows them; none for who may not administer them.
pub(super) async fn of_instance<S: Surface>(
    ctx: &Context<'_>,
    arguments: &PageArguments,
) -> Result<Option<Connection<S::Object>>> {
    connection::<S>(ctx, Scope::Instance, arguments).await
}

/// As [`of_instance`], of a group.
pub(super) async fn of_group<S: Surface>(
    ctx: &Context<'_>,
    group: GroupScope,
    arguments: &PageArguments,
) -> Result<Option<Connection<S::Object>>> {
    connection::<S>(ctx, Scope::Group(group), arguments).await
}

async fn connection<S: Surface>(
    ctx: &Context<'_>,
    scope: Scope,
    arguments: &PageArguments,
) -> Result<Option<Connection<S::Object>>> {
    let session = Session::<S>::open(ctx)?;
    let request = arguments.request()?;
    let lists: &ListsOfRequest = ctx.data_unchecked();
    let list = lists.list(Key {
        root_field: root_field(ctx),
        generation: S::GENERATION,
        namespace_id: scope.namespace_id(),
        request,
    });
    let read = list
        .get_or_try_init(|| read(&session, scope, request))
        .await;
    let page = read.map_err(errors::top_level::<S>)?.as_ref();
    Ok(page.map(|page| {
        let items = page.items.iter().cloned();
        let shown = Page {
            items: items.map(S::Object::from).collect(),
            has_previous: page.has_previous,
            has_next: page.has_next,
        };
        shown.into()
    }))
}

async fn read<S: Surface>(
    session: &Session<'_, S>,
    scope: Scope,
    request: PageRequest,
) -> Result<Option<Page<Arc<Destination>>>, Failure> {
    let authorised = match scope {
        Scope::Instance => session.instance(),
        Scope::Group(group) => session.group(group).await,
    };
    let authorised = match authorised {
        Err(Failure::Forbidden | Failure::NotFound) => return Ok(None),
        authorised => authorised?,
    };
    let page = destinations::list(session.app, &authorised, request).await?;
    Ok(Some(page.map(Arc::new)))
}

/// The destinations beside one that is shown in a list.
pub(super) fn beside(ctx: &Context<'_>) -> Vec<Arc<Destination>> {
    let lists: &ListsOfRequest = ctx.data_unchecked();
    lists.shown(&root_field(ctx))
}

/// The name under which the root field that is being carried out is answered.
pub(super) fn root_field(ctx: &Context<'_>) -> String {
    let mut node = ctx.path_node.as_ref();
    let mut root = String::new();
    while let Some(at) = node {
        if let QueryPathSegment::Name(name) = at.segment {
            name.clone_into(&mut root);
        }
        node = at.parent;
    }
    root
}
