//! The commands that ask a running API: they need its URL and a token, and nothing else of the system.

pub mod dead_letters;
mod destinations;
pub mod output;
pub mod publish;
pub mod status;
pub mod tail;

use anyhow::Context as _;
use serde_json::Value;

use crate::arguments::remote::{Api, TOKEN_VARIABLE};
use crate::client::{Answer, Client, NoAnswer};

/// How often a request is sent again that came too early for its rate.
const RATE_LIMITED_AT_MOST: usize = 5;

/// A client as the arguments say.
pub fn client(api: &Api) -> anyhow::Result<Client> {
    Client::of_url(&api.url, &token(api)?)
}

fn token(api: &Api) -> anyhow::Result<String> {
    let (text, place) = if let Some(file) = &api.token_file {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read the token from {}", file.display()))?;
        (text, file.display().to_string())
    } else {
        #[expect(
            clippy::disallowed_methods,
            reason = "the token of a client is no setting of the services, and clap would take it as an argument"
        )]
        let text = std::env::var(TOKEN_VARIABLE).unwrap_or_default();
        (text, TOKEN_VARIABLE.to_owned())
    };
    let token = text.trim();
    anyhow::ensure!(
        !token.is_empty(),
        "there is no token in {place}: make one with `auditstream token create USERNAME`, and put it into {TOKEN_VARIABLE} or name its file with --token-file"
    );
    anyhow::ensure!(
        token.chars().all(|letter| letter.is_ascii_graphic()),
        "what is in {place} is no token"
    );
    Ok(token.to_owned())
}

/// The `data` of a GraphQL document. Waits when requests come too fast for the API.
async fn ask(client: &Client, document: &str, variables: Value) -> anyhow::Result<Value> {
    for _ in 0..RATE_LIMITED_AT_MOST {
        let answer = client.graphql(document, variables.clone()).await?;
        match (answer.status, answer.retry_after) {
            (429, Some(wait)) => tokio::time::sleep(wait).await,
            _ => return data(answer),
        }
    }
    Err(Refused {
        status: 429,
        why: "it takes no more requests with this token now".to_owned(),
        may_pass: true,
    }
    .into())
}

/// The API answered, and not with what it was asked for.
#[derive(Debug, thiserror::Error)]
#[error("the API refused ({status}): {why}")]
struct Refused {
    status: u16,
    why: String,
    /// Whether the API may answer the same request otherwise in a while.
    may_pass: bool,
}

/// Whether an error may be gone in a while: the API is away, or answered with a fault of its own.
fn may_pass(error: &anyhow::Error) -> bool {
    let refused = error.downcast_ref::<Refused>();
    error.is::<NoAnswer>() || refused.is_some_and(|refused| refused.may_pass)
}

/// What the API calls its own faults, in `extensions.code`, when the answer has the status 200 nevertheless.
const OWN_FAULTS: [&str; 3] = ["INTERNAL", "TIMEOUT", "UNAVAILABLE"];

/// The `data` of an answer that has no errors.
fn data(mut answer: Answer) -> anyhow::Result<Value> {
    let messages = messages(&answer.body);
    if answer.status == 200 && messages.is_empty() && answer.body["data"].is_object() {
        return Ok(answer.body["data"].take());
    }
    let why = if messages.is_empty() {
        "it is no API of Auditstream".to_owned()
    } else {
        messages.join("; ")
    };
    let status = answer.status;
    let may_pass = status >= 500 || codes(&answer.body).any(|code| OWN_FAULTS.contains(&code));
    Err(Refused {
        status,
        why,
        may_pass,
    }
    .into())
}

/// What kinds the errors of an answer are of.
fn codes(body: &Value) -> impl Iterator<Item = &str> {
    let errors = body["errors"].as_array().into_iter().flatten();
    errors.filter_map(|error| error["extensions"]["code"].as_str())
}

/// What the errors of an answer say.
fn messages(body: &Value) -> Vec<String> {
    let errors = body["errors"].as_array();
    let errors = errors.into_iter().flatten();
    errors
        .filter_map(|error| error["message"].as_str())
        .map(output::printable)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_the_fault_of_the_api_may_pass_and_what_is_ours_does_not() {
        let coded =
            |code: &str| json!({"errors": [{"message": "no", "extensions": {"code": code}}]});
        for (status, body, expected) in [
            (200, coded("INTERNAL"), true),
            (200, coded("UNAVAILABLE"), true),
            (200, coded("TIMEOUT"), true),
            (200, coded("FORBIDDEN"), false),
            (401, coded("UNAUTHENTICATED"), false),
            (503, json!({}), true),
            (200, json!({}), false),
        ] {
            let answer = Answer {
                status,
                retry_after: None,
                body,
            };
            let error = data(answer).unwrap_err();
            let refused: &Refused = error.downcast_ref().unwrap();
            assert_eq!(refused.may_pass, expected, "{error}");
        }
    }
}
