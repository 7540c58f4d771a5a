//! Events that are sent in one request.

/// Events of a batch: half of what the API takes unless it is configured otherwise.
const MOST_EVENTS: usize = 500;
/// Bytes of a batch, likewise, unless a single event is larger.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// An event that is ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prepared {
    /// Line or element, from 1.
    pub(super) place: u64,
    /// A JSON object with an id.
    pub(super) text: String,
}

/// Events in their order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) events: Vec<Prepared>,
    bytes: usize,
}

impl Batch {
    pub(super) fn push(&mut self, event: Prepared) {
        self.bytes += event.text.len() + 1;
        self.events.push(event);
    }

    /// Whether it has to be sent before an event of so many bytes is added.
    pub(super) fn is_full_for(&self, bytes: usize) -> bool {
        self.events.len() >= MOST_EVENTS
            || !self.events.is_empty() && self.bytes + bytes + 1 > MOST_BYTES
    }
}

/// The body of a request with these events.
pub(super) fn body(events: &[Prepared]) -> String {
    let texts: Vec<&str> = events.iter().map(|event| event.text.as_str()).collect();
    format!("[{}]", texts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many events each batch has, when events of these lengths are batched.
    fn batches(lengths: &[usize]) -> Vec<usize> {
        let mut sizes = Vec::new();
        let mut batch = Batch::default();
        for length in lengths {
            if batch.is_full_for(*length) {
                sizes.push(std::mem::take(&mut batch).events.len());
            }
            let text = "a".repeat(*length);
            batch.push(Prepared { place: 1, text });
        }
        sizes.push(batch.events.len());
        sizes
    }

    #[test]
    fn a_batch_holds_so_many_events_and_bytes_and_at_least_one() {
        const HALF: usize = MOST_BYTES / 2;
        for (lengths, sizes) in [
            (&[][..], &[0][..]),
            (&[10; 500], &[500]),
            (&[10; 501], &[500, 1]),
            (&[10; 1_100], &[500, 500, 100]),
            (&[HALF - 1, HALF - 1, 1], &[2, 1]),
            (&[HALF, HALF], &[1, 1]),
            (&[2 * MOST_BYTES, 1], &[1, 1]),
        ] {
            assert_eq!(batches(lengths), sizes);
        }
    }

    #[test]
    fn a_body_is_an_array_of_the_events_as_they_are() {
        let event = |text: &str| Prepared {
            place: 1,
            text: text.to_owned(),
        };
        assert_eq!(
            body(&[event("{ }"), event("{\"a\":\n1.50}")]),
            "[{ },{\"a\":\n1.50}]"
        );
    }
}
