//! `/-/graphql-explorer`: a page to try GraphQL in a browser, with all that it needs, from this binary.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use super::error::HttpError;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// Nothing from elsewhere and no script within the page, as it holds a token. The editor sets styles
/// of elements, and the style sheet has images within it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// For what is called otherwise when it changes.
const FOR_A_YEAR: &str = "public, max-age=31536000, immutable";
/// For what changes with the service.
const ASK_EACH_TIME: &str = "no-cache";

struct Asset {
    name: &'static str,
    content_type: &'static str,
    cache_control: &'static str,
    bytes: &'static [u8],
}

macro_rules! asset {
    ($name:literal, $content_type:ident, $cache_control:ident) => {
        Asset {
            name: $name,
            content_type: $content_type,
            cache_control: $cache_control,
            bytes: include_bytes!(concat!("../../assets/explorer/", $name)),
        }
    };
}

/// The page, and what it asks for.
static PAGE: Asset = asset!("index.html", HTML, ASK_EACH_TIME);
static PARTS: [Asset; 6] = [
    asset!("explorer.css", STYLE, ASK_EACH_TIME),
    asset!("explorer.js", SCRIPT, ASK_EACH_TIME),
    asset!("graphiql-3.9.0.min.css", STYLE, FOR_A_YEAR),
    asset!("graphiql-3.9.0.min.js", SCRIPT, FOR_A_YEAR),
    asset!("react-18.3.1.production.min.js", SCRIPT, FOR_A_YEAR),
    asset!("react-dom-18.3.1.production.min.js", SCRIPT, FOR_A_YEAR),
];

pub(super) async fn page() -> HttpResponse {
    PAGE.response()
}

pub(super) async fn part(name: web::Path<String>) -> Result<HttpResponse, HttpError> {
    let part = PARTS.iter().find(|part| part.name == *name);
    part.map(Asset::response).ok_or_else(HttpError::not_found)
}

impl Asset {
    fn response(&self) -> HttpResponse {
        HttpResponse::Ok()
            .content_type(self.content_type)
            .insert_header((header::CACHE_CONTROL, self.cache_control))
            .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::REFERRER_POLICY, "no-referrer"))
            .body(self.bytes)
    }
}
