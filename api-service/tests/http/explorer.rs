//! The explorer in the browser: that the page finds all its parts here, and nothing elsewhere.

use http::{Method, StatusCode};

use crate::service::{Answer, Service};

const PAGE: &str = "/-/graphql-explorer";

#[tokio::test]
async fn the_page_and_all_its_parts_come_from_the_service_itself() {
    let service = Service::start().await;
    let page = part(&service, PAGE, "text/html").await;
    assert_eq!(
        part(&service, &format!("{PAGE}/"), "text/html").await.text,
        page.text
    );
    let parts: Vec<&str> = ["src=\"", "href=\""]
        .into_iter()
        .flat_map(|attribute| page.text.split(attribute).skip(1))
        .map(|rest| rest.split('"').next().unwrap())
        .filter(|address| *address != "data:,")
        .collect();
    assert_eq!(parts.len(), 6, "{parts:?}");
    for address in parts {
        assert!(address.starts_with("/-/graphql-explorer/"), "{address}");
        let content_type = match address.rsplit_once('.') {
            Some((_, "css")) => "text/css",
            _ => "text/javascript",
        };
        let answer = part(&service, address, content_type).await;
        // The browser would look for it at an address that is not there.
        assert!(!answer.text.contains("sourceMappingURL"), "{address}");
        // A name with a version stands for the same bytes for ever.
        let lasting = address.contains(|letter: char| letter.is_ascii_digit());
        let cache_control = answer.headers["cache-control"].to_str().unwrap();
        assert_eq!(cache_control.contains("immutable"), lasting, "{address}");
    }
}

#[tokio::test]
async fn the_page_runs_no_script_but_its_own_and_is_shown_in_no_other() {
    let service = Service::start().await;
    let page = service.get(PAGE).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    for directive in [
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
    ] {
        let mut directives = policy.split(';').map(str::trim);
        assert!(directives.any(|found| found == directive), "{policy}");
    }
    for script in page.text.split("<script").skip(1) {
        assert!(script.trim_start().starts_with("src="), "{script}");
    }
}

#[tokio::test]
async fn what_is_no_part_of_the_page_is_not_there_and_nothing_can_be_sent_to_it() {
    let service = Service::start().await;
    for path in [
        "/README.md",
        "/..%2fexplorer.js",
        "/a/explorer.js",
        "/explorer.js.map",
    ] {
        let answer = service.get(&format!("{PAGE}{path}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["", "/", "/explorer.js"] {
        let answer = service
            .send(Method::POST, &format!("{PAGE}{path}"), &[], "")
            .await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

async fn part(service: &Service, path: &str, content_type: &str) -> Answer {
    let answer = service.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}");
    let found = answer.headers["content-type"].to_str().unwrap();
    assert!(found.starts_with(content_type), "{path}: {found}");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert!(!answer.text.is_empty());
    answer
}
