//! Logging as the configuration asks for it.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

const QUIET: &str = "actix_server=warn,sea_orm_migration=warn,lapin=off,sqlx=warn";

/// Starts logging to standard error. To be called once, at the start of a process.
pub fn init(config: &LogConfig) {
    // What these tell is of no use to an operator, and lapin prints whole messages when it warns; a
    // filter that names them wins.
    let filter = EnvFilter::new(format!("{QUIET},{}", config.filter));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match config.format {
        LogFormat::Text => builder
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
}
