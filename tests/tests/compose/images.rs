//! The images: what is built is there, what is pulled is named with a version.

use std::process::Command;

use serde_json::Value;

use crate::{dockerfile, repository, stack};

/// The programs that the workspace makes.
fn binaries() -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(repository::root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    });
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|package| package["targets"].as_array().unwrap())
        .filter(|target| target["kind"] == serde_json::json!(["bin"]))
        .map(|target| target["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_a_container_starts_is_a_binary_of_the_workspace_that_the_builder_makes() {
    let binaries = binaries();
    let builder = dockerfile::lineage("builder");
    let build = builder[0].all("RUN").join("\n");
    for service in stack::ours() {
        let target = service.target().unwrap();
        let program = dockerfile::program(target);
        let name = program.strip_prefix("/usr/local/bin/").unwrap();
        assert!(binaries.iter().any(|binary| binary == name), "{name}");
        assert!(build.contains(&format!("--package {name}")), "{name}");
        assert!(build.contains(&format!("target/release/{name}")), "{name}");
        assert_eq!(
            dockerfile::in_force(target, "COPY"),
            format!("--from=builder /out/{name} {program}")
        );
    }
}

#[test]
fn an_image_of_ours_stops_by_the_signal_that_the_services_wait_for() {
    for service in stack::ours() {
        assert_eq!(
            dockerfile::in_force(service.target().unwrap(), "STOPSIGNAL"),
            "SIGTERM"
        );
    }
}

#[test]
fn an_image_is_either_built_here_or_pulled_by_a_version() {
    for service in stack::services() {
        match (service.target(), service.get("image").as_str()) {
            (Some(_), None) => assert_eq!(service.get("build")["context"], "."),
            (None, Some(image)) => {
                let (_, tag) = image.rsplit_once(':').expect("a tag");
                assert!(tag.contains(|c: char| c.is_ascii_digit()), "{image}");
            }
            other => panic!("{}: {other:?}", service.name),
        }
    }
}

#[test]
fn secrets_and_build_products_do_not_enter_the_build() {
    let ignored = repository::text(".dockerignore");
    for path in [".env", ".git", "data", "target"] {
        assert!(ignored.lines().any(|line| line == path), "{path}");
    }
}

#[test]
fn every_folder_of_the_workspace_enters_the_build() {
    let manifest = repository::text("Cargo.toml");
    let members = manifest
        .lines()
        .find_map(|line| line.strip_prefix("members = "))
        .expect("members stand on one line");
    let members: Vec<String> = serde_json::from_str(members).unwrap();
    let ignored = repository::text(".dockerignore");
    // Cargo wants the manifest of every member, also of those that it does not build.
    for member in members {
        assert!(!ignored.lines().any(|line| line == member), "{member}");
    }
}
