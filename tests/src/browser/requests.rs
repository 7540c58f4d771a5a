//! Watches and meddles with single requests of a page. What Chromium itself can cut off is the whole network or
//! an address, and GraphQL has one address for everything.

use serde_json::{Value, json};

use super::Browser;

/// Stands before `fetch` in the page from the first call on, until the page is loaded again.
const MEDDLE: &str = "
    const [what, text] = arguments;
    if (!window.meddling) {
        const through = window.fetch;
        const meddling = {held: [], sent: [], running: 0, most: 0};
        window.meddling = meddling;
        window.fetch = async (...request) => {
            const body = String(request[1]?.body);
            const isMeant = body.includes(meddling.text);
            meddling.sent.push(body);
            meddling.running += isMeant;
            meddling.most = Math.max(meddling.most, meddling.running);
            try {
                if (meddling.what === 'lose' && isMeant) {
                    throw new TypeError('the connection is lost');
                }
                if (meddling.what === 'hold' && isMeant) {
                    await new Promise((resolve) => meddling.held.push(resolve));
                }
                const answer = await through.apply(window, request);
                if (meddling.what === 'forget' && isMeant) {
                    throw new TypeError('the connection is lost');
                }
                return answer;
            } finally {
                meddling.running -= isMeant;
            }
        };
    }
    Object.assign(window.meddling, {what, text});
    if (what === 'pass') {
        window.meddling.held.splice(0).forEach((resolve) => resolve());
    }
    return {sent: window.meddling.sent.splice(0), most: window.meddling.most};";

/// What a page has asked for.
#[derive(Debug)]
pub struct Requests {
    /// The bodies, in their order, since it was asked last.
    pub bodies: Vec<String>,
    /// How many of those that were meant were under way at once, at most.
    pub most_at_once: u64,
}

impl Browser {
    /// Counts the requests whose body has this text, and lets them pass.
    pub async fn count_requests(&self, text: &str) {
        self.meddle("count", text).await;
    }

    /// Loses the connection for each request whose body has this text, before it reaches the service.
    pub async fn lose_requests(&self, text: &str) {
        self.meddle("lose", text).await;
    }

    /// Loses the connection for each request whose body has this text, when the service has answered it.
    pub async fn lose_answers(&self, text: &str) {
        self.meddle("forget", text).await;
    }

    /// Keeps each request whose body has this text from being sent, until requests are let pass.
    pub async fn hold_requests(&self, text: &str) {
        self.meddle("hold", text).await;
    }

    /// Lets every request pass, and tells of those that were made since one of these functions was called last.
    pub async fn let_requests_pass(&self) -> Requests {
        let told = self.meddle("pass", "").await;
        let bodies = told["sent"].as_array().expect("a list was asked for");
        let bodies = bodies.iter().filter_map(Value::as_str).map(str::to_owned);
        Requests {
            bodies: bodies.collect(),
            most_at_once: told["most"].as_u64().expect("a count is a whole number"),
        }
    }

    async fn meddle(&self, what: &str, text: &str) -> Value {
        self.script(MEDDLE, vec![json!(what), json!(text)]).await
    }
}
