//! The four surfaces on which the same destination can be managed, so that a rule which is the same on
//! several is written once.

use api_service::auth::Caller;
use api_service::domain::AccessLevel;
use serde_json::{Map, Value, json};

use crate::databases::{Settings, on_every_database_with};
use crate::level::{Level, NO_ACCESS, NO_RESOURCE};
use crate::stage::{Answer, GROUP, Stage};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surface {
    LegacyGroup,
    LegacyInstance,
    ConsolidatedGroup,
    ConsolidatedInstance,
}

/// What a destination is to be; none: nothing is said of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) url: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) token: Option<&'a str>,
    pub(crate) active: Option<bool>,
}

/// What a mutation answered, wherever the surface puts its errors.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The destination as the payload has it, with the legacy names of its fields.
    pub(crate) destination: Value,
    /// What was wrong, without what stands before it on some surfaces.
    pub(crate) errors: Vec<String>,
}

/// Runs a test on every surface and every database; the caller may administer it.
pub(crate) async fn on_every_surface(test: impl AsyncFn(&Stage, Surface, &Caller)) {
    on_every_surface_with(&[], test).await;
}

/// As [`on_every_surface`], with further settings.
pub(crate) async fn on_every_surface_with(
    settings: Settings<'_>,
    test: impl AsyncFn(&Stage, Surface, &Caller),
) {
    for surface in Surface::ALL {
        on_every_database_with(settings, async |stage| {
            let administrator = surface.administrator(stage).await;
            test(stage, surface, &administrator).await;
        })
        .await;
    }
}

impl Surface {
    pub(crate) const ALL: [Self; 4] = [
        Self::LegacyGroup,
        Self::LegacyInstance,
        Self::ConsolidatedGroup,
        Self::ConsolidatedInstance,
    ];

    pub(crate) fn level(self) -> Level {
        match self {
            Self::LegacyGroup | Self::ConsolidatedGroup => Level::Group,
            Self::LegacyInstance | Self::ConsolidatedInstance => Level::Instance,
        }
    }

    pub(crate) fn is_legacy(self) -> bool {
        matches!(self, Self::LegacyGroup | Self::LegacyInstance)
    }

    /// The other surface of the same level.
    pub(crate) fn sibling(self) -> Self {
        match self {
            Self::LegacyGroup => Self::ConsolidatedGroup,
            Self::LegacyInstance => Self::ConsolidatedInstance,
            Self::ConsolidatedGroup => Self::LegacyGroup,
            Self::ConsolidatedInstance => Self::LegacyInstance,
        }
    }

    pub(crate) async fn administrator(self, stage: &Stage) -> Caller {
        match self.level() {
            Level::Group => stage.member(GROUP, AccessLevel::Owner).await,
            Level::Instance => stage.user("ada", true).await,
        }
    }

