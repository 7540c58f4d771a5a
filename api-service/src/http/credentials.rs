//! Finds the token in a request's headers.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use secrecy::SecretString;

/// The token of `Authorization: Bearer`, else that of `PRIVATE-TOKEN`. Other schemes of
/// `Authorization` carry no token of ours. One that cannot be read is an empty, so unknown, token.
pub(super) fn token(headers: &HeaderMap) -> Option<SecretString> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| {
        let value = value.to_str().unwrap_or("Bearer ");
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let private = headers
        .get("private-token")
        .map(|value| value.to_str().unwrap_or_default().trim());
    bearer.or(private).map(SecretString::from)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use secrecy::ExposeSecret;

    use super::*;

    type Headers = &'static [(&'static str, &'static [u8])];

    #[test]
    fn a_token_comes_as_bearer_or_private_token() {
        let table: &[(Headers, Option<&str>)] = &[
            (&[], None),
            (&[("authorization", b"Bearer abc")], Some("abc")),
            (&[("authorization", b"bearer  abc ")], Some("abc")),
            (&[("private-token", b"abc")], Some("abc")),
            (&[("authorization", b"Basic YTpi")], None),
            (
                &[("authorization", b"Basic YTpi"), ("private-token", b"abc")],
                Some("abc"),
            ),
            (
                &[("authorization", b"Bearer abc"), ("private-token", b"def")],
                Some("abc"),
            ),
            (&[("authorization", b"Bearer")], Some("")),
            (&[("authorization", b"Bearer \xff")], Some("")),
        ];
        for &(headers, expected) in table {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(
                    HeaderName::from_static(name),
                    HeaderValue::from_bytes(value).unwrap(),
                );
            }
            let token = token(&map);
            assert_eq!(
                token.as_ref().map(ExposeSecret::expose_secret),
                expected,
                "{headers:?}"
            );
        }
    }
}
