//! The environment variables that this process was given.

#![expect(
    clippy::disallowed_methods,
    reason = "the tasks have no configuration file, and hide the user's settings from the services"
)]

use std::process::Command;

/// A variable's value; an empty one counts as absent.
pub(crate) fn value(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Keeps the variables whose names begin so from a program.
pub(crate) fn hide(command: &mut Command, prefixes: &[&str]) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if prefixes.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
}
