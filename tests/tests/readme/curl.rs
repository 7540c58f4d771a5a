//! Performs the `curl` commands of the documents, in order, on the real pair with a real receiver.

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tests::backend::Backend;
use tests::repository::text;
use tests::scenario::{until_received, willing};
use tests::system::{ADMIN_TOKEN, Setup};
use tokio::process::Command;

use crate::document::{Block, blocks};
use crate::{API, RECEIVER};

#[tokio::test(flavor = "multi_thread")]
async fn the_curl_lines_work_as_they_are_written() {
    let system = Setup::on(Backend::EmbeddedSqlite).start().await;
    let receiver = willing();
    let api = system.api.as_ref().unwrap().address().to_string();
    let here = |text: &str| {
        text.replace(API, &api)
            .replace(RECEIVER, &receiver.address().to_string())
    };
    let mut published = Vec::new();
    let mut tokens = Vec::new();
    for document in ["README.md", "docs/publishing.md"] {
        let blocks = blocks(&text(document));
        let before = published.len();
        for (number, block) in blocks.iter().enumerate() {
            for curl in curl_commands(block, &here).await {
                let (status, answer) = send(&curl).await;
                let what = format!("{document}: {}: {status} {answer}", curl.url);
                if let Some(refusal) = block.refused_with() {
                    let expected: Value = serde_json::from_str(&blocks[number + 1].text).unwrap();
                    assert_eq!((status, &answer), (refusal, &expected), "{what}");
                    continue;
                }
                assert!((200..300).contains(&status), "{what}");
                assert_eq!(refusals(&answer), Vec::<&Value>::new(), "{what}");
                published.extend(event_ids(&answer));
                let created = "/data/externalAuditEventDestinationCreate/externalAuditEventDestination/verificationToken";
                tokens.extend(answer.pointer(created).cloned());
            }
        }
        assert!(published.len() > before, "{document} publishes nothing");
    }
    let what = "what was published, and the creation of the destination";
    until_received(what, &receiver, |got| {
        let all = published
            .iter()
            .all(|id| got.iter().any(|one| one.event_id == *id));
        let creation = "create_event_streaming_destination";
        all && got
            .iter()
            .any(|one| one.header("x-gitlab-audit-event-type") == Some(creation))
    })
    .await;
    for request in receiver.received() {
        assert_eq!(request.path, "/siem");
        assert_eq!(
            request.header("x-gitlab-event-streaming-token"),
            tokens[0].as_str()
        );
    }
    system.stop().await;
}

/// What one `curl` is asked to send.
#[derive(Debug, Default)]
struct Curl {
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// The `curl` commands of a block. The shell itself takes it apart, with a `curl` that only tells its
/// arguments, and without any other program.
async fn curl_commands(block: &Block, here: impl Fn(&str) -> String) -> Vec<Curl> {
    if block.language != "sh" || !block.text.contains("curl ") {
        return Vec::new();
    }
    let curl = r#"curl() { printf '%s\037' "$@"; printf '\036'; }"#;
    let output = Command::new("/bin/sh")
        .args(["-euc", &format!("{curl}\n{}", here(&block.text))])
        .env_clear()
        .env("PATH", "/nonexistent")
        .env("TOKEN", ADMIN_TOKEN)
        .output()
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let told = String::from_utf8(output.stdout).unwrap();
    told.split_terminator('\x1e').map(curl_of).collect()
}

fn curl_of(arguments: &str) -> Curl {
    let mut curl = Curl::default();
    let mut arguments = arguments.split_terminator('\x1f');
    while let Some(argument) = arguments.next() {
        match argument {
            "-d" => arguments.next().unwrap().clone_into(&mut curl.body),
            "-H" => {
                let (name, value) = arguments.next().unwrap().split_once(": ").unwrap();
                curl.headers.push((name.to_owned(), value.to_owned()));
            }
            url if url.starts_with("http://") => url.clone_into(&mut curl.url),
            other => panic!("not known to this test: curl {other}"),
        }
    }
    curl
}

/// Sends what `curl` would, and returns status and body.
async fn send(curl: &Curl) -> (u16, Value) {
    let mut request = Request::post(&curl.url);
    for (name, value) in &curl.headers {
        request = request.header(name, value);
    }
    let request = request
        .body(Full::new(Bytes::from(curl.body.clone())))
        .unwrap();
    assert!(
        request.headers().contains_key(CONTENT_TYPE),
        "curl would say that it is a form"
    );
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

/// What an answer of the API says is wrong, at its top and in the payloads of mutations.
fn refusals(answer: &Value) -> Vec<&Value> {
    let payloads = answer["data"]
        .as_object()
        .into_iter()
        .flat_map(|data| data.values());
    [answer]
        .into_iter()
        .chain(payloads)
        .filter_map(|part| part["errors"].as_array())
        .flatten()
        .collect()
}

fn event_ids(answer: &Value) -> Vec<String> {
    let over_http = answer["ids"].as_array().into_iter().flatten();
    let over_graphql = answer.pointer("/data/auditEventCreate/auditEvent/id");
    over_http
        .chain(over_graphql)
        .map(|id| id.as_str().unwrap().to_owned())
        .collect()
}
