//! The command line.

pub mod remote;

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Streams audit events to every destination that should have them.
#[derive(Debug, Parser)]
#[command(name = "auditstream", version, arg_required_else_help = false)]
pub struct Arguments {
    /// What to do; `serve` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the binary can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the API service and a delivery worker in this process (the default).
    Serve,
    /// Show the main job on a scratch folder: publish a few dozen events, deliver them, print who got what.
    Demo,
    /// Receive audit events: answer every POST with a status and print what arrived.
    Receive(Receive),
    /// Show how deliveries to each destination go. Ends with 3 when one of them is in trouble.
    Status(remote::Status),
    /// Show what becomes of deliveries, as they are tried, until Ctrl-C.
    Tail(remote::Tail),
    /// Publish the events of a file.
    Publish(remote::Publish),
    /// Look at what destinations never took, and have it delivered again.
    #[command(subcommand)]
    DeadLetters(remote::DeadLettersCommand),
    /// Print the completions of a shell, to be put where it looks for them.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Bring the database to its newest form.
    Migrate,
    /// Print the GraphQL schema.
    Schema,
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Manage users.
    #[command(subcommand)]
    User(UserCommand),
    /// Manage groups.
    #[command(subcommand)]
    Group(GroupCommand),
    /// Manage projects.
    #[command(subcommand)]
    Project(ProjectCommand),
    /// Manage memberships of groups.
    #[command(subcommand)]
    Member(MemberCommand),
    /// Manage access tokens.
    #[command(subcommand)]
    Token(TokenCommand),
}

/// How to receive.
#[derive(Debug, Args)]
pub struct Receive {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:9000")]
    pub bind: SocketAddr,
    /// The status of every answer.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(200..600))]
    pub status: u16,
}

/// Look at the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say whether the configuration can be used, and all that is wrong with it.
    Check,
    /// Print the reference of every key.
    Reference,
}

/// Manage users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make a user.
    Create {
        /// Unique name.
        username: String,
        /// Shown name; the username when absent.
        #[arg(long)]
        name: Option<String>,
        /// Make an instance admin.
        #[arg(long)]
        admin: bool,
    },
}

/// Manage groups.
#[derive(Debug, Subcommand)]
pub enum GroupCommand {
    /// Make a group.
    Create {
        /// The last part of its full path.
        path: String,
        /// Shown name; the path when absent.
        #[arg(long)]
        name: Option<String>,
        /// Full path of the group that it is in.
        #[arg(long)]
        parent: Option<String>,
    },
}

/// Manage projects.
#[derive(Debug, Subcommand)]
pub enum ProjectCommand {
    /// Make a project.
    Create {
        /// The last part of its full path.
        path: String,
        /// Full path of the group that it is in.
        #[arg(long)]
        group: String,
        /// Shown name; the path when absent.
        #[arg(long)]
        name: Option<String>,
    },
}

/// Manage memberships of groups.
#[derive(Debug, Subcommand)]
pub enum MemberCommand {
    /// Make a user a member of a group, or change the level.
    Set {
        /// Full path of the group.
        group: String,
        /// The user.
        username: String,
        /// What the user may do.
        level: Level,
    },
}

/// What a member may do in a group.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Level {
    /// Manages the group's streaming destinations.
    Owner,
    /// Sees the group, but not where its events go.
    Maintainer,
    /// Sees the group, but not where its events go.
    Developer,
    /// Sees the group, but not where its events go.
    Guest,
}

/// Manage access tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it once.
    Create {
        /// Whose token it is.
        username: String,
        /// What it is called.
        #[arg(long, default_value = "command line")]
        name: String,
        /// What it may do; both when absent.
        #[arg(long, value_enum)]
        scope: Vec<TokenScope>,
        /// When it ends, such as 30d; never when absent.
        #[arg(long, value_parser = humantime::parse_duration)]
        expires_in: Option<Duration>,
    },
    /// End a token.
    Revoke {
        /// Its number.
        id: i64,
    },
}

/// What a token may do.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum TokenScope {
    /// The GraphQL API.
    Api,
    /// Publishing of audit events.
    Publish,
}
