//! Tests of what the policy decides.

use url::Url;

use super::*;

fn policy(change: impl FnOnce(&mut EgressRules)) -> EgressPolicy {
    let mut rules = EgressRules::default();
    change(&mut rules);
    rules.into()
}

fn listing(entries: &str) -> EgressPolicy {
    policy(|rules| rules.allowlist = Allowlist::parse(entries).unwrap())
}

fn check(policy: &EgressPolicy, url: &str) -> Result<(), Blocked> {
    let url = Url::parse(url).unwrap();
    policy.check_host(&url.host().unwrap(), url.port_or_known_default().unwrap())
}

#[test]
fn every_class_of_address_is_told_in_every_spelling() {
    let mut count = 0;
    for line in include_str!("spellings.txt").lines() {
        if line.is_empty() || line.starts_with("# ") {
            continue;
        }
        let (url, expected) = line.split_once(' ').unwrap();
        let told = match Url::parse(url) {
            Ok(_) => match check(&EgressPolicy::default(), url) {
                Ok(()) => "-".to_owned(),
                Err(blocked) => format!("{blocked:?}"),
            },
            Err(_) => "Unreadable".to_owned(),
        };
        assert_eq!(told, expected.trim(), "{url}");
        count += 1;
    }
    assert!(count > 100);
}

#[test]
fn local_requests_are_allowed_by_the_setting_but_reserved_addresses_never() {
    let local = policy(|rules| rules.allow_local_requests = true);
    for host in [
        "localhost",
        "a.localhost",
        "127.0.0.1",
        "10.0.0.1",
        "169.254.1.1",
        "100.64.0.1",
        "[::1]",
        "[fd00::1]",
        "[fe80::1]",
        "[64:ff9b:1::1]",
    ] {
        assert_eq!(check(&local, &format!("http://{host}/")), Ok(()), "{host}");
    }
    for host in ["224.0.0.1", "255.255.255.255", "[ff02::1]"] {
        assert!(check(&local, &format!("http://{host}/")).is_err(), "{host}");
    }
}

#[test]
fn what_is_on_the_list_is_allowed_and_its_neighbour_is_not() {
    for (entry, allowed, refused) in [
        ("127.0.0.1", "http://127.0.0.1:9/", "http://127.0.0.2:9/"),
        (
            "127.0.0.1:8080",
            "http://127.0.0.1:8080/",
            "http://127.0.0.1/",
        ),
        ("127.0.0.1:443", "https://127.0.0.1/", "http://127.0.0.1/"),
        ("127.1", "http://127.0.0.1/", "http://127.0.1.1/"),
        ("10.0.0.0/8", "http://10.255.0.1/", "http://172.16.0.1/"),
        ("10.1.2.3/24", "http://10.1.2.255/", "http://10.1.3.0/"),
        (
            "10.0.0.0/8:8443",
            "http://10.0.0.1:8443/",
            "http://10.0.0.1/",
        ),
        (
            "169.254.169.254",
            "http://169.254.169.254/",
            "http://169.254.169.253/",
        ),
        ("224.0.0.0/4", "http://224.0.0.1/", "http://240.0.0.1/"),
        ("::1", "http://[::1]/", "http://[::]/"),
        ("[::1]", "http://[::1]/", "http://127.0.0.1/"),
        ("[::1]:8080", "http://[::1]:8080/", "http://[::1]/"),
        ("fd00::/8", "http://[fdff::1]/", "http://[fc00::1]/"),
        (
            "[fd00::/8]:8443",
            "https://[fd00::1]:8443/",
            "https://[fd00::1]/",
        ),
        (
            "2001:db8::/32",
            "http://[2001:db8::1]/",
            "http://[ff02::1]/",
        ),
        (
            "64:ff9b:1::/48",
            "http://[64:ff9b:1::1]/",
            "http://[64:ff9b::127.0.0.1]/",
        ),
        ("localhost", "http://LOCALHOST./", "http://a.localhost/"),
        (
            "LocalHost.:3000",
            "http://localhost:3000/",
            "http://localhost/",
        ),
        // All of IPv6 is not all of IPv4, however that is spelled.
        ("::/0", "http://[fd00::1]/", "http://[::ffff:10.0.0.1]/"),
        // An address on the list is no permission for the name.
        ("127.0.0.1", "http://127.0.0.1/", "http://localhost/"),
    ] {
        assert_eq!(check(&listing(entry), allowed), Ok(()), "{entry} {allowed}");
        assert!(
            check(&listing(entry), refused).is_err(),
            "{entry} {refused}"
        );
    }
}

#[test]
fn another_spelling_of_an_address_on_the_list_is_on_it_too() {
    let list = listing("10.0.0.0/8:80");
    for host in [
        "[::ffff:10.0.0.1]",
        "[::10.0.0.1]",
        "[::ffff:0:10.0.0.1]",
        "[64:ff9b::10.0.0.1]",
        "[2002:a00:1::1]",
        "167772161",
    ] {
        assert_eq!(check(&list, &format!("http://{host}/")), Ok(()), "{host}");
        let other_port = format!("http://{host}:81/");
        assert_eq!(check(&list, &other_port), Err(Blocked::LocalNetwork));
    }
}

