//! Takes events from a file one by one, however large it is: one JSON object a line, or one JSON array.

use std::io::{BufRead, Read as _};

/// Bytes that an event has at most: those of a whole request.
pub(super) const LARGEST: usize = 8 * 1024 * 1024;

/// How a file holds its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One object a line; empty lines are passed over.
    Lines,
    /// The elements of one array.
    Array,
}

impl Form {
    /// What an event's place is called.
    pub(super) fn place(self) -> &'static str {
        match self {
            Self::Lines => "line",
            Self::Array => "element",
        }
    }
}

/// An event's text, which was not looked at yet, and its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Raw {
    /// Line or element, from 1.
    pub(super) place: u64,
    pub(super) bytes: Vec<u8>,
}

/// Why there is no further event.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// Reading failed.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// What the file holds is wrong.
    #[error("{0}")]
    Wrong(&'static str),
}

/// The events of a file.
pub(super) struct Events<R> {
    input: R,
    form: Form,
    /// The place of the next event.
    next: u64,
    /// Bytes that were read.
    read: u64,
    /// Nothing may follow.
    ended: bool,
}

impl<R: BufRead> Events<R> {
    /// Finds out the form, by the first letter.
    pub(super) fn open(mut input: R) -> Result<Self, Unreadable> {
        let (mut next, mut read) = (1, 0);
        let form = loop {
            let buffer = input.fill_buf()?;
            let Some(first) = buffer.first().copied() else {
                break Form::Lines;
            };
            if first == b'[' {
                break Form::Array;
            }
            if !first.is_ascii_whitespace() {
                break Form::Lines;
            }
            next += u64::from(first == b'\n');
            input.consume(1);
            read += 1;
        };
        if form == Form::Array {
            input.consume(1);
            (next, read) = (1, read + 1);
        }
        Ok(Self {
            input,
            form,
            next,
            read,
            ended: false,
        })
    }

    pub(super) fn form(&self) -> Form {
        self.form
    }

    /// The place of the event that comes next, or of what is wrong.
    pub(super) fn place(&self) -> u64 {
        self.next
    }

    /// Bytes that were read so far.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    /// The next event; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Raw>, Unreadable> {
        match self.form {
            Form::Lines => self.next_line(),
            Form::Array => self.next_element(),
        }
    }

    fn next_line(&mut self) -> Result<Option<Raw>, Unreadable> {
        loop {
            let mut bytes = Vec::new();
            let mut limited = (&mut self.input).take(LARGEST as u64 + 1);
            let read = limited.read_until(b'\n', &mut bytes)?;
            self.read += read as u64;
            if read == 0 {
                return Ok(None);
            }
            if bytes.trim_ascii().len() > LARGEST || !bytes.ends_with(b"\n") && read > LARGEST {
                return Err(TOO_LARGE);
            }
            let place = self.next;
            self.next += 1;
            let event = bytes.trim_ascii();
            if !event.is_empty() {
                let bytes = event.to_vec();
                return Ok(Some(Raw { place, bytes }));
            }
        }
    }

    fn next_element(&mut self) -> Result<Option<Raw>, Unreadable> {
        if self.ended {
            return self.nothing_more();
        }
        let mut element = Element::default();
        let mut bytes = Vec::new();
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Err(Unreadable::Wrong("the array does not end"));
            }
            let end = buffer.iter().position(|byte| element.ends_before(*byte));
            let taken = end.unwrap_or(buffer.len());
            bytes.extend_from_slice(&buffer[..taken]);
            let closes = end.is_some_and(|end| buffer[end] == b']');
            let consumed = taken + usize::from(end.is_some());
            self.input.consume(consumed);
            self.read += consumed as u64;
            if bytes.len() > LARGEST {
                return Err(TOO_LARGE);
            }
            if end.is_none() {
                continue;
            }
            self.ended = closes;
            let event = bytes.trim_ascii();
            if event.is_empty() {
                return if closes && self.next == 1 {
                    self.nothing_more()
                } else {
                    Err(Unreadable::Wrong("there is nothing between two commas"))
                };
            }
            let place = self.next;
            self.next += 1;
            let bytes = event.to_vec();
            return Ok(Some(Raw { place, bytes }));
        }
    }

    fn nothing_more(&mut self) -> Result<Option<Raw>, Unreadable> {
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Ok(None);
            }
            if !buffer.iter().all(u8::is_ascii_whitespace) {
                return Err(Unreadable::Wrong("there is something behind the array"));
            }
            let length = buffer.len();
            self.input.consume(length);
            self.read += length as u64;
        }
    }
}

