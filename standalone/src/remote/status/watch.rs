//! `auditstream status --watch`: how deliveries go, again and again.

use std::time::Duration;

use console::Term;
use tokio::time::{MissedTickBehavior, interval};

use super::{read, show};
use crate::arguments::remote::Status;
use crate::client::Client;
use crate::remote::{may_pass, output};

/// How often it is read.
const EVERY: Duration = Duration::from_secs(2);

/// Shows it until that fails; why it did. What was read once is waited for when the API is away.
pub(super) async fn run(client: &Client, arguments: &Status) -> anyhow::Error {
    let mut turn = interval(EVERY);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut shown = false;
    loop {
        turn.tick().await;
        let done = match read(client, arguments).await {
            Ok(found) => clear(arguments, shown).and_then(|()| show(&found, arguments.api.json)),
            Err(error) if shown && may_pass(&error) => {
                eprintln!("{error:#}, trying again in {} s", EVERY.as_secs());
                continue;
            }
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            return error;
        }
        shown = true;
    }
}

/// Makes room in place of what was shown before, on a terminal; elsewhere a line parts the tables.
fn clear(arguments: &Status, shown: bool) -> anyhow::Result<()> {
    let terminal = Term::stdout();
    match (arguments.api.json, terminal.is_term()) {
        (true, _) => {}
        (false, true) => terminal.clear_screen()?,
        (false, false) if shown => output::line("")?,
        (false, false) => {}
    }
    Ok(())
}
