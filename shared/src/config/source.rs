//! Collects raw settings from the configuration file and the environment; the environment wins.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

/// The variable that names the file.
const FILE: &str = "AUDITSTREAM_CONFIG";

/// Raw settings by dotted key (`delivery.retention`), all as text.
#[derive(Debug, Default, Clone)]
pub struct Source {
    values: BTreeMap<String, String>,
    /// Names of variables that begin like ours and have no section.
    passed_over: Vec<String>,
}

impl Source {
    /// Reads the file that `AUDITSTREAM_CONFIG` names (or `auditstream.toml` in the working folder,
    /// when there is one) and lays the environment over it. Problems are sentences that name the
    /// file or the key.
    pub fn from_process() -> (Self, Vec<String>) {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the place that everything else gets its environment from"
        )]
        let (environment, mut problems) = text_variables(std::env::vars_os());
        let named = environment
            .iter()
            .find(|(name, path)| name == FILE && !path.is_empty())
            .map(|(_, path)| path.clone());
        let mut source = Self::default();
        let path = named
            .clone()
            .unwrap_or_else(|| "auditstream.toml".to_owned());
        match std::fs::read_to_string(Path::new(&path)) {
            Ok(text) => problems.extend(source.add_file(&path, &text)),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => problems.push(format!("{FILE}: cannot read {path}: {error}")),
        }
        source.add_environment(environment);
        (source, problems)
    }

    /// Adds a TOML document of sections with scalar or list values.
    pub fn add_file(&mut self, name: &str, text: &str) -> Vec<String> {
        let sections: toml::Table = match text.parse() {
            Ok(sections) => sections,
            Err(error) => return vec![not_toml(name, text, &error)],
        };
        let mut problems = Vec::new();
        for (section, entries) in sections {
            let toml::Value::Table(entries) = entries else {
                problems.push(format!(
                    "{name}: `{section}` must be a section with keys in it"
                ));
                continue;
            };
            for (key, value) in entries {
                match scalar(&value) {
                    Some(text) => {
                        self.values.insert(format!("{section}.{key}"), text);
                    }
                    None => problems.push(format!(
                        "{name}: `{section}.{key}` must be a text, a number, a boolean or a list of these"
                    )),
                }
            }
        }
        problems
    }

    /// Adds variables named `AUDITSTREAM_<SECTION>__<KEY>`; all others are passed over (a platform
    /// may inject `AUDITSTREAM_SERVICE_HOST` and the like).
    pub fn add_environment(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        for (name, value) in variables {
            match key(&name) {
                Some(key) => {
                    self.values.insert(key, value);
                }
                None if name.starts_with("AUDITSTREAM_") => self.passed_over.push(name),
                None => {}
            }
        }
    }

    /// Sets one value, over what the file and the environment say.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.values.insert(key.to_owned(), value.into());
    }

    /// The value of a key. An empty value counts as absent, so that `VARIABLE=` in a compose file
    /// means the default.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.values
            .get(key)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub(super) fn passed_over(&self) -> &[String] {
        &self.passed_over
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

/// The variables that are text. One that is ours and is not becomes a problem, as passing it over
/// would be a silent default.
fn text_variables(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> (Vec<(String, String)>, Vec<String>) {
    let mut texts = Vec::new();
    let mut problems = Vec::new();
    for (name, value) in variables {
        let Ok(name) = name.into_string() else {
            continue;
        };
        match value.into_string() {
            Ok(value) => texts.push((name, value)),
            Err(_) if name == FILE || key(&name).is_some() => {
                problems.push(format!("{name}: is not UTF-8"));
            }
            Err(_) => {}
        }
    }
    (texts, problems)
}

/// Says where a document is not TOML and why, without the line itself: it may hold a secret.
fn not_toml(name: &str, text: &str, error: &toml::de::Error) -> String {
    let reason = error.message();
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            format!("{name}: line {line} is not TOML: {reason}")
        }
        None => format!("{name}: is not TOML: {reason}"),
    }
}

fn scalar(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        toml::Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(scalar).collect();
            Some(items?.join(","))
        }
        _ => None,
    }
}

/// The dotted key of a variable; none when it is no setting.
fn key(name: &str) -> Option<String> {
    let (section, key) = name.strip_prefix("AUDITSTREAM_")?.split_once("__")?;
    Some(format!("{}.{}", section.to_lowercase(), key.to_lowercase()))
}

/// The environment variable of a dotted key: `delivery.retention` is
/// `AUDITSTREAM_DELIVERY__RETENTION`.
pub fn variable(key: &str) -> String {
    format!("AUDITSTREAM_{}", key.to_uppercase().replace('.', "__"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_setting_that_is_not_utf_8_is_a_problem_by_its_name() {
        use std::os::unix::ffi::OsStringExt as _;

        let torn = || OsString::from_vec(b"hunter2\xff".to_vec());
        let (texts, problems) = text_variables([
            ("AUDITSTREAM_API__BIND".into(), "127.0.0.1:1".into()),
            ("AUDITSTREAM_SECRETS__ENCRYPTION_KEY".into(), torn()),
            (FILE.into(), torn()),
            ("AUDITSTREAM_SERVICE_HOST".into(), torn()),
            ("LS_COLORS".into(), torn()),
            (torn(), "1".into()),
        ]);
        assert_eq!(
            texts,
            [("AUDITSTREAM_API__BIND".to_owned(), "127.0.0.1:1".to_owned())]
        );
        assert_eq!(
            problems,
            [
                "AUDITSTREAM_SECRETS__ENCRYPTION_KEY: is not UTF-8",
                "AUDITSTREAM_CONFIG: is not UTF-8"
            ]
        );
    }

    #[test]
    fn a_file_that_is_not_toml_is_named_with_the_line_and_without_what_it_holds() {
        let secret = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
        for (line, wrong) in [
            (1, format!("encryption_key = {secret}=")),
            (2, format!("[secrets]\nencryption_key = {secret}")),
            (2, format!("[secrets]\nencryption_key = \"{secret}")),
            (2, format!("[secrets]\nencryption_key = \"\\q{secret}\"")),
            (2, format!("[secrets]\n{secret} {secret}")),
            (3, format!("[secrets]\nkey = 1\nkey = '{secret}'")),
            (3, format!("[secrets]\nkey = '{secret}'\nkey.more = 1")),
            (2, format!("[a]\n[{secret}\n")),
        ] {
            let problems = Source::default().add_file("mine.toml", &wrong);
            let [problem] = problems.as_slice() else {
                panic!("{wrong:?}: {problems:?}");
            };
            let start = format!("mine.toml: line {line} is not TOML: ");
            assert!(problem.starts_with(&start), "{wrong:?}: {problem}");
            assert!(!problem.contains("MDEyMzQ1"), "{wrong:?}: {problem}");
        }
    }
}
