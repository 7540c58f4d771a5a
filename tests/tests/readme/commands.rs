//! The commands, variables and addresses in the documents are those of the binaries.

use standalone::arguments::remote::{TOKEN_VARIABLE, URL_VARIABLE};
use tests::process::command;
use tests::repository::text;

use crate::document::{commands, documents};
use crate::{API, RECEIVER};

#[tokio::test(flavor = "multi_thread")]
async fn every_command_in_the_documents_exists() {
    let mut count = 0;
    for document in documents() {
        let text = text(&document);
        for arguments in commands(&text, "cargo run -- ") {
            let known = help(arguments).await.is_some();
            assert!(known, "{}: auditstream {arguments}", document.display());
            count += 1;
        }
        for line in text
            .lines()
            .filter_map(|line| line.strip_prefix("auditstream "))
        {
            // Up to what a shell makes of the rest.
            let arguments = line.split(['|', '>', '#']).next().unwrap();
            let known = help(arguments).await.is_some();
            assert!(known, "{}: auditstream {arguments}", document.display());
            count += 1;
        }
        for arguments in commands(&text, "cargo xtask ") {
            let words = arguments.split_whitespace().map(str::to_owned);
            let parsed = xtask::arguments::parse(words);
            assert!(parsed.is_ok(), "{}: {parsed:?}", document.display());
            count += 1;
        }
    }
    assert!(count > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_addresses_in_the_documents_are_the_defaults() {
    let api = format!("| `AUDITSTREAM_API__BIND` | `api.bind` | `{API}` |");
    assert!(shared::config::reference().contains(&api));
    let help = help("receive").await.unwrap();
    assert!(help.contains(&format!("[default: {RECEIVER}]")), "{help}");
}

/// Variables that are no settings of the services.
const OTHER_VARIABLES: [&str; 3] = ["AUDITSTREAM_CONFIG", URL_VARIABLE, TOKEN_VARIABLE];

#[test]
fn every_variable_in_the_documents_is_a_setting() {
    let reference = shared::config::reference();
    let documents = documents();
    let texts = documents.iter().map(text).chain([text(".env.example")]);
    for text in texts {
        let names = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
        for name in
            names.filter(|name| name.starts_with("AUDITSTREAM_") && !OTHER_VARIABLES.contains(name))
        {
            assert!(reference.contains(&format!("| `{name}` |")), "{name}");
        }
    }
}

/// The help of a command of `auditstream`; none for a command that it does not know.
async fn help(arguments: &str) -> Option<String> {
    let arguments = arguments.split_whitespace().chain(["--help"]);
    let output = command("auditstream", &[])
        .args(arguments)
        .output()
        .await
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    output.status.success().then_some(text)
}
