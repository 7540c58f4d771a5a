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
    /// when a proxy resolves names, or when the URL is refused anyway.
    pub to_resolve: Option<(String, u16)>,
    /// The rules that it does not keep.
    pub violations: Vec<Violation>,
}

/// Checks a URL as it was given.
pub fn check(given: &str, egress: &EgressPolicy) -> CheckedUrl {
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

/// Decides of the addresses that the host's name stands for.
pub fn check_addresses(
    name: &str,
    port: u16,
    addresses: impl IntoIterator<Item = IpAddr>,
    egress: &EgressPolicy,
) -> Option<Violation> {
    egress
        .check_addresses(name, port, addresses)
        .err()
        .map(|blocked| Violation::UrlBlocked(blocked.into()))
}

fn target(text: &str, egress: &EgressPolicy) -> Result<Option<(String, u16)>, BlockedUrl> {
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
    let port = url
        .port_or_known_default()
        .expect("http and https have a port");
    egress.check_host(&host, port)?;
    match host {
        Host::Domain(name) if !is_host_name(name) => Err(BlockedUrl::Host),
        Host::Domain(name) if egress.resolves_names() => Ok(Some((name.to_owned(), port))),
        _ => Ok(None),
    }
}

/// The parser takes more characters in a name than a request can be made with.
fn is_host_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use shared::egress::{Allowlist, Blocked, EgressRules};

    use super::*;

    fn public() -> EgressPolicy {
        EgressPolicy::default()
    }

    fn local() -> EgressPolicy {
        let rules = EgressRules {
            allow_local_requests: true,
            ..EgressRules::default()
        };
        rules.into()
    }

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
            assert_eq!(check(url, &public()).violations, expected, "{url:?}");
        }
    }

    #[test]
    fn blanks_around_a_url_are_cut_and_the_rest_is_kept_as_it_was_given() {
        let checked = check("  https://Example.com/Logs \n", &public());
        assert_eq!(checked.text, "https://Example.com/Logs");
        assert_eq!(checked.to_resolve, Some(("example.com".to_owned(), 443)));
        assert_eq!(checked.violations, []);
    }

    #[test]
    fn a_url_has_at_most_255_characters() {
        let of = |length: usize| format!("https://e.com/{}", "ä".repeat(length - 14));
        assert_eq!(check(&of(255), &public()).violations, []);
        let checked = check(&of(256), &public());
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
            assert_eq!(check(url, &local()).violations, [], "{url}");
        }
        assert_eq!(
            check("ftp://localhost", &local()).violations,
            blocked(BlockedUrl::Scheme)
        );
    }

    #[test]
    fn every_spelling_of_an_address_is_told_as_everywhere() {
        let table = include_str!("../../../shared/src/egress/spellings.txt");
        for line in table.lines() {
            if line.is_empty() || line.starts_with("# ") {
                continue;
            }
            let (url, expected) = line.split_once(' ').unwrap();
            let violations = check(url, &public()).violations;
            let told = match violations.as_slice() {
                [] => "-".to_owned(),
                [Violation::UrlBlocked(BlockedUrl::Egress(blocked))] => format!("{blocked:?}"),
                [Violation::UrlBlocked(BlockedUrl::Unreadable | BlockedUrl::Host)] => {
                    "Unreadable".to_owned()
                }
                // Whatever is behind it.
                [Violation::UrlBlocked(BlockedUrl::Credentials)] if url.contains('@') => continue,
                other => panic!("{url}: {other:?}"),
            };
            assert_eq!(told, expected.trim(), "{url}");
        }
    }

    #[test]
    fn a_name_with_other_characters_than_a_host_name_has_is_refused() {
        for name in [
            "a*b", "a!b", "a(b)", "a{b}", "a`b", "a\"b", "a,b", "a;b=c", "a~b", "*",
        ] {
            let url = format!("https://{name}.example/");
            assert_eq!(
                check(&url, &public()).violations,
                blocked(BlockedUrl::Host),
                "{url}"
            );
        }
    }

    #[test]
    fn what_is_on_the_list_of_the_operator_is_allowed_on_its_port() {
        let rules = EgressRules {
            allowlist: Allowlist::parse("10.0.0.0/8:8443, localhost:3000").unwrap(),
            ..EgressRules::default()
        };
        let egress = rules.into();
        for (url, expected) in [
            ("https://10.1.2.3:8443/", vec![]),
            ("https://10.1.2.3/", blocked(Blocked::LocalNetwork)),
            ("http://localhost:3000/", vec![]),
            ("http://localhost/", blocked(Blocked::Localhost)),
        ] {
            assert_eq!(check(url, &egress).violations, expected, "{url}");
        }
        let private = || ["127.0.0.1".parse().unwrap()];
        assert_eq!(check_addresses("localhost", 3000, private(), &egress), None);
        assert_eq!(
            check_addresses("other.example", 3000, private(), &egress),
            Some(Violation::UrlBlocked(Blocked::Loopback.into()))
        );
    }

    #[test]
    fn a_name_that_a_proxy_resolves_is_not_resolved() {
        let rules = EgressRules {
            proxy_resolves_names: true,
            ..EgressRules::default()
        };
        let checked = check("https://siem.example/", &rules.into());
        assert_eq!((checked.to_resolve, checked.violations), (None, vec![]));
    }
}
