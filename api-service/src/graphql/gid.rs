//! Global ids: `gid://gitlab/<class>/<number>`, each class an input type of its own, so that an id of
//! another kind is refused while the request is read.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use async_graphql::{ID, InputValueError, InputValueResult, Scalar, ScalarType, TypeName, Value};

/// A kind of thing that has global ids.
pub(super) trait Resource: Send + Sync + 'static {
    /// Name of the input type.
    const SCALAR: &'static str;
    /// The class in the id.
    const CLASS: &'static str;

    /// The id of a number, as objects show it.
    fn id(number: i64) -> ID {
        ID(format!("gid://gitlab/{}/{number}", Self::CLASS))
    }
}

/// A global id of one class, as inputs take it.
pub(super) struct Gid<R> {
    /// The number in it.
    pub number: i64,
    _resource: PhantomData<fn() -> R>,
}

/// Why a text is not the id that is asked for. `Display` words it as GitLab does.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotThisGid {
    /// It has not the form of an id.
    #[error("\"{0}\" is not a valid Global ID")]
    Malformed(String),
    /// It is an id of another application.
    #[error("\"{0}\" is not a Gitlab Global ID")]
    Foreign(String),
    /// It is an id of another class.
    #[error("\"{0}\" does not represent an instance of {1}")]
    OtherClass(String, &'static str),
}

impl<R: Resource> FromStr for Gid<R> {
    type Err = NotThisGid;

    fn from_str(text: &str) -> Result<Self, NotThisGid> {
        let malformed = || NotThisGid::Malformed(text.to_owned());
        let rest = text.strip_prefix("gid://").ok_or_else(malformed)?;
        let mut parts = rest.split('/');
        let (Some(app), Some(class), Some(number), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed());
        };
        if app.is_empty() || class.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed());
        }
        if app != "gitlab" {
            return Err(NotThisGid::Foreign(text.to_owned()));
        }
        if class != R::CLASS {
            return Err(NotThisGid::OtherClass(text.to_owned(), R::CLASS));
        }
        Ok(Self {
            number: number.parse().map_err(|_| malformed())?,
            _resource: PhantomData,
        })
    }
}

impl<R: Resource> fmt::Display for Gid<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&R::id(self.number))
    }
}

/// A global id of one class.
#[Scalar(name_type)]
impl<R: Resource> ScalarType for Gid<R> {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => text.parse().map_err(InputValueError::custom),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        self.to_string().into()
    }
}

impl<R: Resource> TypeName for Gid<R> {
    fn type_name() -> Cow<'static, str> {
        R::SCALAR.into()
    }
}

/// A user.
pub(super) struct UserResource;

impl Resource for UserResource {
    const SCALAR: &'static str = "UserID";
    const CLASS: &'static str = "User";
}

/// A group.
pub(super) struct GroupResource;

impl Resource for GroupResource {
    const SCALAR: &'static str = "GroupID";
    const CLASS: &'static str = "Group";
}

/// A project.
pub(super) struct ProjectResource;

impl Resource for ProjectResource {
    const SCALAR: &'static str = "ProjectID";
    const CLASS: &'static str = "Project";
}

/// A project as a namespace.
pub(super) struct ProjectNamespaceResource;

impl Resource for ProjectNamespaceResource {
    const SCALAR: &'static str = "NamespacesProjectNamespaceID";
    const CLASS: &'static str = "Namespaces::ProjectNamespace";
}

/// An access token.
pub(super) struct AccessTokenResource;

impl Resource for AccessTokenResource {
    const SCALAR: &'static str = "AccessTokenID";
    const CLASS: &'static str = "AccessToken";
}

/// An event that a destination never took.
pub(super) struct DeadLetterResource;

impl Resource for DeadLetterResource {
    const SCALAR: &'static str = "AuditEventsStreamingDeadLetterID";
    const CLASS: &'static str = "AuditEvents::Streaming::DeadLetter";
}

/// A message that is no valid event.
pub(super) struct RejectedMessageResource;

impl Resource for RejectedMessageResource {
    const SCALAR: &'static str = "AuditEventsStreamingRejectedMessageID";
    const CLASS: &'static str = "AuditEvents::Streaming::RejectedMessage";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_with_its_class_and_refused_in_gitlabs_words() {
        let number = |text: &str| text.parse::<Gid<UserResource>>().map(|gid| gid.number);
        assert_eq!(number("gid://gitlab/User/42"), Ok(42));
        let table = [
            ("42", "\"42\" is not a valid Global ID"),
            ("", "\"\" is not a valid Global ID"),
            (
                "gid://gitlab/User",
                "\"gid://gitlab/User\" is not a valid Global ID",
            ),
            (
                "gid://gitlab/User/",
                "\"gid://gitlab/User/\" is not a valid Global ID",
            ),
            (
                "gid://gitlab/User/-1",
                "\"gid://gitlab/User/-1\" is not a valid Global ID",
            ),
            (
                "gid://gitlab/User/1/2",
                "\"gid://gitlab/User/1/2\" is not a valid Global ID",
            ),
            (
                "gid://gitlab/User/99999999999999999999",
                "\"gid://gitlab/User/99999999999999999999\" is not a valid Global ID",
            ),
            (
                "gid://other/User/1",
                "\"gid://other/User/1\" is not a Gitlab Global ID",
            ),
            (
                "gid://gitlab/Group/1",
                "\"gid://gitlab/Group/1\" does not represent an instance of User",
            ),
        ];
        for (text, message) in table {
            assert_eq!(number(text).unwrap_err().to_string(), message);
        }
    }
}
