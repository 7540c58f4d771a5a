//! The binary `auditstream`.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory as _, Parser as _};
use shared::config::{self, Config, ConfigError};
use shared::event::catalogue::Catalogue;
use shared::foundation::Foundation;
use shared::process::{EndSignal, UNUSABLE};
use shared::telemetry;
use standalone::arguments::{Arguments, Command, ConfigCommand, Receive};
use standalone::receiver::Receiver;
use standalone::remote::output::{self, NobodyReads};
use standalone::remote::status::Verdict;
use standalone::{admin, demo, remote, serve};

/// The exit code when a destination is in trouble.
const TROUBLED: u8 = 3;

/// Each event is some dozen small pieces of memory that one thread takes and another gives back, at which
/// that of the C library is slower.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let command = Arguments::parse().command.unwrap_or(Command::Serve);
    match run(command).await {
        Ok(code) => code,
        Err(error) if error.is::<NobodyReads>() => ExitCode::SUCCESS,
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

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let sentence = match command {
        Command::Serve => return done(serve::run(Config::from_process()?).await),
        Command::Demo => return done(demo::run().await),
        Command::Receive(Receive { bind, status }) => return done(receive(bind, status).await),
        Command::Status(arguments) => return Ok(code(remote::status::run(arguments).await?)),
        Command::Tail(arguments) => return done(remote::tail::run(arguments).await),
        Command::Publish(arguments) => {
            return Ok(all_or_not(remote::publish::run(arguments).await?));
        }
        Command::DeadLetters(command) => {
            return Ok(all_or_not(remote::dead_letters::run(command).await?));
        }
        Command::Completions { shell } => completions(shell),
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
    done(output::line(&sentence))
}

fn done(result: anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS)
}

fn all_or_not(all: bool) -> ExitCode {
    if all {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn code(verdict: Verdict) -> ExitCode {
    match verdict {
        Verdict::Well => ExitCode::SUCCESS,
        Verdict::Troubled => ExitCode::from(TROUBLED),
    }
}

fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "auditstream", &mut script);
    let script = String::from_utf8(script).expect("completions are text");
    script.trim_end().to_owned()
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
