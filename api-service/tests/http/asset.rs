//! Asks for pages and their parts, and looks at how they are served.

use http::{Method, StatusCode};

use crate::service::{Answer, Service};

/// Holds that who has a file is told so in the place of getting it again, and that nobody else is.
async fn assert_sent_once(service: &Service, path: &str, whole: &Answer) {
    let tag = whole.headers["etag"].to_str().unwrap();
    let several = format!("\"another\", W/{tag}");
    for (known, status, has_body) in [
        (tag, StatusCode::NOT_MODIFIED, false),
        (several.as_str(), StatusCode::NOT_MODIFIED, false),
        ("\"another\"", StatusCode::OK, true),
        ("nonsense", StatusCode::OK, true),
    ] {
        let headers = [("if-none-match", known)];
        let answer = service.send(Method::GET, path, &headers, "").await;
        assert_eq!(answer.status, status, "{path}: {known}");
        assert_eq!(!answer.text.is_empty(), has_body, "{path}: {known}");
        for header in ["etag", "cache-control", "content-security-policy"] {
            assert_eq!(answer.headers[header], whole.headers[header], "{path}");
        }
    }
}

/// A file that is there, with what every one of them has.
pub(crate) async fn asset(service: &Service, path: &str, content_type: &str) -> Answer {
    let answer = service.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}");
    let found = answer.headers["content-type"].to_str().unwrap();
    assert!(found.starts_with(content_type), "{path}: {found}");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert!(!answer.text.is_empty());
    // The browser would look for it at an address that is not there.
    assert!(!answer.text.contains("sourceMappingURL"), "{path}");
    // A name with a version stands for the same bytes for ever.
    let lasting = path.contains(|letter: char| letter.is_ascii_digit());
    let cache_control = answer.headers["cache-control"].to_str().unwrap();
    assert_eq!(cache_control.contains("immutable"), lasting, "{path}");
    assert_sent_once(service, path, &answer).await;
    answer
}

/// What a page asks for by itself, in its order.
pub(crate) fn parts(page: &str) -> Vec<&str> {
    ["src=\"", "href=\""]
        .into_iter()
        .flat_map(|attribute| page.split(attribute).skip(1))
        .map(|rest| rest.split('"').next().unwrap())
        .filter(|address| *address != "data:,")
        .collect()
}

/// Holds that a page has a policy with these directives, and no script within itself.
pub(crate) fn assert_policy(page: &Answer, directives: &[&str]) {
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    for directive in directives {
        let mut found = policy.split(';').map(str::trim);
        assert!(found.any(|found| found == *directive), "{policy}");
    }
    for script in page.text.split("<script").skip(1) {
        assert!(script.trim_start().starts_with("src="), "{script}");
    }
}
