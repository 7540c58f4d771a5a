//! Starts chromedriver, which starts Chromium.

use std::path::Path;
use std::process::Stdio;

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use xtask::chromium::Chromium;

use crate::wait::within_deadline;

/// Before the port that it listens on.
const MARKER: &str = "started successfully on port ";
/// No window, no sandbox (which a container has no rights for), and nothing that Chromium does by itself
/// over the network.
const ARGUMENTS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// chromedriver; killed when it is dropped, and Chromium with it.
pub(super) struct Driver {
    child: Child,
    port: u16,
    chromium: Chromium,
    folder: TempDir,
}

impl Driver {
    /// Starts it on a free port.
    pub(super) async fn start() -> Self {
        let chromium = Chromium::find().expect(
            "Chromium and chromedriver are installed: `cargo xtask test` does so where it may",
        );
        let folder = TempDir::new().expect("a scratch folder can be made");
        let mut child = Command::new(&chromium.driver)
            .args(["--port=0", "--log-level=WARNING"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // A group of its own, by which Chromium ends with it.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver can be run");
        let stdout = child.stdout.take().expect("its output is piped");
        let mut lines = BufReader::new(stdout).lines();
        let port = within_deadline("start of chromedriver", async {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some(port) = port_in(&line) {
                    return port;
                }
            }
            panic!("chromedriver ended before it listened")
        })
        .await;
        // Read on, so that it never waits for a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            child,
            port,
            chromium,
            folder,
        }
    }

    /// Opens a window.
    pub(super) async fn connect(&self) -> Client {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities(&self.chromium.browser, self.folder.path()));
        let address = format!("http://127.0.0.1:{}", self.port);
        within_deadline("start of Chromium", builder.connect(&address))
            .await
            .expect("Chromium starts")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(id) = self.child.id() {
            // Chromium writes to its profile until it has ended.
            let group = format!("-{id}");
            let _ = std::process::Command::new("kill")
                .args(["-KILL", "--", &group])
                .status();
        }
    }
}

fn port_in(line: &str) -> Option<u16> {
    let after = line.split_once(MARKER)?.1;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn capabilities(browser: &Path, profile: &Path) -> Capabilities {
    let mut arguments: Vec<String> = ARGUMENTS.map(str::to_owned).into();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    let wanted = json!({
        "goog:chromeOptions": {"binary": browser, "args": arguments},
        "goog:loggingPrefs": {"browser": "ALL"},
        // A page that asks before it is left is itself what is tested.
        "unhandledPromptBehavior": "ignore",
    });
    match wanted {
        Value::Object(wanted) => wanted,
        _ => unreachable!("an object was written"),
    }
}
