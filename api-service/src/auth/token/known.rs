//! The rules by which a token that was looked up stays valid.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use shared::clock::Timestamp;

use super::Refused;
use crate::auth::User;

/// How long a token is taken without a look at the database. A revocation is announced at once; this
/// is for the announcement that got lost.
const FRESH: Duration = Duration::from_secs(10);
/// How long a token is taken while the database is away.
const TAKEN_WITHOUT_DATABASE: Duration = Duration::from_mins(15);
/// How long a database that did not answer is left alone for a token.
const DATABASE_REST: Duration = Duration::from_secs(2);
/// Most tokens that are kept.
const MOST: usize = 10_000;

/// A valid token, as the database has it.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) user: Arc<User>,
    pub(super) expires_at: Option<Timestamp>,
}

/// Only tokens that were found are kept: guesses must not fill the memory.
#[derive(Debug, Default)]
pub(super) struct KnownTokens {
    tokens: HashMap<String, Known>,
    /// Grows with each change, so that a read which began before one is not kept.
    generation: u64,
}

#[derive(Debug)]
struct Known {
    token: Token,
    confirmed_at: Timestamp,
    ask_from: Timestamp,
}

impl Known {
    fn expired(&self, now: Timestamp) -> bool {
        self.token
            .expires_at
            .is_some_and(|expires_at| expires_at <= now)
    }

    fn outlived(&self, now: Timestamp) -> bool {
        now.since(self.confirmed_at) >= TAKEN_WITHOUT_DATABASE
    }
}

/// What is known of a token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Whose it is.
    Known(Arc<User>),
    /// It was valid once.
    Expired,
    /// The database must be asked; the number belongs to the answer.
    Ask(u64),
}

impl KnownTokens {
    pub(super) fn look(&mut self, digest: &str, now: Timestamp) -> Look {
        match self.tokens.get(digest) {
            Some(known) if known.expired(now) => {
                self.tokens.remove(digest);
                Look::Expired
            }
            Some(known) if now < known.ask_from && !known.outlived(now) => {
                Look::Known(known.token.user.clone())
            }
            _ => Look::Ask(self.generation),
        }
    }

    /// Keeps what the database said, unless something changed since it was asked.
    pub(super) fn found(&mut self, digest: String, token: Token, generation: u64, now: Timestamp) {
        if generation != self.generation {
            return;
        }
        if self.tokens.len() >= MOST {
            self.tokens
                .retain(|_, known| !known.expired(now) && !known.outlived(now));
            if self.tokens.len() >= MOST {
                self.tokens.clear();
            }
        }
        let known = Known {
            token,
            confirmed_at: now,
            ask_from: now + FRESH,
        };
        self.tokens.insert(digest, known);
    }

    pub(super) fn not_found(&mut self, digest: &str) {
        self.tokens.remove(digest);
    }

    /// Decides without the database, and lets it rest.
    pub(super) fn unanswered(
        &mut self,
        digest: &str,
        now: Timestamp,
    ) -> Result<Arc<User>, Refused> {
        let known = self
            .tokens
            .get_mut(digest)
            .filter(|known| !known.outlived(now))
            .ok_or(Refused::Unavailable)?;
        if known.expired(now) {
            return Err(Refused::Invalid);
        }
        known.ask_from = now + DATABASE_REST;
        Ok(known.token.user.clone())
    }

