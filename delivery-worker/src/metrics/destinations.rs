//! Series of single destinations: of those in trouble, and of the busiest. There may be 100,000, and a label
//! for each would be more than Prometheus and its users can bear.

use std::collections::HashSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use prometheus::core::{Collector, Desc};
use prometheus::{IntCounterVec, IntGaugeVec, Opts, proto};

use crate::endpoint::Endpoint;
use crate::state::State;

/// Numbers of destinations with their states.
type Shown = Vec<(i64, Arc<State>)>;

/// Those that are shown, with what is counted in their state. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Busiest {
    shown: Arc<ArcSwap<Shown>>,
    descriptions: Arc<Vec<Desc>>,
}

impl Busiest {
    pub(crate) fn new() -> prometheus::Result<Self> {
        let mut descriptions = Vec::new();
        for collector in [
            deliveries()?
                .desc()
                .into_iter()
                .cloned()
                .collect::<Vec<_>>(),
            permits()?.desc().into_iter().cloned().collect(),
        ] {
            descriptions.extend(collector);
        }
        Ok(Self {
            shown: Arc::default(),
            descriptions: Arc::new(descriptions),
        })
    }

    /// Shows these from now on: what they have counted before is not lost meanwhile.
    pub(crate) fn show(&self, chosen: &[&Arc<Endpoint>]) {
        let shown = chosen
            .iter()
            .map(|endpoint| (endpoint.id, endpoint.state.clone()));
        self.shown.store(Arc::new(shown.collect()));
    }
}

/// The destinations in trouble, and of the others the `most` with the most attempts since the worker's
/// start; none of those without any.
pub(crate) fn choose<'a>(
    endpoints: impl Iterator<Item = &'a Arc<Endpoint>>,
    troubled: &HashSet<i64>,
    most: usize,
) -> Vec<&'a Arc<Endpoint>> {
    let (mut chosen, mut others): (Vec<_>, Vec<_>) =
        endpoints.partition(|endpoint| troubled.contains(&endpoint.id));
    others.retain(|endpoint| endpoint.state.attempts() > 0);
    // The lower number first, so that equal ones do not take turns.
    others.sort_unstable_by_key(|endpoint| {
        (std::cmp::Reverse(endpoint.state.attempts()), endpoint.id)
    });
    others.truncate(most);
    chosen.append(&mut others);
    chosen
}

fn deliveries() -> prometheus::Result<IntCounterVec> {
    let options = Opts::new(
        "auditstream_destination_deliveries_total",
        "Attempts to deliver to one destination since the worker's start: delivered, or failed in any way. Of those in trouble and of the busiest.",
    );
    IntCounterVec::new(options, &["destination_id", "outcome"])
}

fn permits() -> prometheus::Result<IntGaugeVec> {
    let options = Opts::new(
        "auditstream_destination_permits",
        "Requests to one destination that may be under way at a time. Of those in trouble and of the busiest.",
    );
    IntGaugeVec::new(options, &["destination_id"])
}

impl Collector for Busiest {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    /// Made anew for each scrape: who is no longer shown leaves nothing behind.
    fn collect(&self) -> Vec<proto::MetricFamily> {
        let (Ok(deliveries), Ok(permits)) = (deliveries(), permits()) else {
            return Vec::new();
        };
        for (id, state) in self.shown.load().iter() {
            let id = id.to_string();
            let counts = [("delivered", state.delivered()), ("failed", state.failed())];
            for (outcome, count) in counts {
                let counter = deliveries.with_label_values(&[id.as_str(), outcome]);
                counter.inc_by(count);
            }
            let limit = i64::try_from(state.permits.limit()).unwrap_or(i64::MAX);
            permits.with_label_values(&[&id]).set(limit);
        }
        let mut families = deliveries.collect();
        families.extend(permits.collect());
        families.retain(|family| !family.get_metric().is_empty());
        families
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::tests::{destination, snapshot};

    fn attempts(endpoint: &Endpoint, delivered: u64, failed: u64) {
        (0..delivered).for_each(|_| endpoint.state.count(true));
        (0..failed).for_each(|_| endpoint.state.count(false));
    }

    #[test]
    fn the_troubled_and_the_busiest_are_shown_and_nobody_else() {
        let snapshot = snapshot((1..=6).map(|id| destination(id, None, |_| {})));
        for (id, delivered, failed) in [(1, 1, 0), (2, 5, 0), (3, 2, 2), (4, 0, 1), (6, 4, 0)] {
            attempts(snapshot.find(id).unwrap(), delivered, failed);
        }
        for (troubled, most, expected) in [
            (&[][..], 0, &[][..]),
            (&[], 2, &[2, 3]),
            (&[4], 2, &[4, 2, 3]),
            (&[2, 4], 1, &[2, 4, 3]),
            (&[5], 0, &[5]),
            (&[99], 9, &[2, 3, 6, 1, 4]),
        ] {
            let troubled: HashSet<i64> = troubled.iter().copied().collect();
            let mut chosen: Vec<i64> = choose(snapshot.endpoints(), &troubled, most)
                .iter()
                .map(|endpoint| endpoint.id)
                .collect();
            let troubled_ones = chosen.iter().filter(|id| troubled.contains(id)).count();
            chosen[..troubled_ones].sort_unstable();
            assert_eq!(chosen, expected, "{troubled:?} {most}");
        }
    }

    #[test]
    fn who_is_no_longer_shown_has_no_series_and_goes_on_counting() {
        let snapshot = snapshot([destination(7, None, |_| {})]);
        let endpoint = snapshot.find(7).unwrap();
        let busiest = Busiest::new().unwrap();
        let shown = || {
            let families = busiest.collect();
            let of_deliveries = families
                .iter()
                .find(|family| family.name().ends_with("_total"));
            of_deliveries.map(|family| {
                let metrics = family.get_metric();
                metrics
                    .iter()
                    .map(|one| one.get_counter().get_value())
                    .sum::<f64>()
            })
        };
        attempts(endpoint, 2, 1);
        assert_eq!(shown(), None);
        busiest.show(&[endpoint]);
        assert_eq!(shown(), Some(3.0));
        busiest.show(&[]);
        attempts(endpoint, 1, 0);
        assert_eq!(shown(), None);
        busiest.show(&[endpoint]);
        assert_eq!(shown(), Some(4.0));
    }
}
