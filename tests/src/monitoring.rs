//! What Grafana is given: dashboards, and the expressions in them.

use serde_json::Value;

use crate::repository::{files_below, root};

/// The folder of the dashboards.
pub const DASHBOARDS: &str = "monitoring/grafana/dashboards";

/// Every dashboard with its path from the top of the repository.
pub fn dashboards() -> Vec<(String, Value)> {
    let dashboards: Vec<(String, Value)> = files_below(DASHBOARDS)
        .into_iter()
        .map(|path| {
            let name = path
                .strip_prefix(root())
                .expect("it is in the repository")
                .display()
                .to_string();
            let text = std::fs::read_to_string(&path).expect("it can be read");
            let dashboard =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, dashboard)
        })
        .collect();
    assert!(!dashboards.is_empty(), "there are no dashboards");
    dashboards
}

/// The panels of a dashboard.
pub fn panels(dashboard: &Value) -> &[Value] {
    let panels = dashboard["panels"].as_array();
    panels.expect("a dashboard has panels")
}

/// Whether a panel is a list of alerts: it asks for no numbers, and shows none.
pub fn lists_alerts(panel: &Value) -> bool {
    panel["type"] == "alertlist"
}

/// Every expression of the dashboards, with the dashboard and the panel that it is of.
pub fn expressions() -> Vec<(String, String)> {
    let mut expressions = Vec::new();
    for (path, dashboard) in dashboards() {
        for panel in panels(&dashboard)
            .iter()
            .filter(|panel| !lists_alerts(panel))
        {
            let place = format!("{path}: {}", panel["title"]);
            let targets = panel["targets"].as_array().cloned().unwrap_or_default();
            assert!(!targets.is_empty(), "{place} asks for nothing");
            for target in targets {
                let expression = target["expr"].as_str();
                let expression = expression.unwrap_or_else(|| panic!("{place}: {target}"));
                expressions.push((place.clone(), expression.to_owned()));
            }
        }
    }
    expressions
}
