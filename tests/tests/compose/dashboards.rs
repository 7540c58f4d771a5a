//! The dashboards show metrics that the services have.

use std::collections::BTreeSet;

use shared::config::{Config, Source};
use tests::monitoring::{self, DASHBOARDS, dashboards, lists_alerts, panels};

use crate::{repository, stack};

/// Where the services' own metrics are registered.
const SOURCES: [&str; 3] = ["api-service/src", "delivery-worker/src", "shared/src"];

/// Every name that the code gives a metric.
fn registered() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in SOURCES.into_iter().flat_map(repository::files_below) {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let literals = text.split("\"auditstream_").skip(1);
        names.extend(literals.filter_map(|rest| {
            let (name, _) = rest.split_once('"')?;
            let whole = name.bytes().all(|byte| is_of_a_name(byte as char));
            whole.then(|| format!("auditstream_{name}"))
        }));
    }
    names
}

fn is_of_a_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// Every query of the dashboards.
fn queries() -> Vec<String> {
    let expressions = monitoring::expressions();
    expressions.into_iter().map(|(_, query)| query).collect()
}

/// The metrics of ours that a query reads, without what a histogram adds to its name.
fn metrics(query: &str) -> BTreeSet<&str> {
    query
        .split(|character| !is_of_a_name(character))
        .filter(|word| word.starts_with("auditstream_"))
        .map(|word| {
            ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|suffix| word.strip_suffix(suffix))
                .unwrap_or(word)
        })
        .collect()
}

#[test]
fn the_metrics_of_a_query_are_found() {
    assert_eq!(
        Vec::from_iter(metrics(
            "sum by (le) (rate(auditstream_a_seconds_bucket{job=\"x\"}[1m])) / max(auditstream_b) + up"
        )),
        ["auditstream_a_seconds", "auditstream_b"]
    );
}

#[test]
fn every_metric_on_a_dashboard_is_registered_in_the_code() {
    let registered = registered();
    let shown: BTreeSet<String> = queries()
        .iter()
        .flat_map(|query| metrics(query))
        .map(str::to_owned)
        .collect();
    assert!(!shown.is_empty());
    let unknown: Vec<&String> = shown.difference(&registered).collect();
    assert!(unknown.is_empty(), "no such metrics: {unknown:?}");
}

