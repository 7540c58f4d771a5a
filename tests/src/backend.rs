//! Which queue and database a test runs on. The embedded queue lives in SQLite, so the fourth pair
//! does not exist.

/// A queue and a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// The embedded defaults: both services in one process.
    EmbeddedSqlite,
    /// RabbitMQ with SQLite: two processes on one machine.
    RabbitSqlite,
    /// RabbitMQ with PostgreSQL: any number of processes.
    RabbitPostgres,
}

impl Backend {
    /// Whether messages travel over RabbitMQ.
    pub fn has_broker(self) -> bool {
        self != Self::EmbeddedSqlite
    }
}

/// The address of a service that `cargo xtask test` starts.
pub fn service_url(variable: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "these are not settings of the product")]
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run `cargo xtask test`, or `cargo xtask services` and export what it prints")
    })
}

/// Makes one test of each case on each backend: `on_every_backend!(a_rule, another_rule);` where
/// `async fn a_rule(backend: Backend)`.
#[macro_export]
macro_rules! on_every_backend {
    ($($case:ident),+ $(,)?) => {
        $crate::on_backend!(embedded_sqlite, EmbeddedSqlite, $($case),+);
        $crate::on_backend!(rabbit_sqlite, RabbitSqlite, $($case),+);
        $crate::on_backend!(rabbit_postgres, RabbitPostgres, $($case),+);
    };
}

/// Makes one test of each case on one backend.
#[macro_export]
macro_rules! on_backend {
    ($module:ident, $backend:ident, $($case:ident),+ $(,)?) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    super::$case($crate::backend::Backend::$backend).await;
                }
            )+
        }
    };
}
