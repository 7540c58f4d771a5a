//! What the command line asks for.

/// What is printed for arguments that cannot be used.
pub(crate) const USAGE: &str = "\
usage: cargo xtask bench delivery [--rounds <n>] [--events <n>] [--json]
       cargo xtask bench isolation [trouble|recovery|waiting]… [--rounds <n>] [--events <n>] [--json]";

/// Rounds and events that a run may have at most, so that it ends.
const MOST_ROUNDS: usize = 20;
const MOST_EVENTS: usize = 50_000;

/// A run.
pub(crate) enum Request {
    /// The worker beside the bare loop.
    Delivery(Options),
    /// What a destination in trouble costs.
    Isolation(Options),
    /// The bare loop itself, in a process of its own.
    BareLoop(Work),
}

/// How much is measured, and how it is told.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) rounds: usize,
    /// Events of one measurement of a rate.
    pub(crate) events: usize,
    pub(crate) json: bool,
    /// The rows that are asked for; none: all.
    pub(crate) rows: Vec<String>,
}

/// What the bare loop does.
pub(crate) struct Work {
    pub(crate) amqp_url: String,
    pub(crate) queue: String,
    pub(crate) receiver: String,
}

/// Reads the arguments behind the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Request, String> {
    let mut arguments = arguments.into_iter();
    match arguments.next().as_deref() {
        Some("delivery") => Ok(Request::Delivery(options(arguments, &[])?)),
        Some("isolation") => {
            let rows = ["trouble", "recovery", "waiting"];
            Ok(Request::Isolation(options(arguments, &rows)?))
        }
        Some("bare-loop") => {
            let mut next = || arguments.next().ok_or("the bare loop lacks an argument");
            Ok(Request::BareLoop(Work {
                amqp_url: next()?,
                queue: next()?,
                receiver: next()?,
            }))
        }
        Some(unknown) => Err(format!("unknown benchmark: {unknown}")),
        None => Err("which benchmark?".to_owned()),
    }
}

fn options(mut arguments: impl Iterator<Item = String>, rows: &[&str]) -> Result<Options, String> {
    let mut options = Options {
        rounds: 3,
        events: 20_000,
        json: false,
        rows: Vec::new(),
    };
    while let Some(argument) = arguments.next() {
        let mut number = |most: usize| {
            let given = arguments.next().unwrap_or_default();
            let number = given.parse().ok();
            let number = number.filter(|number| (1..=most).contains(number));
            number.ok_or(format!("{argument} takes a number from 1 to {most}"))
        };
        match argument.as_str() {
            "--rounds" => options.rounds = number(MOST_ROUNDS)?,
            "--events" => options.events = number(MOST_EVENTS)?,
            "--json" => options.json = true,
            row if rows.contains(&row) => options.rows.push(argument),
            unknown => return Err(format!("unknown argument: {unknown}")),
        }
    }
    Ok(options)
}
