//! How deep brackets are inside of each other in the text of a document. The parser calls itself for
//! each and has no limit of its own, so some hundreds of them would overflow the stack, which ends
//! the process.

use super::limits::NESTING;

/// Why a text is not given to the parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// Too many brackets are open at once.
    #[error("The query has brackets inside of each other deeper than {NESTING}")]
    TooDeep,
    /// The parser would take what follows for something else than a text in quotes.
    #[error("The query has a text in quotes that does not end")]
    OpenText,
}

/// Counts the brackets outside of comments and of texts in quotes.
pub(super) fn check(query: &str) -> Result<(), Refused> {
    let mut depth = 0_usize;
    let mut rest = query;
    while let Some(at) = rest.find(['[', '{', '(', ']', '}', ')', '#', '"']) {
        let (found, behind) = rest[at..].split_at(1);
        rest = match found {
            "[" | "{" | "(" => {
                depth += 1;
                if depth > NESTING {
                    return Err(Refused::TooDeep);
                }
                behind
            }
            "#" => behind.find(['\n', '\r']).map_or("", |end| &behind[end..]),
            "\"" => match behind.strip_prefix("\"\"") {
                Some(block) => behind_block(block)?,
                None => behind_line(behind)?,
            },
            _ => {
                depth = depth.saturating_sub(1);
                behind
            }
        };
    }
    Ok(())
}

/// What follows the end of a text in single quotation marks.
fn behind_line(text: &str) -> Result<&str, Refused> {
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok(&text[at + 1..]),
            '\\' => _ = characters.next(),
            '\n' | '\r' => break,
            _ => {}
        }
    }
    Err(Refused::OpenText)
}

/// What follows the end of a text in triple quotation marks.
fn behind_block(mut text: &str) -> Result<&str, Refused> {
    const END: &str = "\"\"\"";
    loop {
        let at = text.find(END).ok_or(Refused::OpenText)?;
        let (before, behind) = text.split_at(at);
        text = &behind[END.len()..];
        if !before.ends_with('\\') {
            return Ok(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_counted_as_the_parser_meets_them() {
        let deep = "[".repeat(NESTING + 1);
        let most = format!("{}{}", "[".repeat(NESTING), "]".repeat(NESTING));
        let wide = "{a(b:[1])}".repeat(NESTING);
        let mixed = "{a(b:[{c:".repeat(NESTING / 4 + 1);
        for (query, expected) in [
            ("", Ok(())),
            (&*wide, Ok(())),
            (&*most, Ok(())),
            (&*deep, Err(Refused::TooDeep)),
            (&*mixed, Err(Refused::TooDeep)),
            // More closing ones do not make room for more opening ones.
            (&format!("]]]{deep}"), Err(Refused::TooDeep)),
            (&format!("# {deep}"), Ok(())),
            (&format!("# \n{deep}"), Err(Refused::TooDeep)),
            (&format!("# \r{deep}"), Err(Refused::TooDeep)),
            (&format!("# \"\n{deep}\""), Err(Refused::TooDeep)),
            (&format!("\"{deep}\""), Ok(())),
            (&format!("\"#\"{deep}"), Err(Refused::TooDeep)),
            (&format!("\"\"{deep}\"\""), Err(Refused::TooDeep)),
            (&format!(r#""\"{deep}""#), Ok(())),
            (&format!(r#""\\"{deep}""#), Err(Refused::TooDeep)),
            (&format!("\"ä\\ä\"{deep}"), Err(Refused::TooDeep)),
            (&format!(r#""""{deep}""""#), Ok(())),
            (&format!("\"\"\"\n\" {deep} \"\n\"\"\""), Ok(())),
            (&format!(r#""""\"""{deep}""""#), Ok(())),
            (&format!(r#""""\""""""{deep}"#), Err(Refused::TooDeep)),
            (&format!(r#""""" {deep}""#), Err(Refused::OpenText)),
            // The parser would see two short texts and then the brackets.
            (&format!(r#"""" x" {deep}"#), Err(Refused::OpenText)),
            ("\"", Err(Refused::OpenText)),
            ("\"\\", Err(Refused::OpenText)),
            ("\"a\nb\"", Err(Refused::OpenText)),
        ] {
            assert_eq!(check(query), expected, "{query}");
        }
    }
}
