//! `POST /api/graphql`.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use async_graphql::Request;

use super::error::HttpError;
use super::{State, body, text_header, trace};
use crate::publishing::batch::Format;

/// Most bytes of a request: a query and its variables.
const MOST_BYTES: usize = 1024 * 1024;
/// Most characters of a query.
const LONGEST_QUERY: usize = 10_000;

pub(super) async fn post(
    state: web::Data<State>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, HttpError> {
    let (caller, client) = state.caller(&request).await?;
    let rate = state.request_rate.count(client);
    rate.map_err(HttpError::rate_limited)?;
    let content_type = text_header(&request, header::CONTENT_TYPE).unwrap_or_default();
    if Format::from_content_type(content_type) != Some(Format::Json) {
        return Err(HttpError::unsupported_media_type(
            "The Content-Type must be application/json",
        ));
    }
    let body = body::read(&request, payload, MOST_BYTES).await?;
    let trace = trace::of(&request);
    let request = parse(&body).map_err(HttpError::bad_request)?;
    let request = request.data(caller).data(trace);
    let schema = state.schema.clone();
    let limit = state.app.foundation.config.limits.graphql_timeout;
    let response = state
        .run_within(limit, async move { schema.execute(request).await })
        .await?;
    let mut answer = HttpResponse::Ok();
    for (name, value) in &response.http_headers {
        if let Ok(value) = value.to_str() {
            answer.append_header((name.as_str(), value));
        }
    }
    Ok(answer.json(response))
}

/// One operation; the sentence says why there is none.
fn parse(body: &[u8]) -> Result<Request, String> {
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return Err("The body is empty".to_owned()),
        Some(b'{') => {}
        // Serde would take an array for an object's fields in their order.
        Some(b'[') => return Err("Several operations in one request are not supported".to_owned()),
        Some(_) => return Err("The body must be a JSON object".to_owned()),
    }
    let request: Request = serde_json::from_slice(body)
        .map_err(|error| format!("The body is no GraphQL request: {error}"))?;
    if request.query.trim().is_empty() {
        return Err("The body must have a query".to_owned());
    }
    if request.query.chars().count() > LONGEST_QUERY {
        return Err(format!(
            "The query is longer than {LONGEST_QUERY} characters"
        ));
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_one_object_with_a_query() {
        let long = format!(r#"{{"query":"{}"}}"#, "ä".repeat(LONGEST_QUERY + 1));
        let deep = format!(
            r#"{{"query":"{{a}}","variables":{{"a":{}1{}}}}}"#,
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        for (body, sentence) in [
            ("", "The body is empty"),
            ("[]", "Several operations"),
            (r#"[{"query":"{a}"}]"#, "Several operations"),
            ("null", "The body must be a JSON object"),
            ("{", "The body is no GraphQL request: EOF"),
            (
                r#"{"query":1}"#,
                "The body is no GraphQL request: invalid type",
            ),
            ("{}", "The body must have a query"),
            (&long, "The query is longer than 10000 characters"),
            (&deep, "The body is no GraphQL request: recursion limit"),
        ] {
            let refused = parse(body.as_bytes()).err().unwrap_or_default();
            assert!(refused.starts_with(sentence), "{body:.60}: {refused}");
        }
        let taken = parse(br#" {"query":"query A { a }","operationName":"A","variables":null}"#);
        assert_eq!(taken.unwrap().operation_name.as_deref(), Some("A"));
    }
}
