//! Reads streaming configuration as one moment has it, whole or only what changed.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{
    ColumnTrait as _, Condition, DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _,
    QuerySelect as _,
};
use secrecy::SecretString;

use crate::clock::Timestamp;
use crate::database::Database;
use crate::entities::{
    config_version, destination_event_type_filters as event_types, destination_headers as headers,
    destination_namespace_filters as namespace_filters, destinations, destroyed_destinations,
    namespaces,
};
use crate::secrets::{Keyring, Purpose, SealedShut};

/// A destination with all that belongs to it.
#[derive(Debug)]
pub struct Destination {
    /// Number of its row.
    pub id: i64,
    /// Full path of its top-level group; none: the instance.
    pub group_path: Option<String>,
    /// Shown name.
    pub name: String,
    /// Where to POST.
    pub url: String,
    /// Whether it receives anything.
    pub active: bool,
    /// The token and the headers. A destination whose secrets do not open is kept all the same: its
    /// events must wait, not vanish.
    pub secrets: Result<Secrets, SealedShut>,
    /// Names of the event types that it is limited to; empty: all.
    pub event_types: Vec<String>,
    /// Full paths of the groups and projects that it is limited to; empty: all.
    pub namespaces: Vec<String>,
}

/// What of a destination is encrypted at rest.
#[derive(Debug)]
pub struct Secrets {
    /// The value of `X-Gitlab-Event-Streaming-Token`.
    pub verification_token: SecretString,
    /// Active custom headers: name and value.
    pub headers: Vec<(String, SecretString)>,
    /// What requests are signed with.
    pub signing: SigningSecrets,
}

/// What requests are signed with.
#[derive(Debug)]
pub struct SigningSecrets {
    /// The secret that its owner is told.
    pub current: SecretString,
    /// The one before the last rotation, and until when it signs along.
    pub previous: Option<(SecretString, Timestamp)>,
}

/// What is different since a version.
#[derive(Debug)]
pub struct Changes {
    /// The version that is reached with these changes.
    pub version: i64,
    /// Destinations that are new or changed.
    pub changed: Vec<Destination>,
    /// Destinations that are no more; none when everything was asked for.
    pub destroyed: Vec<i64>,
}

/// The committed version of the configuration.
pub async fn current_version(database: &Database) -> Result<i64, DbErr> {
    config_version::current(database.reader()).await
}

/// What changed after version `since` (0: everything), all of one moment. The number of statements
/// does not depend on how much changed.
pub async fn changes_since(
    database: &Database,
    keyring: &Keyring,
    since: i64,
) -> Result<Changes, DbErr> {
    let moment = database.begin_snapshot().await?;
    let version = config_version::current(&moment).await?;
    if version <= since {
        moment.commit().await?;
        return Ok(Changes {
            version,
            changed: Vec::new(),
            destroyed: Vec::new(),
        });
    }
    let rows = destinations::Entity::find()
        .filter(destinations::Column::ConfigVersion.gt(since))
        .all(&moment)
        .await?;
    let mut parts = Parts::load(&moment, since).await?;
    // Who knows of none has none to drop, and the table keeps every destination there ever was.
    let destroyed = if since == 0 {
        Vec::new()
    } else {
        destroyed_destinations::Entity::find()
            .select_only()
            .column(destroyed_destinations::Column::DestinationId)
            .filter(destroyed_destinations::Column::ConfigVersion.gt(since))
            .into_tuple()
            .all(&moment)
            .await?
    };
    moment.commit().await?;
    Ok(Changes {
        version,
        changed: rows
            .into_iter()
            .map(|row| parts.assemble(row, keyring))
            .collect(),
        destroyed,
    })
}

/// What belongs to the changed destinations, by destination.
struct Parts {
    paths: HashMap<i64, String>,
    headers: HashMap<i64, Vec<headers::Model>>,
    event_types: HashMap<i64, Vec<String>>,
    namespaces: HashMap<i64, Vec<String>>,
}

