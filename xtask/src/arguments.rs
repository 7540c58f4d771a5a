//! What the command line asks for.

/// What a plain `cargo xtask` prints.
pub const USAGE: &str = "\
usage: cargo xtask <task>

  test [-- <arguments>]  start a private RabbitMQ and PostgreSQL, run every test, stop them;
                         installs Prometheus too, which some tests start;
                         the arguments go to `cargo test`
  services               keep the two up and print their URLs, until Ctrl-C
  bench <arguments>      build the benchmarks for release and run one against a private RabbitMQ and
                         PostgreSQL: `delivery` or `isolation`; docs/benchmarks.md says more
  lint                   formatting, clippy and rustdoc, with warnings denied

TEST_AMQP_URL and TEST_DATABASE_URL name services to use instead of private ones.";

/// One task with its arguments.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// Run the tests.
    Test {
        /// Passed on to `cargo test`.
        cargo_arguments: Vec<String>,
    },
    /// Run a benchmark.
    Bench {
        /// Passed on to the benchmarks.
        arguments: Vec<String>,
    },
    /// Keep RabbitMQ and PostgreSQL up.
    Services,
    /// Check formatting, lints and documentation.
    Lint,
    /// Say which tasks there are.
    Usage,
}

/// Reads the arguments behind the program's name.
///
/// Fails with a sentence when the task is unknown or does not take what follows it.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Request, String> {
    let mut arguments = arguments.into_iter();
    let Some(task) = arguments.next() else {
        return Ok(Request::Usage);
    };
    let mut rest = arguments.peekable();
    let request = match task.as_str() {
        "test" => {
            if let Some(first) = rest.next_if(|first| first != "--") {
                return Err(format!(
                    "arguments of `cargo test` stand behind `--`: {first}"
                ));
            }
            return Ok(Request::Test {
                cargo_arguments: rest.skip(1).collect(),
            });
        }
        "bench" => {
            if rest.peek().is_none() {
                return Err("which benchmark? `delivery` or `isolation`".to_owned());
            }
            return Ok(Request::Bench {
                arguments: rest.collect(),
            });
        }
        "services" => Request::Services,
        "lint" => Request::Lint,
        "help" | "--help" | "-h" => Request::Usage,
        unknown => return Err(format!("unknown task: {unknown}")),
    };
    match rest.next() {
        None => Ok(request),
        Some(surplus) => Err(format!("`{task}` takes no argument: {surplus}")),
    }
}

/// The arguments of `cargo` that run the tests: all packages, unless some are named.
pub fn test_command(cargo_arguments: &[String]) -> Vec<String> {
    let of_cargo = cargo_arguments
        .iter()
        .take_while(|argument| *argument != "--");
    let names_packages = of_cargo.into_iter().any(|argument| {
        argument.starts_with("-p")
            || argument == "--package"
            || argument.starts_with("--package=")
            || argument.starts_with("--manifest-path")
    });
    let mut command = vec!["test".to_owned()];
    if !names_packages {
        command.push("--workspace".to_owned());
    }
    command.extend_from_slice(cargo_arguments);
    command
}

/// The arguments of `cargo` that build the benchmarks and what they measure, optimised; with
/// `arguments` of the benchmarks those that run them.
///
/// Both name the same packages: with others cargo would choose other features, and build everything
/// twice.
pub fn bench_command(arguments: Option<&[String]>) -> Vec<String> {
    const PACKAGES: &str = "-p tests -p api-service -p delivery-worker --bench bench";
    let (task, more) = match arguments {
        None => ("build --release", "--bin api-service --bin delivery-worker"),
        Some(_) => ("bench", "--"),
    };
    let words = [task, PACKAGES, more].into_iter();
    let words = words.flat_map(str::split_whitespace).map(str::to_owned);
    words
        .chain(arguments.unwrap_or_default().iter().cloned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_task_is_read_with_what_it_takes() {
        let test = |line: &str| Request::Test {
            cargo_arguments: words(line),
        };
        for (line, expected) in [
            ("", Ok(Request::Usage)),
            ("help", Ok(Request::Usage)),
            ("lint", Ok(Request::Lint)),
            ("services", Ok(Request::Services)),
            ("test", Ok(test(""))),
            ("test --", Ok(test(""))),
            (
                "bench delivery --json",
                Ok(Request::Bench {
                    arguments: words("delivery --json"),
                }),
            ),
            ("bench", Err("which benchmark? `delivery` or `isolation`")),
            (
                "test -- -p tests -- --nocapture",
                Ok(test("-p tests -- --nocapture")),
            ),
            (
                "test -p tests",
                Err("arguments of `cargo test` stand behind `--`: -p"),
            ),
            ("lint now", Err("`lint` takes no argument: now")),
            ("deploy", Err("unknown task: deploy")),
        ] {
            assert_eq!(
                parse(words(line)),
                expected.map_err(str::to_owned),
                "{line:?}"
            );
        }
    }

    #[test]
    fn every_package_is_tested_unless_some_are_named() {
        for (given, expected) in [
            ("", "test --workspace"),
            ("--lib", "test --workspace --lib"),
            ("-p tests", "test -p tests"),
            ("--package=tests", "test --package=tests"),
            ("-- -p", "test --workspace -- -p"),
        ] {
            assert_eq!(test_command(&words(given)), words(expected), "{given:?}");
        }
    }
}
