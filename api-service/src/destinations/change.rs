//! A change of streaming configuration: one transaction with its version and its audit events.

use sea_orm::{ActiveModelTrait as _, ActiveValue, DatabaseTransaction};
use shared::clock::Timestamp;
use shared::entities::{config_version, destinations};
use shared::queue::Notice;

use super::{Authorised, AuthorisedDestination, Failure, read};
use crate::app::App;
use crate::audit::{AuditEvent, Happening};
use crate::domain::Destination;
use crate::outbox;

/// A change that is under way. Dropped without [`Change::commit`], nothing has happened.
pub(super) struct Change<'a> {
    app: &'a App,
    authorised: &'a Authorised,
    transaction: DatabaseTransaction,
    version: i64,
    now: Timestamp,
}

impl<'a> Change<'a> {
    /// Begins a change. From here to its end no other change can be made: the row of the version is
    /// locked first, so what is counted and looked up in the transaction cannot be overtaken.
    pub(super) async fn begin(app: &'a App, authorised: &'a Authorised) -> Result<Self, Failure> {
        let transaction = app.foundation.database.begin().await?;
        let version = config_version::advance(&transaction).await?;
        if !authorised.still_holds(&transaction).await? {
            return Err(Failure::Forbidden);
        }
        Ok(Self {
            app,
            authorised,
            transaction,
            version,
            now: app.foundation.clock.now(),
        })
    }

    pub(super) fn transaction(&self) -> &DatabaseTransaction {
        &self.transaction
    }

    /// The destination as it is under the lock: somebody else may have removed it since the permission
    /// check.
    pub(super) async fn find(
        &self,
        destination: &AuthorisedDestination,
    ) -> Result<Destination, Failure> {
        let scope = self.authorised.scope();
        read::one(&self.transaction, scope, destination.id())
            .await?
            .ok_or(Failure::NotFound)
    }

    /// The version that the configuration has after the commit.
    pub(super) fn version(&self) -> i64 {
        self.version
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// Marks a destination, or anything under it, as changed by this change: workers load again what
    /// has a newer version than theirs, and nothing else.
    pub(super) async fn touch(&self, destination_id: i64) -> Result<(), Failure> {
        self.write(
            destination_id,
            destinations::ActiveModel {
                ..Default::default()
            },
        )
        .await
    }

    /// As [`Change::touch`], with columns that are to be changed besides.
    pub(super) async fn write(
        &self,
        destination_id: i64,
        columns: destinations::ActiveModel,
    ) -> Result<(), Failure> {
        let changed = destinations::ActiveModel {
            id: ActiveValue::Unchanged(destination_id),
            config_version: ActiveValue::Set(self.version),
            updated_at: ActiveValue::Set(self.now.0),
            ..columns
        };
        changed
            .update(&self.transaction)
            .await
            .map_err(Failure::of_statement)?;
        Ok(())
    }

    /// Commits a change of which one thing is to be told.
    pub(super) async fn commit_as(
        self,
        destination: &Destination,
        happening: &Happening<'_>,
    ) -> Result<(), Failure> {
        let event = AuditEvent::new(self.authorised, destination, happening);
        self.commit(vec![event]).await
    }

    /// Commits the change together with the audit events that tell of it: there is never one
    /// without the other, and they carry the change's own version.
    pub(super) async fn commit(self, events: Vec<AuditEvent>) -> Result<(), Failure> {
        for event in events {
            let event = event
                .complete(self.authorised.scope(), self.authorised.author(), self.now)
                .map_err(|error| Failure::Internal(error.into()))?;
            outbox::write(&self.transaction, &event, self.version, self.now).await?;
        }
        self.transaction.commit().await?;
        self.app.versions.committed(self.version);
        self.app.outbox.wake();
        // For speed only: workers compare versions anyway.
        self.app
            .foundation
            .queue
            .announce(Notice::ConfigVersion(self.version));
        Ok(())
    }
}
