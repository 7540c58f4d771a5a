//! The health checks of the services, as the real binaries answer them.

use std::net::SocketAddr;

use tests::process::{Process, command};
use tests::wait::until;

use crate::{repository, stack};

/// The exit code of a service's health check, run as `compose.yaml` says.
async fn exit_code(name: &str, environment: &[(String, String)]) -> Option<i32> {
    let service = stack::service(name);
    let words = repository::texts(&service.get("healthcheck")["test"]);
    let ["CMD", binary, arguments @ ..] = words.as_slice() else {
        panic!("{name} has no health check without a shell: {words:?}");
    };
    assert!(binary.ends_with(&format!("/{name}")), "{binary}");
    let output = command(name, environment)
        .args(arguments)
        .output()
        .await
        .unwrap();
    output.status.code()
}

/// A service alone, on a database of its own and the embedded queue.
async fn follows_the_service(name: &str, bind: &str, marker: &str) {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("auditstream.db");
    let environment = |address: SocketAddr| {
        vec![
            (
                "AUDITSTREAM_DATABASE__URL".to_owned(),
                format!("sqlite://{}?mode=rwc", database.display()),
            ),
            (bind.to_owned(), address.to_string()),
        ]
    };
    let any = environment(([127, 0, 0, 1], 0).into());
    let process = Process::start(name, 0, folder.path(), &any, marker).await;
    let environment = environment(process.address());
    until("the health check of a service that runs", async || {
        (exit_code(name, &environment).await == Some(0)).then_some(())
    })
    .await;
    assert!(process.terminate().await.success());
    // Docker keeps every code but 0 and 1 for itself.
    assert_eq!(
        exit_code(name, &environment).await,
        Some(1),
        "nothing listens any more"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_check_of_the_api_service_tells_whether_it_is_ready() {
    follows_the_service(
        "api-service",
        "AUDITSTREAM_API__BIND",
        "the API service listens on",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_check_of_the_worker_tells_whether_it_is_ready() {
    let marker = "the delivery worker serves its metrics on";
    follows_the_service("delivery-worker", "AUDITSTREAM_WORKER__BIND", marker).await;
}
