//! The one row whose lock makes the order of versions the order of commits.

use sea_orm::entity::prelude::*;
use sea_orm::{DatabaseTransaction, Statement};

/// A row of `config_version`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "config_version")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// How many changes of streaming configuration there have been.
    pub version: i64,
}

/// None: the table has one row.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Takes the next version for a transaction that changes streaming configuration. The row stays
/// locked until the transaction ends, so versions become visible in their order (a sequence or a
/// timestamp would not do that).
pub async fn advance(transaction: &DatabaseTransaction) -> Result<i64, DbErr> {
    let row = transaction
        .query_one_raw(Statement::from_string(
            transaction.get_database_backend(),
            "UPDATE config_version SET version = version + 1 WHERE id = 1 RETURNING version",
        ))
        .await?
        .ok_or_else(missing)?;
    row.try_get_by_index(0)
}

/// The version that is committed.
pub async fn current(database: &impl ConnectionTrait) -> Result<i64, DbErr> {
    Ok(Entity::find_by_id(1)
        .one(database)
        .await?
        .ok_or_else(missing)?
        .version)
}

fn missing() -> DbErr {
    DbErr::RecordNotFound("the row of config_version".to_owned())
}
