//! Rules of the token with which a receiver tells that an event comes from us.

use super::Violation;

/// Fewest characters of a token, as in GitLab.
pub const SHORTEST: usize = 16;
/// Most characters of a token, as in GitLab. A token that we make has as many.
pub const LONGEST: usize = 24;

/// What is wrong with a token that the caller chose.
pub fn check(token: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    let length = token.chars().count();
    if length < SHORTEST {
        violations.push(Violation::TokenTooShort);
    }
    if length > LONGEST {
        violations.push(Violation::TokenTooLong);
    }
    // It is sent as the value of a header, where a line break would begin another header.
    if !token.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        violations.push(Violation::TokenUnprintable);
    } else if length >= SHORTEST && token.trim().is_empty() {
        violations.push(Violation::TokenBlank);
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_16_to_24_printable_ascii_characters() {
        let table = [
            ("a".repeat(16), vec![]),
            ("a".repeat(24), vec![]),
            ("with blanks and ~!\"#".to_owned(), vec![]),
            ("a".repeat(15), vec![Violation::TokenTooShort]),
            ("a".repeat(25), vec![Violation::TokenTooLong]),
            (String::new(), vec![Violation::TokenTooShort]),
            (" ".repeat(16), vec![Violation::TokenBlank]),
            ("ä".repeat(16), vec![Violation::TokenUnprintable]),
            (
                "abcdefghijklmnop\r\nX: y".to_owned(),
                vec![Violation::TokenUnprintable],
            ),
            (
                "a\u{0}".to_owned(),
                vec![Violation::TokenTooShort, Violation::TokenUnprintable],
            ),
        ];
        for (token, expected) in table {
            assert_eq!(check(&token), expected, "{token:?}");
        }
    }
}
