//! Signs requests as Standard Webhooks has it, so that a receiver can tell that one is ours, whole, and
//! not an old one sent again: HMAC-SHA256 over id, time and body, with the destination's secret.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};
use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};
use shared::clock::Timestamp;
use shared::snapshot::SigningSecrets;

/// Carries the event's id, the same on every attempt.
pub(crate) const ID_HEADER: HeaderName = HeaderName::from_static("webhook-id");
/// Carries the time of the attempt, in seconds since 1970.
pub(crate) const TIMESTAMP_HEADER: HeaderName = HeaderName::from_static("webhook-timestamp");
/// Carries the signatures, parted by blanks, each as `v1,<base64>`.
pub(crate) const SIGNATURE_HEADER: HeaderName = HeaderName::from_static("webhook-signature");

/// What a secret begins with before its base64.
const PREFIX: &str = "whsec_";

/// A destination's secrets, ready for signing.
pub(crate) struct Signer {
    current: hmac::Key,
    /// Signs along until its time, while receivers change over.
    previous: Option<(hmac::Key, Timestamp)>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

impl Signer {
    /// An error, when a secret has not the form in which they are made.
    pub(crate) fn new(secrets: &SigningSecrets) -> Result<Self, String> {
        let previous = match &secrets.previous {
            Some((secret, until)) => Some((key(secret)?, *until)),
            None => None,
        };
        Ok(Self {
            current: key(&secrets.current)?,
            previous,
        })
    }

    /// The headers of an attempt, with a signature for each secret that is in force at its time. An id
    /// that no header can carry, which no valid event has, is an error.
    pub(crate) fn headers(
        &self,
        id: &str,
        at: Timestamp,
        body: &[u8],
    ) -> Result<[(HeaderName, HeaderValue); 3], http::header::InvalidHeaderValue> {
        let seconds = at.0.div_euclid(1000);
        let prefix = format!("{id}.{seconds}.");
        let mut signatures = signature(&self.current, prefix.as_bytes(), body);
        if let Some((previous, until)) = &self.previous
            && at < *until
        {
            signatures.push(' ');
            signatures.push_str(&signature(previous, prefix.as_bytes(), body));
        }
        Ok([
            (ID_HEADER, HeaderValue::from_str(id)?),
            (TIMESTAMP_HEADER, HeaderValue::from(seconds)),
            (SIGNATURE_HEADER, HeaderValue::from_str(&signatures)?),
        ])
    }
}

fn signature(key: &hmac::Key, prefix: &[u8], body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(key);
    context.update(prefix);
    context.update(body);
    format!("v1,{}", STANDARD.encode(context.sign()))
}

fn key(secret: &SecretString) -> Result<hmac::Key, String> {
    let bytes = secret
        .expose_secret()
        .strip_prefix(PREFIX)
        .and_then(|encoded| STANDARD.decode(encoded).ok())
        .ok_or("its signing secret has not the form whsec_<base64>")?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Key and message of the specification's own example.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: Timestamp = Timestamp(1_614_265_330_999);
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn signer(previous: Option<Timestamp>) -> Signer {
        Signer::new(&SigningSecrets {
            current: SECRET.into(),
            previous: previous.map(|until| ("whsec_b2xkIHNlY3JldA==".into(), until)),
        })
        .unwrap()
    }

    fn signatures(signer: &Signer) -> String {
        let [(id, id_value), (timestamp, seconds), (header, value)] =
            signer.headers(ID, AT, BODY).unwrap();
        assert_eq!((id, id_value.to_str().unwrap()), (ID_HEADER, ID));
        assert_eq!(timestamp, TIMESTAMP_HEADER);
        assert_eq!(seconds, "1614265330");
        assert_eq!(header, SIGNATURE_HEADER);
        value.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_request_is_signed_as_the_specification_has_it() {
        assert_eq!(signatures(&signer(None)), SIGNED);
    }

    #[test]
    fn the_packages_of_pypi_and_npm_sign_the_same() {
        #[derive(serde::Deserialize)]
        struct Request {
            secret: String,
            id: String,
            timestamp: i64,
            body: String,
        }
        const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/standardwebhooks");
        let read = |name: &str| std::fs::read(format!("{FOLDER}/{name}")).unwrap();
        let requests: Vec<Request> = serde_json::from_slice(&read("requests.json")).unwrap();
        for package in ["pypi.json", "npm.json"] {
            let signed: Vec<String> = serde_json::from_slice(&read(package)).unwrap();
            assert_eq!(signed.len(), requests.len());
            for (request, expected) in requests.iter().zip(&signed) {
                let ours = Signer::new(&SigningSecrets {
                    current: request.secret.as_str().into(),
                    previous: None,
                });
                let at = Timestamp(request.timestamp * 1000 + 999);
                let headers = ours
                    .unwrap()
                    .headers(&request.id, at, request.body.as_bytes());
                let [_, _, (_, signature)] = headers.unwrap();
                assert_eq!(signature, expected, "{package}: {}", request.id);
            }
        }
    }

    #[test]
    fn the_old_secret_signs_along_until_its_time() {
        let during = signatures(&signer(Some(Timestamp(AT.0 + 1))));
        let (current, previous) = during.split_once(' ').unwrap();
        assert_eq!(current, SIGNED);
        assert!(
            previous.starts_with("v1,") && previous != current,
            "{previous}"
        );
        assert_eq!(signatures(&signer(Some(AT))), SIGNED);
    }

    #[test]
    fn a_secret_of_another_form_is_an_error_that_does_not_show_it() {
        for secret in ["", "plain", "whsec_no base64"] {
            let secrets = SigningSecrets {
                current: secret.into(),
                previous: None,
            };
            let error = Signer::new(&secrets).unwrap_err();
            assert_eq!(error, "its signing secret has not the form whsec_<base64>");
        }
    }

    #[test]
    fn nothing_of_a_secret_is_printed() {
        assert_eq!(format!("{:?}", signer(Some(AT))), "Signer { .. }");
    }
}
