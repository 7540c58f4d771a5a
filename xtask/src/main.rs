//! `cargo xtask`: the project's own tasks.

use std::process::ExitCode;

use anyhow::Result;
use xtask::arguments::{self, Request, USAGE};
use xtask::services::Services;
use xtask::{Scratch, cargo, complaints, services, signals};

fn main() -> ExitCode {
    let request = match arguments::parse(std::env::args().skip(1)) {
        Ok(request) => request,
        Err(problem) => {
            eprintln!("{problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    // What was started lives in the values inside of `perform`: they are gone when it returns.
    let outcome = signals::watch().and_then(|()| perform(request));
    match (signals::received(), outcome) {
        (Some(signal), _) => {
            eprintln!("stopped by signal {signal}");
            ExitCode::from(signals::exit_code(signal))
        }
        (None, Ok(code)) => ExitCode::from(code),
        (None, Err(error)) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(request: Request) -> Result<u8> {
    match request {
        Request::Usage => {
            println!("{USAGE}");
            Ok(0)
        }
        Request::Lint => cargo::lint(),
        Request::Test { cargo_arguments } => test(&cargo_arguments),
        Request::Bench { arguments } => bench(&arguments),
        Request::Services => keep_services(),
    }
}

fn test(cargo_arguments: &[String]) -> Result<u8> {
    let scratch = Scratch::new("test")?;
    services::provide_programs_of_tests(&scratch);
    // The whole-system tests start the project's own binaries from the target folder.
    let compile = || cargo::run(&["build", "--workspace", "--bins"], &[]);
    let (services, built) = Services::start(&scratch, compile)?;
    if built != 0 {
        return Ok(built);
    }
    let arguments = arguments::test_command(cargo_arguments);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let code = cargo::run(&arguments, &services.variables())?;
    if code != 0 {
        // The services end with this run, and their logs with them.
        complaints::print(scratch.path());
    }
    Ok(code)
}

fn bench(of_benchmark: &[String]) -> Result<u8> {
    let scratch = Scratch::new("bench")?;
    let run = |command: Vec<String>, variables: &[(&str, String)]| {
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        cargo::run(&command, variables)
    };
    let compile = || run(arguments::bench_command(None), &[]);
    let (services, built) = Services::start(&scratch, compile)?;
    if built != 0 {
        return Ok(built);
    }
    run(
        arguments::bench_command(Some(of_benchmark)),
        &services.variables(),
    )
}

fn keep_services() -> Result<u8> {
    let scratch = Scratch::new("services")?;
    let (services, ()) = Services::start(&scratch, || Ok(()))?;
    for (name, value) in services.variables() {
        println!("export {name}={value}");
    }
    eprintln!("both are up until Ctrl-C");
    signals::wait();
    Ok(0)
}
