//! Files that this binary holds and serves to browsers: pages that hold a token, and their parts.

use std::sync::LazyLock;

use actix_web::http::header::{self, ETag, EntityTag, Header as _, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

use super::error::HttpError;

pub(super) const HTML: &str = "text/html; charset=utf-8";
pub(super) const SCRIPT: &str = "text/javascript; charset=utf-8";
pub(super) const IMAGE: &str = "image/svg+xml";
pub(super) const STYLE: &str = "text/css; charset=utf-8";

/// For what is called otherwise when it changes.
pub(super) const FOR_A_YEAR: &str = "public, max-age=31536000, immutable";
/// For what changes with the service.
pub(super) const ASK_EACH_TIME: &str = "no-cache";

/// A file.
pub(super) struct Asset {
    pub(super) name: &'static str,
    pub(super) content_type: &'static str,
    pub(super) cache_control: &'static str,
    pub(super) bytes: &'static [u8],
    /// A digest of the bytes, made when it is first asked for.
    pub(super) entity_tag: LazyLock<EntityTag>,
}

/// A file below `api-service/assets`: `asset!("explorer", "explorer.js", SCRIPT, ASK_EACH_TIME)`.
macro_rules! asset {
    ($folder:literal, $name:literal, $content_type:ident, $cache_control:ident) => {{
        const BYTES: &[u8] = include_bytes!(concat!("../../assets/", $folder, "/", $name));
        $crate::http::asset::Asset {
            name: $name,
            content_type: $crate::http::asset::$content_type,
            cache_control: $crate::http::asset::$cache_control,
            bytes: BYTES,
            entity_tag: ::std::sync::LazyLock::new(|| $crate::http::asset::entity_tag(BYTES)),
        }
    }};
}
pub(super) use asset;

/// The same for the same bytes, and another one for others.
pub(super) fn entity_tag(bytes: &[u8]) -> EntityTag {
    EntityTag::new_strong(URL_SAFE_NO_PAD.encode(digest(&SHA256, bytes)))
}

impl Asset {
    /// The file, in a page that may do what the Content-Security-Policy says and is told to nobody; for who
    /// has it already, that it is still the same.
    pub(super) fn response(
        &self,
        request: &HttpRequest,
        content_security_policy: &str,
    ) -> HttpResponse {
        let is_known = self.is_known(request);
        let mut response = if is_known {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        response
            .insert_header(ETag(self.entity_tag.clone()))
            .insert_header((header::CACHE_CONTROL, self.cache_control))
            .insert_header((header::CONTENT_SECURITY_POLICY, content_security_policy))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::REFERRER_POLICY, "no-referrer"));
        if is_known {
            response.finish()
        } else {
            response.content_type(self.content_type).body(self.bytes)
        }
    }

    fn is_known(&self, request: &HttpRequest) -> bool {
        match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&self.entity_tag)),
            // Without the header, or with one that cannot be read, it is sent in full.
            Err(_) => false,
        }
    }
}

/// The file of a name among these, as [`Asset::response`] has it.
pub(super) fn part(
    assets: &[Asset],
    name: &str,
    request: &HttpRequest,
    content_security_policy: &str,
) -> Result<HttpResponse, HttpError> {
    assets
        .iter()
        .find(|asset| asset.name == name)
        .map(|asset| asset.response(request, content_security_policy))
        .ok_or_else(HttpError::not_found)
}
