//! The system that is measured: production's queue and database, and a group with its destinations.

use tests::backend::Backend;
use tests::system::{Administer as _, Setup, System};

/// The group of all events.
pub(crate) const GROUP: &str = "bench";

/// The usual system.
pub(crate) fn setup() -> Setup {
    Setup::on(Backend::RabbitPostgres)
}

/// A system with its destinations, and no worker yet. The API, which made them, is not needed any more.
pub(crate) async fn streaming_to(setup: Setup, urls: &[String]) -> System {
    let mut system = setup.workers(1).start().await;
    // A worker that is ready has declared what producers publish to.
    system.ready().await;
    let worker = system.workers.pop().expect("it was started");
    worker.terminate().await;
    let client = system.client();
    client.create_group(GROUP, None).await;
    for url in urls {
        client.create_group_destination(GROUP, url).await;
    }
    drop(system.api.take());
    system
}
