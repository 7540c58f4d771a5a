//! What the documents point at exists, and each invariant is held by a test.

use std::path::PathBuf;

use tests::repository::{root, text};

use crate::document::{documents, links};

#[test]
fn every_link_points_at_something() {
    for document in documents() {
        let folder = document.parent().unwrap();
        for (_, target) in links(&text(&document)) {
            let path = target.split('#').next().unwrap();
            if target.contains("://") || path.is_empty() {
                continue;
            }
            assert!(
                root().join(folder).join(path).exists(),
                "{}: {target}",
                document.display()
            );
        }
    }
}

#[test]
fn every_invariant_is_held_by_a_test() {
    let architecture = text("docs/architecture.md");
    let (_, rest) = architecture.split_once("\n## Invariants\n").unwrap();
    let (invariants, _) = rest.split_once("\n## ").unwrap();
    let invariants = invariants.split("\n- ").skip(1);
    let mut count = 0;
    for invariant in invariants {
        let invariant = invariant.split("\n\n").next().unwrap();
        let tests = links(invariant);
        assert!(!tests.is_empty(), "no test holds: {invariant}");
        for (name, path) in tests {
            let name = name.trim_matches('`');
            let source = text(PathBuf::from("docs").join(&path));
            assert!(is_test(&source, name), "{name} is no test in {path}");
            count += 1;
        }
    }
    assert!(count > 0);
}

/// Whether a source has a test of this name: a function with the attribute, or one that is listed for
/// the backends that it runs on.
fn is_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().collect();
    let Some(at) = lines
        .iter()
        .position(|line| line.contains(&format!("fn {name}(")))
    else {
        return false;
    };
    let attributes = lines[..at]
        .iter()
        .rev()
        .take_while(|line| line.trim_start().starts_with("#["));
    let is_marked = attributes.into_iter().any(|line| line.contains("test"));
    is_marked || listed(source).any(|word| word == name)
}

/// What stands between the brackets of the macros that make tests of functions.
fn listed(source: &str) -> impl Iterator<Item = &str> {
    ["on_every_backend!(", "on_backend!(", "on_both_queues!("]
        .into_iter()
        .flat_map(|call| source.split(call).skip(1))
        .filter_map(|rest| rest.split(");").next())
        .flat_map(|list| {
            list.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
        })
}
