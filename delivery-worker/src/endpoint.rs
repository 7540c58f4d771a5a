//! A destination made ready for dispatching: everything that does not depend on the event is built
//! once for each snapshot.

use std::sync::Arc;

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use http::{HeaderMap, Uri};
use secrecy::ExposeSecret as _;
use shared::config::Config;
use shared::snapshot::{Destination, Secrets};

use crate::permits::Bounds;
use crate::routing::{Filters, lower};
use crate::signature::Signer;
use crate::state::State;

/// Carries the destination's token, by which a receiver knows that the event is ours.
pub(crate) const TOKEN_HEADER: HeaderName =
    HeaderName::from_static("x-gitlab-event-streaming-token");
/// Carries the name of the event's type.
pub(crate) const EVENT_TYPE_HEADER: HeaderName =
    HeaderName::from_static("x-gitlab-audit-event-type");

/// What all endpoints have in common.
#[derive(Debug, Clone)]
pub(crate) struct EndpointSettings {
    /// Whether the plan has streaming at all.
    pub(crate) licensed: bool,
    /// Whether there are instance-level destinations.
    pub(crate) instance_destinations: bool,
    /// Requests under way to one destination.
    pub(crate) permits: Bounds,
}

impl EndpointSettings {
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            licensed: config.plan.streams_audit_events(),
            instance_destinations: config.instance_destinations,
            permits: Bounds::of(&config.delivery.permits),
        }
    }

    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self {
            licensed: true,
            instance_destinations: true,
            permits: Bounds {
                start: 4,
                min: 1,
                max: 4,
            },
        }
    }
}

/// A destination, ready.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) id: i64,
    /// Shown name.
    pub(crate) name: Box<str>,
    pub(crate) group_path: Option<Box<str>>,
    pub(crate) filters: Filters,
    /// What cannot be made into a request is kept with its reason: its events wait for a correction.
    pub(crate) request: Result<RequestHead, String>,
    /// What goes on while the configuration changes.
    pub(crate) state: Arc<State>,
}

/// The part of the request that is the same for all events.
#[derive(Debug)]
pub(crate) struct RequestHead {
    pub(crate) url: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) signer: Signer,
}

impl Endpoint {
    /// Prepares a destination. Its state is that of `before`, so that a change does not double the
    /// requests under way.
    pub(crate) fn new(
        destination: Destination,
        settings: &EndpointSettings,
        before: Option<&Self>,
    ) -> Self {
        let exists = settings.licensed
            && (destination.group_path.is_some() || settings.instance_destinations);
        Self {
            id: destination.id,
            name: destination.name.as_str().into(),
            filters: Filters {
                active: destination.active && exists,
                event_types: destination
                    .event_types
                    .iter()
                    .map(|name| name.as_str().into())
                    .collect(),
                namespaces: destination
                    .namespaces
                    .iter()
                    .map(|path| lower(path).into())
                    .collect(),
            },
            request: request_head(&destination),
            group_path: destination.group_path.map(Into::into),
            state: before.map_or_else(
                || Arc::new(State::new(settings.permits)),
                |before| before.state.clone(),
            ),
        }
    }
}

fn request_head(destination: &Destination) -> Result<RequestHead, String> {
    let secrets = destination.secrets.as_ref().map_err(ToString::to_string)?;
    // The url crate's reading is the one that was checked when the destination was saved.
    let url = url::Url::parse(&destination.url)
        .map_err(|error| format!("its URL cannot be read: {error}"))?;
    let url = url
        .as_str()
        .parse()
        .map_err(|_| "its URL cannot be requested".to_owned())?;
    Ok(RequestHead {
        url,
        headers: header_map(secrets)?,
        signer: Signer::new(&secrets.signing)?,
    })
}

/// System headers are set last, so that no custom header overrides them.
fn header_map(secrets: &Secrets) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in &secrets.headers {
        let key = HeaderName::try_from(name.as_str())
            .map_err(|_| format!("its header {name} has no valid name"))?;
        // Often a key of the receiver's: neither shown nor put into a compression table.
        let mut value = header_value(value.expose_secret(), name)?;
        value.set_sensitive(true);
        headers.insert(key, value);
    }
    headers.insert(
        USER_AGENT,
        HeaderValue::from_static(concat!("auditstream/", env!("CARGO_PKG_VERSION"))),
    );
    let mut token = header_value(
        secrets.verification_token.expose_secret(),
        TOKEN_HEADER.as_str(),
    )?;
    token.set_sensitive(true);
    headers.insert(TOKEN_HEADER, token);
    Ok(headers)
}

/// HTTP header values are Latin-1 on the wire.
fn header_value(text: &str, name: &str) -> Result<HeaderValue, String> {
    let invalid = || format!("its header {name} has no valid value");
    let bytes: Option<Vec<u8>> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).ok())
        .collect();
    HeaderValue::from_bytes(&bytes.ok_or_else(invalid)?).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::tests::destination;

    fn head(headers: &[(&str, &str)]) -> Result<RequestHead, String> {
        let destination = destination(1, None, |destination| {
            let secrets = destination.secrets.as_mut().unwrap();
            secrets.verification_token = "the token of the destination".into();
            secrets.headers = headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).into()))
                .collect();
        });
        request_head(&destination)
    }

    #[test]
    fn custom_headers_cannot_override_system_headers() {
        let head = head(&[
            ("X-Gitlab-Event-Streaming-Token", "mine"),
            ("User-Agent", "mine"),
        ])
        .unwrap();
        assert_eq!(head.headers[TOKEN_HEADER], "the token of the destination");
        assert_eq!(
            head.headers[USER_AGENT],
            concat!("auditstream/", env!("CARGO_PKG_VERSION"))
        );
    }

    #[test]
    fn a_custom_content_type_replaces_json() {
        assert_eq!(head(&[]).unwrap().headers[CONTENT_TYPE], "application/json");
        let head = head(&[("content-type", "text/plain")]).unwrap();
        assert_eq!(head.headers[CONTENT_TYPE], "text/plain");
        assert_eq!(head.headers.get_all(CONTENT_TYPE).iter().count(), 1);
    }

    #[test]
    fn values_travel_as_latin_1() {
        let head = head(&[("X-Town", "Zürich")]).unwrap();
        assert_eq!(head.headers["x-town"].as_bytes(), b"Z\xfcrich");
    }

    #[test]
    fn what_cannot_be_requested_says_why() {
        assert!(head(&[("a b", "c")]).unwrap_err().contains("a b"));
        assert!(head(&[("a", "b\r\nc: d")]).is_err());
        assert!(head(&[("a", "€")]).is_err());
    }
}
