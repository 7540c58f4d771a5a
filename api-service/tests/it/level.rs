//! Group and instance level side by side, so that a rule which is the same on both is written once.

use api_service::auth::Caller;
use api_service::domain::AccessLevel;
use serde_json::{Map, Value, json};

use crate::databases::{Settings, on_every_database_with};
use crate::stage::{Answer, GROUP, Stage};

/// What is answered to who may not know whether something exists.
pub(crate) const NO_RESOURCE: &str = "The resource that you are attempting to access does not exist or you don't have permission to perform this action";
/// What is answered to who may not use the mutations of the instance.
pub(crate) const NO_ACCESS: &str = "You do not have access to this mutation.";

/// What is answered to a token that is not for the GraphQL API.
pub(crate) const NO_API_SCOPE: &str = "The token does not have the scope API";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Group,
    Instance,
}

/// Runs a test on both levels and every database; the caller may administer the level.
pub(crate) async fn on_both_levels(test: impl AsyncFn(&Stage, Level, &Caller)) {
    on_both_levels_with(&[], test).await;
}

/// As [`on_both_levels`], with further settings.
pub(crate) async fn on_both_levels_with(
    settings: Settings<'_>,
    test: impl AsyncFn(&Stage, Level, &Caller),
) {
    for level in [Level::Group, Level::Instance] {
        on_every_database_with(settings, async |stage| {
            let administrator = match level {
                Level::Group => stage.member(GROUP, AccessLevel::Owner).await,
                Level::Instance => stage.user("ada", true).await,
            };
            test(stage, level, &administrator).await;
        })
        .await;
    }
}

impl Level {
    /// Name of a destination's object, as in `externalAuditEventDestination`.
    pub(crate) fn object(self) -> &'static str {
        match self {
            Self::Group => "externalAuditEventDestination",
            Self::Instance => "instanceExternalAuditEventDestination",
        }
    }

    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Group => "AuditEvents::ExternalAuditEventDestination",
            Self::Instance => "AuditEvents::InstanceExternalAuditEventDestination",
        }
    }

    /// What is answered to who may not administer the level.
    pub(crate) fn refusal(self) -> &'static str {
        match self {
            Self::Group => NO_RESOURCE,
            Self::Instance => NO_ACCESS,
        }
    }

    /// What an audit message begins with, after its verb.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Group => "event streaming destination",
            Self::Instance => "instance event streaming destination",
        }
    }

    /// Makes a destination; `more` are arguments beside the URL.
    pub(crate) async fn create(
        self,
        stage: &Stage,
        caller: &Caller,
        url: &str,
        more: Value,
    ) -> Answer {
        let object = self.object();
        let field = format!("{object}Create");
        let input_type = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
        let query = format!(
            "mutation($input: {input_type}!) {{ {field}(input: $input) {{ errors clientMutationId {object} {{ {FIELDS} }} }} }}"
        );
        let mut input = Map::new();
        input.insert("destinationUrl".to_owned(), url.into());
        if self == Self::Group {
            input.insert("groupPath".to_owned(), GROUP.into());
        }
        input.extend(more.as_object().unwrap().clone());
        stage.run(caller, &query, json!({ "input": input })).await
    }

    /// Makes a destination and gives its object.
    pub(crate) async fn created(
        self,
        stage: &Stage,
        caller: &Caller,
        url: &str,
        more: Value,
    ) -> Value {
        let answer = self.create(stage, caller, url, more).await;
        let payload = &answer.data()[format!("{}Create", self.object())];
        assert_eq!(payload["errors"], json!([]));
        payload[self.object()].clone()
    }

    pub(crate) async fn destroy(self, stage: &Stage, caller: &Caller, id: &str) -> Answer {
        let field = format!("{}Destroy", self.object());
        let query = format!(
            "mutation {{ {field}(input: {{id: \"{id}\", clientMutationId: \"m\"}}) {{ errors clientMutationId }} }}"
        );
        stage.run(caller, &query, json!({})).await
    }

    /// The connection of the level's destinations.
    pub(crate) async fn list(self, stage: &Stage, caller: &Caller, arguments: &str) -> Answer {
        let field = format!(
            "{}s{arguments} {{ nodes {{ {FIELDS} headers {{ nodes {{ id key value active }} }} }} edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}",
            self.object()
        );
        let query = match self {
            Self::Group => format!("{{ group(fullPath: \"{GROUP}\") {{ {field} }} }}"),
            Self::Instance => format!("{{ {field} }}"),
        };
        let mut answer = stage.run(caller, &query, json!({})).await;
        let connection = match self {
            Self::Group => &answer.data["group"]["externalAuditEventDestinations"],
            Self::Instance => &answer.data["instanceExternalAuditEventDestinations"],
        };
        answer.data = connection.clone();
        answer
    }
}

/// What tests look at in a destination.
const FIELDS: &str = "id name destinationUrl verificationToken active eventTypeFilters";
