//! The delivery worker: consumes audit events, routes them by its snapshot of the streaming
//! configuration, and brings each to the destinations that should have it.

mod archive;
mod attempts;
mod classification;
mod delivery;
mod dispatch;
mod endpoint;
mod feed;
mod handover;
mod history;
mod http;
mod lane;
mod metrics;
mod outcome;
mod permits;
mod routing;
mod signature;
mod snapshot;
mod spans;
mod state;
mod try_out;
mod window;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::dev::ServerHandle;
use anyhow::Context as _;
use shared::foundation::Foundation;
use shared::queue::{Deliveries, Source};
use shared::supervision::Supervision;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::attempts::Attempts;
use crate::delivery::Deliverer;
use crate::dispatch::Dispatcher;
use crate::endpoint::EndpointSettings;
use crate::feed::Feed;
use crate::handover::Handover;
use crate::history::History;
use crate::lane::{Ahead, Cleaner, Keeper, Lanes};
use crate::metrics::{Busiest, Metrics, Refresh};
use crate::snapshot::reload::Snapshots;
use crate::window::Window;

/// A worker that is running.
pub struct Worker {
    foundation: Foundation,
    address: SocketAddr,
    server: ServerHandle,
    /// Cancelled when nothing new is to begin.
    stopping: CancellationToken,
    supervision: Supervision,
    tasks: TaskTracker,
}

impl Worker {
    /// Serves metrics and health at once, and consumes as soon as the first snapshot is loaded.
    /// Must be called within a tokio runtime.
    pub async fn start(foundation: Foundation) -> anyhow::Result<Self> {
        let metrics = Metrics::new()?;
        let dispatcher = Dispatcher::new(&foundation.config.delivery)
            .context("cannot set up TLS for deliveries")?;
        let consuming = Arc::new(AtomicBool::new(false));
        let (server, address) = http::server(&foundation, &metrics, &consuming)
            .with_context(|| format!("cannot listen on {}", foundation.config.worker.bind))?;
        let handle = server.handle();
        let stopping = CancellationToken::new();
        let worker = Self {
            foundation: foundation.clone(),
            address,
            server: handle,
            supervision: Supervision::until(stopping.clone()),
            stopping,
            tasks: TaskTracker::new(),
        };
        worker.tasks.spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(error = %error, "metrics and health are no longer served");
            }
        });
        let settings = EndpointSettings::of(&foundation.config);
        let snapshots = Snapshots::load(foundation.clone(), settings, metrics.clone()).await;
        let watch = snapshots.clone().watch(worker.stopping.clone());
        worker.spawn("snapshot", watch);
        let archive = archive::run(foundation.clone(), worker.stopping.clone());
        worker.spawn("archive", archive);
        let history = Arc::new(History::default());
        let keeping = history
            .clone()
            .keep(foundation.clone(), worker.stopping.clone());
        worker.spawn("history", keeping);
        let feed = Arc::new(Feed::default());
        let telling = feed
            .clone()
            .run(foundation.clone(), worker.stopping.clone());
        worker.spawn("feed", telling);
        let handover = Handover {
            foundation: foundation.clone(),
            metrics: metrics.clone(),
            stopping: worker.stopping.clone(),
        };
        let lanes = Arc::new(Lanes::new(
            foundation.clone(),
            snapshots.clone(),
            handover.clone(),
        ));
        let attempts = Arc::new(Attempts {
            snapshots,
            dispatcher,
            history,
            feed,
            metrics: metrics.clone(),
            clock: foundation.clock.clone(),
            traces: foundation.traces.clone(),
            window: Arc::new(Window::new(foundation.config.queue.prefetch.into())),
            patience: foundation.config.delivery.patience,
        });
        let busiest = Busiest::new()?;
        metrics.service.register(&busiest)?;
        let refresh = Refresh {
            foundation: foundation.clone(),
            attempts: attempts.clone(),
            metrics,
            busiest,
        };
        worker.spawn("metrics", refresh.run(worker.stopping.clone()));
        let ahead = Ahead::new(foundation.clone(), attempts.snapshots.clone());
        worker.spawn("lanes ahead", ahead.run(worker.stopping.clone()));
        let cleaner = Cleaner::new(lanes.clone());
        worker.spawn("lane cleaner", cleaner.run(worker.stopping.clone()));
        let keeper = Keeper::new(lanes.clone(), attempts.clone(), worker.tasks.clone());
        worker.spawn("lanes", keeper.run(worker.stopping.clone()));
        let questions = foundation.queue.questions();
        let (tasks, stopping) = (worker.tasks.clone(), worker.stopping.clone());
        let answering = try_out::run(questions, attempts.clone(), tasks, stopping);
        worker.spawn("test events", answering);
        let deliverer = Arc::new(Deliverer {
            foundation,
            attempts,
            lanes,
            handover,
        });
        for source in [Source::Events, Source::Deliver] {
            worker.consume(source, &deliverer);
        }
        consuming.store(true, Ordering::Relaxed);
        tracing::info!(address = %address, "the delivery worker is running");
        Ok(worker)
    }

    /// Tells when a task of the worker has ended before its time.
    pub fn supervision(&self) -> &Supervision {
        &self.supervision
    }

    fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(self.supervision.watch(name, task));
    }

    /// Where metrics and health are served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more messages, finishes the requests that are in flight (at most
    /// `worker.shutdown_timeout`), and hands everything else back to the queue. The queue itself is
    /// left open.
    pub async fn stop(self) {
        self.stopping.cancel();
        self.tasks.close();
        let limit = self.foundation.config.worker.shutdown_timeout;
        let deliveries_ended = async {
            self.server.stop(true).await;
            self.tasks.wait().await;
        };
        if tokio::time::timeout(limit, deliveries_ended).await.is_err() {
            // Dropped with the runtime, their messages go back to the queue.
            tracing::warn!(
                limit_ms = limit.as_millis(),
                "requests were still in flight when the worker ended"
            );
        }
        tracing::info!("the delivery worker has stopped");
    }

    /// Each message is carried through in a task of its own; the queue's window bounds how many.
    fn consume(&self, source: Source, deliverer: &Arc<Deliverer>) {
        let window = self.foundation.config.queue.prefetch;
        let mut deliveries: Deliveries = self.foundation.queue.consume(source, window);
        let deliverer = deliverer.clone();
        let stopping = self.stopping.clone();
        let tasks = self.tasks.clone();
        self.spawn("consumer", async move {
            // Made once: each has to be entered into a list under a lock.
            let mut stopped = std::pin::pin!(stopping.cancelled());
            loop {
                let delivery = tokio::select! {
                    biased;
                    () = &mut stopped => break,
                    delivery = deliveries.next() => delivery,
                };
                let Some(delivery) = delivery else { break };
                let deliverer = deliverer.clone();
                tasks.spawn(async move { deliverer.carry_through(delivery, source).await });
            }
            deliveries.stop();
        });
    }
}
