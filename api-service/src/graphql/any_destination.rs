//! Destinations by the id of any class, for mutations that GitLab does not have.

use std::str::FromStr;

use async_graphql::Error;

use super::errors;
use super::gid::{Gid, NotThisGid};
use super::surface::{
    ConsolidatedGroup, ConsolidatedInstance, LegacyGroup, LegacyInstance, Surface,
};
use crate::app::App;
use crate::auth::Caller;
use crate::destinations::{AuthorisedDestination, Failure, authorize};
use crate::domain::{Generation, ScopeKind};

/// A destination's number with the level and generation that its id is of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AnyDestination {
    kind: ScopeKind,
    generation: Generation,
    number: i64,
}

impl AnyDestination {
    fn of<S: Surface>(id: &str) -> Result<Self, NotThisGid> {
        let id: Gid<S::Destination> = id.parse()?;
        Ok(Self {
            kind: S::SCOPE,
            generation: S::GENERATION,
            number: id.number,
        })
    }

    /// The permission check for it.
    pub(super) async fn authorise(
        &self,
        app: &App,
        caller: &Caller,
    ) -> Result<AuthorisedDestination, Failure> {
        authorize::destination(app, caller, self.kind, self.generation, self.number).await
    }
}

impl FromStr for AnyDestination {
    type Err = NotThisGid;

    fn from_str(id: &str) -> Result<Self, NotThisGid> {
        Self::of::<LegacyGroup>(id)
            .or_else(|_| Self::of::<LegacyInstance>(id))
            .or_else(|_| Self::of::<ConsolidatedGroup>(id))
            .or_else(|_| Self::of::<ConsolidatedInstance>(id))
            .map_err(|error| match error {
                NotThisGid::OtherClass(text, _) => NotThisGid::OtherClass(text, "a destination"),
                other => other,
            })
    }
}

/// Why the destination with an id may not be administered.
#[derive(Debug)]
pub(crate) enum NotAuthorised {
    /// The text is the id of no destination, as this sentence says.
    NotAnId(String),
    /// The permission check did not come to its good end.
    Failed(Failure),
}

impl From<NotThisGid> for NotAuthorised {
    fn from(error: NotThisGid) -> Self {
        Self::NotAnId(error.to_string())
    }
}

impl From<Failure> for NotAuthorised {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The permission check for the destination with a global id of any class, as a text.
pub(crate) async fn authorise_destination(
    app: &App,
    caller: &Caller,
    id: &str,
) -> Result<AuthorisedDestination, NotAuthorised> {
    let id: AnyDestination = id.parse()?;
    Ok(id.authorise(app, caller).await?)
}

/// A failure, which is worded alike for every class.
pub(super) fn error(failure: Failure) -> Error {
    errors::top_level::<ConsolidatedGroup>(failure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::gid::Resource as _;

    #[test]
    fn the_id_of_every_class_is_taken() {
        for (class, kind, generation) in [
            (
                <LegacyGroup as Surface>::Destination::CLASS,
                ScopeKind::Group,
                Generation::Legacy,
            ),
            (
                <LegacyInstance as Surface>::Destination::CLASS,
                ScopeKind::Instance,
                Generation::Legacy,
            ),
            (
                <ConsolidatedGroup as Surface>::Destination::CLASS,
                ScopeKind::Group,
                Generation::Consolidated,
            ),
            (
                <ConsolidatedInstance as Surface>::Destination::CLASS,
                ScopeKind::Instance,
                Generation::Consolidated,
            ),
        ] {
            let id: AnyDestination = format!("gid://gitlab/{class}/7").parse().unwrap();
            let expected = AnyDestination {
                kind,
                generation,
                number: 7,
            };
            assert_eq!(id, expected);
        }
    }

    #[test]
    fn what_is_no_id_of_a_destination_is_refused_in_words() {
        for (text, message) in [
            ("7", "\"7\" is not a valid Global ID"),
            (
                "gid://gitlab/User/7",
                "\"gid://gitlab/User/7\" does not represent an instance of a destination",
            ),
        ] {
            let refused = text.parse::<AnyDestination>().unwrap_err();
            assert_eq!(refused.to_string(), message);
        }
    }
}
