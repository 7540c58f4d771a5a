//! The bare loop: the least program with lapin and hyper that consumes, POSTs and acks. It decides
//! nothing, signs nothing, counts nothing and gives up at the first failure.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lapin::Channel;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use tests::broker;
use tokio::sync::mpsc;

use crate::arguments::Work;

/// Unacked messages, as many as a worker's `queue.prefetch`.
const PREFETCH: u16 = 1_024;
/// Requests under way, as many as a worker's `delivery.permits_max`.
pub(crate) const REQUESTS: usize = 64;

/// Runs until it is killed.
pub(crate) async fn run(work: Work) {
    let (_connection, channel) = broker::channel(&work.amqp_url).await;
    channel
        .basic_qos(PREFETCH, BasicQosOptions::default())
        .await
        .expect("the broker takes the prefetch");
    let consumer = channel
        .basic_consume(
            work.queue.into(),
            "bare-loop".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await
        .expect("the queue can be consumed");
    let url: Uri = work.receiver.parse().expect("the receiver has a URL");
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(REQUESTS)
        .build(connector);
    let (posted, posts) = mpsc::unbounded_channel();
    tokio::spawn(ack(channel, posts));
    consumer
        .for_each_concurrent(REQUESTS, |arrived| {
            let delivery = arrived.expect("the broker goes on");
            post(&client, &url, delivery, &posted)
        })
        .await;
}

async fn post(
    client: &Client<HttpConnector, Full<Bytes>>,
    url: &Uri,
    delivery: Delivery,
    posted: &mpsc::UnboundedSender<u64>,
) {
    let request = Request::post(url.clone())
        .header("content-type", "application/json")
        .body(Full::new(delivery.data.into()))
        .expect("it is a request");
    let response = client.request(request).await.expect("the receiver answers");
    assert!(response.status().is_success());
    let body = response.into_body().collect().await;
    body.expect("the receiver's answer ends");
    let _ = posted.send(delivery.delivery_tag);
}

/// Acks all that follow one another at once.
async fn ack(channel: Channel, mut posts: mpsc::UnboundedReceiver<u64>) {
    let (mut batch, mut ahead, mut told) = (Vec::new(), BTreeSet::new(), 0);
    while posts.recv_many(&mut batch, usize::from(PREFETCH)).await > 0 {
        ahead.extend(batch.drain(..));
        let mut upto = told;
        while ahead.remove(&(upto + 1)) {
            upto += 1;
        }
        if upto > told {
            told = upto;
            let options = BasicAckOptions { multiple: true };
            let acked = channel.basic_ack(upto, options).await;
            acked.expect("the broker takes an ack");
        }
    }
}
