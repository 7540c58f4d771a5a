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
use crate::client::{Answer, Client};

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
    anyhow::bail!("the API takes no more requests with this token now")
}

/// The API answered, and not with what it was asked for.
#[derive(Debug, thiserror::Error)]
#[error("the API refused ({status}): {why}")]
struct Refused {
    status: u16,
    why: String,
}

impl Refused {
    /// Whether the API may answer the same request otherwise in a while.
    fn may_pass(&self) -> bool {
        self.status >= 500
    }
}

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
    Err(Refused { status, why }.into())
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
