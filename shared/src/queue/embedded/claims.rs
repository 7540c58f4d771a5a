//! Claims messages for a consumer, as many as its window has room for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::Wakers;
use super::writer::{Claim, Claimed, Command};
use crate::queue::{Delivery, Source, Ticket, Verdict};

/// Messages claimed at a time.
const MOST: usize = 256;
/// How often messages whose waiting time ends are looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

pub(super) async fn pump(
    source: Source,
    window: u16,
    commands: mpsc::UnboundedSender<Command>,
    wakers: Wakers,
    deliveries: mpsc::Sender<Delivery>,
    stop: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(usize::from(window)));
    let waker = wakers.of(source);
    while !stop.is_cancelled() {
        let free = tokio::select! {
            () = stop.cancelled() => return,
            free = room.acquire() => free,
        };
        drop(free);
        let most = room.available_permits().clamp(1, MOST);
        let (reply, claimed) = oneshot::channel();
        let claim = Claim {
            source,
            most,
            reply,
        };
        if commands.send(Command::Claim(claim)).is_err() {
            return;
        }
        let Ok(claimed) = claimed.await else { return };
        if claimed.is_empty() {
            tokio::select! {
                () = stop.cancelled() => return,
                () = waker.notified() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
        for claimed in claimed {
            let delivery = delivery(claimed, source, &room, &commands);
            // What nobody takes any more is dropped, and so goes back.
            tokio::select! {
                () = stop.cancelled() => {}
                _ = deliveries.send(delivery) => {}
            }
        }
    }
}

fn delivery(
    claimed: Claimed,
    source: Source,
    room: &Arc<Semaphore>,
    commands: &mpsc::UnboundedSender<Command>,
) -> Delivery {
    let commands = commands.clone();
    let room = room.clone();
    room.try_acquire()
        .expect("no more is claimed than there is room for")
        .forget();
    let id = claimed.id;
    let ticket = Ticket(Box::new(move |verdict| {
        room.add_permits(1);
        let command = match verdict {
            Verdict::Ack => Command::Ack(id),
            Verdict::GiveBack => Command::GiveBack(id, source),
        };
        // After the end of the writer the claim is released at the next start.
        let _ = commands.send(command);
    }));
    // A session of this queue is as long as the process.
    Delivery::new(
        claimed.message,
        claimed.redelivered,
        ticket,
        CancellationToken::new(),
    )
}
