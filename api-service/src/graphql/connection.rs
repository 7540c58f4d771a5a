//! Connections: parts of lists, with opaque cursors that mark a place also when its item is gone.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use async_graphql::connection::PageInfo;
use async_graphql::{ComplexObject, Context, Object, OutputType, Result, SimpleObject, TypeName};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::errors;
use crate::domain::page::{Page, PageRequest, Placed};

/// A part of a list.
#[derive(SimpleObject)]
#[graphql(name_type)]
pub(super) struct Connection<T: Node> {
    #[graphql(flatten)]
    part: Part<T>,
}

/// A part of a list, of which it is told how long it is.
#[derive(SimpleObject)]
#[graphql(name_type, complex)]
pub(super) struct CountedConnection<T: Counted> {
    #[graphql(flatten)]
    part: Part<T>,
    #[graphql(skip)]
    list: T::List,
}

/// What the connections of all lists have in common.
struct Part<T: Node> {
    edges: Vec<Arc<Edge<T>>>,
    has_previous_page: bool,
    has_next_page: bool,
}

/// What can be in a list that is told the length of.
pub(super) trait Counted: Node {
    /// Which list it is.
    type List: Send + Sync;

    /// How many are in a list.
    fn count(ctx: &Context<'_>, list: &Self::List) -> impl Future<Output = Result<i64>> + Send;
}

/// What can be in a list.
pub(super) trait Node: OutputType + Placed<Place: Mark> + Send + Sync + 'static {}

impl<T: OutputType + Placed<Place: Mark> + Send + Sync + 'static> Node for T {}

/// A place that a cursor can tell of.
pub(super) trait Mark: Display + FromStr {
    /// What kind of place it is, so that the cursor of one list is not taken for one of another.
    const KIND: &'static str;
}

impl Mark for i64 {
    const KIND: &'static str = "id";
}

impl Mark for String {
    const KIND: &'static str = "name";
}

/// A place in a list.
#[derive(SimpleObject)]
#[graphql(name_type)]
pub(super) struct Edge<T: Node> {
    /// Marks the place, for `after` and `before`.
    cursor: String,
    /// What is there.
    node: Option<Arc<T>>,
}

impl<T: Node> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", <T as OutputType>::type_name()).into()
    }
}

impl<T: Node> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        connection_name::<T>()
    }
}

impl<T: Counted> TypeName for CountedConnection<T> {
    fn type_name() -> Cow<'static, str> {
        connection_name::<T>()
    }
}

fn connection_name<T: Node>() -> Cow<'static, str> {
    format!("{}Connection", <T as OutputType>::type_name()).into()
}

impl<T: Node> TypeName for Part<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Part", <T as OutputType>::type_name()).into()
    }
}

#[ComplexObject]
impl<T: Counted> CountedConnection<T> {
    /// How many there are in all.
    async fn count(&self, ctx: &Context<'_>) -> Result<Option<i64>> {
        T::count(ctx, &self.list).await.map(Some)
    }
}

/// A part of a list.
#[Object(name_type)]
impl<T: Node> Part<T> {
    /// The items.
    async fn nodes(&self) -> Option<Vec<Option<Arc<T>>>> {
        Some(self.edges.iter().map(|edge| edge.node.clone()).collect())
    }

    /// The items with their cursors.
    async fn edges(&self) -> Option<Vec<Option<Arc<Edge<T>>>>> {
        Some(self.edges.iter().cloned().map(Some).collect())
    }

    /// Whether there is more.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.has_previous_page,
            has_next_page: self.has_next_page,
            start_cursor: self.edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: self.edges.last().map(|edge| edge.cursor.clone()),
        }
    }
}

impl<T: Node> From<Page<T>> for Connection<T> {
    fn from(page: Page<T>) -> Self {
        Self { part: page.into() }
    }
}

impl<T: Counted> CountedConnection<T> {
    pub(super) fn new(page: Page<T>, list: T::List) -> Self {
        let part = page.into();
        Self { part, list }
    }
}

impl<T: Node> From<Page<T>> for Part<T> {
    fn from(page: Page<T>) -> Self {
        let edge = |item: T| Edge {
            cursor: encode(&item.place()),
            node: Some(Arc::new(item)),
        };
        Self {
            edges: page.items.into_iter().map(edge).map(Arc::new).collect(),
            has_previous_page: page.has_previous,
            has_next_page: page.has_next,
        }
    }
}

impl<T: Node> Connection<T> {
    /// A list that the caller sees nothing of.
    pub(super) fn redacted() -> Self {
        Page::empty().into()
    }
}

/// The arguments of a connection.
pub(super) struct PageArguments {
    pub(super) after: Option<String>,
    pub(super) before: Option<String>,
    pub(super) first: Option<i32>,
    pub(super) last: Option<i32>,
}

impl PageArguments {
    /// The part of the list that they ask for.
    pub(super) fn request<P: Mark>(&self) -> Result<PageRequest<P>> {
        let after = self.after.as_deref().map(decode).transpose()?;
        let before = self.before.as_deref().map(decode).transpose()?;
        let (first, last) = (self.first.map(i64::from), self.last.map(i64::from));
        PageRequest::new(first, after, last, before).map_err(errors::bad_input)
    }
}

fn encode<P: Mark>(place: &P) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}:{place}", P::KIND))
}

fn decode<P: Mark>(cursor: &str) -> Result<P> {
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| {
            let place = text.strip_prefix(P::KIND)?.strip_prefix(':')?;
            place.parse().ok()
        })
        .ok_or_else(|| errors::bad_input("Please provide a valid cursor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_again_and_anything_else_is_refused() {
        assert_eq!(decode(&encode(&42)), Ok(42));
        let name = "user_created".to_owned();
        assert_eq!(decode(&encode(&name)), Ok(name));
        for broken in ["", "42", "!", "aWQ6", "aWQ6YQ", &"a".repeat(10_000)] {
            assert!(decode::<i64>(broken).is_err(), "{broken:.20}");
            assert!(decode::<String>(broken).is_err(), "{broken:.20}");
        }
    }

    #[test]
    fn the_cursor_of_one_kind_of_list_is_none_of_another() {
        assert!(decode::<String>(&encode(&42)).is_err());
        assert!(decode::<i64>(&encode(&"42".to_owned())).is_err());
    }
}
