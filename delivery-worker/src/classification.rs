//! The one table that says what each way in which an attempt can end means. Pure.

use std::time::Duration;

use shared::clock::Timestamp;
use shared::queue::Accepted;

/// Longest `Retry-After` that is honoured.
pub(crate) const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// How an attempt ended, as the wire has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The receiver answered.
    Status(u16),
    /// Its name could not be resolved.
    Unresolved,
    /// It refused the connection.
    ConnectionRefused,
    /// There was no connection for another reason.
    NotConnected,
    /// TLS was not agreed on.
    Tls,
    /// There was no whole answer in time.
    TimedOut,
    /// The connection ended before the answer, or the answer was no HTTP.
    Broken,
    /// Requests to its address are not allowed.
    Blocked,
    /// What is stored of the destination makes no request.
    Unusable,
    /// It is not active.
    Inactive,
}

/// What an ending means for the event and for its destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The event has arrived.
    Delivered(Accepted),
    /// The destination does not want this event: it alone is tried again.
    Refused,
    /// The destination is in trouble: the event waits with all that follow.
    Troubled(Troubled),
    /// The destination cannot even be tried: the event waits with all that follow.
    Blocked,
}

/// How a destination is in trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Troubled {
    /// Whether a second try in place may help: what fails by accident does, what says clearly that
    /// nothing is to be had does not.
    pub(crate) second_try: bool,
    /// Whether the receiver has too much to do: fewer requests at once may help.
    pub(crate) congested: bool,
}

/// The table. `told_to_wait`: the answer had a `Retry-After`.
pub(crate) fn classify(ending: Ending, told_to_wait: bool) -> Class {
    let troubled = |second_try, congested| {
        Class::Troubled(Troubled {
            second_try: second_try && !told_to_wait,
            congested,
        })
    };
    match ending {
        Ending::Status(status) => match status {
            _ if let Some(accepted) = Accepted::of_status(status) => Class::Delivered(accepted),
            // Bad request, payload too large, unsupported media type, unprocessable content: this
            // event is what they speak of.
            400 | 413 | 415 | 422 => Class::Refused,
            429 => troubled(false, true),
            503 => troubled(true, true),
            // Redirects (never followed), 401, 403, 404, 410, 408, every 5xx and whatever else.
            _ => troubled(true, false),
        },
        Ending::Unresolved | Ending::ConnectionRefused => troubled(false, false),
        Ending::NotConnected | Ending::Tls | Ending::Broken => troubled(true, false),
        Ending::TimedOut => troubled(true, true),
        Ending::Blocked | Ending::Unusable | Ending::Inactive => Class::Blocked,
    }
}

/// How long a receiver asks to be left alone: `Retry-After` in seconds or as an HTTP date, at most
/// [`LONGEST_RETRY_AFTER`]. What is neither counts as not said.
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are more than the longest wait, too.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let until = httpdate::parse_http_date(value).ok()?;
        let until = until.duration_since(std::time::UNIX_EPOCH).ok()?;
        let millis = i64::try_from(until.as_millis()).unwrap_or(i64::MAX);
        Timestamp(millis).since(now)
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn troubled(second_try: bool, congested: bool) -> Class {
        Class::Troubled(Troubled {
            second_try,
            congested,
        })
    }

    #[test]
    fn every_ending_has_its_class() {
        let table = [
            (Ending::Status(100), troubled(true, false)),
            (Ending::Status(199), troubled(true, false)),
            (Ending::Status(300), troubled(true, false)),
            (Ending::Status(301), troubled(true, false)),
            (Ending::Status(304), troubled(true, false)),
            (Ending::Status(307), troubled(true, false)),
            (Ending::Status(400), Class::Refused),
            (Ending::Status(401), troubled(true, false)),
            (Ending::Status(403), troubled(true, false)),
            (Ending::Status(404), troubled(true, false)),
            (Ending::Status(408), troubled(true, false)),
            (Ending::Status(409), troubled(true, false)),
            (Ending::Status(410), troubled(true, false)),
            (Ending::Status(413), Class::Refused),
            (Ending::Status(415), Class::Refused),
            (Ending::Status(422), Class::Refused),
            (Ending::Status(429), troubled(false, true)),
            (Ending::Status(500), troubled(true, false)),
            (Ending::Status(502), troubled(true, false)),
            (Ending::Status(503), troubled(true, true)),
            (Ending::Status(999), troubled(true, false)),
            (Ending::Unresolved, troubled(false, false)),
            (Ending::ConnectionRefused, troubled(false, false)),
            (Ending::NotConnected, troubled(true, false)),
            (Ending::Tls, troubled(true, false)),
            (Ending::TimedOut, troubled(true, true)),
            (Ending::Broken, troubled(true, false)),
            (Ending::Blocked, Class::Blocked),
            (Ending::Unusable, Class::Blocked),
            (Ending::Inactive, Class::Blocked),
        ];
        for (ending, expected) in table {
            assert_eq!(classify(ending, false), expected, "{ending:?}");
        }
        for status in 200..300 {
            let class = classify(Ending::Status(status), false);
            assert!(matches!(class, Class::Delivered(_)), "{status}");
        }
    }

    #[test]
    fn who_says_when_to_come_again_is_not_tried_a_second_time_before() {
        assert_eq!(classify(Ending::Status(503), true), troubled(false, true));
        assert_eq!(classify(Ending::Status(500), true), troubled(false, false));
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date_up_to_its_bound() {
        // Sun, 06 Nov 1994 08:49:37 GMT
        let now = Timestamp(784_111_777_000);
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let table = [
            ("0", seconds(0)),
            ("120", seconds(120)),
            (" 7 ", seconds(7)),
            ("3600", seconds(3600)),
            ("3601", seconds(3600)),
            ("99999999999999999999999999", seconds(3600)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", seconds(60)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", seconds(60)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", seconds(0)),
            ("Tue, 06 Nov 1990 08:49:37 GMT", seconds(0)),
            ("Tue, 06 Nov 2035 08:49:37 GMT", seconds(3600)),
            ("1e99", None),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
            ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ];
        for (value, expected) in table {
            assert_eq!(retry_after(value, now), expected, "{value:?}");
        }
    }
}
