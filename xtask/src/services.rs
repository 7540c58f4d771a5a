//! The RabbitMQ and PostgreSQL of one run.

use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow};

use crate::install::{self, Program};
use crate::{PrivatePostgres, PrivateRabbit, Scratch, environment};

/// Names the broker that the tests use.
pub const AMQP_URL: &str = "TEST_AMQP_URL";

/// Names the PostgreSQL database that the tests use, with the right to create others.
pub const DATABASE_URL: &str = "TEST_DATABASE_URL";

/// Both services: started here, or named by the environment; ours end when dropped.
#[derive(Debug)]
pub struct Services {
    rabbit: Provided<PrivateRabbit>,
    postgres: Provided<PrivatePostgres>,
}

#[derive(Debug)]
enum Provided<S> {
    Private(S),
    ByEnvironment(String),
}

/// Sees to it that the tests find Prometheus and Chromium, which those that need them start for
/// themselves. Where one cannot be installed, these tests fail and say so.
pub fn provide_programs_of_tests(scratch: &Scratch) {
    let log = scratch.path().join("install-programs.log");
    for program in [Program::Prometheus, Program::Chromium] {
        if let Err(error) = install::provide(&[program], &log) {
            eprintln!("{error:#}");
        }
    }
}

impl Services {
    /// Starts what the environment does not name, with `meanwhile` running beside it.
    ///
    /// Installs what is missing, when it may.
    pub fn start<T>(scratch: &Scratch, meanwhile: impl FnOnce() -> Result<T>) -> Result<(Self, T)> {
        let amqp_url = environment::value(AMQP_URL);
        let database_url = environment::value(DATABASE_URL);
        let wanted = [
            amqp_url.is_none().then_some(Program::Rabbit),
            database_url.is_none().then_some(Program::Postgres),
        ];
        let wanted: Vec<Program> = wanted.into_iter().flatten().collect();
        install::provide(&wanted, &scratch.path().join("install.log"))?;

        let path = scratch.path();
        let (rabbit, postgres, done) = thread::scope(|scope| {
            let rabbit =
                scope.spawn(|| provide("rabbitmq", amqp_url, || PrivateRabbit::start(path)));
            let postgres = scope
                .spawn(|| provide("postgresql", database_url, || PrivatePostgres::start(path)));
            let done = meanwhile();
            (rabbit.join(), postgres.join(), done)
        });
        let services = Self {
            rabbit: rabbit.map_err(|_| anyhow!("the start of rabbitmq panicked"))??,
            postgres: postgres.map_err(|_| anyhow!("the start of postgresql panicked"))??,
        };
        Ok((services, done?))
    }

    /// The environment variables by which tests find the two.
    pub fn variables(&self) -> [(&'static str, String); 2] {
        let amqp_url = match &self.rabbit {
            Provided::Private(rabbit) => rabbit.amqp_url(),
            Provided::ByEnvironment(url) => url.clone(),
        };
        let database_url = match &self.postgres {
            Provided::Private(postgres) => postgres.database_url().to_owned(),
            Provided::ByEnvironment(url) => url.clone(),
        };
        [(AMQP_URL, amqp_url), (DATABASE_URL, database_url)]
    }
}

fn provide<S>(
    name: &str,
    url: Option<String>,
    start: impl FnOnce() -> Result<S>,
) -> Result<Provided<S>> {
    if let Some(url) = url {
        eprintln!("{name}: given by the environment");
        return Ok(Provided::ByEnvironment(url));
    }
    eprintln!("{name}: starting");
    let began = Instant::now();
    let service = start()?;
    eprintln!("{name}: up after {:.1} s", began.elapsed().as_secs_f32());
    Ok(Provided::Private(service))
}
