//! Rules of the headers that a destination gets with every event.

use secrecy::{ExposeSecret as _, SecretString};

use super::Violation;

/// Most characters of a header's name, as in GitLab.
pub const LONGEST_KEY: usize = 255;
/// Most characters of a header's value, as in GitLab since 18.0.
pub const LONGEST_VALUE: usize = 2_000;

/// Headers that nobody may set: the one that receivers know us by, and those that say how one
/// connection is used, with which a request could be made to look like two.
const RESERVED: [&str; 13] = [
    "X-Gitlab-Event-Streaming-Token",
    "Connection",
    "Content-Length",
    "Expect",
    "Host",
    "Keep-Alive",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
];

/// A header as a caller wants it.
#[derive(Debug)]
pub struct NewHeader {
    /// The name.
    pub key: String,
    /// The value, often a secret of the receiver's.
    pub value: SecretString,
    /// Whether it is sent.
    pub active: bool,
}

/// A header's name, which means the same whatever the case of its letters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HeaderName(String);

impl HeaderName {
    /// Of a name as it was given.
    pub fn new(key: &str) -> Self {
        Self(key.to_ascii_lowercase())
    }
}

/// A value as it can be sent: blanks around it are no part of the value of a header (RFC 9110, section
/// 5.5), and receivers drop them.
pub fn without_blanks(value: &SecretString) -> SecretString {
    value.expose_secret().trim_matches(' ').into()
}

/// What is wrong with a header's name.
pub fn check_key(key: &str) -> Vec<Violation> {
    if key.trim().is_empty() {
        return vec![Violation::HeaderKeyBlank];
    }
    let mut violations = Vec::new();
    if key.chars().count() > LONGEST_KEY {
        violations.push(Violation::HeaderKeyTooLong);
    }
    if !key.bytes().all(is_token_byte) {
        violations.push(Violation::HeaderKeyInvalid);
    }
    let reserved = RESERVED
        .into_iter()
        .find(|name| name.eq_ignore_ascii_case(key));
    violations.extend(reserved.map(Violation::HeaderKeyReserved));
    violations
}

/// What is wrong with a header's value, which may be empty.
pub fn check_value(value: &SecretString) -> Vec<Violation> {
    let value = value.expose_secret();
    let mut violations = Vec::new();
    if value.chars().count() > LONGEST_VALUE {
        violations.push(Violation::HeaderValueTooLong);
    }
    if !value.chars().all(is_printable_latin_1) {
        violations.push(Violation::HeaderValueInvalid);
    }
    violations
}

/// `tchar` of RFC 9110, section 5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// What a header's value can carry as one byte a character.
fn is_printable_latin_1(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{a0}'..='\u{ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_the_name_of_an_http_header_that_is_not_ours_nor_the_connections() {
        let long = "a".repeat(256);
        let table = [
            ("X-Custom", vec![]),
            ("Authorization", vec![]),
            ("Content-Type", vec![]),
            ("!#$%&'*+-.^_`|~09az", vec![]),
            (&long[..255], vec![]),
            ("X-Gitlab-Event-Streaming-Token-2", vec![]),
            ("My-X-Gitlab-Event-Streaming-Token", vec![]),
            ("", vec![Violation::HeaderKeyBlank]),
            (" \t", vec![Violation::HeaderKeyBlank]),
            (&long, vec![Violation::HeaderKeyTooLong]),
            ("a b", vec![Violation::HeaderKeyInvalid]),
            ("a:", vec![Violation::HeaderKeyInvalid]),
            ("a\r\nb", vec![Violation::HeaderKeyInvalid]),
            ("a\u{0}", vec![Violation::HeaderKeyInvalid]),
            ("ä", vec![Violation::HeaderKeyInvalid]),
            ("host", vec![Violation::HeaderKeyReserved("Host")]),
            (
                "TRANSFER-ENCODING",
                vec![Violation::HeaderKeyReserved("Transfer-Encoding")],
            ),
        ];
        for (key, expected) in table {
            assert_eq!(check_key(key), expected, "{key:?}");
        }
        for key in [
            "X-Gitlab-Event-Streaming-Token",
            "x-gitlab-event-streaming-token",
            "X-GITLAB-EVENT-STREAMING-TOKEN",
            "x-GitLab-event-STREAMING-token",
        ] {
            let expected = Violation::HeaderKeyReserved("X-Gitlab-Event-Streaming-Token");
            assert_eq!(check_key(key), [expected], "{key}");
        }
    }

    #[test]
    fn a_value_is_up_to_2000_printable_latin_1_characters() {
        let table = [
            (String::new(), vec![]),
            ("with \"quotes\", commas and Zürich".to_owned(), vec![]),
            ("ÿ".repeat(2_000), vec![]),
            ("a".repeat(2_001), vec![Violation::HeaderValueTooLong]),
            ("a\r\nb".to_owned(), vec![Violation::HeaderValueInvalid]),
            ("a\tb".to_owned(), vec![Violation::HeaderValueInvalid]),
            ("a\u{0}".to_owned(), vec![Violation::HeaderValueInvalid]),
            ("\u{7f}".to_owned(), vec![Violation::HeaderValueInvalid]),
            ("\u{85}".to_owned(), vec![Violation::HeaderValueInvalid]),
            ("€".to_owned(), vec![Violation::HeaderValueInvalid]),
        ];
        for (value, expected) in table {
            assert_eq!(check_value(&value.as_str().into()), expected, "{value:?}");
        }
    }
}
