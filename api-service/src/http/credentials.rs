//! Finds the token in a request's headers or in its query string.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use secrecy::SecretString;
use url::form_urlencoded;

/// Parameters of the query string that carry a token, the one that wins first. As addresses get into
/// logs of browsers and proxies, they are for clients that can do no better.
const PARAMETERS: [&str; 2] = ["private_token", "access_token"];

/// The token of `Authorization: Bearer`, else that of `PRIVATE-TOKEN`, else that of the query string.
/// Other schemes of `Authorization` carry no token of ours. One that cannot be read is an empty, so
/// unknown, token.
pub(super) fn token(headers: &HeaderMap, query: &str) -> Option<SecretString> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| {
        let value = value.to_str().unwrap_or("Bearer ");
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let private = headers
        .get("private-token")
        .map(|value| value.to_str().unwrap_or_default().trim());
    bearer
        .or(private)
        .map(SecretString::from)
        .or_else(|| parameter(query))
}

fn parameter(query: &str) -> Option<SecretString> {
    PARAMETERS.into_iter().find_map(|wanted| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find_map(|(name, value)| (name == wanted).then(|| SecretString::from(&*value)))
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use secrecy::ExposeSecret;

    use super::*;

    type Headers = &'static [(&'static str, &'static [u8])];

    #[test]
    fn a_token_comes_as_bearer_or_private_token_or_parameter_in_this_order() {
        let table: &[(Headers, &str, Option<&str>)] = &[
            (&[], "", None),
            (&[("authorization", b"Bearer abc")], "", Some("abc")),
            (&[("authorization", b"bearer  abc ")], "", Some("abc")),
            (&[("private-token", b"abc")], "", Some("abc")),
            (&[("authorization", b"Basic YTpi")], "", None),
            (
                &[("authorization", b"Basic YTpi"), ("private-token", b"abc")],
                "",
                Some("abc"),
            ),
            (
                &[("authorization", b"Bearer abc"), ("private-token", b"def")],
                "",
                Some("abc"),
            ),
            (&[("authorization", b"Bearer")], "", Some("")),
            (&[("authorization", b"Bearer \xff")], "", Some("")),
            (&[], "private_token=abc", Some("abc")),
            (&[], "x=y&access_token=a%2Bb+c", Some("a+b c")),
            (&[], "access_token=abc&private_token=def", Some("def")),
            (&[], "access_token", Some("")),
            (&[], "PRIVATE_TOKEN=abc&token=abc", None),
            (
                &[("private-token", b"abc")],
                "private_token=def",
                Some("abc"),
            ),
            (
                &[("authorization", b"Bearer abc")],
                "private_token=def&access_token=ghi",
                Some("abc"),
            ),
            (
                &[("authorization", b"Basic YTpi")],
                "access_token=abc",
                Some("abc"),
            ),
        ];
        for &(headers, query, expected) in table {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(
                    HeaderName::from_static(name),
                    HeaderValue::from_bytes(value).unwrap(),
                );
            }
            let token = token(&map, query);
            assert_eq!(
                token.as_ref().map(ExposeSecret::expose_secret),
                expected,
                "{headers:?} {query}"
            );
        }
    }
}
