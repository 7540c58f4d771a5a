//! The explorer in the browser: that the page finds all its parts here, and nothing elsewhere.

use http::{Method, StatusCode};

use crate::asset::{assert_policy, asset, parts};
use crate::service::Service;

const PAGE: &str = "/-/graphql-explorer";

#[tokio::test]
async fn the_page_and_all_its_parts_come_from_the_service_itself() {
    let service = Service::start().await;
    let page = asset(&service, PAGE, "text/html").await;
    assert_eq!(
        asset(&service, &format!("{PAGE}/"), "text/html").await.text,
        page.text
    );
    let parts = parts(&page.text);
    assert_eq!(parts.len(), 6, "{parts:?}");
    for address in parts {
        assert!(address.starts_with("/-/graphql-explorer/"), "{address}");
        let content_type = match address.rsplit_once('.') {
            Some((_, "css")) => "text/css",
            _ => "text/javascript",
        };
        asset(&service, address, content_type).await;
    }
}

#[tokio::test]
async fn the_page_runs_no_script_but_its_own_and_is_shown_in_no_other() {
    let service = Service::start().await;
    let page = service.get(PAGE).await;
    assert_policy(
        &page,
        &[
            "default-src 'none'",
            "script-src 'self'",
            "connect-src 'self'",
            "frame-ancestors 'none'",
        ],
    );
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
