//! Getting the programs that the tests run onto a machine that lacks them.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::process::{append_to, tail};
use crate::{binaries, chromium, containers, postgres, prometheus, rabbitmq, signals};

/// What the tests need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Rabbit,
    Postgres,
    Prometheus,
    Chromium,
}

impl Program {
    fn is_installed(self) -> bool {
        match self {
            Self::Rabbit => rabbitmq::programs().is_some(),
            Self::Postgres => postgres::programs().is_some(),
            Self::Prometheus => prometheus::programs().is_some(),
            Self::Chromium => chromium::is_installed(),
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Rabbit => "RabbitMQ",
            Self::Postgres => "PostgreSQL",
            Self::Prometheus => "Prometheus",
            Self::Chromium => "Chromium with its driver",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Installer {
    AptGet,
    Dnf,
    Apk,
    Pacman,
    Brew,
}

/// How this process may act on the whole system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Privilege {
    Root,
    Sudo,
    None,
}

impl Installer {
    const ALL: [Self; 5] = [Self::AptGet, Self::Dnf, Self::Apk, Self::Pacman, Self::Brew];

    fn program(self) -> &'static str {
        match self {
            Self::AptGet => "apt-get",
            Self::Dnf => "dnf",
            Self::Apk => "apk",
            Self::Pacman => "pacman",
            Self::Brew => "brew",
        }
    }

    fn packages(self, program: Program) -> &'static [&'static str] {
        match (program, self) {
            (Program::Rabbit, Self::AptGet | Self::Dnf | Self::Apk) => &["rabbitmq-server"],
            (Program::Rabbit, Self::Pacman | Self::Brew) => &["rabbitmq"],
            (Program::Postgres, Self::AptGet | Self::Apk | Self::Pacman) => &["postgresql"],
            (Program::Postgres, Self::Dnf) => &["postgresql-server"],
            (Program::Postgres, Self::Brew) => &["postgresql@17"],
            (Program::Chromium, Self::AptGet) => &["chromium", "chromium-driver"],
            (Program::Chromium, Self::Dnf | Self::Brew) => &["chromium", "chromedriver"],
            (Program::Chromium, Self::Apk) => &["chromium", "chromium-chromedriver"],
            (Program::Chromium, Self::Pacman) => &["chromium"],
            (Program::Prometheus, Self::Dnf) => &["golang-github-prometheus"],
            (Program::Prometheus, _) => &["prometheus"],
        }
    }

    /// A shell script that installs the packages given as its arguments.
    fn script(self) -> &'static str {
        match self {
            // A policy of 101 keeps Debian's packages from starting system services.
            Self::AptGet => {
                "set -eu
                export DEBIAN_FRONTEND=noninteractive
                policy=/usr/sbin/policy-rc.d
                if [ ! -e $policy ]; then
                    trap 'rm -f $policy' EXIT
                    trap 'exit 1' HUP INT TERM
                    printf '#!/bin/sh\\nexit 101\\n' > $policy
                    chmod 755 $policy
                fi
                apt-get update
                apt-get install --yes --no-install-recommends \"$@\""
            }
            Self::Dnf => "dnf install --assumeyes \"$@\"",
            Self::Apk => "apk add --no-cache \"$@\"",
            Self::Pacman => "pacman --sync --refresh --needed --noconfirm \"$@\"",
            Self::Brew => "brew install \"$@\"",
        }
    }
}

/// Sees to it that each of these can be started, by its programs or, a service, as a container.
///
/// Fails with a sentence that says what to do when neither is possible.
pub(crate) fn provide(wanted: &[Program], log: &Path) -> Result<()> {
    let missing = missing_of(wanted);
    if missing.is_empty() {
        return Ok(());
    }
    let privilege = privilege();
    if let Some(installer) = choose(binaries::exists, privilege) {
        install(installer, privilege, &missing, log)?;
    } else if missing.contains(&Program::Chromium) || !containers::engine_answers() {
        bail!(advice(&missing));
    }
    Ok(())
}

