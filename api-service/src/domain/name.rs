//! Rules of a destination's name.

use super::Violation;

/// Most characters of a name, as in GitLab.
pub const LONGEST: usize = 72;

/// What is wrong with a name.
pub fn check(name: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    if name.trim().is_empty() {
        violations.push(Violation::NameBlank);
    }
    if name.chars().count() > LONGEST {
        violations.push(Violation::NameTooLong);
    }
    if name.chars().any(char::is_control) {
        violations.push(Violation::NameUnprintable);
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_1_to_72_printable_characters() {
        let table = [
            ("SIEM".to_owned(), vec![]),
            ("ä".repeat(72), vec![]),
            ("ä".repeat(73), vec![Violation::NameTooLong]),
            (String::new(), vec![Violation::NameBlank]),
            (" ".to_owned(), vec![Violation::NameBlank]),
            ("a\u{0}b".to_owned(), vec![Violation::NameUnprintable]),
            ("a\nb".to_owned(), vec![Violation::NameUnprintable]),
        ];
        for (name, expected) in table {
            assert_eq!(check(&name), expected, "{name:?}");
        }
    }
}
