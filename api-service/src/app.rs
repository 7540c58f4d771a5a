//! What the services and the GraphQL resolvers of the API hold.

use shared::foundation::Foundation;

use crate::metrics::Metrics;
use crate::publishing::Publisher;
use crate::publishing::versions::Versions;
use crate::relay::Wake;

/// The parts of one API service. Cheap to clone; all clones are the same service.
#[derive(Clone)]
pub struct App {
    /// Configuration, database, keys, queue and clock.
    pub foundation: Foundation,
    /// Gets the relay of the outbox going.
    pub outbox: Wake,
    /// Gets the relay of dead letters that are to be replayed going.
    pub dead_letters: Wake,
    /// Gets the relay of rejected messages that are to be replayed going.
    pub rejected_messages: Wake,
    /// Brings events to the queue.
    pub publisher: Publisher,
    /// The committed version of the streaming configuration.
    pub versions: Versions,
    pub(crate) metrics: Metrics,
}

impl App {
    /// Puts the parts together. To be called inside of a tokio runtime; nothing is relayed to the
    /// queue before [`crate::Api::start`].
    pub fn new(foundation: Foundation) -> anyhow::Result<Self> {
        let metrics = Metrics::new()?;
        let outbox = Wake::new();
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
            dead_letters: Wake::new(),
            rejected_messages: Wake::new(),
            publisher,
            versions,
            metrics,
        })
    }
}
