//! What the tests do as an admin, over GraphQL and HTTP.

use serde_json::{Value, json};
use standalone::client::{Answer, Client};

/// What an admin does, in one call each; every call must succeed.
pub trait Administer {
    /// Makes a group, at the top or in another one.
    fn create_group(&self, path: &str, parent: Option<&str>) -> impl Future<Output = ()> + Send;
    /// Makes a user who owns a group, and returns a token.
    fn create_owner(&self, username: &str, group: &str) -> impl Future<Output = String> + Send;
    /// Makes a user the owner of one more group.
    fn add_owner(&self, username: &str, group: &str) -> impl Future<Output = ()> + Send;
    /// Makes a destination of a group, and returns it.
    fn create_group_destination(
        &self,
        group: &str,
        url: &str,
    ) -> impl Future<Output = Value> + Send;
    /// The given fields of each destination of a group, the oldest first.
    fn group_destinations(
        &self,
        group: &str,
        fields: &str,
    ) -> impl Future<Output = Vec<Value>> + Send;
    /// Lets a destination of a group be sent to, or not.
    fn set_active(&self, id: &Value, active: bool) -> impl Future<Output = ()> + Send;
    /// Makes a destination of the instance, and returns it.
    fn create_instance_destination(&self, url: &str) -> impl Future<Output = Value> + Send;
    /// Destroys a destination of a group.
    fn destroy_group_destination(&self, id: &Value) -> impl Future<Output = ()> + Send;
    /// Publishes events over HTTP; they must be accepted.
    fn publish_all(&self, events: Vec<Value>) -> impl Future<Output = ()> + Send;
}

impl Administer for Client {
    async fn create_group(&self, path: &str, parent: Option<&str>) {
        let document = "mutation($input: GroupCreateInput!) { groupCreate(input: $input) { errors group { id } } }";
        let input = json!({"path": path, "name": path, "parentPath": parent});
        must(self, document, json!({"input": input})).await;
    }

    async fn create_owner(&self, username: &str, group: &str) -> String {
        let document = "mutation($user: UserCreateInput!, $member: GroupMemberSetInput!, $token: AccessTokenCreateInput!) {
            userCreate(input: $user) { errors }
            groupMemberSet(input: $member) { errors }
            accessTokenCreate(input: $token) { errors token }
        }";
        let variables = json!({
            "user": {"username": username, "name": username},
            "member": {"groupPath": group, "username": username, "accessLevel": "OWNER"},
            "token": {"username": username, "name": "test", "scopes": ["API", "PUBLISH"]},
        });
        let data = must(self, document, variables).await;
        let token = data["accessTokenCreate"]["token"].as_str();
        token.expect("a token is a text").to_owned()
    }

    async fn add_owner(&self, username: &str, group: &str) {
        let document =
            "mutation($input: GroupMemberSetInput!) { groupMemberSet(input: $input) { errors } }";
        let input = json!({"groupPath": group, "username": username, "accessLevel": "OWNER"});
        must(self, document, json!({"input": input})).await;
    }

    async fn create_group_destination(&self, group: &str, url: &str) -> Value {
        let document = "mutation($input: ExternalAuditEventDestinationCreateInput!) {
            externalAuditEventDestinationCreate(input: $input) {
                errors externalAuditEventDestination { id name destinationUrl verificationToken }
            }
        }";
        let input = json!({"groupPath": group, "destinationUrl": url});
        let mut data = must(self, document, json!({"input": input})).await;
        data["externalAuditEventDestinationCreate"]["externalAuditEventDestination"].take()
    }

    async fn group_destinations(&self, group: &str, fields: &str) -> Vec<Value> {
        let document = format!(
            "query($group: ID!) {{ group(fullPath: $group) {{
                externalAuditEventDestinations {{ nodes {{ {fields} }} }}
            }} }}"
        );
        let mut data = must(self, &document, json!({ "group": group })).await;
        match data["group"]["externalAuditEventDestinations"]["nodes"].take() {
            Value::Array(nodes) => nodes,
            other => panic!("no list: {other}"),
        }
    }

    async fn set_active(&self, id: &Value, active: bool) {
        let document = "mutation($input: ExternalAuditEventDestinationUpdateInput!) {
            externalAuditEventDestinationUpdate(input: $input) { errors }
        }";
        let input = json!({"id": id, "active": active});
        must(self, document, json!({"input": input})).await;
    }

    async fn create_instance_destination(&self, url: &str) -> Value {
        let document = "mutation($input: InstanceExternalAuditEventDestinationCreateInput!) {
            instanceExternalAuditEventDestinationCreate(input: $input) {
                errors instanceExternalAuditEventDestination { id name destinationUrl verificationToken }
            }
        }";
        let mut data = must(self, document, json!({"input": {"destinationUrl": url}})).await;
        data["instanceExternalAuditEventDestinationCreate"]["instanceExternalAuditEventDestination"]
            .take()
    }

    async fn destroy_group_destination(&self, id: &Value) {
        let document = "mutation($input: ExternalAuditEventDestinationDestroyInput!) {
            externalAuditEventDestinationDestroy(input: $input) { errors }
        }";
        must(self, document, json!({"input": {"id": id}})).await;
    }

    async fn publish_all(&self, events: Vec<Value>) {
        let answer = self
            .publish(&Value::from(events))
            .await
            .expect("the API answers");
        assert_eq!(answer.status, 202, "{}", answer.body);
    }
}

async fn must(client: &Client, document: &str, variables: Value) -> Value {
    client
        .graphql_ok(document, variables)
        .await
        .expect("the API takes what an admin asks")
}

/// The messages of the errors at the top of an answer.
pub fn messages(answer: &Answer) -> Vec<String> {
    answer.body["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|error| error["message"].as_str().map(str::to_owned))
        .collect()
}
