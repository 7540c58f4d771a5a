//! Rules of the token with which a receiver tells that an event comes from us.

use secrecy::{ExposeSecret as _, SecretString};

use super::Violation;

/// Fewest characters of a token, as in GitLab.
pub const SHORTEST: usize = 16;
/// Most characters of a token, as in GitLab. A token that we make has as many.
pub const LONGEST: usize = 24;

/// Fewest characters under the names of GitLab's first plan for destinations of the instance, which
/// sets no bounds and whose own example has 10.
pub const SHORTEST_OF_THE_PLAN: usize = 8;

/// A token that a caller chose.
#[derive(Debug)]
pub struct ChosenToken {
    /// The token.
    pub text: SecretString,
    /// Fewest characters that it may have.
    pub shortest: usize,
}

impl ChosenToken {
    /// Under the names that GitLab's rule holds for.
    pub fn new(text: String) -> Self {
        Self {
            text: text.into(),
            shortest: SHORTEST,
        }
    }

    /// Under the names of the plan.
    pub fn of_the_plan(text: String) -> Self {
        Self {
            text: text.into(),
            shortest: SHORTEST_OF_THE_PLAN,
        }
    }

    /// What is wrong with it.
    pub fn check(&self) -> Vec<Violation> {
        let token = self.text.expose_secret();
        let shortest = self.shortest;
        let mut violations = Vec::new();
        let length = token.chars().count();
        if token.trim().is_empty() {
            violations.push(Violation::TokenBlank);
        }
        if length < shortest {
            violations.push(Violation::TokenTooShort { shortest });
        }
        if length > LONGEST {
            violations.push(Violation::TokenTooLong);
        }
        // It is sent as the value of a header, where a line break would begin another header.
        if !token.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            violations.push(Violation::TokenUnprintable);
        }
        violations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOO_SHORT: Violation = Violation::TokenTooShort { shortest: SHORTEST };

    #[test]
    fn a_token_is_16_to_24_printable_ascii_characters() {
        let table = [
            ("a".repeat(16), vec![]),
            ("a".repeat(24), vec![]),
            ("with blanks and ~!\"#".to_owned(), vec![]),
            ("a".repeat(15), vec![TOO_SHORT]),
            ("a".repeat(25), vec![Violation::TokenTooLong]),
            (String::new(), vec![Violation::TokenBlank, TOO_SHORT]),
            (" ".repeat(16), vec![Violation::TokenBlank]),
            ("ä".repeat(16), vec![Violation::TokenUnprintable]),
            (
                "abcdefghijklmnop\r\nX: y".to_owned(),
                vec![Violation::TokenUnprintable],
            ),
            (
                "a\u{0}".to_owned(),
                vec![TOO_SHORT, Violation::TokenUnprintable],
            ),
        ];
        for (token, expected) in table {
            assert_eq!(
                ChosenToken::new(token.clone()).check(),
                expected,
                "{token:?}"
            );
        }
    }

    #[test]
    fn under_the_names_of_the_plan_a_token_is_8_to_24_characters() {
        let too_short = Violation::TokenTooShort { shortest: 8 };
        for (token, expected) in [
            ("f4242Qadaf".to_owned(), vec![]),
            ("a".repeat(8), vec![]),
            ("a".repeat(7), vec![too_short]),
            ("a".repeat(25), vec![Violation::TokenTooLong]),
            (" ".repeat(8), vec![Violation::TokenBlank]),
        ] {
            let chosen = ChosenToken::of_the_plan(token.clone());
            assert_eq!(chosen.check(), expected, "{token:?}");
        }
    }
}
