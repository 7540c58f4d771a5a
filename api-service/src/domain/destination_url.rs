//! Rules of a destination's URL that can be decided without asking the network or the database.

use std::net::IpAddr;

use shared::egress::EgressPolicy;
use url::{Host, ParseError, Url};

use super::violation::{BlockedUrl, Violation};

/// Most characters of a destination's URL, as in GitLab.
pub const LONGEST: usize = 255;

/// A URL as it is to be stored, and what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub struct CheckedUrl {
    /// The URL as it was given, less the blanks around it.
    pub text: String,
    /// The name and port whose addresses are still to be checked; none when the host is an address,
    /// or when the URL is refused anyway.
    pub to_resolve: Option<(String, u16)>,
    /// The rules that it does not keep.
    pub violations: Vec<Violation>,
}

/// Checks a URL as it was given.
pub fn check(given: &str, egress: EgressPolicy) -> CheckedUrl {
    let text = given.trim();
    let mut checked = CheckedUrl {
        text: text.to_owned(),
        to_resolve: None,
        violations: Vec::new(),
    };
    if text.is_empty() {
        checked.violations = vec![Violation::UrlBlank, Violation::UrlMissing];
        return checked;
    }
    match target(text, egress) {
        Ok(to_resolve) => checked.to_resolve = to_resolve,
        Err(blocked) => checked.violations.push(Violation::UrlBlocked(blocked)),
    }
    if text.chars().count() > LONGEST {
        checked.violations.push(Violation::UrlTooLong);
        checked.to_resolve = None;
    }
    checked
}

/// Decides of the addresses that the host's name stands for: every one must be allowed, as any may
/// be the one that is connected to.
pub fn check_addresses(
    addresses: impl IntoIterator<Item = IpAddr>,
    egress: EgressPolicy,
) -> Option<Violation> {
    addresses
        .into_iter()
        .find_map(|address| egress.check_address(address).err())
        .map(|blocked| Violation::UrlBlocked(blocked.into()))
}

fn target(text: &str, egress: EgressPolicy) -> Result<Option<(String, u16)>, BlockedUrl> {
    // The parser would drop line breaks and tabs without a word.
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(BlockedUrl::Unreadable);
    }
    let url = Url::parse(text).map_err(|error| match error {
        ParseError::RelativeUrlWithoutBase => BlockedUrl::Scheme,
        ParseError::EmptyHost => BlockedUrl::Host,
        _ => BlockedUrl::Unreadable,
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(BlockedUrl::Scheme);
    }
    // The parser takes any number of slashes, of either kind; others would see another host in it.
    let authority = text[url.scheme().len()..].strip_prefix("://");
    if authority.is_none_or(|rest| rest.starts_with(['/', '\\'])) {
        return Err(BlockedUrl::Unreadable);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BlockedUrl::Credentials);
    }
    let host = url.host().ok_or(BlockedUrl::Host)?;
    egress.check_host(&host)?;
    let Host::Domain(name) = host else {
        return Ok(None);
    };
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err(BlockedUrl::Host);
    }
    Ok(url
        .port_or_known_default()
        .map(|port| (name.to_owned(), port)))
}

#[cfg(test)]
mod tests {
    use shared::egress::Blocked;

    use super::*;

    const PUBLIC: EgressPolicy = EgressPolicy {
        allow_local_requests: false,
    };
    const LOCAL: EgressPolicy = EgressPolicy {
        allow_local_requests: true,
    };

    fn blocked(reason: impl Into<BlockedUrl>) -> Vec<Violation> {
        vec![Violation::UrlBlocked(reason.into())]
    }

