//! `/-/graphql-explorer`: a page to try GraphQL in a browser, with all that it needs, from this binary.

use actix_web::{HttpRequest, HttpResponse, web};

use super::asset::{self, Asset, asset};
use super::error::HttpError;

/// Nothing from elsewhere and no script within the page, as it holds a token. The editor sets styles
/// of elements, and the style sheet has images within it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page, and what it asks for.
static PAGE: Asset = asset!("explorer", "index.html", HTML, ASK_EACH_TIME);
static PARTS: [Asset; 6] = [
    asset!("explorer", "explorer.css", STYLE, ASK_EACH_TIME),
    asset!("explorer", "explorer.js", SCRIPT, ASK_EACH_TIME),
    asset!("explorer", "graphiql-3.9.0.min.css", STYLE, FOR_A_YEAR),
    asset!("explorer", "graphiql-3.9.0.min.js", SCRIPT, FOR_A_YEAR),
    asset!(
        "explorer",
        "react-18.3.1.production.min.js",
        SCRIPT,
        FOR_A_YEAR
    ),
    asset!(
        "explorer",
        "react-dom-18.3.1.production.min.js",
        SCRIPT,
        FOR_A_YEAR
    ),
];

pub(super) async fn page(request: HttpRequest) -> HttpResponse {
    PAGE.response(&request, CONTENT_SECURITY_POLICY)
}

pub(super) async fn part(
    request: HttpRequest,
    name: web::Path<String>,
) -> Result<HttpResponse, HttpError> {
    asset::part(&PARTS, &name, &request, CONTENT_SECURITY_POLICY)
}
