//! Rules about the sources that no compiler knows.

#![expect(
    clippy::unwrap_used,
    reason = "the whole crate is a test, also what its tests share"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tests::repository::{files_below, root, text};

/// What each package may import of ours, and what its tests may besides.
const MAY_IMPORT: [(&str, &[&str], &[&str]); 7] = [
    ("migrations", &[], &[]),
    ("xtask", &[], &[]),
    ("shared", &[], &["migrations"]),
    ("api-service", &["migrations", "shared"], &[]),
    ("delivery-worker", &["migrations", "shared"], &[]),
    (
        "standalone",
        &["api-service", "delivery-worker", "migrations", "shared"],
        &[],
    ),
    (
        "tests",
        &[
            "api-service",
            "delivery-worker",
            "migrations",
            "shared",
            "standalone",
            "xtask",
        ],
        &[],
    ),
];
/// Names that say nothing about what is in a file or folder.
const EMPTY_NAMES: [&str; 8] = [
    "utils", "helpers", "common", "misc", "manager", "handler", "types", "models",
];
/// Lines that a source file has at most.
const LONGEST: usize = 400;
/// Files that are longer, with the reason.
const LONGER: [(&str, &str); 1] = [(
    "api-service/src/publishing/complete/tests.rs",
    "tables of events, good and bad",
)];

#[test]
fn dependencies_point_one_way() {
    let packages: BTreeSet<String> = members().into_iter().collect();
    let listed: BTreeSet<String> = MAY_IMPORT
        .iter()
        .map(|(name, ..)| (*name).to_owned())
        .collect();
    assert_eq!(packages, listed);
    for (package, always, in_tests) in MAY_IMPORT {
        let manifest = manifest(&format!("{package}/Cargo.toml"));
        for table in ["dependencies", "build-dependencies", "dev-dependencies"] {
            for name in dependencies(&manifest, table).keys() {
                let allowed = always.contains(&name.as_str())
                    || table == "dev-dependencies" && in_tests.contains(&name.as_str());
                assert!(
                    !packages.contains(name) || allowed,
                    "{package} must not import {name}"
                );
            }
        }
    }
}

#[test]
fn versions_and_features_stand_in_the_workspace_alone() {
    for package in members() {
        let manifest = manifest(&format!("{package}/Cargo.toml"));
        for table in ["dependencies", "build-dependencies", "dev-dependencies"] {
            for (name, dependency) in dependencies(&manifest, table) {
                let inherited = dependency.get("workspace").and_then(toml::Value::as_bool);
                assert_eq!(inherited, Some(true), "{package}: {name}");
                assert!(dependency.get("features").is_none(), "{package}: {name}");
            }
        }
        assert_eq!(
            manifest["lints"]["workspace"].as_bool(),
            Some(true),
            "{package}"
        );
    }
}

#[test]
fn every_file_says_first_what_it_is_for() {
    for (path, text) in sources() {
        let first = text.lines().next().unwrap_or_default();
        let says = ["//! ", "// ", "/* "]
            .iter()
            .filter(|mark| is_rust(&path) == (**mark == "//! "))
            .filter_map(|mark| first.strip_prefix(mark))
            .any(|sentence| !sentence.trim().is_empty());
        assert!(says, "{} begins with: {first}", path.display());
    }
}

#[test]
fn every_name_of_a_file_says_something() {
    for (path, _) in sources() {
        for part in &path {
            let part = Path::new(part).file_stem().unwrap().to_str().unwrap();
            assert!(!EMPTY_NAMES.contains(&part), "{}", path.display());
        }
    }
}

#[test]
fn no_file_is_long_without_a_reason() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        let excused = LONGER.iter().any(|(longer, _)| path == Path::new(longer));
        assert_eq!(
            lines > LONGEST,
            excused,
            "{} has {lines} lines",
            path.display()
        );
    }
    for (path, _) in LONGER {
        assert!(root().join(path).exists(), "{path}");
    }
}

#[test]
fn nothing_is_left_for_later() {
    // Put together, so that this file does not hold them.
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("#[ig", "nore"),
        concat!("to", "do!("),
    ];
    for (path, text) in sources() {
        for (number, line) in text.lines().enumerate() {
            let mark = marks.iter().find(|mark| line.contains(**mark));
            assert_eq!(mark, None, "{}:{}", path.display(), number + 1);
        }
    }
}

#[test]
fn every_decision_is_linked_from_the_architecture() {
    let architecture = text("docs/architecture.md");
    for decision in files_below("docs/adr") {
        let name = decision.file_name().unwrap().to_str().unwrap();
        assert!(architecture.contains(&format!("(adr/{name})")), "{name}");
    }
}

/// The packages of the workspace.
fn members() -> Vec<String> {
    manifest("Cargo.toml")["workspace"]["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member.as_str().unwrap().to_owned())
        .collect()
}

fn manifest(path: &str) -> toml::Table {
    text(path)
        .parse()
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn dependencies(manifest: &toml::Table, table: &str) -> BTreeMap<String, toml::Value> {
    manifest
        .get(table)
        .and_then(toml::Value::as_table)
        .into_iter()
        .flatten()
        .map(|(name, dependency)| (name.clone(), dependency.clone()))
        .collect()
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

/// Our own, of what browsers get: what others published has a version in its name.
fn is_for_browsers(path: &Path) -> bool {
    let of_ours = |name: &str| !name.contains(|letter: char| letter.is_ascii_digit());
    path.extension()
        .is_some_and(|extension| extension == "js" || extension == "css")
        && path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(of_ours)
}

/// Every file that we wrote, in Rust or for browsers, by its path from the top, with its text.
fn sources() -> Vec<(PathBuf, String)> {
    let sources: Vec<_> = members()
        .iter()
        .flat_map(|member| files_below(member))
        .filter(|path| is_rust(path) || is_for_browsers(path))
        .map(|path| {
            let from_top = path.strip_prefix(root()).unwrap().to_owned();
            let text = text(&from_top);
            (from_top, text)
        })
        .collect();
    assert!(!sources.is_empty());
    sources
}