    /// Class of its destinations' ids.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::LegacyGroup | Self::LegacyInstance => self.level().class(),
            Self::ConsolidatedGroup => "AuditEvents::Group::ExternalStreamingDestination",
            Self::ConsolidatedInstance => "AuditEvents::Instance::ExternalStreamingDestination",
        }
    }

    pub(crate) fn id(self, number: i64) -> String {
        format!("gid://gitlab/{}/{number}", self.class())
    }

    /// What the names of its mutations of destinations begin with.
    fn stem(self) -> &'static str {
        match self {
            Self::LegacyGroup | Self::LegacyInstance => self.level().object(),
            Self::ConsolidatedGroup => "groupAuditEventStreamingDestinations",
            Self::ConsolidatedInstance => "instanceAuditEventStreamingDestinations",
        }
    }

    /// The payload's field with the destination.
    fn object(self) -> &'static str {
        match self {
            Self::LegacyGroup | Self::LegacyInstance => self.level().object(),
            _ => "externalAuditEventDestination",
        }
    }

    pub(crate) fn create_mutation(self) -> String {
        format!("{}Create", self.stem())
    }

    pub(crate) fn update_mutation(self) -> String {
        format!("{}Update", self.stem())
    }

    pub(crate) fn destroy_mutation(self) -> String {
        let verb = if self.is_legacy() {
            "Destroy"
        } else {
            "Delete"
        };
        format!("{}{verb}", self.stem())
    }

    pub(crate) fn events_add(self) -> &'static str {
        match self {
            Self::LegacyGroup => "auditEventsStreamingDestinationEventsAdd",
            Self::LegacyInstance => "auditEventsStreamingDestinationInstanceEventsAdd",
            Self::ConsolidatedGroup => "auditEventsGroupDestinationEventsAdd",
            Self::ConsolidatedInstance => "auditEventsInstanceDestinationEventsAdd",
        }
    }

    pub(crate) fn events_remove(self) -> &'static str {
        match self {
            Self::LegacyGroup => "auditEventsStreamingDestinationEventsRemove",
            Self::LegacyInstance => "auditEventsStreamingDestinationInstanceEventsRemove",
            Self::ConsolidatedGroup => "auditEventsGroupDestinationEventsDelete",
            Self::ConsolidatedInstance => "auditEventsInstanceDestinationEventsDelete",
        }
    }

    /// What is answered to who may not make, change or remove a destination.
    pub(crate) fn refusal(self) -> &'static str {
        match self {
            Self::LegacyInstance => NO_ACCESS,
            _ => NO_RESOURCE,
        }
    }

    /// The fields of a destination under the legacy names.
    fn selection(self) -> &'static str {
        if self.is_legacy() {
            "id name destinationUrl verificationToken active eventTypeFilters signingSecret"
        } else {
            "id name config verificationToken: secretToken active eventTypeFilters signingSecret category"
        }
    }

    fn input(self, wanted: &Wanted<'_>) -> Map<String, Value> {
        let mut input = Map::new();
        let mut insert = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                input.insert(key.to_owned(), value);
            }
        };
        insert("name", wanted.name.map(Into::into));
        insert("active", wanted.active.map(Into::into));
        if self.is_legacy() {
            insert("destinationUrl", wanted.url.map(Into::into));
            insert("verificationToken", wanted.token.map(Into::into));
        } else {
            insert("config", wanted.url.map(|url| json!({ "url": url })));
            insert("secretToken", wanted.token.map(Into::into));
        }
        input
    }

    pub(crate) async fn create(
        self,
        stage: &Stage,
        caller: &Caller,
        wanted: &Wanted<'_>,
    ) -> Outcome {
        let mut input = self.input(wanted);
        if !self.is_legacy() {
            input.insert("category".to_owned(), "http".into());
        }
        if self.level() == Level::Group {
            input.insert("groupPath".to_owned(), GROUP.into());
        }
        self.change(stage, caller, &self.create_mutation(), input)
            .await
    }

    /// Makes a destination with this URL and gives it.
    pub(crate) async fn created(self, stage: &Stage, caller: &Caller, url: &str) -> Value {
        let wanted = Wanted {
            url: Some(url),
            ..Wanted::default()
        };
        let outcome = self.create(stage, caller, &wanted).await;
        assert_eq!(outcome.errors, Vec::<String>::new(), "{self:?}");
        outcome.destination
    }

    pub(crate) async fn update(
        self,
        stage: &Stage,
        caller: &Caller,
        id: &str,
        wanted: &Wanted<'_>,
    ) -> Outcome {
        let mut input = self.input(wanted);
        input.insert("id".to_owned(), id.into());
        self.change(stage, caller, &self.update_mutation(), input)
            .await
    }

    async fn change(
        self,
        stage: &Stage,
        caller: &Caller,
        mutation: &str,
        input: Map<String, Value>,
    ) -> Outcome {
        let selection = format!("errors {} {{ {} }}", self.object(), self.selection());
        let answer = mutate(stage, caller, mutation, &selection, input.into()).await;
        Outcome {
            errors: errors(&answer),
            destination: normalized(answer.data[self.object()].clone()),
        }
    }

    pub(crate) async fn destroy(self, stage: &Stage, caller: &Caller, id: &str) -> Answer {
        let input = json!({"id": id, "clientMutationId": "m"});
        let selection = "errors clientMutationId";
        mutate(stage, caller, &self.destroy_mutation(), selection, input).await
    }

    /// Adds event-type filters: a list, or whatever else a client may send for one.
    pub(crate) async fn add_event_types(
        self,
        stage: &Stage,
        caller: &Caller,
        id: &str,
        filters: Value,
    ) -> Answer {
        let selection = "errors clientMutationId eventTypeFilters";
        let input = event_types_input(id, &filters);
        mutate(stage, caller, self.events_add(), selection, input).await
    }

    /// Removes event-type filters.
    pub(crate) async fn remove_event_types(
        self,
        stage: &Stage,
        caller: &Caller,
        id: &str,
        filters: Value,
    ) -> Answer {
        let selection = "errors clientMutationId";
        let input = event_types_input(id, &filters);
        mutate(stage, caller, self.events_remove(), selection, input).await
    }

    /// The destinations that the list has, under the legacy names; null where there is no list.
    pub(crate) async fn list(self, stage: &Stage, caller: &Caller) -> Value {
        let nodes = format!("nodes {{ {} }}", self.selection());
        let answer = self.connection(stage, caller, "", &nodes).await;
        match answer.data()["nodes"].as_array() {
            Some(nodes) => nodes.iter().map(|node| normalized(node.clone())).collect(),
            None => Value::Null,
        }
    }

    /// The connection of the destinations; the answer's data is what is selected of it.
    pub(crate) async fn connection(
        self,
        stage: &Stage,
        caller: &Caller,
        arguments: &str,
        selection: &str,
    ) -> Answer {
        let list = match self {
            Self::LegacyGroup => "externalAuditEventDestinations",
            Self::LegacyInstance => "instanceExternalAuditEventDestinations",
            Self::ConsolidatedGroup => "externalAuditEventStreamingDestinations",
            Self::ConsolidatedInstance => "auditEventsInstanceStreamingDestinations",
        };
        let list = format!("list: {list}{arguments} {{ {selection} }}");
        let query = match self.level() {
            Level::Group => format!("{{ at: group(fullPath: \"{GROUP}\") {{ {list} }} }}"),
            Level::Instance => format!("{{ {list} }}"),
        };
        let mut answer = stage.run(caller, &query, json!({})).await;
        answer.data = match self.level() {
            Level::Group => answer.data["at"]["list"].clone(),
            Level::Instance => answer.data["list"].clone(),
        };
        answer
    }
}

