//! Files that this binary holds and serves to browsers: pages that hold a token, and their parts.

use actix_web::HttpResponse;
use actix_web::http::header;

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
}

/// A file below `api-service/assets`: `asset!("explorer", "explorer.js", SCRIPT, ASK_EACH_TIME)`.
macro_rules! asset {
    ($folder:literal, $name:literal, $content_type:ident, $cache_control:ident) => {
        $crate::http::asset::Asset {
            name: $name,
            content_type: $crate::http::asset::$content_type,
            cache_control: $crate::http::asset::$cache_control,
            bytes: include_bytes!(concat!("../../assets/", $folder, "/", $name)),
        }
    };
}
pub(super) use asset;

impl Asset {
    /// The file, in a page that may do what the Content-Security-Policy says and is told to nobody.
    pub(super) fn response(&self, content_security_policy: &str) -> HttpResponse {
        HttpResponse::Ok()
            .content_type(self.content_type)
            .insert_header((header::CACHE_CONTROL, self.cache_control))
            .insert_header((header::CONTENT_SECURITY_POLICY, content_security_policy))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::REFERRER_POLICY, "no-referrer"))
            .body(self.bytes)
    }
}

/// The file of a name among these.
pub(super) fn find<'a>(assets: &'a [Asset], name: &str) -> Option<&'a Asset> {
    assets.iter().find(|asset| asset.name == name)
}
