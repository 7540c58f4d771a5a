//! A channel for each lane that something is being published to.
//!
//! lapin gives a returned message to whichever confirm comes next on its channel. On a channel that
//! lanes share, a message for a lane whose queue was deleted could so be taken for stored, and be lost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lapin::{Channel, Connection};
use tokio::sync::OnceCell;

use super::publisher::confirming;
use super::topology::Topology;

/// Those of one session.
#[derive(Default)]
pub(super) struct LaneChannels {
    state: Mutex<State>,
    /// One declaration at a time: a quorum queue costs the broker tens of milliseconds, and twenty that
    /// are declared at once keep everything else from it.
    declaring: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    busy: HashMap<i64, Busy>,
    idle: Vec<Channel>,
    /// Set when the lane's queue was declared in this session. Who comes while that is done waits for it:
    /// one that declared for itself would be overtaken by those who come later.
    declared: HashMap<i64, Arc<OnceCell<()>>>,
}

struct Busy {
    channel: Channel,
    publishes: usize,
}

impl LaneChannels {
    /// The channel of a lane for one publish; the lane's queue is there.
    pub(super) async fn lend(
        &self,
        connection: &Connection,
        topology: &Topology,
        lane: i64,
    ) -> lapin::Result<Lent<'_>> {
        let (channel, declared) = {
            let mut state = self.state();
            let declared = state.declared.entry(lane).or_default().clone();
            (state.take(lane), declared)
        };
        let channel = if let Some(channel) = channel {
            channel
        } else {
            let channel = confirming(connection).await?;
            self.state().insert(lane, channel)
        };
        let lent = Lent {
            channel,
            lane,
            channels: self,
        };
        declared
            .get_or_try_init(async || {
                let _turn = self.declaring.lock().await;
                topology.declare_lane(&lent.channel, lane).await
            })
            .await?;
        Ok(lent)
    }

    /// Whether the lane's queue was declared in this session.
    pub(super) fn is_declared(&self, lane: i64) -> bool {
        let state = self.state();
        state
            .declared
            .get(&lane)
            .is_some_and(|declared| declared.initialized())
    }

    /// The lane's queue may be gone: it is declared again before the next publish.
    pub(super) fn forget(&self, lane: i64) {
        self.state().declared.remove(&lane);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, lane: i64) -> Option<Channel> {
        if let Some(busy) = self.busy.get_mut(&lane)
            && busy.channel.status().connected()
        {
            busy.publishes += 1;
            return Some(busy.channel.clone());
        }
        while let Some(channel) = self.idle.pop() {
            if channel.status().connected() {
                return Some(self.insert(lane, channel));
            }
        }
        None
    }

    /// Gives the lane a channel, unless it got one meanwhile.
    fn insert(&mut self, lane: i64, channel: Channel) -> Channel {
        let busy = self.busy.entry(lane).or_insert_with(|| Busy {
            channel: channel.clone(),
            publishes: 0,
        });
        busy.publishes += 1;
        if !busy.channel.status().connected() {
            busy.channel = channel;
        } else if busy.channel.id() != channel.id() {
            self.idle.push(channel);
        }
        busy.channel.clone()
    }

    fn put_back(&mut self, lane: i64) {
        if let Some(busy) = self.busy.get_mut(&lane) {
            busy.publishes -= 1;
            if busy.publishes == 0
                && let Some(busy) = self.busy.remove(&lane)
            {
                self.idle.push(busy.channel);
            }
        }
    }
}

/// A channel that is lent for one publish.
pub(super) struct Lent<'a> {
    pub(super) channel: Channel,
    lane: i64,
    channels: &'a LaneChannels,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.channels.state().put_back(self.lane);
    }
}
