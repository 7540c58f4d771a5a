//! A receiver of audit events, for trying things out and for tests: answers every POST and keeps
//! what it got.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use bytes::Bytes;
use tokio::sync::{Semaphore, watch};

/// Bytes of one request that it takes at most.
const LARGEST: usize = 32 * 1024 * 1024;
/// Answers that it may give when nobody holds them back: more than it ever gives.
const UNLIMITED: usize = Semaphore::MAX_PERMITS / 2;

/// A request that arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// The path of its URL.
    pub path: String,
    /// Names in lower case, and values, by name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// The `id` of the event in it, as text; empty when there is none.
    pub event_id: String,
}

impl Received {
    /// The value of a header; its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null when it is none.
    pub fn event(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Decides the status of each answer.
pub type Answer = Arc<dyn Fn(&Received) -> u16 + Send + Sync>;

/// A receiver that is running.
pub struct Receiver {
    address: SocketAddr,
    server: ServerHandle,
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Answers>,
    count: watch::Receiver<usize>,
}

/// The answers that may still be given, and those that were.
struct Answers {
    left: Semaphore,
    given: AtomicUsize,
}

struct State {
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Answers>,
    count: watch::Sender<usize>,
    answer: Answer,
}

impl Receiver {
    /// Listens on `bind` (port 0: any free one) and answers as `answer` says.
    pub fn start(bind: SocketAddr, answer: Answer) -> anyhow::Result<Self> {
        let received = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Answers {
            left: Semaphore::new(UNLIMITED),
            given: AtomicUsize::new(0),
        });
        let (sender, count) = watch::channel(0);
        let state = web::Data::new(State {
            received: received.clone(),
            answers: answers.clone(),
            count: sender,
            answer,
        });
        let server = HttpServer::new(move || {
            App::new()
                .app_data(state.clone())
                .app_data(web::PayloadConfig::new(LARGEST))
                .default_service(web::to(receive))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .bind(bind)
        .with_context(|| format!("cannot listen on {bind}"))?;
        let address = *server
            .addrs()
            .first()
            .context("the receiver has no address")?;
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self {
            address,
            server: handle,
            received,
            answers,
            count,
        })
    }

    /// Like [`Self::start`] on any free loopback port; answers 200 to everything.
    pub fn start_willing() -> anyhow::Result<Self> {
        Self::start(SocketAddr::from(([127, 0, 0, 1], 0)), Arc::new(|_| 200))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What arrived so far, in order.
    pub fn received(&self) -> Vec<Received> {
        self.received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Answers so many requests more, and keeps the others waiting until [`Self::release`].
    pub fn hold_after(&self, answers: usize) {
        let left = &self.answers.left;
        left.forget_permits(left.available_permits());
        left.add_permits(answers.min(UNLIMITED));
    }

    /// Answers everything again, also what waits.
    pub fn release(&self) {
        let left = &self.answers.left;
        left.add_permits(UNLIMITED.saturating_sub(left.available_permits()));
    }

    /// How many requests were answered; less than what arrived while answers are held back.
    pub fn answered(&self) -> usize {
        self.answers.given.load(Ordering::SeqCst)
    }

    /// Waits until `done` says so of what arrived; looks again whenever something arrives. `done`
    /// must be quick: requests wait for it. Fails when the receiver has ended before that.
    pub async fn wait_until(
        &self,
        mut done: impl FnMut(&[Received]) -> bool,
    ) -> anyhow::Result<()> {
        let mut count = self.count.clone();
        loop {
            count.borrow_and_update();
            if done(&self.received.lock().unwrap_or_else(PoisonError::into_inner)) {
                return Ok(());
            }
            count.changed().await.context("the receiver has ended")?;
        }
    }

    /// Stops listening.
    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}

fn event_id(body: &[u8]) -> String {
    let event: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    match &event["id"] {
        serde_json::Value::String(id) => id.clone(),
        serde_json::Value::Number(id) => id.to_string(),
        _ => String::new(),
    }
}

fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

async fn receive(state: web::Data<State>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let mut headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), latin_1(value.as_bytes())))
        .collect();
    // They come in any order, and somebody reads them.
    headers.sort();
    let received = Received {
        path: request.path().to_owned(),
        headers,
        event_id: event_id(&body),
        body,
    };
    let status = (state.answer)(&received);
    let count = {
        let mut all = state
            .received
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.push(received);
        all.len()
    };
    state.count.send_replace(count);
    let answers = &state.answers;
    let answer = answers.left.acquire().await;
    answer.expect("answers are never closed").forget();
    answers.given.fetch_add(1, Ordering::SeqCst);
    HttpResponse::new(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
}
