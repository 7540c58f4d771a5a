//! Tries a destination with a test event.

use std::time::Duration;

use shared::config::Config;
use shared::queue::{Answer, Tried, Unanswered};

use super::{AuthorisedDestination, Failure, read};
use crate::app::App;
use crate::audit::AuditEvent;

/// What a test takes besides its one attempt, at most: a worker may have to read the configuration.
const BESIDE_THE_ATTEMPT: Duration = Duration::from_secs(5);
/// What is left for the answer of the request that asks for the test.
const FOR_THE_ANSWER: Duration = Duration::from_secs(1);

/// A test event, and how it went.
#[derive(Debug)]
pub struct Test {
    /// Id of the event.
    pub event_id: String,
    /// The attempt; an error, when there is none to tell of.
    pub attempt: Result<Tried, Untried>,
}

/// Why nothing is known of an attempt. `Display` is the sentence for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Untried {
    /// The test event could not be sent.
    #[error("The queue is not available, try again later")]
    QueueAway,
    /// There is nobody who could try.
    #[error("No delivery worker is running")]
    NoWorker,
    /// Nobody told of an attempt within this time; there may have been one.
    #[error("No delivery worker answered within {} s, try again later", .0.as_secs_f64())]
    NoAnswer(Duration),
    /// The answer was lost; there may have been an attempt.
    #[error("The answer of the delivery worker was lost, try again")]
    AnswerLost,
    /// The limit of tests that may be under way is reached.
    #[error("Too many destinations are being tested, try again later")]
    TooMany,
    /// The destination was destroyed meanwhile.
    #[error("The destination does not exist any more")]
    Destroyed,
    /// The worker cannot read the configuration.
    #[error("The delivery worker cannot read the destination, try again later")]
    NoConfiguration,
}

impl From<Unanswered> for Untried {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Unavailable(_) => Self::QueueAway,
            Unanswered::Nobody => Self::NoWorker,
            Unanswered::TooLate(patience) => Self::NoAnswer(patience),
            Unanswered::Lost => Self::AnswerLost,
            Unanswered::TooMany => Self::TooMany,
        }
    }
}

/// Has a delivery worker send a test event to a destination, active or not, in one attempt, and waits
/// for what comes of it. Nothing is stored of it, and what waits for the destination stays as it is.
pub async fn test(app: &App, authorised: &AuthorisedDestination) -> Result<Test, Failure> {
    let foundation = &app.foundation;
    let destination = read(app, authorised).await?;
    let proof = authorised.authorised();
    let event = AuditEvent::test(proof.generation(), &destination)
        .complete(proof.scope(), proof.author(), foundation.clock.now())
        .map_err(|error| Failure::Internal(error.into()))?;
    let event_id = event.id.clone();
    // The worker is to know the destination as it is now.
    let version = app.versions.current().await;
    let mut message = event.into_message(version, foundation.clock.now());
    message.headers.destination_id = Some(authorised.id());
    let patience = patience(&foundation.config);
    let attempt = match foundation.queue.ask(message, patience).await {
        Ok(Answer::Tried(tried)) => Ok(tried),
        Ok(Answer::NoDestination) => Err(Untried::Destroyed),
        Ok(Answer::NoConfiguration) => Err(Untried::NoConfiguration),
        Err(unanswered) => {
            tracing::debug!(event.id = %event_id, error = %unanswered, "a test event has no answer");
            Err(unanswered.into())
        }
    };
    Ok(Test { event_id, attempt })
}

/// As long as an attempt may take and some more, but not so long that nobody waits for the answer.
fn patience(config: &Config) -> Duration {
    let whole = config.limits.graphql_timeout;
    let most = whole.saturating_sub(FOR_THE_ANSWER).max(whole / 2);
    (config.delivery.timeout + BESIDE_THE_ATTEMPT).min(most)
}

#[cfg(test)]
mod tests {
    use shared::config::Source;

    use super::*;

    #[test]
    fn a_test_is_waited_for_as_long_as_an_attempt_may_take_and_the_request_lasts() {
        for (attempt, request, expected) in [
            ("15s", "30s", Duration::from_secs(20)),
            ("1m", "30s", Duration::from_secs(29)),
            ("1s", "1500ms", Duration::from_millis(750)),
            ("10ms", "100ms", Duration::from_millis(50)),
        ] {
            let mut source = Source::default();
            source.set("delivery.timeout", attempt.to_owned());
            source.set("limits.graphql_timeout", request.to_owned());
            let config = Config::from_source(&source, Vec::new()).unwrap();
            assert_eq!(patience(&config), expected, "{attempt} of {request}");
        }
    }

    #[test]
    fn who_waited_in_vain_is_told_how_long() {
        for (patience, said) in [(20_000, "20"), (750, "0.75")] {
            let untried = Untried::NoAnswer(Duration::from_millis(patience));
            let sentence = format!("No delivery worker answered within {said} s, try again later");
            assert_eq!(untried.to_string(), sentence);
        }
    }
}
