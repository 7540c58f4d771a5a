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
        Bootstrapped::Created { token: None } => AdminToken::Configured,
        Bootstrapped::AlreadyDone if configured => AdminToken::NotUsed,
        Bootstrapped::AlreadyDone => AdminToken::MadeBefore,
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
    /// The admin was made with this token.
    Generated(&'a str),
    /// The admin was made with the token of the configuration.
    Configured,
    /// There was an admin before; the token of the configuration may be another one.
    NotUsed,
    /// There was an admin before.
    MadeBefore,
}

/// What is said at the start: where it listens, and with a new admin what to do next.
fn welcome(api: SocketAddr, worker: SocketAddr, token: &AdminToken<'_>) -> String {
    let (token_line, next) = match token {
        AdminToken::Generated(token) => (
            format!("{token}   (of the admin root; shown this once)"),
            what_next(api, token),
        ),
        AdminToken::Configured => (
            "as AUDITSTREAM_BOOTSTRAP__ADMIN_TOKEN says (of the admin root; in $TOKEN below)"
                .to_owned(),
            what_next(api, "$TOKEN"),
        ),
        AdminToken::NotUsed => (
            "as before: there is an admin already, AUDITSTREAM_BOOTSTRAP__ADMIN_TOKEN is not used"
                .to_owned(),
            String::new(),
        ),
        AdminToken::MadeBefore => (
            "as before; `auditstream token create root` makes another".to_owned(),
            String::new(),
        ),
    };
    format!(
        "Auditstream is running.\n\
         \x20 API      http://{api}   (GraphQL at /api/graphql, events at /api/v1/audit_events)\n\
         \x20 explorer http://{api}/-/graphql-explorer\n\
         \x20 worker   http://{worker}   (/metrics, /-/readiness)\n\
         \x20 token    {token_line}\n\
         {next}"
    )
}

/// Three commands: a group, a destination, an event.
fn what_next(api: SocketAddr, token: &str) -> String {
    let post = |path: &str, body: &str| {
        format!(
            "curl http://{api}{path} -H \"Authorization: Bearer {token}\" -H 'Content-Type: application/json' -d '{body}'"
        )
    };
    let group = post(
        "/api/graphql",
        r#"{"query": "mutation { groupCreate(input: {path: \"acme\", name: \"Acme\"}) { errors group { id } } }"}"#,
    );
    let destination = post(
        "/api/graphql",
        r#"{"query": "mutation { externalAuditEventDestinationCreate(input: {groupPath: \"acme\", destinationUrl: \"https://siem.example.com/ingest\"}) { errors externalAuditEventDestination { id verificationToken } } }"}"#,
    );
    let event = post(
        "/api/v1/audit_events",
        r#"{"event_type": "user_created", "author_id": 1, "author_name": "Ada", "entity_id": 1, "entity_type": "Group", "entity_path": "acme", "details": {"custom_message": "Added a user"}}"#,
    );
    format!(
        "\nWhat to type next: make a group, give it a destination (your receiver's URL), publish an event.\n\n\
         {group}\n\n{destination}\n\n{event}\n\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(token: &AdminToken<'_>) -> String {
        let address = ([127, 0, 0, 1], 8080).into();
        welcome(address, address, token)
    }

    #[test]
    fn the_next_commands_are_shown_with_a_new_admin_only() {
        assert_eq!(
            said(&AdminToken::Generated("abc")).matches("curl ").count(),
            3
        );
        assert!(said(&AdminToken::Generated("abc")).contains("Bearer abc\""));
        assert!(said(&AdminToken::Configured).contains("Bearer $TOKEN\""));
        for before in [AdminToken::NotUsed, AdminToken::MadeBefore] {
            assert!(!said(&before).contains("curl "));
        }
    }
}
