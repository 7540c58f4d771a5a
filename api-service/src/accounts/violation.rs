//! What is wrong with what an administrator asked for, and the pure rules that tell.

/// Most characters of a path, a name or a username.
pub(super) const LONGEST: usize = 255;
/// How deep groups may be inside of each other. With [`LONGEST`] it keeps full paths within the
/// length to which an event's `entity_path` is cut.
pub(super) const DEEPEST: usize = 20;

/// A rule of administration that a request does not keep. `Display` is the sentence for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A field is empty or blank.
    #[error("{0} can't be blank")]
    Blank(Field),
    /// A field has too many characters.
    #[error("{0} is too long (maximum is {LONGEST} characters)")]
    TooLong(Field),
    /// A field has control characters.
    #[error("{0} contains invalid characters")]
    Unprintable(Field),
    /// A path or username has a form that would not be safe in an address.
    #[error(
        "{0} can contain only letters, digits, '_', '-' and '.', must begin with a letter or digit, and must not end with '-', '_', '.', '.git' or '.atom'"
    )]
    Malformed(Field),
    /// Somebody or something else has it.
    #[error("{0} has already been taken")]
    Taken(Field),
    /// There is nothing of that name.
    #[error("{0} does not exist")]
    Unknown(Field),
    /// The group would be too deep inside of others.
    #[error("Groups can be nested at most {DEEPEST} deep")]
    TooDeep,
    /// A token without a scope could do nothing.
    #[error("Scopes can't be blank")]
    NoScopes,
    /// The token would have ended already.
    #[error("Expires at must be in the future")]
    Expired,
    /// A token must be named in one way.
    #[error("One and only one of [id, token] arguments is required")]
    NotOneReference,
}

/// A field of an administrative request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The last part of a full path.
    Path,
    /// The full path of the group that a new one is made in.
    ParentPath,
    /// The full path of a group.
    GroupPath,
    /// A shown name.
    Name,
    /// A user's unique name.
    Username,
    /// An access token.
    AccessToken,
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Path => "Path",
            Self::ParentPath => "Parent path",
            Self::GroupPath => "Group path",
            Self::Name => "Name",
            Self::Username => "Username",
            Self::AccessToken => "Access token",
        })
    }
}

/// The sentences of violations, in order.
pub(super) fn sentences(violations: &[Violation]) -> Vec<String> {
    violations.iter().map(ToString::to_string).collect()
}

/// What is wrong with a shown name.
pub(super) fn check_name(name: &str) -> Option<Violation> {
    check_text(Field::Name, name)
}

/// What is wrong with a part of a path, or a username. Only ASCII is allowed, so that the databases
/// agree on what differs only in case.
pub(super) fn check_path(field: Field, path: &str) -> Option<Violation> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let lower = path.to_ascii_lowercase();
    let well_formed = path.chars().all(allowed)
        && path.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !["-", "_", ".", ".git", ".atom"]
            .iter()
            .any(|end| lower.ends_with(end));
    check_text(field, path).or_else(|| (!well_formed).then_some(Violation::Malformed(field)))
}

fn check_text(field: Field, text: &str) -> Option<Violation> {
    if text.trim().is_empty() {
        Some(Violation::Blank(field))
    } else if text.chars().count() > LONGEST {
        Some(Violation::TooLong(field))
    } else if text.chars().any(char::is_control) {
        Some(Violation::Unprintable(field))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_safe_in_an_address() {
        let malformed = Some(Violation::Malformed(Field::Path));
        let table = [
            ("acme".to_owned(), None),
            ("Acme-2.web_x".to_owned(), None),
            ("a".repeat(255), None),
            ("a".repeat(256), Some(Violation::TooLong(Field::Path))),
            (String::new(), Some(Violation::Blank(Field::Path))),
            ("  ".to_owned(), Some(Violation::Blank(Field::Path))),
            ("a/b".to_owned(), malformed),
            ("-a".to_owned(), malformed),
            ("..".to_owned(), malformed),
            ("a.".to_owned(), malformed),
            ("a.GIT".to_owned(), malformed),
            ("a.atom".to_owned(), malformed),
            ("ä".to_owned(), malformed),
            ("a b".to_owned(), malformed),
            (
                "a\u{0}b".to_owned(),
                Some(Violation::Unprintable(Field::Path)),
            ),
        ];
        for (path, expected) in table {
            assert_eq!(check_path(Field::Path, &path), expected, "{path:?}");
        }
    }

    #[test]
    fn a_name_is_printable_and_not_blank() {
        assert_eq!(check_name("Acme, Inc. ä"), None);
        assert_eq!(check_name(" "), Some(Violation::Blank(Field::Name)));
        assert_eq!(
            check_name("a\nb"),
            Some(Violation::Unprintable(Field::Name))
        );
        assert_eq!(
            check_name(&"a".repeat(256)),
            Some(Violation::TooLong(Field::Name))
        );
    }

    #[test]
    fn a_full_path_is_never_longer_than_an_events_path() {
        let longest = (DEEPEST + 1) * (LONGEST + 1);
        assert!(longest <= shared::event::LONGEST_PATH, "{longest}");
    }
}
