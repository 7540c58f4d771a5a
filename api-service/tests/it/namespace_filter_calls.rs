//! The calls for limiting destinations to groups and projects, on the surfaces that have them.

use api_service::auth::Caller;
use serde_json::{Value, json};

use crate::stage::{Answer, Stage};
use crate::surface::{Surface, mutate};

impl Surface {
    pub(crate) fn filter_mutations(self) -> [&'static str; 2] {
        match self {
            Self::ConsolidatedGroup => [
                "auditEventsGroupDestinationNamespaceFilterCreate",
                "auditEventsGroupDestinationNamespaceFilterDelete",
            ],
            Self::ConsolidatedInstance => [
                "auditEventsInstanceDestinationNamespaceFilterCreate",
                "auditEventsInstanceDestinationNamespaceFilterDelete",
            ],
            _ => [
                "auditEventsStreamingHttpNamespaceFiltersAdd",
                "auditEventsStreamingHttpNamespaceFiltersDelete",
            ],
        }
    }

    fn filter_class(self) -> &'static str {
        match self {
            Self::ConsolidatedGroup => "AuditEvents::Group::NamespaceFilter",
            Self::ConsolidatedInstance => "AuditEvents::Instance::NamespaceFilter",
            _ => "AuditEvents::Streaming::HTTP::NamespaceFilter",
        }
    }

    pub(crate) fn filter_id(self, number: i64) -> String {
        format!("gid://gitlab/{}/{number}", self.filter_class())
    }

    /// Limits a destination; a legacy caller says whether the path is a group's or a project's.
    pub(crate) async fn add_filter(
        self,
        stage: &Stage,
        caller: &Caller,
        id: &Value,
        path: &str,
    ) -> Answer {
        let argument = match self {
            Self::LegacyGroup if path.ends_with("site") => "projectPath",
            Self::LegacyGroup => "groupPath",
            _ => "namespacePath",
        };
        let back = if self.is_legacy() {
            "externalAuditEventDestination"
        } else {
            "externalStreamingDestination"
        };
        let selection = format!(
            "errors clientMutationId namespaceFilter {{ id namespace {{ id name path fullName fullPath }} destination: {back} {{ id }} }}"
        );
        let input = json!({"destinationId": id, argument: path, "clientMutationId": "m"});
        mutate(stage, caller, self.filter_mutations()[0], &selection, input).await
    }

    pub(crate) async fn filtered(
        self,
        stage: &Stage,
        caller: &Caller,
        id: &Value,
        path: &str,
    ) -> Value {
        let answer = self.add_filter(stage, caller, id, path).await;
        assert_eq!(answer.data()["errors"], json!([]), "{answer:?}");
        answer.data["namespaceFilter"].clone()
    }

    pub(crate) async fn delete_filter(self, stage: &Stage, caller: &Caller, id: &str) -> Answer {
        let input = json!({"namespaceFilterId": id, "clientMutationId": "m"});
        let selection = "errors clientMutationId";
        mutate(stage, caller, self.filter_mutations()[1], selection, input).await
    }

    /// Full paths that the only destination is limited to, as the list has them.
    pub(crate) async fn listed_filters(self, stage: &Stage, caller: &Caller) -> Value {
        let query = match self {
            Self::ConsolidatedInstance => {
                "{ list: auditEventsInstanceStreamingDestinations { nodes { filters: namespaceFilters { namespace { fullPath } } } } }"
            }
            Self::ConsolidatedGroup => {
                "{ at: group(fullPath: \"acme\") { list: externalAuditEventStreamingDestinations { nodes { filters: namespaceFilters { namespace { fullPath } } } } } }"
            }
            _ => {
                "{ at: group(fullPath: \"acme\") { list: externalAuditEventDestinations { nodes { filters: namespaceFilter { namespace { fullPath } } } } } }"
            }
        };
        let answer = stage.run(caller, query, json!({})).await;
        let data = answer.data();
        let list = data.get("list").unwrap_or_else(|| &data["at"]["list"]);
        let filters = list["nodes"][0]["filters"].clone();
        let filters = match filters {
            Value::Array(filters) => filters,
            Value::Null => Vec::new(),
            one => vec![one],
        };
        let paths = filters
            .iter()
            .map(|filter| filter["namespace"]["fullPath"].clone());
        paths.collect()
    }
}
