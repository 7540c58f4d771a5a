//! Limits of one GraphQL request. A page's size is limited in [`crate::domain::page`], the length of
//! a query where HTTP is read.

/// How deep fields may be inside of each other. The introspection that clients send has 13 levels.
pub const DEPTH: usize = 20;
/// How many fields a request may ask for, whatever the size of its pages.
pub const COMPLEXITY: usize = 300;
/// How many directives one field may have.
pub const DIRECTIVES: usize = 10;
