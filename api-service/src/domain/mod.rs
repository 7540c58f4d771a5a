//! What destinations are and which rules they keep: values and pure functions, no input or output.

pub mod destination;
pub mod destination_url;
pub mod event_type_filters;
pub mod name;
pub mod page;
pub mod permission;
pub mod scope;
pub mod sealed_secret;
pub mod verification_token;
pub mod violation;

pub use destination::{Destination, Header};
pub use event_type_filters::EventTypes;
pub use permission::AccessLevel;
pub use scope::{GroupScope, Scope, ScopeKind};
pub use sealed_secret::SealedSecret;
pub use violation::Violation;
