//! A real Prometheus on a pair, and what it says.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;
use standalone::client::Client;
use tests::repository::root;
use xtask::PrivatePrometheus;

/// The rules, in the repository.
pub(crate) const RULES: &str = "monitoring/rules/auditstream.rules.yml";

/// How long a rule must hold here. What it says itself is held by its cases for `promtool`.
const FOR: &str = "2s";
/// The limit of an alert that no test can wait for, and the one in its place: seconds in a lane.
const LONG: (&str, &str) = ("> 3600", "> 2");

/// A Prometheus that scrapes and judges every second.
pub(crate) struct Prometheus {
    client: Client,
    _process: PrivatePrometheus,
}

impl Prometheus {
    /// Scrapes the API service and the workers under the jobs that the repository's configuration has.
    pub(crate) async fn start(folder: &Path, api: SocketAddr, workers: &[SocketAddr]) -> Self {
        std::fs::write(folder.join("quick.rules.yml"), quick_rules()).unwrap();
        let mut configuration = "global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [quick.rules.yml]
scrape_configs:
"
        .to_owned();
        for (job, addresses) in [("api-service", &[api][..]), ("delivery-worker", workers)] {
            let targets: Vec<String> = addresses
                .iter()
                .map(|address| format!("\"{address}\""))
                .collect();
            let targets = targets.join(", ");
            writeln!(
                configuration,
                "  - {{job_name: {job}, static_configs: [{{targets: [{targets}]}}]}}"
            )
            .unwrap();
        }
        let file = folder.join("prometheus.yml");
        std::fs::write(&file, configuration).unwrap();
        let folder = folder.to_owned();
        let started = tokio::task::spawn_blocking(move || PrivatePrometheus::start(&folder, &file));
        let process = started.await.unwrap().unwrap();
        Self {
            client: Client::new(process.address(), None),
            _process: process,
        }
    }

    /// The result of an expression at this moment.
    pub(crate) async fn query(&self, expression: &str) -> Vec<Value> {
        let query: String = url::form_urlencoded::byte_serialize(expression.as_bytes()).collect();
        let (status, body) = self
            .client
            .get(&format!("/api/v1/query?query={query}"))
            .await
            .unwrap();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(status, 200, "{expression}: {answer}");
        answer["data"]["result"].as_array().unwrap().clone()
    }

    /// Whether an expression has a number at this moment.
    pub(crate) async fn has_data(&self, expression: &str) -> bool {
        let result = self.query(expression).await;
        result.iter().any(|series| {
            let value = series["value"][1].as_str().unwrap();
            !value.parse::<f64>().unwrap().is_nan()
        })
    }

    /// The names of the alerts that fire.
    pub(crate) async fn firing(&self) -> BTreeSet<String> {
        let firing = self.query("ALERTS{alertstate=\"firing\"}").await;
        let names = firing
            .iter()
            .map(|alert| alert["metric"]["alertname"].as_str());
        names.map(|name| name.unwrap().to_owned()).collect()
    }
}

/// The rules of the repository, but for their durations.
fn quick_rules() -> String {
    let rules = std::fs::read_to_string(root().join(RULES)).unwrap();
    assert!(rules.contains(LONG.0));
    let lines = rules.lines().map(|line| match line.split_once("for: ") {
        Some((before, _)) => format!("{before}for: {FOR}\n"),
        None => format!("{}\n", line.replace(LONG.0, LONG.1)),
    });
    lines.collect()
}