    /// Has every token looked up again. They are not forgotten, since the database may be away.
    pub(super) fn changed(&mut self) {
        self.generation += 1;
        for known in self.tokens.values_mut() {
            known.ask_from = Timestamp(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::clock::Clock;

    use super::*;

    fn token(expires_at: Option<Timestamp>) -> Token {
        let user = User {
            id: 1,
            username: "ada".to_owned(),
            name: "Ada".to_owned(),
            admin: false,
            scopes: Vec::new(),
        };
        Token {
            user: Arc::new(user),
            expires_at,
        }
    }

    fn known(clock: &Clock, expires_at: Option<Timestamp>) -> KnownTokens {
        let mut tokens = KnownTokens::default();
        tokens.found("digest".to_owned(), token(expires_at), 0, clock.now());
        tokens
    }

    fn clock() -> Clock {
        Clock::stopped(Timestamp(1_000_000))
    }

    #[test]
    fn a_token_is_looked_up_once_and_again_after_a_short_time() {
        let clock = clock();
        let mut tokens = KnownTokens::default();
        assert_eq!(tokens.look("digest", clock.now()), Look::Ask(0));
        tokens.found("digest".to_owned(), token(None), 0, clock.now());
        assert!(matches!(tokens.look("digest", clock.now()), Look::Known(_)));
        clock.advance(FRESH);
        assert_eq!(tokens.look("digest", clock.now()), Look::Ask(0));
    }

    #[test]
    fn after_a_change_every_token_is_looked_up_again() {
        let clock = clock();
        let mut tokens = known(&clock, None);
        tokens.changed();
        assert_eq!(tokens.look("digest", clock.now()), Look::Ask(1));
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept() {
        let clock = clock();
        let mut tokens = KnownTokens::default();
        tokens.changed();
        tokens.found("digest".to_owned(), token(None), 0, clock.now());
        assert_eq!(tokens.look("digest", clock.now()), Look::Ask(1));
        assert_eq!(
            tokens.unanswered("digest", clock.now()),
            Err(Refused::Unavailable)
        );
    }

    #[test]
    fn an_expired_token_is_refused_without_a_look_at_the_database() {
        let clock = clock();
        let mut tokens = known(&clock, Some(clock.now() + Duration::from_secs(5)));
        clock.advance(Duration::from_secs(5));
        assert_eq!(tokens.look("digest", clock.now()), Look::Expired);
    }

    #[test]
    fn without_the_database_a_known_token_stays_valid_for_fifteen_minutes() {
        let clock = clock();
        let mut tokens = known(&clock, None);
        clock.advance(Duration::from_mins(15) - Duration::from_millis(1));
        assert!(tokens.unanswered("digest", clock.now()).is_ok());
        clock.advance(Duration::from_millis(1));
        assert!(matches!(tokens.look("digest", clock.now()), Look::Ask(_)));
        assert_eq!(
            tokens.unanswered("digest", clock.now()),
            Err(Refused::Unavailable)
        );
    }

    #[test]
    fn without_the_database_a_token_still_expires() {
        let clock = clock();
        let mut tokens = known(&clock, Some(clock.now() + Duration::from_mins(1)));
        clock.advance(Duration::from_mins(1));
        assert_eq!(
            tokens.unanswered("digest", clock.now()),
            Err(Refused::Invalid)
        );
    }

    #[test]
    fn without_the_database_an_unknown_token_is_not_called_invalid() {
        let unanswered = KnownTokens::default().unanswered("digest", clock().now());
        assert_eq!(unanswered, Err(Refused::Unavailable));
    }

    #[test]
    fn a_database_that_did_not_answer_is_left_alone_for_a_while() {
        let clock = clock();
        let mut tokens = known(&clock, None);
        clock.advance(FRESH);
        tokens.unanswered("digest", clock.now()).unwrap();
        assert!(matches!(tokens.look("digest", clock.now()), Look::Known(_)));
        clock.advance(DATABASE_REST);
        assert!(matches!(tokens.look("digest", clock.now()), Look::Ask(_)));
    }

    #[test]
    fn a_token_that_is_no_more_is_forgotten() {
        let clock = clock();
        let mut tokens = known(&clock, None);
        tokens.not_found("digest");
        assert_eq!(
            tokens.unanswered("digest", clock.now()),
            Err(Refused::Unavailable)
        );
    }

    #[test]
    fn the_cache_does_not_grow_without_end() {
        let clock = clock();
        let mut tokens = KnownTokens::default();
        for number in 0..=MOST {
            tokens.found(number.to_string(), token(None), 0, clock.now());
        }
        assert!(tokens.tokens.len() <= MOST);
        assert!(matches!(
            tokens.look(&MOST.to_string(), clock.now()),
            Look::Known(_)
        ));
    }
}
