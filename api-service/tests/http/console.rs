//! The console in the browser: that the page finds all its parts here, and nothing elsewhere.

use std::collections::BTreeSet;
use std::path::Path;

use http::{Method, StatusCode};

use crate::asset::{assert_policy, asset, parts};
use crate::service::Service;

const PARTS: &str = "/-/console/";

/// The files that the page and its modules ask for, each of which must be there.
async fn asked_for(service: &Service) -> BTreeSet<String> {
    let page = asset(service, "/", "text/html").await;
    let mut left: Vec<String> = parts(&page.text).into_iter().map(str::to_owned).collect();
    let mut asked = BTreeSet::new();
    while let Some(address) = left.pop() {
        let name = address
            .strip_prefix(PARTS)
            .unwrap_or_else(|| panic!("{address}"));
        if !asked.insert(name.to_owned()) {
            continue;
        }
        let content_type = match name.rsplit_once('.') {
            Some((_, "css")) => "text/css",
            Some((_, "svg")) => "image/svg+xml",
            _ => "text/javascript",
        };
        let part = asset(service, &address, content_type).await;
        let imports = part
            .text
            .split("from\"./")
            .chain(part.text.split("from \"./"));
        let imports = imports.filter_map(|rest| rest.split_once(".js\""));
        let names = imports.map(|(name, _)| name).filter(|name| {
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
            name.chars().all(is_name)
        });
        left.extend(names.map(|name| format!("{PARTS}{name}.js")));
    }
    asked
}

#[tokio::test]
async fn the_page_and_all_its_parts_come_from_the_service_itself() {
    let service = Service::start().await;
    let asked = asked_for(&service).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/console");
    let there: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("LICENSE") && name != "README.md" && name != "index.html")
        .collect();
    assert_eq!(asked, there);
}

#[tokio::test]
async fn the_page_has_neither_script_nor_style_within_and_is_shown_in_no_other() {
    let service = Service::start().await;
    let page = service.get("/").await;
    assert_policy(
        &page,
        &[
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ],
    );
    for within in ["<style", "style=", "onclick=", "javascript:"] {
        assert!(!page.text.contains(within), "{within}");
    }
}

#[tokio::test]
async fn what_is_no_part_of_the_page_is_not_there_and_nothing_can_be_sent_to_it() {
    let service = Service::start().await;
    for path in [
        "README.md",
        "..%2fexplorer%2fexplorer.js",
        "a/main.js",
        "LICENSE-preact",
    ] {
        let answer = service.get(&format!("{PARTS}{path}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/", "/-/console/main.js"] {
        let answer = service.send(Method::POST, path, &[], "").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}
