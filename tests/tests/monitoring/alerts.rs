//! The alert rules: their cases for `promtool`, their form, and what is written about them.

use serde_json::Value;
use tests::monitoring;
use tests::repository::{root, text};
use xtask::promtool;

use crate::prometheus::RULES;

/// Every alert of the rules.
fn alerts() -> Vec<Value> {
    let rules: Value = serde_saphyr::from_str(&text(RULES)).unwrap();
    let groups = rules["groups"].as_array().unwrap();
    let alerts: Vec<Value> = groups
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap().clone())
        .collect();
    assert!(!alerts.is_empty());
    alerts
}

fn name(alert: &Value) -> &str {
    alert["alert"].as_str().unwrap()
}

/// Every number that a rule compares with a limit, with the alert's name: an alert has a result only while
/// something is wrong, what it looks at always has.
pub(crate) fn compared() -> Vec<(String, String)> {
    let mut compared = Vec::new();
    for alert in alerts() {
        let lines = alert["expr"].as_str().unwrap().lines();
        for line in lines.filter(|line| !matches!(*line, "and" | "or")) {
            compared.push((name(&alert).to_owned(), number_of(line).to_owned()));
        }
    }
    compared
}

/// The left side of a comparison with a number, which every line of a rule is; or what `absent()` is asked of.
/// That has no result while all is well, so there is none to wait for: what it looks for must be there, or
/// it would fire for ever.
fn number_of(line: &str) -> &str {
    let looked_for = line.strip_prefix("absent(");
    if let Some(looked_for) = looked_for.and_then(|rest| rest.strip_suffix(')')) {
        return looked_for;
    }
    let sides = [" == ", " > "]
        .iter()
        .find_map(|comparison| line.rsplit_once(comparison));
    let (number, limit) = sides.unwrap_or_else(|| panic!("no comparison: {line}"));
    assert!(limit.parse::<f64>().is_ok(), "no limit: {line}");
    number
}

#[test]
fn a_rule_is_taken_apart_into_what_it_looks_at() {
    assert_eq!(
        number_of("sum(rate(a{b=\"c\"}[5m])) > 0"),
        "sum(rate(a{b=\"c\"}[5m]))"
    );
    assert_eq!(number_of("up{job=~\"a|b\"} == 0"), "up{job=~\"a|b\"}");
    assert_eq!(number_of("absent(up{job=\"a\"})"), "up{job=\"a\"}");
    let lines = compared().len();
    assert!(lines > alerts().len(), "rules that join two have more");
}

#[test]
fn the_list_on_a_dashboard_has_every_alert_that_fires() {
    let dashboards = monitoring::dashboards();
    let panels = dashboards
        .iter()
        .flat_map(|(_, dashboard)| monitoring::panels(dashboard));
    let lists: Vec<&Value> = panels
        .filter(|panel| monitoring::lists_alerts(panel))
        .collect();
    assert!(!lists.is_empty());
    for list in lists {
        let options = &list["options"];
        assert_eq!(options["stateFilter"]["firing"], true);
        let part = options["alertName"].as_str().unwrap();
        for alert in alerts() {
            assert!(name(&alert).contains(part), "{}", name(&alert));
        }
        assert!(options["maxItems"].as_u64().unwrap() >= alerts().len() as u64);
    }
}

#[test]
fn each_alert_fires_after_its_time_and_not_before() {
    let folder = root().join("monitoring/rules");
    promtool(&folder, &["check", "rules", "auditstream.rules.yml"]).unwrap();
    promtool(&folder, &["test", "rules", "auditstream.test.yml"]).unwrap();
}

#[test]
fn each_alert_has_a_case_for_firing_and_one_for_being_quiet() {
    let cases: Value =
        serde_saphyr::from_str(&text("monitoring/rules/auditstream.test.yml")).unwrap();
    let cases: Vec<Value> = cases["tests"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|test| test["alert_rule_test"].as_array().unwrap().clone())
        .collect();
    for alert in alerts() {
        let mut fires = false;
        let mut is_quiet = false;
        for case in cases
            .iter()
            .filter(|case| case["alertname"] == alert["alert"])
        {
            let expected = case["exp_alerts"].as_array().unwrap();
            fires |= !expected.is_empty();
            is_quiet |= expected.is_empty();
        }
        assert!(fires && is_quiet, "{}", name(&alert));
    }
}

#[test]
fn each_alert_says_what_to_do_and_has_its_place_in_the_document() {
    let document = text("docs/metrics.md");
    let headings: Vec<&str> = document
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let alerts = alerts();
    assert_eq!(headings, alerts.iter().map(name).collect::<Vec<_>>());
    for alert in &alerts {
        for annotation in ["summary", "runbook"] {
            let text = alert["annotations"][annotation].as_str();
            assert!(text.is_some_and(|text| !text.is_empty()), "{}", name(alert));
        }
        let severity = alert["labels"]["severity"].as_str();
        assert!(
            matches!(severity, Some("page" | "ticket")),
            "{}",
            name(alert)
        );
        assert!(alert["for"].is_string(), "{}", name(alert));
    }
}
