//! The binary `delivery-worker`.

use std::process::ExitCode;

use delivery_worker::Worker;
use shared::config::Config;
use shared::foundation::Foundation;
use shared::process::{self, EndSignal};

/// Each event is some dozen small pieces of memory that one thread takes and another gives back, at which
/// that of the C library is slower.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    process::main("delivery-worker", |config| config.worker.bind, serve)
}

async fn serve(config: Config, mut end: EndSignal) -> anyhow::Result<()> {
    let started = end.or(async {
        let foundation =
            Foundation::open(config, async |url: &str| migrations::apply(url).await).await?;
        let worker = Worker::start(foundation.clone()).await?;
        Ok((foundation, worker))
    });
    let Some((foundation, worker)) = started.await? else {
        return Ok(());
    };
    println!(
        "the delivery worker serves its metrics on http://{}",
        worker.address()
    );
    let ended = end.or_failure_of(&[worker.supervision()]).await;
    worker.stop().await;
    foundation.queue.close().await;
    foundation.traces.close().await;
    ended
}