impl Parts {
    async fn load(moment: &DatabaseTransaction, since: i64) -> Result<Self, DbErr> {
        let paths: HashMap<i64, String> = namespaces::Entity::find()
            .select_only()
            .columns([namespaces::Column::Id, namespaces::Column::FullPath])
            .filter(
                Condition::any()
                    .add(
                        namespaces::Column::Id
                            .in_subquery(changed(since, destinations::Column::NamespaceId)),
                    )
                    .add(namespaces::Column::Id.in_subquery(filtered_namespaces(since))),
            )
            .into_tuple::<(i64, String)>()
            .all(moment)
            .await?
            .into_iter()
            .collect();
        let ids = || changed(since, destinations::Column::Id);
        let mut parts = Self {
            paths,
            headers: HashMap::new(),
            event_types: HashMap::new(),
            namespaces: HashMap::new(),
        };
        for row in headers::Entity::find()
            .filter(headers::Column::DestinationId.in_subquery(ids()))
            .filter(headers::Column::Active.eq(true))
            .all(moment)
            .await?
        {
            parts
                .headers
                .entry(row.destination_id)
                .or_default()
                .push(row);
        }
        for row in event_types::Entity::find()
            .filter(event_types::Column::DestinationId.in_subquery(ids()))
            .all(moment)
            .await?
        {
            parts
                .event_types
                .entry(row.destination_id)
                .or_default()
                .push(row.event_type);
        }
        for row in namespace_filters::Entity::find()
            .filter(namespace_filters::Column::DestinationId.in_subquery(ids()))
            .all(moment)
            .await?
        {
            let path = parts
                .paths
                .get(&row.namespace_id)
                .cloned()
                .unwrap_or_default();
            parts
                .namespaces
                .entry(row.destination_id)
                .or_default()
                .push(path);
        }
        Ok(parts)
    }

    fn assemble(&mut self, row: destinations::Model, keyring: &Keyring) -> Destination {
        let headers = self.headers.remove(&row.id).unwrap_or_default();
        let secrets = open_secrets(&row, headers, keyring);
        Destination {
            id: row.id,
            group_path: row
                .namespace_id
                .map(|id| self.paths.get(&id).cloned().unwrap_or_default()),
            name: row.name,
            url: row.destination_url,
            active: row.active,
            secrets,
            event_types: self.event_types.remove(&row.id).unwrap_or_default(),
            namespaces: self.namespaces.remove(&row.id).unwrap_or_default(),
        }
    }
}

/// One column of the destinations that changed after a version.
fn changed(since: i64, column: destinations::Column) -> SelectStatement {
    Query::select()
        .column(column)
        .from(destinations::Entity)
        .and_where(destinations::Column::ConfigVersion.gt(since))
        .to_owned()
}

/// The namespaces that destinations which changed after a version are limited to.
fn filtered_namespaces(since: i64) -> SelectStatement {
    Query::select()
        .column(namespace_filters::Column::NamespaceId)
        .from(namespace_filters::Entity)
        .and_where(
            namespace_filters::Column::DestinationId
                .in_subquery(changed(since, destinations::Column::Id)),
        )
        .to_owned()
}

fn open_secrets(
    row: &destinations::Model,
    headers: Vec<headers::Model>,
    keyring: &Keyring,
) -> Result<Secrets, SealedShut> {
    Ok(Secrets {
        verification_token: keyring
            .open_sealed(Purpose::VerificationToken, &row.verification_token)?,
        headers: headers
            .into_iter()
            .map(|header| {
                Ok((
                    header.key,
                    keyring.open_sealed(Purpose::HeaderValue, &header.value)?,
                ))
            })
            .collect::<Result<_, SealedShut>>()?,
        signing: open_signing_secrets(row, keyring)?,
    })
}

fn open_signing_secrets(
    row: &destinations::Model,
    keyring: &Keyring,
) -> Result<SigningSecrets, SealedShut> {
    let open = |sealed: &str| keyring.open_sealed(Purpose::SigningSecret, sealed);
    let previous = row
        .previous_signing_secret
        .as_deref()
        .zip(row.previous_signing_secret_until);
    Ok(SigningSecrets {
        current: open(&row.signing_secret)?,
        previous: match previous {
            Some((sealed, until)) => Some((open(sealed)?, Timestamp(until))),
            None => None,
        },
    })
}
