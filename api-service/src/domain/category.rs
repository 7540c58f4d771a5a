//! The kinds of target that a destination can have.

use super::Violation;

/// The kind of a destination's target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// Events are sent by POST to a URL.
    Http,
}

/// What GitLab has and this service does not have yet.
const UNSUPPORTED: [&str; 2] = ["aws", "gcp"];

impl Category {
    /// The name, in the API and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
        }
    }

    /// The kind of a name as a caller gave it.
    pub fn parse(name: &str) -> Result<Self, Violation> {
        if name == Self::Http.name() {
            return Ok(Self::Http);
        }
        if name.trim().is_empty() {
            return Err(Violation::CategoryBlank);
        }
        let known = UNSUPPORTED.into_iter().find(|known| *known == name);
        Err(known.map_or(Violation::CategoryUnknown, Violation::CategoryUnsupported))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_known_by_its_name_and_anything_else_is_told_apart() {
        for (name, expected) in [
            ("http", Ok(Category::Http)),
            ("aws", Err(Violation::CategoryUnsupported("aws"))),
            ("gcp", Err(Violation::CategoryUnsupported("gcp"))),
            ("", Err(Violation::CategoryBlank)),
            (" ", Err(Violation::CategoryBlank)),
            ("HTTP", Err(Violation::CategoryUnknown)),
            ("nonsense", Err(Violation::CategoryUnknown)),
        ] {
            assert_eq!(Category::parse(name), expected, "{name:?}");
        }
    }
}
