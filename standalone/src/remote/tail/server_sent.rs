//! Reads server-sent events from bytes that come in pieces.

/// An event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) data: String,
}

/// What came so far of an event that is not at its end.
#[derive(Debug, Default)]
pub(super) struct Events {
    rest: Vec<u8>,
    event: Event,
}

impl Events {
    /// The events that end in these bytes. Comments, and events without data, are passed over.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Event> {
        self.rest.extend_from_slice(bytes);
        let mut events = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\r', '\n']);
            if line.is_empty() {
                let event = std::mem::take(&mut self.event);
                if !event.data.is_empty() {
                    events.push(event);
                }
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut self.event.name),
                "data" => self.event.data.push_str(value),
                _ => {}
            }
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_whatever_pieces_they_come_in() {
        let text = ":\n\nevent: delivery\ndata: {\"a\":1}\n\n: alive\n\nevent:dropped\r\nid: 7\r\ndata:{}\r\n\r\nevent: cut\ndata";
        let event = |name: &str, data: &str| Event {
            name: name.to_owned(),
            data: data.to_owned(),
        };
        let expected = [event("delivery", "{\"a\":1}"), event("dropped", "{}")];
        for size in [1, 2, 7, text.len()] {
            let mut events = Events::default();
            let pieces = text.as_bytes().chunks(size);
            let found: Vec<Event> = pieces.flat_map(|piece| events.take(piece)).collect();
            assert_eq!(found, expected, "{size}");
        }
    }
}
