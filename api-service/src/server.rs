//! Starts the service on its address, with the tasks beside it, and stops it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App as WebApp, HttpServer, middleware, web};
use anyhow::Context as _;
use shared::foundation::Foundation;
use shared::queue::{Notice, Queue};
use shared::supervision::Supervision;
use tokio::net::TcpListener;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::auth::token::TokenCache;
use crate::deliveries::Places;
use crate::destinations::DeadLetters;
use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::publishing::versions::Versions;
use crate::rejected_messages::RejectedMessages;
use crate::relay::{Waiting, Wake, relay, table};
use crate::{graphql, http, metrics};

/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection without requests stays open.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a stopping server waits for requests that are under way, in seconds.
const SHUTDOWN_TIMEOUT: u64 = 15;

/// A running API service.
#[derive(Debug)]
pub struct Api {
    address: SocketAddr,
    server: ServerHandle,
    stop: CancellationToken,
    /// Cancelled first: the server waits for requests to end, and these would not.
    stop_streams: CancellationToken,
    supervision: Supervision,
    tasks: JoinSet<()>,
}

impl Api {
    /// Listens on `api.bind` (port 0: any free one), and relays the outbox. To be called inside of a
    /// tokio runtime. Fails when the address cannot be used.
    pub async fn start(foundation: Foundation) -> anyhow::Result<Self> {
        let app = App::new(foundation.clone())?;
        let tokens = Arc::new(TokenCache::new(
            foundation.database.clone(),
            foundation.clock.clone(),
        ));
        let stop_streams = CancellationToken::new();
        let state = web::Data::new(http::State {
            app: app.clone(),
            tokens: tokens.clone(),
            schema: graphql::schema(app.clone()),
            request_rate: Arc::new(http::RequestRate::new(&foundation.config.limits)),
            places: Places::default(),
            stop_streams: stop_streams.clone(),
            runtime: tokio::runtime::Handle::current(),
        });
        let bind = foundation.config.api.bind;
        let listener = TcpListener::bind(bind)
            .await
            .with_context(|| format!("cannot listen on {bind}"))?;
        let address = listener.local_addr()?;
        let listener = listener.into_std()?;
        let server = HttpServer::new(move || {
            WebApp::new()
                .app_data(state.clone())
                .wrap(middleware::from_fn(http::measure))
                .configure(http::routes)
        })
        .disable_signals()
        .client_request_timeout(HEAD_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(SHUTDOWN_TIMEOUT)
        .listen(listener)?;
        let server = server.run();
        let handle = server.handle();
        let stop = CancellationToken::new();
        let supervision = Supervision::until(stop.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(error = %error, "the server ended");
            }
        });
        let mut relays = Relays {
            foundation: &foundation,
            metrics: &app.metrics,
            stop: &stop,
            supervision: &supervision,
            tasks: &mut tasks,
        };
        relays.start("relay", Outbox, &app.outbox);
        let dead_letters = DeadLetters {
            versions: app.versions.clone(),
        };
        relays.start("replay of dead letters", dead_letters, &app.dead_letters);
        let name = "replay of rejected messages";
        relays.start(name, RejectedMessages, &app.rejected_messages);
        let refresh = metrics::refresh(foundation.clone(), app.metrics.clone(), stop.clone());
        tasks.spawn(supervision.watch("metrics", refresh));
        let follow = follow(
            foundation.queue.clone(),
            tokens,
            app.versions.clone(),
            stop.clone(),
        );
        tasks.spawn(supervision.watch("notices", follow));
        tracing::info!(address = %address, "the API service listens");
        Ok(Self {
            address,
            server: handle,
            stop,
            stop_streams,
            supervision,
            tasks,
        })
    }

    /// Tells when a task of the service has ended before its time.
    pub fn supervision(&self) -> &Supervision {
        &self.supervision
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests, ends those that are under way, and stops relaying. What is still in
    /// the outbox is relayed after the next start.
    pub async fn stop(mut self) {
        self.stop_streams.cancel();
        self.server.stop(true).await;
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            log_panic(ended);
        }
        tracing::info!(address = %self.address, "the API service has stopped");
    }
}

/// Starts relays, each from a table of its own.
struct Relays<'a> {
    foundation: &'a Foundation,
    metrics: &'a Metrics,
    stop: &'a CancellationToken,
    supervision: &'a Supervision,
    tasks: &'a mut JoinSet<()>,
}

impl Relays<'_> {
    fn start<W: Waiting>(&mut self, name: &'static str, waiting: W, wake: &Wake) {
        let published = self.metrics.published(table::<W>());
        let (foundation, stop) = (self.foundation.clone(), self.stop.clone());
        let relay = relay(foundation, waiting, wake.clone(), published, stop);
        self.tasks.spawn(self.supervision.watch(name, relay));
    }
}

fn log_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(error = %error, "a task of the API service failed");
    }
}

/// Takes note of what this and other processes announce.
async fn follow(
    queue: Arc<dyn Queue>,
    tokens: Arc<TokenCache>,
    versions: Versions,
    stop: CancellationToken,
) {
    let mut notices = queue.notices();
    loop {
        let notice = tokio::select! {
            () = stop.cancelled() => return,
            notice = notices.recv() => notice,
        };
        match notice {
            Ok(Notice::ConfigVersion(version)) => versions.committed(version),
            // Among those that were missed may be any.
            Ok(Notice::AccessChanged) | Err(RecvError::Lagged(_)) => tokens.changed(),
            Ok(_) => {}
            Err(RecvError::Closed) => return,
        }
    }
}
