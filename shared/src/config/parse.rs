//! Turns the text of a setting into its value; each error is the end of a sentence that starts with
//! the variable's name.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use base64::Engine as _;
use lapin::uri::AMQPUri;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use secrecy::{SecretSlice, SecretString};

use super::{ConnectionUrl, DatabaseUrl, LogFormat, Plan, QueueBackend};

pub(super) fn database_url(text: &str) -> Result<DatabaseUrl, String> {
    if text.starts_with("sqlite:") {
        well_formed(text)?;
        if text.contains(":memory:") || text.contains("mode=memory") {
            return Err("an in-memory database would lose events, give it a file".to_owned());
        }
        let options: SqliteConnectOptions = text.parse().map_err(not_understood)?;
        if options.get_filename().as_os_str().is_empty() {
            return Err("must name a file".to_owned());
        }
        return Ok(DatabaseUrl::Sqlite(ConnectionUrl::new(text)));
    }
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        let url = well_formed(text)?;
        if let Some(url::Host::Ipv6(address)) = url.host() {
            // sqlx would look the brackets up as a part of a name.
            return Err(format!(
                "an IPv6 address must be given after `?`, as postgres:///<database>?host={address}"
            ));
        }
        text.parse::<PgConnectOptions>().map_err(not_understood)?;
        return Ok(DatabaseUrl::Postgres(ConnectionUrl::new(text)));
    }
    Err("must begin with sqlite:// or postgres://".to_owned())
}

pub(super) fn queue_backend(text: &str) -> Result<QueueBackend, String> {
    if text == "embedded" {
        return Ok(QueueBackend::Embedded);
    }
    if text.starts_with("amqp://") || text.starts_with("amqps://") {
        let url = well_formed(text)?;
        // lapin takes localhost for every host that is not a name.
        match url.host() {
            Some(url::Host::Ipv6(_)) => {
                return Err(
                    "the host must be a name or an IPv4 address, give an IPv6 address a name"
                        .to_owned(),
                );
            }
            Some(host) if !host.to_string().is_empty() => {}
            _ => return Err("must name a host".to_owned()),
        }
        text.parse::<AMQPUri>().map_err(not_understood)?;
        return Ok(QueueBackend::Amqp(ConnectionUrl::new(text)));
    }
    Err("must be `embedded`, or begin with amqp:// or amqps://".to_owned())
}

pub(super) fn proxy_url(text: &str) -> Result<ConnectionUrl, String> {
    if !text.starts_with("http://") {
        return Err("must begin with http://".to_owned());
    }
    let url = well_formed(text)?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("must end with the port".to_owned());
    }
    Ok(ConnectionUrl::new(text))
}

pub(super) fn collector_url(text: &str) -> Result<ConnectionUrl, String> {
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return Err("must begin with http:// or https://".to_owned());
    }
    let url = well_formed(text)?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(
            "must have no user, password or query, give the headers that the collector wants"
                .to_owned(),
        );
    }
    Ok(ConnectionUrl::new(text))
}

/// `name=value`, parted by commas.
pub(super) fn headers(text: &str) -> Result<Vec<(String, SecretString)>, String> {
    text.split(',')
        .map(|header| {
            let (name, value) = header
                .split_once('=')
                .ok_or_else(|| "must be name=value, parted by commas".to_owned())?;
            let (name, value) = (name.trim(), value.trim());
            let is_header = http::HeaderName::try_from(name).is_ok()
                && http::HeaderValue::try_from(value).is_ok();
            if is_header {
                Ok((name.to_owned(), SecretString::from(value)))
            } else {
                Err("has a name or a value that no header can have".to_owned())
            }
        })
        .collect()
}

/// A number from 0 to 1.
pub(super) fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "must be a number from 0 to 1".to_owned())
}

/// The parts of an address; the error is one of a few fixed sentences, never a part of the text.
fn well_formed(text: &str) -> Result<url::Url, String> {
    url::Url::parse(text).map_err(|error| format!("is not a URL: {error}"))
}

/// Stands for an error whose text may quote the address, which holds a password.
fn not_understood<E>(_: E) -> String {
    "has a part that is not understood: look at the percent signs and at what follows `?`"
        .to_owned()
}

pub(super) fn queue_prefix(text: &str) -> Result<String, String> {
    let fits = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if fits {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 64 letters, digits, dots, hyphens or underscores".to_owned())
    }
}

pub(super) fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "must be an address and a port, such as 127.0.0.1:8080".to_owned())
}

pub(super) fn flag(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

/// A whole number between two bounds, both included.
pub(super) fn count(least: u64, most: u64) -> impl Fn(&str) -> Result<u64, String> {
    move |text| {
        text.parse()
            .ok()
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| format!("must be a whole number from {least} to {most}"))
    }
}

/// A whole number from 1 on, at most the bound.
pub(super) fn nonzero(most: u32) -> impl Fn(&str) -> Result<NonZeroU32, String> {
    move |text| {
        text.parse()
            .ok()
            .filter(|number: &NonZeroU32| number.get() <= most)
            .ok_or_else(|| format!("must be a whole number from 1 to {most}"))
    }
}

/// A duration (`500ms`, `15s`, `7d`) between two bounds, both included.
pub(super) fn duration(
    least: Duration,
    most: Duration,
) -> impl Fn(&str) -> Result<Duration, String> {
    move |text| {
        let duration = humantime::parse_duration(text)
            .map_err(|_| "must be a duration, such as 500ms, 15s, 10m or 7d".to_owned())?;
        if (least..=most).contains(&duration) {
            Ok(duration)
        } else {
            Err(format!(
                "must be from {} to {}",
                humantime::format_duration(least),
                humantime::format_duration(most)
            ))
        }
    }
}

pub(super) fn admin_token(text: &str) -> Result<SecretString, String> {
    let fits = (20..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        Ok(text.into())
    } else {
        Err("must be 20 to 255 printable ASCII characters without blanks".to_owned())
    }
}

/// One or several base64 keys of 32 bytes, parted by commas.
pub(super) fn encryption_keys(text: &str) -> Result<Vec<SecretSlice<u8>>, String> {
    text.split(',')
        .map(|part| {
            base64::engine::general_purpose::STANDARD
                .decode(part.trim())
                .ok()
                .filter(|key| key.len() == 32)
                .map(SecretSlice::from)
                .ok_or_else(|| {
                    "must be 32 bytes in base64 (several parted by commas), as `openssl rand -base64 32` makes them"
                        .to_owned()
                })
        })
        .collect()
}

pub(super) fn plan(text: &str) -> Result<Plan, String> {
    match text {
        "free" => Ok(Plan::Free),
        "premium" => Ok(Plan::Premium),
        "ultimate" => Ok(Plan::Ultimate),
        _ => Err("must be free, premium or ultimate".to_owned()),
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be text or json".to_owned()),
    }
}

pub(super) fn log_filter(text: &str) -> Result<String, String> {
    tracing_subscriber::EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|_| "must be a level (error, warn, info, debug, trace) or a filter such as info,delivery_worker=debug".to_owned())
}
