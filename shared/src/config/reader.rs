//! Reads typed settings from a source and keeps every problem, so that all are reported at once.

use super::source::{Source, variable};

/// One key as the reference table shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyDoc {
    /// Dotted key, as in the file.
    pub key: &'static str,
    /// The default as it would be written; empty when there is none.
    pub default: &'static str,
    /// What the key means.
    pub meaning: &'static str,
}

pub(super) struct Reader<'a> {
    source: &'a Source,
    pub(super) docs: Vec<KeyDoc>,
    pub(super) problems: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Source, problems: Vec<String>) -> Self {
        Self {
            source,
            docs: Vec::new(),
            problems,
        }
    }

    /// The value of `key`, or its default. A value that cannot be parsed becomes a problem (which
    /// never shows the value, as it may be a secret) and counts as the default.
    pub(super) fn get<T>(
        &mut self,
        key: &'static str,
        default: &'static str,
        meaning: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        self.docs.push(KeyDoc {
            key,
            default,
            meaning,
        });
        let given = self.source.get(key).unwrap_or(default);
        parse(given).unwrap_or_else(|problem| {
            self.problems.push(format!("{}: {problem}", variable(key)));
            parse(default).expect("every default parses")
        })
    }

    /// The value of `key`, or none: for keys without a default.
    pub(super) fn get_optional<T>(
        &mut self,
        key: &'static str,
        meaning: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.get(key, "", meaning, |text| {
            if text.is_empty() {
                Ok(None)
            } else {
                parse(text).map(Some)
            }
        })
    }

    pub(super) fn problem(&mut self, key: &'static str, problem: &str) {
        self.problems.push(format!("{}: {problem}", variable(key)));
    }

    /// Reports what the source has and nobody asked for: a misspelt key must not be a silent
    /// default.
    pub(super) fn report_unknown_keys(&mut self) {
        for doc in &self.docs {
            let variable = variable(doc.key);
            let mistaken = variable.replace("__", "_");
            if self.source.passed_over().contains(&mistaken) {
                self.problems.push(format!(
                    "{mistaken}: did you mean {variable}, with two underscores?"
                ));
            }
        }
        for key in self.source.keys() {
            if !self.docs.iter().any(|doc| doc.key == key) {
                self.problems.push(format!(
                    "{}: no such setting (in the file: {key})",
                    variable(key)
                ));
            }
        }
    }
}
