//! What the services and the GraphQL resolvers of the API hold.

use shared::foundation::Foundation;

use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::publishing::Publisher;
use crate::publishing::versions::Versions;

/// The parts of one API service. Cheap to clone; all clones are the same service.
#[derive(Clone)]
pub struct App {
    /// Configuration, database, keys, queue and clock.
    pub foundation: Foundation,
    /// Events that were accepted and are not on the queue yet.
    pub outbox: Outbox,
    /// Brings events to the queue.
    pub publisher: Publisher,
    /// The committed version of the streaming configuration.
    pub versions: Versions,
    pub(crate) metrics: Metrics,
}

impl App {
    /// Puts the parts together. To be called inside of a tokio runtime; nothing is relayed from the
    /// outbox before [`crate::Api::start`].
    pub fn new(foundation: Foundation) -> anyhow::Result<Self> {
        let metrics = Metrics::new()?;
        let outbox = Outbox::new();
        let versions = Versions::new(foundation.database.clone());
        let publisher = Publisher::new(
            foundation.clone(),
            outbox.clone(),
            versions.clone(),
            metrics.clone(),
        );
        Ok(Self {
            foundation,
            outbox,
            publisher,
            versions,
            metrics,
        })
    }
}
