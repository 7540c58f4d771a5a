//! What stands in the way of a destination beside itself: what its siblings have already, and how many
//! there may be.

use sea_orm::{
    ColumnTrait as _, Condition, DatabaseTransaction, DbErr, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _,
};
use shared::entities::destinations;

use super::list::belongs_to;
use crate::app::App;
use crate::domain::{Category, Scope, Violation};

/// What a destination wants for itself alone. None: nothing new.
#[derive(Debug)]
pub(super) struct Claims<'a> {
    /// The destination, when there is one already.
    pub(super) of: Option<i64>,
    pub(super) url: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    pub(super) token_digest: Option<&'a str>,
}

/// The claims that its siblings have already. Looked up under the lock of the configuration, so that
/// nobody else can make the same claim meanwhile.
pub(super) async fn taken(
    scope: &Scope,
    claims: &Claims<'_>,
    transaction: &DatabaseTransaction,
) -> Result<Vec<Violation>, DbErr> {
    use destinations::Column;
    let mut like_it = Condition::any();
    for (column, text) in [
        (Column::DestinationUrl, claims.url),
        (Column::Name, claims.name),
        (Column::VerificationTokenDigest, claims.token_digest),
    ] {
        // A text with a NUL is never stored, and PostgreSQL refuses to look for it.
        if let Some(text) = text.filter(|text| !text.contains('\0')) {
            like_it = like_it.add(column.eq(text));
        }
    }
    if like_it.is_empty() {
        return Ok(Vec::new());
    }
    let siblings = destinations::Entity::find()
        .filter(belongs_to(scope))
        .filter(Column::Id.ne(claims.of.unwrap_or_default()))
        .filter(like_it)
        .all(transaction)
        .await?;
    let same_category = |row: &&destinations::Model| row.category == Category::Http.name();
    let alike = |is_alike: &dyn Fn(&destinations::Model) -> bool| {
        siblings.iter().filter(same_category).any(is_alike)
    };
    let mut violations = Vec::new();
    if alike(&|row| Some(row.destination_url.as_str()) == claims.url) {
        violations.push(Violation::UrlTaken);
    }
    if alike(&|row| Some(row.name.as_str()) == claims.name) {
        violations.push(Violation::NameTaken);
    }
    if siblings
        .iter()
        .any(|row| Some(row.verification_token_digest.as_str()) == claims.token_digest)
    {
        violations.push(Violation::TokenTaken);
    }
    Ok(violations)
}

/// The limit of active destinations, when the scope has reached it.
pub(super) async fn reached_limit(
    app: &App,
    scope: &Scope,
    transaction: &DatabaseTransaction,
) -> Result<Option<u64>, DbErr> {
    let limit = app.foundation.config.limits.destinations;
    if limit == 0 {
        return Ok(None);
    }
    let active = destinations::Entity::find()
        .filter(belongs_to(scope))
        .filter(destinations::Column::Active.eq(true))
        .count(transaction)
        .await?;
    Ok((active >= limit).then_some(limit))
}
