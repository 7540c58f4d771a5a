//! `/`: the console in the browser, with all that it needs, from this binary.

use actix_web::{HttpRequest, HttpResponse, web};

use super::asset::{self, Asset, asset};
use super::error::HttpError;

/// Nothing from elsewhere, and neither script nor style within the page, as it holds a token.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page, and what it asks for.
static PAGE: Asset = asset!("console", "index.html", HTML, ASK_EACH_TIME);
static PARTS: [Asset; 52] = [
    asset!("console", "action_button.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "announcement.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "api.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "app.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "body.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "chart.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "confirm_dialog.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "connection_banner.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "controls.css", STYLE, ASK_EACH_TIME),
    asset!("console", "dead_letters.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "destination.css", STYLE, ASK_EACH_TIME),
    asset!("console", "destination_changes.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "destination_form.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "destination_list.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "destination_page.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "destination_queries.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "destination_test.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "event_type_picker.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "everything.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "failed_attempts.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "focus_keeper.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "form.css", STYLE, ASK_EACH_TIME),
    asset!("console", "form_field.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "frame.css", STYLE, ASK_EACH_TIME),
    asset!("console", "header_rows.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "health_charts.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "health_state.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "htm-3.1.1.module.js", SCRIPT, FOR_A_YEAR),
    asset!("console", "icon.svg", IMAGE, ASK_EACH_TIME),
    asset!("console", "main.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "namespace_rows.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "narrow.css", STYLE, ASK_EACH_TIME),
    asset!("console", "page.css", STYLE, ASK_EACH_TIME),
    asset!("console", "parallel.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "polling.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "preact-11.2.0.module.js", SCRIPT, FOR_A_YEAR),
    asset!(
        "console",
        "preact-hooks-11.2.0.module.js",
        SCRIPT,
        FOR_A_YEAR
    ),
    asset!("console", "rejected_messages.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "routes.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "row_focus.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "secrets.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "session.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "set_aside.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "set_aside_queries.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "sign_in.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "sparkline.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "tables.css", STYLE, ASK_EACH_TIME),
    asset!("console", "times.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "title.js", SCRIPT, ASK_EACH_TIME),
    asset!("console", "uplot-1.6.32.min.css", STYLE, FOR_A_YEAR),
    asset!("console", "uplot-1.6.32.min.js", SCRIPT, FOR_A_YEAR),
    asset!("console", "view.js", SCRIPT, ASK_EACH_TIME),
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
