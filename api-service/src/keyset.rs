//! Reads a part of a table's rows, cut by their numbers.

use sea_orm::{
    ColumnTrait as _, DatabaseConnection, DbErr, EntityTrait, FromQueryResult, Order,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};

use crate::domain::page::{End, Page, PageRequest};

/// The part of `all` that is asked for, ordered by `number`.
pub(crate) async fn page<E, Row>(
    database: &DatabaseConnection,
    all: &Select<E>,
    number: E::Column,
    request: &PageRequest,
) -> Result<Page<Row>, DbErr>
where
    E: EntityTrait<Model: FromQueryResult + Send + Sync>,
    Row: FromQueryResult + Send + Sync,
{
    let exists = async |part: Select<E>| part.limit(1).count(database).await.map(|n| n > 0);
    let mut part = all.clone();
    let (mut beyond_after, mut beyond_before) = (false, false);
    if let Some(after) = request.after {
        part = part.filter(number.gt(after));
        beyond_after = exists(all.clone().filter(number.lte(after))).await?;
    }
    if let Some(before) = request.before {
        part = part.filter(number.lt(before));
        beyond_before = exists(all.clone().filter(number.gte(before))).await?;
    }
    let order = match request.end {
        End::First => Order::Asc,
        End::Last => Order::Desc,
    };
    let rows = part
        .order_by(number, order)
        .limit(request.size + 1)
        .into_model::<Row>()
        .all(database)
        .await?;
    Ok(Page::from_read(rows, request, beyond_after, beyond_before))
}