/// Calls one mutation; the answer's data is its payload.
pub(crate) async fn mutate(
    stage: &Stage,
    caller: &Caller,
    field: &str,
    selection: &str,
    input: Value,
) -> Answer {
    // The one field whose type is spelled otherwise.
    let stem = field.replace("HttpNamespace", "HTTPNamespace");
    let input_type = format!("{}{}Input", stem[..1].to_uppercase(), &stem[1..]);
    let query =
        format!("mutation($input: {input_type}!) {{ {field}(input: $input) {{ {selection} }} }}");
    let mut answer = stage.run(caller, &query, json!({ "input": input })).await;
    answer.data = answer.data[field].clone();
    answer
}

/// What was wrong, from the payload or from the top.
fn errors(answer: &Answer) -> Vec<String> {
    let in_payload = answer.data["errors"].as_array();
    let in_payload = in_payload.into_iter().flatten().map(Value::as_str);
    let at_top = answer.errors.iter().map(|error| error["message"].as_str());
    let sentences = in_payload.chain(at_top).map(Option::unwrap);
    sentences
        .flat_map(
            |sentence| match sentence.strip_prefix("Validation failed: ") {
                Some(sentences) => sentences.split(", ").map(str::to_owned).collect(),
                None => vec![sentence.to_owned()],
            },
        )
        .collect()
}

/// A destination under the legacy names.
fn normalized(mut destination: Value) -> Value {
    if let Some(object) = destination.as_object_mut()
        && let Some(config) = object.get("config")
    {
        let url = config["url"].clone();
        object.insert("destinationUrl".to_owned(), url);
    }
    destination
}

fn event_types_input(id: &str, filters: &Value) -> Value {
    json!({"destinationId": id, "eventTypeFilters": filters, "clientMutationId": "m"})
}

/// Number of a global id.
pub(crate) fn number(id: &Value) -> i64 {
    let id = id.as_str().unwrap();
    id.rsplit('/').next().unwrap().parse().unwrap()
}
