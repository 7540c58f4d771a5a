//! A part of a list, cut by the places of its items, so that it stays the same while others come
//! and go.

/// Most items of one page.
pub const LARGEST: u64 = 100;

/// Something with a place in lists that never changes.
pub trait Placed {
    /// What lists are ordered by: different for each item.
    type Place: Ord;

    /// The place.
    fn place(&self) -> Self::Place;
}

/// Something whose place is a number that never changes.
pub trait Numbered {
    /// The number.
    fn number(&self) -> i64;
}

impl<T: Numbered> Placed for T {
    type Place = i64;

    fn place(&self) -> i64 {
        self.number()
    }
}

/// Which end of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// The items with the lowest places.
    First,
    /// The items with the highest places.
    Last,
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageRequest<P = i64> {
    /// Only items at a higher place.
    pub after: Option<P>,
    /// Only items at a lower place.
    pub before: Option<P>,
    /// From which end of these.
    pub end: End,
    /// How many, at most [`LARGEST`].
    pub size: u64,
}

/// Why a part of a list cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPage {
    /// Both ends are asked for.
    #[error("Can only provide either `first` or `last`, not both")]
    BothEnds,
    /// Less than no item is asked for.
    #[error("`first` and `last` must not be negative")]
    Negative,
}

impl<P> PageRequest<P> {
    /// Everything, as far as it fits on a page.
    pub const ALL: Self = Self {
        after: None,
        before: None,
        end: End::First,
        size: LARGEST,
    };

    /// The part that `first` or `last` items between two places make; all when neither is given. A
    /// size beyond [`LARGEST`] counts as that, as in GitLab.
    pub fn new(
        first: Option<i64>,
        after: Option<P>,
        last: Option<i64>,
        before: Option<P>,
    ) -> Result<Self, InvalidPage> {
        let (end, size) = match (first, last) {
            (Some(_), Some(_)) => return Err(InvalidPage::BothEnds),
            (None, Some(last)) => (End::Last, Some(last)),
            (first, None) => (End::First, first),
        };
        let size = size
            .map(u64::try_from)
            .transpose()
            .map_err(|_| InvalidPage::Negative)?;
        Ok(Self {
            after,
            before,
            end,
            size: size.unwrap_or(LARGEST).min(LARGEST),
        })
    }
}

/// A part of a list, in the order of the places.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether there are items before these.
    pub has_previous: bool,
    /// Whether there are items after these.
    pub has_next: bool,
}

impl<T> Page<T> {
    /// A page of a list without items.
    pub fn empty() -> Self {
        Self {
            items: Vec::new(),
            has_previous: false,
            has_next: false,
        }
    }

    /// Puts a page together from what was read: up to one item more than was asked for, starting at
    /// the end that was asked for, and whether there is anything at or beyond the two places.
    pub fn from_read<P>(
        mut read: Vec<T>,
        request: &PageRequest<P>,
        beyond_after: bool,
        beyond_before: bool,
    ) -> Self {
        let size = usize::try_from(request.size).unwrap_or(usize::MAX);
        let more = read.len() > size;
        read.truncate(size);
        let (mut has_previous, mut has_next) = (beyond_after, beyond_before);
        match request.end {
            End::First => has_next |= more,
            End::Last => {
                has_previous |= more;
                read.reverse();
            }
        }
        Self {
            items: read,
            has_previous,
            has_next,
        }
    }

    /// The same page of other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            has_previous: self.has_previous,
            has_next: self.has_next,
        }
    }
}

impl<T: Placed> Page<T> {
    /// Cuts a page out of a list that is in memory, ordered by place.
    pub fn of(list: Vec<T>, request: &PageRequest<T::Place>) -> Self {
        let (after, before) = (request.after.as_ref(), request.before.as_ref());
        let is_beyond_after = |item: &T| after.is_some_and(|after| item.place() <= *after);
        let is_beyond_before = |item: &T| before.is_some_and(|before| item.place() >= *before);
        let beyond_after = list.iter().any(is_beyond_after);
        let beyond_before = list.iter().any(is_beyond_before);
        let mut inside: Vec<T> = list
            .into_iter()
            .filter(|item| !is_beyond_after(item) && !is_beyond_before(item))
            .collect();
        if request.end == End::Last {
            inside.reverse();
        }
        Self::from_read(inside, request, beyond_after, beyond_before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Numbered for i64 {
        fn number(&self) -> i64 {
            *self
        }
    }

    fn page(
        first: Option<i64>,
        after: Option<i64>,
        last: Option<i64>,
        before: Option<i64>,
    ) -> (Vec<i64>, bool, bool) {
        let request = PageRequest::new(first, after, last, before).unwrap();
        let page = Page::of(vec![10, 20, 30, 40, 50], &request);
        (page.items, page.has_previous, page.has_next)
    }

    #[test]
    fn pages_are_cut_from_either_end_between_two_numbers() {
        let all = vec![10, 20, 30, 40, 50];
        assert_eq!(page(None, None, None, None), (all, false, false));
        assert_eq!(page(Some(2), None, None, None), (vec![10, 20], false, true));
        assert_eq!(
            page(Some(2), Some(20), None, None),
            (vec![30, 40], true, true)
        );
        assert_eq!(
            page(Some(2), Some(30), None, None),
            (vec![40, 50], true, false)
        );
        assert_eq!(page(Some(2), Some(50), None, None), (vec![], true, false));
        assert_eq!(page(None, None, Some(2), None), (vec![40, 50], true, false));
        assert_eq!(
            page(None, None, Some(2), Some(40)),
            (vec![20, 30], true, true)
        );
        assert_eq!(
            page(None, None, Some(9), Some(30)),
            (vec![10, 20], false, true)
        );
        assert_eq!(
            page(None, Some(10), None, Some(40)),
            (vec![20, 30], true, true)
        );
        assert_eq!(page(Some(0), None, None, None), (vec![], false, true));
    }

    #[test]
    fn a_cursor_whose_item_is_gone_still_marks_its_place() {
        assert_eq!(
            page(Some(2), Some(25), None, None),
            (vec![30, 40], true, true)
        );
        assert_eq!(
            page(None, None, Some(2), Some(25)),
            (vec![10, 20], false, true)
        );
    }

    #[test]
    fn a_page_has_at_most_100_items() {
        let request =
            |first| PageRequest::<i64>::new(first, None, None, None).map(|request| request.size);
        assert_eq!(request(None), Ok(100));
        assert_eq!(request(Some(1_000)), Ok(100));
        assert_eq!(request(Some(-1)), Err(InvalidPage::Negative));
        assert_eq!(
            PageRequest::<i64>::new(Some(1), None, Some(1), None),
            Err(InvalidPage::BothEnds)
        );
    }
}
