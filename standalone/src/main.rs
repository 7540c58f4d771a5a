//! The binary `auditstream`.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use shared::config::{self, Config, ConfigError};
use shared::foundation::Foundation;
use shared::process::{EndSignal, UNUSABLE};
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
    match command {
        Command::Serve => serve::run(Config::from_process()?).await,
        Command::Demo => demo::run().await,
        Command::Receive(Receive { bind, status }) => receive(bind, status).await,
        Command::Migrate => {
            open().await?;
            println!("the database is up to date");
            Ok(())
        }
        Command::Schema => {
            print!("{}", api_service::graphql::sdl());
            Ok(())
        }
        Command::Config(ConfigCommand::Check) => {
            Config::from_process()?;
            println!("the configuration can be used");
            Ok(())
        }
        Command::Config(ConfigCommand::Reference) => {
            print!("{}", config::reference());
            Ok(())
        }
        Command::User(command) => say(admin::user(&open().await?, command).await?),
        Command::Group(command) => say(admin::group(&open().await?, command).await?),
        Command::Project(command) => say(admin::project(&open().await?, command).await?),
        Command::Member(command) => say(admin::member(&open().await?, command).await?),
        Command::Token(command) => say(admin::token(&open().await?, command).await?),
    }
}

async fn open() -> anyhow::Result<Foundation> {
    let config = Config::from_process()?;
    Foundation::open_without_queue(config, async |url: &str| migrations::apply(url).await).await
}

#[expect(
    clippy::unnecessary_wraps,
    clippy::needless_pass_by_value,
    reason = "it ends the arms of a match whose value is a result"
)]
fn say(sentence: String) -> anyhow::Result<()> {
    println!("{sentence}");
    Ok(())
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