#[test]
fn every_job_that_a_query_names_is_scraped() {
    let scraped = repository::yaml("monitoring/prometheus.yml");
    let scraped: Vec<&str> = scraped["scrape_configs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["job_name"].as_str().unwrap())
        .collect();
    for query in queries() {
        for job in jobs(&query) {
            assert!(scraped.contains(&job), "{job}");
        }
    }
}

/// The jobs that the matchers in a text name.
fn jobs(text: &str) -> BTreeSet<&str> {
    let matchers = text.split("job=").skip(1);
    matchers
        .flat_map(|matcher| {
            let jobs = matcher.trim_start_matches('~').trim_start_matches('"');
            jobs.split('"').next().unwrap().split('|')
        })
        .collect()
}

#[test]
fn the_document_gives_the_names_that_rules_and_dashboards_go_by() {
    let rules = repository::text("monitoring/rules/auditstream.rules.yml");
    let document = repository::text("docs/metrics.md");
    let blocks = document.split("```yaml\n").skip(1);
    let examples: Vec<serde_json::Value> = blocks
        .map(|block| serde_saphyr::from_str(block.split("```").next().unwrap()).unwrap())
        .collect();
    let [apart, in_one_process, grafana] = &examples[..] else {
        panic!("other examples: {examples:?}");
    };
    for example in [apart, in_one_process] {
        let scraped = example["scrape_configs"].as_array().unwrap().iter();
        let scraped: BTreeSet<&str> = scraped
            .map(|job| job["job_name"].as_str().unwrap())
            .collect();
        assert_eq!(scraped, jobs(&rules));
    }
    let config = Config::from_source(&Source::default(), Vec::new()).unwrap();
    for (number, bind) in [(0, config.api.bind), (1, config.worker.bind)] {
        let job = &in_one_process["scrape_configs"][number];
        assert_eq!(job["static_configs"][0]["targets"][0], bind.to_string());
    }
    let sources = repository::yaml("monitoring/grafana/provisioning/datasources/prometheus.yml");
    for key in ["uid", "type"] {
        assert_eq!(
            grafana["datasources"][0][key],
            sources["datasources"][0][key]
        );
    }
}

#[test]
fn the_dashboards_ask_the_data_source_that_is_provisioned() {
    let sources = repository::yaml("monitoring/grafana/provisioning/datasources/prometheus.yml");
    let source = &sources["datasources"][0];
    for (path, dashboard) in dashboards() {
        for panel in panels(&dashboard) {
            assert_eq!(panel["datasource"]["uid"], source["uid"], "{path}");
            assert_eq!(panel["datasource"]["type"], source["type"], "{path}");
        }
    }
    let port = source["url"].as_str().unwrap().rsplit(':').next().unwrap();
    let (_, _, inside) = stack::service("prometheus").published()[0];
    assert_eq!(port, inside.to_string());
}

#[test]
fn grafana_loads_dashboards_from_the_folder_that_is_mounted() {
    let providers = repository::yaml("monitoring/grafana/provisioning/dashboards/auditstream.yml");
    let folder = providers["providers"][0]["options"]["path"]
        .as_str()
        .unwrap()
        .to_owned();
    let grafana = stack::service("grafana");
    assert!(
        grafana.mounts().iter().any(|(source, target, _)| {
            *source == format!("./{DASHBOARDS}") && *target == folder
        })
    );
}

#[test]
fn prometheus_reads_the_rules_that_are_mounted() {
    let configuration = repository::yaml("monitoring/prometheus.yml");
    let files = repository::texts(&configuration["rule_files"]);
    let prometheus = stack::service("prometheus");
    let mounts = prometheus.mounts();
    let (source, folder, _) = mounts
        .iter()
        .find(|(source, _, _)| *source == "./monitoring/rules")
        .unwrap();
    assert_eq!(files, [format!("{folder}/*.rules.yml")]);
    let rules = repository::files_below(source.trim_start_matches("./"));
    let is_rule = |path: &std::path::PathBuf| path.to_str().unwrap().ends_with(".rules.yml");
    assert!(rules.iter().any(is_rule));
}

#[test]
fn a_series_of_one_destination_leads_to_the_dashboard_of_it() {
    let dashboards = dashboards();
    let has_variable = |dashboard: &serde_json::Value| {
        let variables = dashboard["templating"]["list"].as_array().unwrap();
        variables.iter().any(|one| one["name"] == "destination")
    };
    let (of_one, others): (Vec<_>, Vec<_>) = dashboards
        .iter()
        .partition(|(_, dashboard)| has_variable(dashboard));
    let [(_, of_one)] = of_one[..] else {
        panic!("one dashboard is of one destination");
    };
    let uid = of_one["uid"].as_str().unwrap();
    let expected = format!(
        "/d/{uid}?var-destination=${{__field.labels.destination_id}}&${{__url_time_range}}"
    );
    let mut leading = 0;
    for panel in others.iter().flat_map(|(_, dashboard)| panels(dashboard)) {
        if !panel["targets"].to_string().contains("destination_id") {
            continue;
        }
        let url = &panel["fieldConfig"]["defaults"]["links"][0]["url"];
        assert_eq!(*url, expected, "{}", panel["title"]);
        let description = panel["description"].as_str().unwrap();
        assert!(description.contains("auditstream status"), "{description}");
        leading += 1;
    }
    assert!(leading > 0);
}

#[test]
fn dashboards_are_told_apart_by_uid_and_title() {
    for key in ["uid", "title"] {
        let named: BTreeSet<String> = dashboards()
            .iter()
            .map(|(_, dashboard)| dashboard[key].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(named.len(), dashboards().len(), "{key}");
    }
}

#[test]
fn panels_are_told_apart_and_explained() {
    for (path, dashboard) in dashboards() {
        let panels = panels(&dashboard);
        let ids: BTreeSet<u64> = panels
            .iter()
            .map(|panel| panel["id"].as_u64().unwrap())
            .collect();
        assert_eq!(ids.len(), panels.len(), "{path}");
        for panel in panels {
            let mut texts = vec![&panel["title"], &panel["description"]];
            if !lists_alerts(panel) {
                texts.push(&panel["fieldConfig"]["defaults"]["unit"]);
            }
            for text in texts {
                let is_there = text.as_str().is_some_and(|text| !text.is_empty());
                assert!(is_there, "{path}: {panel}");
            }
        }
    }
}
