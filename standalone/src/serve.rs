//! `auditstream serve`: both services until the process is asked to end.

use std::io::Write as _;
use std::net::SocketAddr;

use api_service::accounts::Bootstrapped;
use secrecy::ExposeSecret as _;
use shared::config::Config;
use shared::process::EndSignal;
use shared::telemetry;

use crate::pair::Pair;

/// Runs until SIGTERM or Ctrl-C.
pub async fn run(config: Config) -> anyhow::Result<()> {
    telemetry::init(&config.log);
    let mut end = EndSignal::listen()?;
    let configured = config.bootstrap.admin_token.is_some();
    let Some((pair, bootstrapped)) = end.or(Pair::start(config)).await? else {
        return Ok(());
    };
    let token = match &bootstrapped {
        Bootstrapped::Created { token: Some(token) } => {
            AdminToken::Generated(token.expose_secret())
        }
        _ if configured => AdminToken::Configured,
        _ => AdminToken::ShownBefore,
    };
    let welcome = welcome(pair.api.address(), pair.worker.address(), &token);
    // Nobody may be reading.
    let _ = std::io::stdout().write_all(welcome.as_bytes());
    let services = [pair.api.supervision(), pair.worker.supervision()];
    let ended = end.or_failure_of(&services).await;
    pair.stop().await;
    ended
}

enum AdminToken<'a> {
    Generated(&'a str),
    Configured,
    ShownBefore,
}

fn welcome(api: SocketAddr, worker: SocketAddr, token: &AdminToken<'_>) -> String {
    let (token_line, token) = match token {
        AdminToken::Generated(token) => (
            format!("{token}   (of the admin root; shown this once)"),
            *token,
        ),
        AdminToken::Configured => (
            "as AUDITSTREAM_BOOTSTRAP__ADMIN_TOKEN says, if that made the admin root".to_owned(),
            "$TOKEN",
        ),
        AdminToken::ShownBefore => (
            "was shown at the first start; `auditstream token create root` makes another"
                .to_owned(),
            "$TOKEN",
        ),
    };
    let graphql = |document: &str| {
        format!(
            "curl http://{api}/api/graphql -H \"Authorization: Bearer {token}\" -H 'Content-Type: application/json' -d '{{\"query\":\"{document}\"}}'"
        )
    };
    let group = graphql(
        r#"mutation { groupCreate(input: {path: \"acme\", name: \"Acme\"}) { errors group { id } } }"#,
    );
    let destination = graphql(
        r#"mutation { externalAuditEventDestinationCreate(input: {groupPath: \"acme\", destinationUrl: \"https://siem.example.com/ingest\"}) { errors externalAuditEventDestination { id verificationToken } } }"#,
    );
    let event = r#"{"event_type":"user_created","author_id":1,"author_name":"Ada","entity_id":1,"entity_type":"Group","entity_path":"acme","details":{"custom_message":"Added a user"}}"#;
    format!(
        "Auditstream is running.\n\
         \x20 API      http://{api}   (GraphQL at /api/graphql, events at /api/v1/audit_events)\n\
         \x20 worker   http://{worker}   (/metrics, /-/readiness)\n\
         \x20 token    {token_line}\n\
         \n\
         What to type next: make a group, give it a destination, publish an event.\n\
         \n\
         {group}\n\
         \n\
         {destination}\n\
         \n\
         curl http://{api}/api/v1/audit_events -H \"Authorization: Bearer {token}\" -H 'Content-Type: application/json' -d '{event}'\n\
         \n"
    )
}
