//! The binary `auditstream`.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use shared::config::{self, Config, ConfigError};
use shared::event::catalogue::Catalogue;
use shared::foundation::Foundation;
use shared::process::{EndSignal, UNUSABLE};
use shared::telemetry;
use standalone::arguments::{Arguments, Command, ConfigCommand, Receive};
use standalone::receiver::Receiver;
use standalone::{admin, demo, serve};

#[tokio::main]
async fn main() -> ExitCode {
    let command = Arguments::parse().command.unwrap_or(Command::Serve);
    match run(command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("auditstream: {error:#}");
            ExitCode::from(if error.is::<ConfigError>() {
                UNUSABLE
            } else {
                1
            })
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    let sentence = match command {
        Command::Serve => return serve::run(Config::from_process()?).await,
        Command::Demo => return demo::run().await,
        Command::Receive(Receive { bind, status }) => return receive(bind, status).await,
        Command::Migrate => {
            open().await?;
            "the database is up to date".to_owned()
        }
        Command::Schema => api_service::graphql::sdl().trim_end().to_owned(),
        Command::Config(ConfigCommand::Check) => {
            let config = Config::from_process()?;
            Catalogue::open(config.catalogue.definitions.as_deref())?;
            "the configuration can be used".to_owned()
        }
        Command::Config(ConfigCommand::Reference) => config::reference().trim_end().to_owned(),
        Command::User(command) => admin::user(&open().await?, command).await?,
        Command::Group(command) => admin::group(&open().await?, command).await?,
        Command::Project(command) => admin::project(&open().await?, command).await?,
        Command::Member(command) => admin::member(&open().await?, command).await?,
        Command::Token(command) => admin::token(&open().await?, command).await?,
    };
    println!("{sentence}");
    Ok(())
}

/// For a command on the database, which may have to be waited for: the log says so.
async fn open() -> anyhow::Result<Foundation> {
    let config = Config::from_process()?;
    telemetry::init(&config.log);
    Foundation::open_without_queue(config, async |url: &str| migrations::apply(url).await).await
}

async fn receive(bind: SocketAddr, status: u16) -> anyhow::Result<()> {
    let mut end = EndSignal::listen()?;
    let receiver = Receiver::start(
        bind,
        Arc::new(move |request| {
            println!("{}", demo::show_request(request));
            status
        }),
    )?;
    println!("receiving on {}, answering {status}", receiver.url("/"));
    end.received().await;
    receiver.stop().await;
    Ok(())
}
