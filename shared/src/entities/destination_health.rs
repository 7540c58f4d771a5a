//! How deliveries to a destination go. A destination without a row has had no delivery yet.

use sea_orm::entity::prelude::*;

/// A row of `destination_health`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "destination_health")]
pub struct Model {
    /// The destination.
    #[sea_orm(primary_key, auto_increment = false)]
    pub destination_id: i64,
    /// Whether the lane takes what is for the destination: [`OPEN`] or [`CLOSED`].
    pub lane_state: String,
    /// When the lane was last opened or closed, in milliseconds since 1970; 0: it was never open, so
    /// there is no such queue.
    pub changed_at: i64,
    /// The worker that drains the lane.
    pub lease_holder: Option<String>,
    /// Until when it does, in milliseconds since 1970 on the database's clock.
    pub lease_until: i64,
    /// When the destination is tried next, in milliseconds since 1970.
    pub next_probe_at: i64,
    /// How many tries in a row have failed since the last success.
    pub failed_probes: i64,
    /// The event at the head of the lane when it was last tried.
    pub head_event_id: Option<String>,
    /// How often in a row the receiver answered that event with a failure.
    pub head_failures: i64,
    /// When the oldest event in the lane was first tried, or came into it, in milliseconds since 1970.
    pub oldest_at: Option<i64>,
    /// When the closed lane was last looked into, in milliseconds since 1970.
    pub swept_at: i64,
    /// When the owner asked for the lane to be moved to the dead letters, in milliseconds since 1970.
    pub purge_requested_at: Option<i64>,
    /// In milliseconds since 1970.
    pub last_success_at: Option<i64>,
    /// In milliseconds since 1970.
    pub last_failure_at: Option<i64>,
    /// The status, when there was an answer.
    pub last_failure_status: Option<i64>,
    /// What went wrong, as a sentence for the owner.
    pub last_failure_error: Option<String>,
    /// The beginning of the answer's body.
    pub last_failure_response: Option<String>,
}

/// The lane takes everything that is for the destination.
pub const OPEN: &str = "open";
/// Deliveries go straight to the destination.
pub const CLOSED: &str = "closed";

/// None: what is read together is read by queries that say so.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