#[test]
fn a_name_on_the_list_may_stand_for_any_address_on_its_port() {
    let list = listing("siem.internal:8443, münchen.example");
    let private = || ["10.0.0.1".parse().unwrap()];
    for (name, port, expected) in [
        ("siem.internal", 8443, Ok(())),
        ("SIEM.internal.", 8443, Ok(())),
        ("siem.internal", 443, Err(Blocked::LocalNetwork)),
        ("a.siem.internal", 8443, Err(Blocked::LocalNetwork)),
        ("xn--mnchen-3ya.example", 1, Ok(())),
    ] {
        assert_eq!(
            list.check_addresses(name, port, private()),
            expected,
            "{name}:{port}"
        );
    }
}

#[test]
fn one_address_that_is_not_allowed_blocks_the_name() {
    let addresses = |texts: [&str; 2]| texts.map(|text| text.parse().unwrap());
    for (policy, texts, expected) in [
        (EgressPolicy::default(), ["8.8.8.8", "1.1.1.1"], Ok(())),
        (
            EgressPolicy::default(),
            ["8.8.8.8", "10.0.0.1"],
            Err(Blocked::LocalNetwork),
        ),
        (
            EgressPolicy::default(),
            ["10.0.0.1", "8.8.8.8"],
            Err(Blocked::LocalNetwork),
        ),
        (
            EgressPolicy::default(),
            ["8.8.8.8", "::ffff:127.0.0.1"],
            Err(Blocked::Loopback),
        ),
        (listing("10.0.0.1"), ["8.8.8.8", "10.0.0.1"], Ok(())),
        (
            listing("10.0.0.1"),
            ["10.0.0.1", "10.0.0.2"],
            Err(Blocked::LocalNetwork),
        ),
    ] {
        let decided = policy.check_addresses("siem.example", 443, addresses(texts));
        assert_eq!(decided, expected, "{texts:?}");
    }
}

#[test]
fn where_nothing_else_is_allowed_public_addresses_are_refused_too() {
    let deny = |entries: &str, local: bool| {
        policy(|rules| {
            rules.deny_all_except_allowed = true;
            rules.allow_local_requests = local;
            rules.allowlist = Allowlist::parse(entries).unwrap();
        })
    };
    let refused = Err(Blocked::NotOnAllowlist);
    for local in [false, true] {
        assert_eq!(check(&deny("", local), "http://8.8.8.8/"), refused);
        assert_eq!(check(&deny("", local), "http://127.0.0.1/"), refused);
        assert_eq!(check(&deny("8.8.0.0/16", local), "http://8.8.8.8/"), Ok(()));
    }
    let public = || ["8.8.8.8".parse().unwrap()];
    for (entries, expected) in [
        ("", refused),
        ("siem.example:443", Ok(())),
        ("siem.example:80", refused),
        ("8.8.8.8", Ok(())),
    ] {
        let decided = deny(entries, false).check_addresses("siem.example", 443, public());
        assert_eq!(decided, expected, "{entries}");
    }
}

#[test]
fn behind_a_proxy_a_name_is_decided_as_it_is_written() {
    let proxied = |deny: bool| {
        policy(|rules| {
            rules.proxy_resolves_names = true;
            rules.deny_all_except_allowed = deny;
            rules.allowlist = Allowlist::parse("siem.example:443").unwrap();
        })
    };
    for (deny, url, expected) in [
        (false, "https://other.example/", Ok(())),
        (false, "https://localhost/", Err(Blocked::Localhost)),
        (false, "https://10.0.0.1/", Err(Blocked::LocalNetwork)),
        (true, "https://siem.example/", Ok(())),
        (true, "http://siem.example/", Err(Blocked::NotOnAllowlist)),
        (true, "https://other.example/", Err(Blocked::NotOnAllowlist)),
    ] {
        assert_eq!(check(&proxied(deny), url), expected, "{deny} {url}");
    }
    assert!(!proxied(false).resolves_names());
    assert!(EgressPolicy::default().resolves_names());
}

#[test]
fn an_entry_that_cannot_be_used_is_quoted_with_what_is_wrong() {
    let long = "a".repeat(256);
    for (entry, problem) in [
        ("10.0.0.0/33", "must be a name"),
        ("fd00::/129", "must be a name"),
        ("*.example.com", "must be a name"),
        ("https://siem.example", "must"),
        ("siem.example/path", "must be a name"),
        ("-siem.example", "must be a name"),
        (":443", "must be a name"),
        ("siem.example:", "must have a port"),
        ("siem.example:0", "must have a port"),
        ("siem.example:65536", "must have a port"),
        ("siem.example:https", "must have a port"),
        ("[::1", "lacks a `]`"),
        ("[::1]443", "something else than a port"),
        ("[::1]/64", "something else than a port"),
        ("[10.0.0.1]:80", "IPv6 address in brackets"),
        ("fe80::1%eth0", "must be a name"),
        ("::ffff:10.0.0.1", "must be written as these"),
        ("64:ff9b::/96", "must be written as these"),
        ("2002:a00::/24", "must be written as these"),
    ] {
        let error = Allowlist::parse(&format!("10.0.0.1, {entry}")).unwrap_err();
        assert!(
            error.starts_with(&format!("the entry `{entry}` ")),
            "{error}"
        );
        assert!(error.contains(problem), "{error}");
    }
    let error = Allowlist::parse(&long).unwrap_err();
    assert!(error.contains("more than 255 characters"), "{error}");
}

#[test]
fn a_list_has_at_most_1000_entries() {
    let entries = |count: usize| vec!["10.0.0.1"; count].join("\n; ,");
    assert!(Allowlist::parse(&entries(1000)).is_ok());
    let error = Allowlist::parse(&entries(1001)).unwrap_err();
    assert_eq!(error, "must have at most 1000 entries");
}
