//! Limits of one GraphQL request. A page's size is limited in [`crate::domain::page`], the length of
//! a query where HTTP is read.

/// How deep fields may be inside of each other. The introspection that clients send has 13 levels.
pub const DEPTH: usize = 20;
/// How many fields a request may ask for, whatever the size of its pages.
pub const COMPLEXITY: usize = 300;
/// How many directives one field may have.
pub const DIRECTIVES: usize = 10;
/// How many brackets may be open at once. Fields and arguments of the deepest allowed query take two
/// thirds; the parser overflows the stack of a thread (2 MiB) at some hundreds.
pub const NESTING: usize = 64;
/// How deep fields and fragments may be inside of each other.
pub const RECURSION: usize = 32;
/// Most fields and fragments of a document whose fragments are written out: as many as the longest
/// document can hold without fragments. Checking a document takes time by their number.
pub const SELECTIONS: usize = 5_000;
/// Most bytes of variables, when each use of them counts: twice what a request can bring along. The
/// engine makes a copy for each use.
pub const VARIABLE_BYTES: usize = 2 * 1024 * 1024;
/// Most mistakes that a document is told of.
pub const ERRORS: usize = 100;
/// Most bytes of events that an answer may hold; there may be a MiB in each.
pub const EVENT_BYTES: usize = 32 * 1024 * 1024;
/// Most values that an answer may hold, an object and a list counting as one each. The schema as
/// clients ask for it has some 4,000, a page of 100 destinations with 20 headers each some 12,000;
/// a few fields in lists in lists would have millions.
pub const VALUES: usize = 20_000;