/// What a user can do about what cannot be started here.
pub(crate) fn advice(missing: &[Program]) -> String {
    let titles: Vec<&str> = missing.iter().map(|program| program.title()).collect();
    let variables = missing.iter().filter_map(|program| match program {
        Program::Rabbit => Some("TEST_AMQP_URL"),
        Program::Postgres => Some("TEST_DATABASE_URL"),
        // The tests write its configuration.
        Program::Prometheus => None,
        Program::Chromium => None,
    });
    let variables: Vec<&str> = variables.collect();
    let titles = titles.join(" and ");
    if variables.is_empty() {
        return format!("{titles} not found: install it");
    }
    format!(
        "{titles} not found: install it, or, for a server, start Docker or set {}",
        variables.join(" and ")
    )
}

fn missing_of(wanted: &[Program]) -> Vec<Program> {
    let absent = wanted.iter().filter(|program| !program.is_installed());
    absent.copied().collect()
}

fn privilege() -> Privilege {
    if rustix::process::geteuid().is_root() {
        return Privilege::Root;
    }
    let sudo = Command::new("sudo")
        .args(["--non-interactive", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match sudo {
        Ok(status) if status.success() => Privilege::Sudo,
        _ => Privilege::None,
    }
}

/// The first package manager that is there and may be used.
fn choose(exists: impl Fn(&str) -> bool, privilege: Privilege) -> Option<Installer> {
    Installer::ALL.into_iter().find(|installer| {
        // Homebrew refuses root and needs no privilege; all others are the opposite.
        let allowed = match installer {
            Installer::Brew => privilege != Privilege::Root,
            _ => privilege != Privilege::None,
        };
        allowed && exists(installer.program())
    })
}

fn install(
    installer: Installer,
    privilege: Privilege,
    missing: &[Program],
    log: &Path,
) -> Result<()> {
    let packages: Vec<&str> = missing
        .iter()
        .flat_map(|program| installer.packages(*program))
        .copied()
        .collect();
    let program = installer.program();
    eprintln!("installing {} with {program}", packages.join(" "));
    let mut command = if privilege == Privilege::Sudo && installer != Installer::Brew {
        let mut sudo = Command::new("sudo");
        sudo.args(["--non-interactive", "sh"]);
        sudo
    } else {
        Command::new("sh")
    };
    let output = append_to(log)?;
    let status = command
        .args(["-c", installer.script(), "install"])
        .args(&packages)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .status()
        .with_context(|| format!("cannot run {program}"))?;
    if signals::received().is_some() {
        bail!("interrupted while installing");
    }
    if !status.success() {
        bail!(
            "{program} failed: {status}\n{}\n{}",
            tail(log),
            advice(missing)
        );
    }
    let still_missing = missing_of(missing);
    if !still_missing.is_empty() {
        bail!(
            "{program} has installed {}, and yet: {}",
            packages.join(" "),
            advice(&still_missing)
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_installer_is_the_first_that_is_there_and_may_be_used() {
        use Installer::{Apk, AptGet, Brew, Dnf, Pacman};
        use Privilege::{None as Nobody, Root, Sudo};
        for (there, privilege, expected) in [
            (&["apt-get"][..], Root, Some(AptGet)),
            (&["dnf"], Sudo, Some(Dnf)),
            (&["apk"], Root, Some(Apk)),
            (&["pacman"], Sudo, Some(Pacman)),
            (&["brew"], Nobody, Some(Brew)),
            (&["brew"], Root, None),
            (&["apt-get", "brew"], Sudo, Some(AptGet)),
            (&["apt-get", "brew"], Nobody, Some(Brew)),
            (&["apt-get"], Nobody, None),
            (&[], Root, None),
        ] {
            let chosen = choose(|program| there.contains(&program), privilege);
            assert_eq!(chosen, expected, "{there:?} as {privilege:?}");
        }
    }

    #[test]
    fn the_advice_names_what_is_missing_and_its_variable() {
        let both = advice(&[Program::Rabbit, Program::Postgres]);
        for word in [
            "RabbitMQ and PostgreSQL",
            "TEST_AMQP_URL and TEST_DATABASE_URL",
        ] {
            assert!(both.contains(word), "{both}");
        }
        assert!(!advice(&[Program::Postgres]).contains("AMQP"));
        let alone = advice(&[Program::Prometheus]);
        assert_eq!(alone, "Prometheus not found: install it");
        let browser = advice(&[Program::Chromium]);
        assert_eq!(browser, "Chromium with its driver not found: install it");
    }
}
