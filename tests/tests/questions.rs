//! What is asked over RabbitMQ is answered to who asked, and nothing that goes wrong with it touches the
//! queues of events.

use std::time::Duration;

use futures_util::future::join_all;
use lapin::BasicProperties;
use lapin::options::{BasicPublishOptions, QueueDeleteOptions};
use shared::queue::amqp::AmqpQueue;
use shared::queue::{
    Answer, Headers, Message, Question, Questions, Queue as _, Source, Target, Tried, Unanswered,
};
use tests::backend::service_url;
use tests::broker;
use tests::database::unique_name;
use tests::wait::{DEADLINE, until, within_deadline};

struct Fixture {
    url: String,
    prefix: String,
}

impl Fixture {
    fn new() -> Self {
        Self {
            url: service_url("TEST_AMQP_URL"),
            prefix: unique_name(),
        }
    }

    async fn open(&self) -> AmqpQueue {
        broker::queue(&self.url, &self.prefix).await
    }

    /// The queue of questions.
    fn questions(&self) -> String {
        format!("{}.tests", self.prefix)
    }

    /// What the broker says of that queue, when it is there.
    async fn messages_and_consumers(&self) -> Option<(u32, u32)> {
        broker::messages_and_consumers(&self.url, &self.questions()).await
    }

    async fn remove(&self) {
        broker::remove(&self.url, &self.prefix).await;
    }
}

fn message(number: u64) -> Message {
    let mut message = Message::new("user_created", format!("{{\"id\":{number}}}"));
    message.headers = Headers {
        destination_id: i64::try_from(number).ok(),
        config_version: Some(7),
        traceparent: Some("00-1-2-01".to_owned()),
        ..Headers::default()
    };
    message
}

fn tried(number: u64) -> Answer {
    Answer::Tried(Tried {
        status: Some(200),
        duration_ms: number,
        error: Some("täglich".to_owned()),
        response: Some("x".repeat(1024)),
    })
}

/// Tells that it was this question.
fn answer(question: Question) {
    let number = question.message.headers.destination_id;
    let number = number.and_then(|number| u64::try_from(number).ok());
    let number = number.expect("every question here has a number");
    let expected = message(number);
    assert_eq!(question.message.body, expected.body);
    assert_eq!(question.message.headers, expected.headers);
    question.answer(tried(number));
}

/// Asks, answers as another process would, and hears that.
async fn the_next_question_is_answered(queue: &AmqpQueue, questions: &mut Questions) {
    let (answered, ()) = tokio::join!(queue.ask(message(2), DEADLINE), async {
        answer(
            within_deadline("a question", questions.next())
                .await
                .expect("the queue is open"),
        );
    });
    assert_eq!(answered.expect("an answer"), tried(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_reaches_who_asked_for_it_whoever_answers() {
    let fixture = Fixture::new();
    let askers = [fixture.open().await, fixture.open().await];
    let workers = [fixture.open().await, fixture.open().await];
    let mut answering = Vec::new();
    for worker in &workers {
        let mut questions = worker.questions();
        answering.push(tokio::spawn(async move {
            while let Some(question) = questions.next().await {
                answer(question);
            }
        }));
    }
    let asked = (0..40).map(async |number| {
        let asker = &askers[usize::try_from(number).unwrap() % askers.len()];
        let answer = asker.ask(message(number), DEADLINE).await;
        assert_eq!(answer.unwrap(), tried(number));
    });
    within_deadline("the answers", join_all(asked)).await;
    for queue in askers.iter().chain(&workers) {
        queue.close().await;
    }
    // Whoever answers ends with the queue.
    for answering in answering {
        within_deadline("the end", answering).await.unwrap();
    }
    fixture.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_without_an_answer_ends_with_the_patience_and_is_not_looked_at_later() {
    let fixture = Fixture::new();
    let queue = fixture.open().await;
    let patience = Duration::from_millis(300);
    let late = queue.ask(message(1), patience).await;
    assert!(matches!(late, Err(Unanswered::TooLate(_))), "{late:?}");
    until("a queue without the question", async || {
        let (messages, _) = fixture.messages_and_consumers().await?;
        (messages == 0).then_some(())
    })
    .await;
    let mut questions = queue.questions();
    the_next_question_is_answered(&queue, &mut questions).await;
    queue.close().await;
    fixture.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_of_questions_that_was_deleted_is_declared_again_and_the_session_lives_on() {
    let fixture = Fixture::new();
    let queue = fixture.open().await;
    let mut questions = queue.questions();
    let mut deliveries = queue.consume(Source::Events, 10);
    let _ = queue.publish(Target::Events, message(1)).await.unwrap();
    let held = within_deadline("a delivery", deliveries.next())
        .await
        .unwrap();
    let (_connection, channel) = broker::channel(&fixture.url).await;
    until("the worker's consumer", async || {
        let (_, consumers) = fixture.messages_and_consumers().await?;
        (consumers == 1).then_some(())
    })
    .await;
    channel
        .queue_delete(fixture.questions().into(), QueueDeleteOptions::default())
        .await
        .unwrap();
    the_next_question_is_answered(&queue, &mut questions).await;
    // The session that brought it is the one that there was.
    assert!(!held.over().is_cancelled());
    drop(held);
    queue.close().await;
    fixture.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_asks_for_no_answer_is_left_out_and_holds_up_nobody() {
    let fixture = Fixture::new();
    let queue = fixture.open().await;
    let mut questions = queue.questions();
    // It declares the queue.
    let (answered, ()) = tokio::join!(queue.ask(message(1), DEADLINE), async {
        answer(
            within_deadline("a question", questions.next())
                .await
                .unwrap(),
        );
    });
    assert_eq!(answered.unwrap(), tried(1));
    let (_connection, channel) = broker::channel(&fixture.url).await;
    let elsewhere =
        BasicProperties::default().with_reply_to(format!("{}.events", fixture.prefix).into());
    for properties in [BasicProperties::default(), elsewhere] {
        channel
            .basic_publish(
                "".into(),
                fixture.questions().into(),
                BasicPublishOptions::default(),
                b"{}",
                properties.with_expiration("20000".into()),
            )
            .await
            .unwrap();
    }
    the_next_question_is_answered(&queue, &mut questions).await;
    queue.close().await;
    fixture.remove().await;
}
