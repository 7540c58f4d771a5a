//! Keeps a session with the broker: makes one, waits until it dies, makes the next.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use lapin::uri::AMQPUri;
use lapin::{Connection, ConnectionProperties, Event};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::backoff::Schedule;
use crate::config::ConnectionUrl;

/// Seconds between heartbeats; a peer that is silent for two of them is gone.
const HEARTBEAT: u16 = 10;
/// Limit of connecting and declaring.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How often the state is looked at besides waiting for lapin's events.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// How long the broker may take to say goodbye: under an alarm it does not read a connection that
/// has published, and would not answer before the alarm is over.
const GOODBYE: Duration = Duration::from_secs(2);
/// A session that lived this long was a good one; the next is tried for at once.
const GOOD_SESSION: Duration = Duration::from_secs(10);

/// Something that lives on one connection and dies with it. lapin's own recovery stays off: an
/// acknowledgement from before a reconnect, sent on a recovered channel, would settle messages of
/// the new session.
pub(super) struct Session<S> {
    connection: Connection,
    /// Cancelled when the session is over, or is to be replaced by another.
    over: CancellationToken,
    pub(super) channels: S,
}

impl<S> Session<S> {
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Cancelled when the session is over. Whoever cancels it asks for a new session, which
    /// declares everything again: a channel can die while its connection lives, and what was
    /// deleted on the broker comes back only so.
    pub(super) fn over(&self) -> &CancellationToken {
        &self.over
    }
}

/// The sessions of one purpose, one after another.
pub(super) struct Sessions<S> {
    current: watch::Receiver<Option<Arc<Session<S>>>>,
    stop: CancellationToken,
}

impl<S: Send + Sync + 'static> Sessions<S> {
    /// Starts keeping a session; `open` opens its channels on a connection, and may cancel the
    /// token that it is given to ask for another session.
    pub(super) fn keep<F, Fut>(url: ConnectionUrl, name: &'static str, open: F) -> Self
    where
        F: Fn(Connection, CancellationToken) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = lapin::Result<(Connection, S)>> + Send + 'static,
    {
        let (sender, current) = watch::channel(None);
        let stop = CancellationToken::new();
        tokio::spawn(keep(url, name, open, sender, stop.clone()));
        Self { current, stop }
    }

    /// The session that is up now.
    pub(super) fn current(&self) -> Option<Arc<Session<S>>> {
        self.current.borrow().clone()
    }

    /// For waiting on a session in a task of its own.
    pub(super) fn watch(&self) -> watch::Receiver<Option<Arc<Session<S>>>> {
        self.current.clone()
    }

    /// Waits for a session; none once it was closed.
    pub(super) async fn ready(&self) -> Option<Arc<Session<S>>> {
        next(&mut self.current.clone()).await
    }

    /// Ends the session and makes no more; returns when the broker has said goodbye, or did not in
    /// time.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        let mut current = self.current.clone();
        while current.changed().await.is_ok() {}
    }
}

impl<S> Drop for Sessions<S> {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Waits until there is a session that is not over; none when there will be no more.
pub(super) async fn next<S>(
    sessions: &mut watch::Receiver<Option<Arc<Session<S>>>>,
) -> Option<Arc<Session<S>>> {
    let usable = sessions.wait_for(|session| {
        session
            .as_ref()
            .is_some_and(|session| !session.over.is_cancelled())
    });
    usable.await.ok()?.clone()
}

async fn keep<S, F, Fut>(
    url: ConnectionUrl,
    name: &'static str,
    open: F,
    sender: watch::Sender<Option<Arc<Session<S>>>>,
    stop: CancellationToken,
) where
    F: Fn(Connection, CancellationToken) -> Fut,
    Fut: Future<Output = lapin::Result<(Connection, S)>>,
{
    let mut schedule = Schedule::reconnect();
    loop {
        let over = CancellationToken::new();
        let connecting = async {
            let connection = connect(&url, name).await?;
            open(connection, over.clone()).await
        };
        let made = tokio::select! {
            () = stop.cancelled() => return,
            made = tokio::time::timeout(CONNECT_TIMEOUT, connecting) => made,
        };
        let problem = match made {
            Ok(Ok((connection, channels))) => {
                tracing::debug!(connection = name, "connected to the broker");
                let began = Instant::now();
                let session = Arc::new(Session {
                    connection,
                    over,
                    channels,
                });
                sender.send_replace(Some(session.clone()));
                let ended = tokio::select! {
                    () = stop.cancelled() => None,
                    reason = lost(&session.connection) => Some(reason),
                    () = session.over.cancelled() => Some("a new session was asked for".to_owned()),
                };
                session.over.cancel();
                sender.send_replace(None);
                // The broker may be gone already; then there is nobody to say goodbye to.
                let goodbye = session.connection.close(200, "the session is over".into());
                let _ = tokio::time::timeout(GOODBYE, goodbye).await;
                let Some(reason) = ended else { return };
                if began.elapsed() >= GOOD_SESSION {
                    schedule.reset();
                }
                reason
            }
            Ok(Err(error)) => error.to_string(),
            Err(_elapsed) => format!("no answer in {} s", CONNECT_TIMEOUT.as_secs()),
        };
        let wait = schedule.next_wait();
        tracing::warn!(
            connection = name,
            error = %problem,
            retry_in_ms = wait.as_millis(),
            "the broker is not available"
        );
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn connect(url: &ConnectionUrl, name: &'static str) -> lapin::Result<Connection> {
    let mut uri: AMQPUri = url
        .expose()
        .parse()
        .map_err(|error: String| std::io::Error::new(std::io::ErrorKind::InvalidInput, error))?;
    uri.query.heartbeat.get_or_insert(HEARTBEAT);
    let properties = ConnectionProperties::default()
        .with_connection_name(format!("auditstream {name} {}", std::process::id()).into());
    Connection::connect_uri(uri, properties).await
}

/// Resolves when the connection is no more, with the reason.
async fn lost(connection: &Connection) -> String {
    let mut events = std::pin::pin!(connection.events_listener());
    let mut reason = "the connection was closed".to_owned();
    loop {
        match tokio::time::timeout(LOOK_AGAIN, events.next()).await {
            // It may be the end of one channel alone, which is for its owner to notice.
            Ok(Some(Event::Error(error))) => reason = error.to_string(),
            Ok(Some(Event::ConnectionBlocked(reason))) => {
                tracing::warn!(reason, "the broker takes no messages");
            }
            Ok(Some(Event::ConnectionUnblocked)) => {
                tracing::info!("the broker takes messages again");
            }
            Ok(Some(_)) => {}
            Ok(None) => return "the connection ended".to_owned(),
            Err(_) => {}
        }
        if !connection.status().connected() {
            return reason;
        }
    }
}
