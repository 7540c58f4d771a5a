//! What stands in the way of a command is told in one line.

use tests::backend::Backend;
use tests::on_backend;
use tests::process::command;
use tests::system::{ADMIN_TOKEN, Setup};

use super::{auditstream, run, with_variables};

on_backend!(
    embedded,
    EmbeddedSqlite,
    what_stands_in_the_way_is_told_in_one_line,
    no_argument_takes_a_token,
    a_shell_understands_its_completions
);

async fn what_stands_in_the_way_is_told_in_one_line(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let url = format!("http://{}", system.api.as_ref().unwrap().address());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let status = &["status"][..];
    let publish = &["publish", "src/lib.rs", "--retry-for", "0s"][..];
    for (url, token, arguments, sentence) in [
        (
            url.as_str(),
            "",
            status,
            "there is no token in AUDITSTREAM_TOKEN",
        ),
        (
            &url,
            "no such\ntoken",
            status,
            "what is in AUDITSTREAM_TOKEN is no token",
        ),
        (
            &url,
            "a-token-that-nobody-made",
            status,
            "the API refused (401): Invalid token",
        ),
        (&nobody, ADMIN_TOKEN, status, "the API does not answer"),
        (
            "ftp://localhost",
            ADMIN_TOKEN,
            status,
            "must begin with http:// or https://",
        ),
        (
            "http://a:b@localhost",
            ADMIN_TOKEN,
            status,
            "must have no password",
        ),
        (
            &url,
            ADMIN_TOKEN,
            &["status", "--token-file", "no/such/file"],
            "cannot read the token from no/such/file",
        ),
        (
            &url,
            ADMIN_TOKEN,
            &["status", "--group", "no/such"],
            "there is no group no/such",
        ),
        (
            &url,
            ADMIN_TOKEN,
            &["publish", "no/such/file"],
            "cannot read no/such/file",
        ),
        (&url, ADMIN_TOKEN, &["publish", "src"], "it is a folder"),
        (&url, ADMIN_TOKEN, publish, "line 1: is no JSON object"),
        (
            &url,
            ADMIN_TOKEN,
            &["dead-letters", "list", "--destination", "7"],
            "there is no destination 7",
        ),
    ] {
        let done = run(with_variables(url, token, arguments)).await;
        assert_eq!((done.code, done.stdout.as_str()), (Some(1), ""), "{done:?}");
        assert!(done.stderr.contains(sentence), "{sentence}: {done:?}");
        assert!(token.is_empty() || !done.stderr.contains(token), "{done:?}");
    }
    system.stop().await;
}

async fn no_argument_takes_a_token(backend: Backend) {
    let system = Setup::on(backend).start().await;
    let done = run(auditstream(&system, &["status", "--token", ADMIN_TOKEN])).await;
    assert_eq!(done.code, Some(2), "{done:?}");
    system.stop().await;
}

async fn a_shell_understands_its_completions(_: Backend) {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let mut completions = command("auditstream", &[]);
        completions.args(["completions", shell]);
        let done = run(completions).await;
        assert_eq!(done.code, Some(0), "{done:?}");
        assert!(done.stdout.contains("dead-letters"), "{shell}");
        if shell == "bash" {
            let mut bash = tokio::process::Command::new("bash");
            bash.args([
                "-c",
                "eval \"$1\" && complete -p auditstream",
                "bash",
                &done.stdout,
            ]);
            let understood = run(bash).await;
            assert_eq!(understood.code, Some(0), "{understood:?}");
            assert!(understood.stdout.contains("_auditstream"), "{understood:?}");
        }
    }
}