const TOO_LARGE: Unreadable = Unreadable::Wrong("is larger than a request may be, 8 MiB");

/// Where in an element of an array one is.
#[derive(Default)]
struct Element {
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl Element {
    /// Whether the element is at its end before this byte, which is a comma or the array's end.
    fn ends_before(&mut self, byte: u8) -> bool {
        if self.in_text {
            self.in_text = self.escaped || byte != b'"';
            self.escaped = !self.escaped && byte == b'\\';
            return false;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => self.depth += 1,
            b',' | b']' if self.depth == 0 => return true,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// The events with their places, and what is wrong in the end.
    fn read(text: &str) -> (Vec<(u64, String)>, Option<String>) {
        // A buffer of three bytes ends everywhere.
        let mut events = Events::open(BufReader::with_capacity(3, text.as_bytes())).unwrap();
        let mut found = Vec::new();
        loop {
            match events.next() {
                Ok(Some(raw)) => found.push((raw.place, String::from_utf8(raw.bytes).unwrap())),
                Ok(None) => {
                    assert_eq!(events.read(), text.len() as u64, "{text}");
                    return (found, None);
                }
                Err(wrong) => return (found, Some(format!("{}: {wrong}", events.place()))),
            }
        }
    }

    #[test]
    fn events_are_the_lines_or_the_elements_of_one_array() {
        for (text, events) in [
            ("", &[][..]),
            (" \n\n", &[]),
            ("[]", &[]),
            (" [ ] \n", &[]),
            (
                "{\"a\":1}\n{\"b\":2}",
                &[(1, "{\"a\":1}"), (2, "{\"b\":2}")],
            ),
            ("\n{}\r\n\n {} \n", &[(2, "{}"), (4, "{}")]),
            (
                "[{\"a\":[1,{\"b\":2}]},\n{}]\n",
                &[(1, "{\"a\":[1,{\"b\":2}]}"), (2, "{}")],
            ),
            (
                r#"[{"a":"],[\"}\\"} , 7]"#,
                &[(1, r#"{"a":"],[\"}\\"}"#), (2, "7")],
            ),
            // Whether it is JSON is not looked at here.
            ("no\n{", &[(1, "no"), (2, "{")]),
        ] {
            let (found, wrong) = read(text);
            let found: Vec<(u64, &str)> =
                found.iter().map(|(n, text)| (*n, text.as_str())).collect();
            assert_eq!((found.as_slice(), wrong), (events, None), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_in_an_array_is_told_with_its_place_after_what_is_right() {
        for (text, count, problem) in [
            ("[", 0, "1: the array does not end"),
            ("[{},{}", 1, "2: the array does not end"),
            ("[{},]", 1, "2: there is nothing between two commas"),
            ("[,{}]", 0, "1: there is nothing between two commas"),
            ("[{}] {}", 1, "2: there is something behind the array"),
        ] {
            let (found, wrong) = read(text);
            assert_eq!(
                (found.len(), wrong.as_deref()),
                (count, Some(problem)),
                "{text}"
            );
        }
    }

    #[test]
    fn an_event_is_no_larger_than_a_request_and_one_that_is_ends_the_reading() {
        let fits = format!("\"{}\"", "a".repeat(LARGEST - 2));
        let longer = format!("\"{}\"", "a".repeat(LARGEST - 1));
        for (text, taken) in [
            (fits.clone(), true),
            (format!("{fits}\n"), true),
            (format!("[{fits}]"), true),
            (longer.clone(), false),
            (format!("[{longer}]"), false),
        ] {
            let mut events = Events::open(text.as_bytes()).unwrap();
            assert_eq!(events.next().is_ok(), taken, "{}", text.len());
        }
    }
}
