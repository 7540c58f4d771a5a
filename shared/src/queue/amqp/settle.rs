//! Tells the broker what became of the deliveries of one channel: several at once where they follow
//! one another, singly where they do not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use lapin::options::{BasicAckOptions, BasicNackOptions};
use lapin::{Acker, Channel};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::queue::Verdict;

/// How long an ack waits for those before it.
const PATIENCE: Duration = Duration::from_millis(20);

/// A delivery's tag, its acker, and what is to become of it.
pub(super) type Settled = (u64, Acker, Verdict);

/// When the broker is told of what is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GivingBack {
    /// In its turn, several at once.
    InTurn,
    /// When the consumer is cancelled and all is settled, one by one in their order. Before that they
    /// would come back to the same consumer at once, hundreds of times a second; and the broker shuffles
    /// those that it is told of at once.
    AtTheEnd,
}

/// How a channel settles, and when its consumer is to stop.
pub(super) struct Settling {
    pub(super) giving_back: GivingBack,
    pub(super) stop: CancellationToken,
    /// Dropped when the broker knows all.
    pub(super) ended: Arc<DropGuard>,
}

impl Settling {
    /// An ack makes room for a delivery. One that reaches the broker's channel after the consumer's
    /// cancellation goes back by itself, before those that are held back, and so changes the order.
    fn keeps_quiet(&self) -> bool {
        self.giving_back == GivingBack::AtTheEnd && self.stop.is_cancelled()
    }
}

/// Runs until every delivery of the channel is settled. Goes through each delivery's own acker, which
/// refuses once its channel has died. Owns the channel, so that it stays open until then.
pub(super) async fn run(
    channel: Channel,
    mut settled: mpsc::UnboundedReceiver<Settled>,
    settling: Settling,
) {
    let mut waiting = Waiting::new(settling.giving_back);
    let mut impatient_at = None;
    loop {
        let patience = impatient_at.unwrap_or_else(|| Instant::now() + PATIENCE);
        let next = tokio::select! {
            biased;
            next = settled.recv() => next,
            () = tokio::time::sleep_until(patience), if impatient_at.is_some() => {
                impatient_at = None;
                if settling.keeps_quiet() {
                    continue;
                }
                tell(waiting.acks_out_of_turn()).await;
                continue;
            }
        };
        let Some((tag, acker, verdict)) = next else {
            break;
        };
        waiting.add(tag, acker, verdict);
        while let Ok((tag, acker, verdict)) = settled.try_recv() {
            waiting.add(tag, acker, verdict);
        }
        if settling.keeps_quiet() {
            continue;
        }
        tell(waiting.in_turn()).await;
        impatient_at = waiting
            .has_acks()
            .then(|| impatient_at.unwrap_or_else(|| Instant::now() + PATIENCE));
    }
    tell(waiting.in_turn()).await;
    // A delivery that was lost on the way here leaves a gap.
    tell(waiting.acks_out_of_turn()).await;
    tell(waiting.held_back()).await;
    // The answer comes when the broker has done what it was told before.
    if let Err(error) = channel.close(200, "all is settled".into()).await {
        tracing::debug!(error = %error, "a channel ended before it was closed");
    }
    drop(settling.ended);
}

async fn tell(words: Vec<Word<Acker>>) {
    for Word {
        acker,
        verdict,
        multiple,
    } in words
    {
        let told = match verdict {
            Verdict::Ack => acker.ack(BasicAckOptions { multiple }).await,
            Verdict::GiveBack => {
                let options = BasicNackOptions {
                    multiple,
                    requeue: true,
                };
                acker.nack(options).await
            }
        };
        if let Err(error) = told {
            tracing::debug!(error = %error, "a settlement came too late, its message comes again");
        }
    }
}

/// One word to the broker, about a delivery or, with `multiple`, about all up to it.
#[derive(Debug, PartialEq, Eq)]
struct Word<A> {
    acker: A,
    verdict: Verdict,
    multiple: bool,
}

/// What is settled and was not told yet.
///
/// What is given back is told in its turn only. A worker that ends gives back hundreds at once: told
/// one by one they fill the broker's pipeline to its queue, and the last acks, of the requests that
/// were in flight, are dropped with the channel, so their messages come again.
struct Waiting<A> {
    giving_back: GivingBack,
    /// The lowest tag that was not told.
    turn: u64,
    settled: BTreeMap<u64, (A, Verdict)>,
    /// Told before their turn.
    ahead: BTreeSet<u64>,
}

impl<A> Waiting<A> {
    /// Tags of a channel count from 1.
    fn new(giving_back: GivingBack) -> Self {
        Self {
            giving_back,
            turn: 1,
            settled: BTreeMap::new(),
            ahead: BTreeSet::new(),
        }
    }

    fn add(&mut self, tag: u64, acker: A, verdict: Verdict) {
        self.settled.insert(tag, (acker, verdict));
    }

    fn has_acks(&self) -> bool {
        self.settled
            .values()
            .any(|(_, verdict)| *verdict == Verdict::Ack)
    }

