//! How many GraphQL requests each client may send. The state is this process's alone: of several API
//! services each gives the whole rate.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use shared::config::Limits;

/// Most clients of one kind that are told apart at a time.
const MOST_KEYS: usize = 10_000;
/// After so many requests those clients are forgotten who have their whole burst again.
const FORGET_EVERY: usize = 1_000;

/// Whom a request is counted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Client {
    /// The digest of a token that is valid.
    Token(String),
    /// Where a request without a token came from.
    Address(IpAddr),
}

impl Client {
    /// Somebody without a token. Who has IPv6 has at least 2^64 addresses, all in one network.
    pub(super) fn at(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = u128::from(address) & !u128::from(u64::MAX);
                IpAddr::V6(Ipv6Addr::from(network))
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

/// The rates of all clients.
pub(crate) struct RequestRate<C: Clock = MonotonicClock> {
    /// None: there is no limit.
    limited: Option<Limited<C>>,
}

struct Limited<C: Clock> {
    tokens: Keyed<String, C>,
    addresses: Keyed<IpAddr, C>,
}

impl RequestRate {
    /// As the settings say, by the machine's monotonic clock.
    pub(crate) fn new(limits: &Limits) -> Self {
        let per_minute = NonZeroU32::new(limits.graphql_requests_per_minute);
        Self::by_clock(per_minute, limits.graphql_burst, &MonotonicClock)
    }
}

impl<C: Clock + Clone> RequestRate<C> {
    fn by_clock(per_minute: Option<NonZeroU32>, burst: NonZeroU32, clock: &C) -> Self {
        let limited = per_minute.map(|per_minute| {
            let quota = Quota::per_minute(per_minute).allow_burst(burst);
            Limited {
                tokens: Keyed::new(quota, clock.clone()),
                addresses: Keyed::new(quota, clock.clone()),
            }
        });
        Self { limited }
    }

    /// Counts a request. An error is how long the client is to wait.
    pub(super) fn count(&self, client: Client) -> Result<(), Duration> {
        match (&self.limited, client) {
            (None, _) => Ok(()),
            (Some(limited), Client::Token(digest)) => limited.tokens.count(digest),
            (Some(limited), Client::Address(address)) => limited.addresses.count(address),
        }
    }
}

type Limiter<K, C> = RateLimiter<K, HashMapStateStore<K>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// The rates of one kind of clients. While there are [`MOST_KEYS`] of them, all share the key `None`, until
/// some have been forgotten; tokens have keys of their own, so that a flood from many addresses does not
/// touch them.
struct Keyed<K: Clone + Hash + Eq, C: Clock> {
    limiter: Limiter<Option<K>, C>,
    counted: AtomicUsize,
}

impl<K: Clone + Hash + Eq, C: Clock> Keyed<K, C> {
    fn new(quota: Quota, clock: C) -> Self {
        Self {
            limiter: RateLimiter::hashmap_with_clock(quota, clock),
            counted: AtomicUsize::new(0),
        }
    }

    fn count(&self, key: K) -> Result<(), Duration> {
        let counted = self.counted.fetch_add(1, Ordering::Relaxed);
        if counted.is_multiple_of(FORGET_EVERY) {
            self.limiter.retain_recent();
        }
        let key = (self.limiter.len() < MOST_KEYS).then_some(key);
        self.limiter
            .check_key(&key)
            .map_err(|until| until.wait_time_from(self.limiter.clock().now()))
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn rate(per_minute: u32, burst: u32) -> (RequestRate<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let per_minute = NonZeroU32::new(per_minute);
        let burst = NonZeroU32::new(burst).unwrap();
        (RequestRate::by_clock(per_minute, burst, &clock), clock)
    }

    fn token(number: usize) -> Client {
        Client::Token(format!("digest {number}"))
    }

    fn address(text: &str) -> Client {
        Client::at(text.parse().unwrap())
    }

    #[test]
    fn a_client_has_a_burst_and_then_its_rate() {
        let (rate, clock) = rate(2_000, 500);
        for _ in 0..500 {
            assert_eq!(rate.count(token(1)), Ok(()));
        }
        let pause = Duration::from_millis(30);
        assert_eq!(rate.count(token(1)), Err(pause));
        // A refused request costs nothing.
        assert_eq!(rate.count(token(1)), Err(pause));
        clock.advance(pause);
        assert_eq!(rate.count(token(1)), Ok(()));
        assert_eq!(rate.count(token(1)), Err(pause));
        clock.advance(Duration::from_mins(1));
        for _ in 0..500 {
            assert_eq!(rate.count(token(1)), Ok(()));
        }
        assert!(rate.count(token(1)).is_err());
    }

    #[test]
    fn one_client_takes_nothing_from_another() {
        let (rate, _) = rate(1, 1);
        for client in [
            token(1),
            token(2),
            address("192.0.2.1"),
            address("192.0.2.2"),
            address("2001:db8::1"),
            address("2001:db8:0:1::1"),
        ] {
            assert_eq!(rate.count(client.clone()), Ok(()), "{client:?}");
            assert!(rate.count(client).is_err());
        }
        assert!(rate.count(address("::ffff:192.0.2.1")).is_err());
        assert!(rate.count(address("2001:db8::ffff:1")).is_err());
    }

    #[test]
    fn zero_is_no_limit() {
        let (rate, _) = rate(0, 1);
        for _ in 0..10_000 {
            assert_eq!(rate.count(token(1)), Ok(()));
        }
    }

    #[test]
    fn idle_clients_are_forgotten() {
        let (rate, clock) = rate(60, 10);
        let tokens = &rate.limited.as_ref().unwrap().tokens;
        for number in 0..FORGET_EVERY {
            rate.count(token(number)).unwrap();
        }
        assert_eq!(tokens.limiter.len(), FORGET_EVERY);
        clock.advance(Duration::from_secs(10));
        rate.count(token(0)).unwrap();
        assert_eq!(tokens.limiter.len(), 1);
    }

    #[test]
    fn many_clients_at_a_time_share_one_rate_and_leave_those_with_tokens_alone() {
        let (rate, clock) = rate(1, 2);
        let addresses = &rate.limited.as_ref().unwrap().addresses;
        let at = |number: usize| {
            let number = u32::try_from(number).unwrap();
            Client::at(IpAddr::V4(number.into()))
        };
        for number in 0..MOST_KEYS {
            rate.count(at(number)).unwrap();
        }
        assert_eq!(rate.count(at(MOST_KEYS)), Ok(()));
        assert_eq!(rate.count(at(MOST_KEYS + 1)), Ok(()));
        assert!(rate.count(at(MOST_KEYS + 2)).is_err());
        assert_eq!(addresses.limiter.len(), MOST_KEYS + 1);
        assert_eq!(rate.count(token(1)), Ok(()));
        clock.advance(Duration::from_mins(10));
        for _ in 0..FORGET_EVERY {
            _ = rate.count(at(0));
        }
        assert!(addresses.limiter.len() <= 2);
    }
}
