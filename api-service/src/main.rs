//! The binary `api-service`.

use std::process::ExitCode;

use api_service::Api;
use api_service::accounts::{Bootstrapped, bootstrap};
use secrecy::ExposeSecret as _;
use shared::config::Config;
use shared::foundation::Foundation;
use shared::process::{self, EndSignal};

fn main() -> ExitCode {
    process::main("api-service", |config| config.api.bind, serve)
}

async fn serve(config: Config, mut end: EndSignal) -> anyhow::Result<()> {
    let started = end.or(async {
        let foundation =
            Foundation::open(config, async |url: &str| migrations::apply(url).await).await?;
        if let Bootstrapped::Created { token: Some(token) } = bootstrap(&foundation).await? {
            println!(
                "the admin root was made, its token is shown this once: {}",
                token.expose_secret()
            );
        }
        let api = Api::start(foundation.clone()).await?;
        Ok((foundation, api))
    });
    let Some((foundation, api)) = started.await? else {
        return Ok(());
    };
    println!("the API service listens on http://{}", api.address());
    let ended = end.or_failure_of(&[api.supervision()]).await;
    api.stop().await;
    foundation.queue.close().await;
    foundation.traces.close().await;
    ended
}
