//! Who is calling: the token of a request, and what it permits.

mod caller;
pub(crate) mod token;

pub use caller::{AccessTokenScope, Author, Caller, InstanceAdmin, MayPublish, MissingScope, User};
