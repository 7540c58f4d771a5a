//! The commands that ask a running API.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

/// The variable with the URL of the API.
pub const URL_VARIABLE: &str = "AUDITSTREAM_URL";
/// The variable with the token.
pub const TOKEN_VARIABLE: &str = "AUDITSTREAM_TOKEN";

/// Which API to ask, who asks, and how to answer.
#[derive(Debug, Args)]
pub struct Api {
    /// Where the API is, with http:// or https://.
    #[arg(long, env = URL_VARIABLE, default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// File with the access token; without it, the token is in the variable `AUDITSTREAM_TOKEN`. No
    /// argument takes the token itself, since others on the machine see the arguments of a process.
    #[arg(long)]
    pub token_file: Option<PathBuf>,
    /// Answer as JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

/// Whose destinations to ask for.
#[derive(Debug, Args)]
pub struct Groups {
    /// Only the destinations of the group at this full path; can be given several times. Without it, those
    /// of the instance and of all groups whose destinations you may administer.
    #[arg(long = "group", value_name = "PATH")]
    pub paths: Vec<String>,
}

/// How to show the health of destinations.
#[derive(Debug, Args)]
pub struct Status {
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "it would become the description of the command"
    )]
    pub api: Api,
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "it would become the description of the command"
    )]
    pub groups: Groups,
    /// Read it again every two seconds, until Ctrl-C: in place on a terminal, and with `--json` as one
    /// document a line.
    #[arg(long)]
    pub watch: bool,
}

/// Which deliveries to show.
#[derive(Debug, Args)]
pub struct Tail {
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "it would become the description of the command"
    )]
    pub api: Api,
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "it would become the description of the command"
    )]
    pub groups: Groups,
    /// Only those to this destination: its number, its global id or its name.
    #[arg(long, value_name = "ID")]
    pub destination: Option<String>,
}

/// What to publish.
#[derive(Debug, Args)]
pub struct Publish {
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "it would become the description of the command"
    )]
    pub api: Api,
    /// File of events, one JSON object a line or one JSON array of objects; `-` for the standard input.
    pub file: PathBuf,
    /// Begin with this line, or with this element of an array; counted from 1.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub from_line: u64,
    /// How long to try again while the API is away or cannot take events.
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = humantime::parse_duration)]
    pub retry_for: Duration,
}

/// Look at what destinations never took, and have it delivered again.
#[derive(Debug, Subcommand)]
pub enum DeadLettersCommand {
    /// List dead letters, of each destination those first that were given up first.
    List {
        #[command(flatten)]
        #[expect(
            missing_docs,
            reason = "it would become the description of the command"
        )]
        api: Api,
        #[command(flatten)]
        #[expect(
            missing_docs,
            reason = "it would become the description of the command"
        )]
        groups: Groups,
        /// Only those of this destination: its number, its global id or its name.
        #[arg(long, value_name = "ID")]
        destination: Option<String>,
        /// Only those of the event with this id; can be given several times.
        #[arg(long = "event-id", value_name = "ID")]
        event_ids: Vec<String>,
        /// List at most so many.
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Have dead letters delivered once more.
    Replay {
        #[command(flatten)]
        #[expect(
            missing_docs,
            reason = "it would become the description of the command"
        )]
        api: Api,
        #[command(flatten)]
        #[expect(
            missing_docs,
            reason = "it would become the description of the command"
        )]
        groups: Groups,
        /// Those of this destination: its number, its global id or its name.
        #[arg(long, value_name = "ID")]
        destination: Option<String>,
        #[command(flatten)]
        #[expect(
            missing_docs,
            reason = "it would become the description of the command"
        )]
        which: Which,
        /// Do not ask for a confirmation.
        #[arg(long)]
        yes: bool,
    },
}

/// Which dead letters to replay: one of both must be said.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Which {
    /// Those of the event with this id; can be given several times.
    #[arg(long = "event-id", value_name = "ID")]
    pub event_ids: Vec<String>,
    /// All of them.
    #[arg(long)]
    pub all: bool,
}