    #[test]
    fn every_rule_of_a_url_is_told() {
        let table = [
            ("https://siem.example.com/logs", vec![]),
            ("http://8.8.8.8:8080/logs?a=b", vec![]),
            ("https://[2606:4700::1111]/", vec![]),
            ("https://under_score.example.com", vec![]),
            ("https://münchen.example", vec![]),
            ("", vec![Violation::UrlBlank, Violation::UrlMissing]),
            (" \t\n", vec![Violation::UrlBlank, Violation::UrlMissing]),
            ("ftp://example.com", blocked(BlockedUrl::Scheme)),
            ("javascript:alert(1)", blocked(BlockedUrl::Scheme)),
            ("example.com/logs", blocked(BlockedUrl::Scheme)),
            ("example.com:8080", blocked(BlockedUrl::Scheme)),
            (
                "https://example.com/\r\nX: y",
                blocked(BlockedUrl::Unreadable),
            ),
            ("https://exa\tmple.com", blocked(BlockedUrl::Unreadable)),
            ("https://example.com/a b", blocked(BlockedUrl::Unreadable)),
            ("https://example.com:99999", blocked(BlockedUrl::Unreadable)),
            ("https://[::1", blocked(BlockedUrl::Unreadable)),
            ("https://a\u{0}b.example", blocked(BlockedUrl::Unreadable)),
            (
                "https://ada:secret@example.com/",
                blocked(BlockedUrl::Credentials),
            ),
            ("https://ada@example.com/", blocked(BlockedUrl::Credentials)),
            (
                "https://:secret@example.com/",
                blocked(BlockedUrl::Credentials),
            ),
            ("ftp://ada@example.com/", blocked(BlockedUrl::Scheme)),
            ("https://example.com/@ada:secret", vec![]),
            ("https:1.1.1.1", blocked(BlockedUrl::Unreadable)),
            ("https:/1.1.1.1", blocked(BlockedUrl::Unreadable)),
            ("https:///1.1.1.1", blocked(BlockedUrl::Unreadable)),
            (r"https:\\1.1.1.1", blocked(BlockedUrl::Unreadable)),
            (r"https://\1.1.1.1", blocked(BlockedUrl::Unreadable)),
            ("HTTPS://example.com", vec![]),
            ("https://", blocked(BlockedUrl::Host)),
            ("https://-example.com", blocked(BlockedUrl::Host)),
            ("https://.example.com", blocked(BlockedUrl::Host)),
            ("http://localhost/logs", blocked(Blocked::Localhost)),
            ("http://127.0.0.1/logs", blocked(Blocked::Loopback)),
            ("http://[::ffff:10.0.0.1]/", blocked(Blocked::LocalNetwork)),
            ("http://169.254.169.254/", blocked(Blocked::LinkLocal)),
            ("http://100.64.0.1/", blocked(Blocked::SharedAddressSpace)),
            (
                "http://255.255.255.255/",
                blocked(Blocked::LimitedBroadcast),
            ),
        ];
        for (url, expected) in table {
            assert_eq!(check(url, PUBLIC).violations, expected, "{url:?}");
        }
    }

    #[test]
    fn blanks_around_a_url_are_cut_and_the_rest_is_kept_as_it_was_given() {
        let checked = check("  https://Example.com/Logs \n", PUBLIC);
        assert_eq!(checked.text, "https://Example.com/Logs");
        assert_eq!(checked.to_resolve, Some(("example.com".to_owned(), 443)));
        assert_eq!(checked.violations, []);
    }

    #[test]
    fn a_url_has_at_most_255_characters() {
        let of = |length: usize| format!("https://e.com/{}", "ä".repeat(length - 14));
        assert_eq!(check(&of(255), PUBLIC).violations, []);
        let checked = check(&of(256), PUBLIC);
        assert_eq!(checked.violations, [Violation::UrlTooLong]);
        assert_eq!(checked.to_resolve, None);
    }

    #[test]
    fn local_targets_are_allowed_where_the_operator_says_so() {
        for url in [
            "http://localhost:1234",
            "http://127.0.0.1",
            "http://10.0.0.1",
        ] {
            assert_eq!(check(url, LOCAL).violations, [], "{url}");
        }
        assert_eq!(
            check("ftp://localhost", LOCAL).violations,
            blocked(BlockedUrl::Scheme)
        );
    }

    #[test]
    fn one_address_that_is_not_allowed_blocks_the_name() {
        let addresses = |texts: [&str; 2]| texts.map(|text| text.parse().unwrap());
        assert_eq!(
            check_addresses(addresses(["8.8.8.8", "1.1.1.1"]), PUBLIC),
            None
        );
        assert_eq!(
            check_addresses(addresses(["8.8.8.8", "10.0.0.1"]), PUBLIC),
            Some(Violation::UrlBlocked(Blocked::LocalNetwork.into()))
        );
        assert_eq!(
            check_addresses(addresses(["8.8.8.8", "10.0.0.1"]), LOCAL),
            None
        );
    }
}
