//! What destinations are and which rules they keep: values and pure functions, no input or output.

pub mod category;
pub mod destination;
pub mod destination_url;
pub mod event_type_filters;
pub mod generation;
pub mod header;
pub mod health;
pub mod http_config;
pub mod name;
pub mod namespace;
pub mod namespace_filters;
pub mod page;
pub mod permission;
pub mod scope;
pub mod sealed_secret;
pub mod set_aside;
pub mod verification_token;
pub mod violation;

pub use category::Category;
pub use destination::{Destination, Header, HttpTarget, NamespaceFilter, Target};
pub use event_type_filters::EventTypes;
pub use generation::Generation;
pub use http_config::NewHttpTarget;
pub use namespace::Namespace;
pub use permission::AccessLevel;
pub use scope::{GroupScope, Scope, ScopeKind};
pub use sealed_secret::SealedSecret;
pub use verification_token::ChosenToken;
pub use violation::Violation;
