//! A pair with traffic of every kind: destinations that take events, that refuse them, that do so now and
//! then, and that are not there; events, calls, and what is none.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use standalone::client::Client;
use standalone::receiver::{Answer, Receiver};
use tests::backend::Backend;
use tests::broker::Producer;
use tests::events::event;
use tests::scenario::willing;
use tests::system::{Administer as _, Setup, System};
use tokio::task::JoinHandle;

/// How long between two rounds of traffic.
const PAUSE: Duration = Duration::from_millis(50);

/// The pair with its traffic, which goes on until it is stopped.
pub(crate) struct Busy {
    pub(crate) system: System,
    /// The number of the destination at which nobody listens.
    pub(crate) failing: String,
    _receivers: [Receiver; 2],
    traffic: JoinHandle<()>,
}

impl Busy {
    /// Begins everything but the traffic.
    pub(crate) async fn prepare() -> Prepared {
        let system = Setup::on(Backend::RabbitPostgres)
            .workers(2)
            .set("AUDITSTREAM_METRICS__REFRESH_INTERVAL", "200ms")
            // So that something is given up while the test lasts.
            .set("AUDITSTREAM_DELIVERY__RETENTION", "5s")
            .start()
            .await;
        system.ready().await;
        Prepared(system)
    }

    /// The API service and the workers, by where they listen.
    pub(crate) fn addresses(&self) -> (SocketAddr, Vec<SocketAddr>) {
        addresses(&self.system)
    }

    pub(crate) async fn stop(self) {
        self.traffic.abort();
        self.system.stop().await;
    }
}

/// The pair before its first event: what counts must be seen at zero.
pub(crate) struct Prepared(System);

impl Prepared {
    pub(crate) fn addresses(&self) -> (SocketAddr, Vec<SocketAddr>) {
        addresses(&self.0)
    }

    /// Makes destinations, and begins the traffic.
    pub(crate) async fn begin(self) -> Busy {
        let system = self.0;
        let client = system.client();
        client.create_group("acme", None).await;
        let (healthy, moody) = (willing(), moody());
        for url in [
            healthy.url("/"),
            moody.url("/now-and-then"),
            moody.url("/refused"),
        ] {
            client.create_group_destination("acme", &url).await;
        }
        let nobody = format!("http://{}/", nobody());
        let failing = client.create_group_destination("acme", &nobody).await;
        let traffic = traffic(client, system.producer().await);
        Busy {
            failing: number(&failing["id"]),
            _receivers: [healthy, moody],
            traffic: tokio::spawn(traffic),
            system,
        }
    }
}

fn addresses(system: &System) -> (SocketAddr, Vec<SocketAddr>) {
    let api = system.api.as_ref().unwrap().address();
    let workers = system.workers.iter().map(tests::process::Process::address);
    (api, workers.collect())
}

/// The number at the end of a global id.
pub(crate) fn number(id: &Value) -> String {
    id.as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

/// An address at which nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// Refuses everything at one path, and at the other each event twice before it takes it.
fn moody() -> Receiver {
    let tries: Mutex<HashMap<String, u32>> = Mutex::default();
    let answer: Answer = Arc::new(move |received| {
        if received.path == "/refused" {
            return 422;
        }
        let mut tries = tries.lock().unwrap();
        let tries = tries.entry(received.event_id.clone()).or_default();
        *tries += 1;
        if *tries > 2 { 200 } else { 503 }
    });
    Receiver::start(SocketAddr::from(([127, 0, 0, 1], 0)), answer).unwrap()
}

async fn traffic(client: Client, producer: Producer) {
    let mut round = 0_u64;
    loop {
        round += 1;
        let id = format!("event-{round}");
        client
            .publish_all(vec![event(&id, "acme", "user_created")])
            .await;
        let mut unknown = event(&id, "acme", "user_created");
        unknown["event_type"] = json!("no_such_type");
        client.publish(&unknown).await.unwrap();
        let input = json!({
            "authorId": "1", "authorName": "Ada", "entityId": "20", "entityType": "Group",
            "entityPath": "acme", "eventType": "user_created", "details": {},
        });
        let document = "mutation($input: AuditEventCreateInput!) { auditEventCreate(input: $input) { errors } }";
        for document in [
            document,
            "{ auditEventDefinitions(first: 1) { nodes { name } } }",
            "{ none }",
        ] {
            client
                .graphql(document, json!({"input": input}))
                .await
                .unwrap();
        }
        if round % 10 == 1 {
            producer.publish("user_created", b"no event").await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
