//! Both services in one process.

use api_service::Api;
use api_service::accounts::{Bootstrapped, bootstrap};
use delivery_worker::Worker;
use shared::config::Config;
use shared::foundation::Foundation;

/// An API service and a delivery worker on one foundation.
pub struct Pair {
    foundation: Foundation,
    /// The API service.
    pub api: Api,
    /// The delivery worker.
    pub worker: Worker,
}

impl Pair {
    /// Opens the foundation, makes the first admin while there is none, and starts both.
    pub async fn start(config: Config) -> anyhow::Result<(Self, Bootstrapped)> {
        let foundation =
            Foundation::open(config, async |url: &str| migrations::apply(url).await).await?;
        let bootstrapped = bootstrap(&foundation).await?;
        let api = Api::start(foundation.clone()).await?;
        let worker = Worker::start(foundation.clone()).await?;
        let pair = Self {
            foundation,
            api,
            worker,
        };
        Ok((pair, bootstrapped))
    }

    /// Stops both, the API first: what it still accepts is kept for the next start.
    pub async fn stop(self) {
        self.api.stop().await;
        self.worker.stop().await;
        self.foundation.queue.close().await;
        self.foundation.traces.close().await;
    }
}
