//! The benchmarks that `cargo xtask bench` runs: the real worker in its own process, on a real broker,
//! with receivers in this one. `docs/benchmarks.md` says what is measured.

mod arguments;
mod bare_loop;
mod consumer;
mod delivery;
mod isolation;
mod ledger;
mod load;
mod proxy;
mod receiver;
mod report;
mod stage;

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use self::arguments::{Request, USAGE};

fn main() -> ExitCode {
    // Cargo adds a word of its own for harnesses.
    let given = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let request = match arguments::parse(given) {
        Ok(request) => request,
        Err(problem) => {
            eprintln!("{problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cannot start the threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(async {
        let running = async {
            match request {
                Request::Delivery(options) => delivery::run(&options).await,
                Request::Isolation(options) => isolation::run(&options).await,
                Request::BareLoop(work) => bare_loop::run(work).await,
            }
        };
        let mut terminate = signal(SignalKind::terminate()).expect("signals can be listened for");
        // Processes that were started end with the future that holds them.
        tokio::select! {
            () = running => ExitCode::SUCCESS,
            _ = terminate.recv() => ExitCode::FAILURE,
            _ = tokio::signal::ctrl_c() => ExitCode::FAILURE,
        }
    })
}
