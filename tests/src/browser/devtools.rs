//! Commands of chromedriver beside `WebDriver`: Chromium's own protocol, and the log of the console.

use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// One command.
#[derive(Debug)]
pub(super) struct DevTools {
    path: &'static str,
    body: Value,
}

impl DevTools {
    /// A command of the Chrome `DevTools` protocol.
    pub(super) fn new(command: &str, parameters: &Value) -> Self {
        Self {
            path: "goog/cdp/execute",
            body: json!({"cmd": command, "params": parameters}),
        }
    }

    /// What is in the log of the console since it was read last.
    pub(super) fn log() -> Self {
        Self {
            path: "se/log",
            body: json!({"type": "browser"}),
        }
    }
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        let session = session_id.unwrap_or_default();
        base_url.join(&format!("session/{session}/{}", self.path))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