    /// Those that follow what was told, a word for each run of the same verdict.
    fn in_turn(&mut self) -> Vec<Word<A>> {
        let mut words: Vec<Word<A>> = Vec::new();
        loop {
            if self.ahead.remove(&self.turn) {
                self.turn += 1;
                continue;
            }
            let Some((_, verdict)) = self.settled.get(&self.turn) else {
                return words;
            };
            if *verdict == Verdict::GiveBack && self.giving_back == GivingBack::AtTheEnd {
                return words;
            }
            let Some((acker, verdict)) = self.settled.remove(&self.turn) else {
                return words;
            };
            self.turn += 1;
            match words.last_mut() {
                Some(word) if word.verdict == verdict => word.acker = acker,
                _ => words.push(Word {
                    acker,
                    verdict,
                    multiple: true,
                }),
            }
        }
    }

    /// What was held back until the end, one by one.
    fn held_back(&mut self) -> Vec<Word<A>> {
        if self.giving_back == GivingBack::InTurn {
            return Vec::new();
        }
        std::mem::take(&mut self.settled)
            .into_values()
            .map(|(acker, verdict)| Word {
                acker,
                verdict,
                multiple: false,
            })
            .collect()
    }

    /// The acks that wait for others, one by one.
    fn acks_out_of_turn(&mut self) -> Vec<Word<A>> {
        let acks: Vec<u64> = self
            .settled
            .iter()
            .filter(|(_, (_, verdict))| *verdict == Verdict::Ack)
            .map(|(tag, _)| *tag)
            .collect();
        acks.into_iter()
            .filter_map(|tag| {
                let (acker, verdict) = self.settled.remove(&tag)?;
                self.ahead.insert(tag);
                Some(Word {
                    acker,
                    verdict,
                    multiple: false,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Ack, GiveBack};

    fn waiting(settled: &[(u64, Verdict)]) -> Waiting<u64> {
        let mut waiting = Waiting::new(GivingBack::InTurn);
        for (tag, verdict) in settled {
            waiting.add(*tag, *tag, *verdict);
        }
        waiting
    }

    fn words(words: Vec<Word<u64>>) -> Vec<(u64, Verdict, bool)> {
        words
            .into_iter()
            .map(|word| (word.acker, word.verdict, word.multiple))
            .collect()
    }

    #[test]
    fn deliveries_that_follow_one_another_are_told_at_once() {
        let mut waiting = waiting(&[(2, Ack), (1, Ack), (3, Ack), (5, Ack)]);
        assert_eq!(words(waiting.in_turn()), [(3, Ack, true)]);
        waiting.add(4, 4, Ack);
        assert_eq!(words(waiting.in_turn()), [(5, Ack, true)]);
        assert_eq!(words(waiting.in_turn()), []);
    }

    #[test]
    fn a_word_about_several_never_speaks_for_one_of_the_other_kind() {
        let mut waiting = waiting(&[(1, Ack), (2, GiveBack), (3, GiveBack), (4, Ack)]);
        assert_eq!(
            words(waiting.in_turn()),
            [(1, Ack, true), (3, GiveBack, true), (4, Ack, true)]
        );
    }

    #[test]
    fn acks_that_waited_go_alone_and_what_is_given_back_waits_on() {
        let mut waiting = waiting(&[(3, Ack), (4, GiveBack), (6, Ack)]);
        assert!(waiting.has_acks());
        assert_eq!(words(waiting.in_turn()), []);
        assert_eq!(
            words(waiting.acks_out_of_turn()),
            [(3, Ack, false), (6, Ack, false)]
        );
        assert!(!waiting.has_acks());
        for tag in [1, 2, 5] {
            waiting.add(tag, tag, Ack);
        }
        assert_eq!(
            words(waiting.in_turn()),
            [(2, Ack, true), (4, GiveBack, true), (5, Ack, true)]
        );
    }

    #[test]
    fn what_a_lane_gives_back_is_told_last_one_by_one_and_in_order() {
        let mut waiting = Waiting::new(GivingBack::AtTheEnd);
        for (tag, verdict) in [
            (5, GiveBack),
            (4, Ack),
            (3, GiveBack),
            (2, GiveBack),
            (1, Ack),
        ] {
            waiting.add(tag, tag, verdict);
        }
        assert_eq!(words(waiting.in_turn()), [(1, Ack, true)]);
        assert_eq!(words(waiting.acks_out_of_turn()), [(4, Ack, false)]);
        assert_eq!(
            words(waiting.held_back()),
            [
                (2, GiveBack, false),
                (3, GiveBack, false),
                (5, GiveBack, false)
            ]
        );
    }

    #[test]
    fn a_worker_that_ends_says_one_word_about_all_that_it_gives_back() {
        let mut waiting = waiting(&[]);
        for tag in 5..=300 {
            waiting.add(tag, tag, GiveBack);
        }
        assert_eq!(words(waiting.in_turn()), []);
        assert_eq!(words(waiting.acks_out_of_turn()), []);
        for tag in 1..=4 {
            waiting.add(tag, tag, Ack);
        }
        assert_eq!(
            words(waiting.in_turn()),
            [(4, Ack, true), (300, GiveBack, true)]
        );
    }
}
