//! What the database says of deliveries.

use sea_orm::{ConnectionTrait as _, Statement};

use crate::database::connect;
use crate::system::System;
use crate::wait::until;

/// How many destinations are in trouble.
pub async fn open_lanes(database_url: &str) -> i64 {
    let sql = "SELECT count(*) FROM destination_health WHERE lane_state = 'open'";
    number(database_url, sql).await
}

/// Waits until so many destinations are in trouble.
pub async fn until_open_lanes(system: &System, count: i64) {
    until("as many open lanes", async || {
        (open_lanes(&system.database_url()).await == count).then_some(())
    })
    .await;
}

/// How many attempts have failed, as far as that is written.
pub async fn failures(database_url: &str) -> i64 {
    let sql = "SELECT CAST(coalesce(sum(failed), 0) AS bigint) FROM delivery_stats";
    number(database_url, sql).await
}

/// How many lanes of destroyed destinations may still be there.
pub async fn lanes_to_remove(database_url: &str) -> i64 {
    let sql = "SELECT count(*) FROM destroyed_destinations WHERE had_lane";
    number(database_url, sql).await
}

async fn number(database_url: &str, sql: &str) -> i64 {
    let database = connect(database_url).await;
    let statement = Statement::from_string(database.get_database_backend(), sql);
    let row = database
        .query_one_raw(statement)
        .await
        .expect("the database answers");
    let number = row
        .expect("there is a row")
        .try_get_by_index(0)
        .expect("it is a number");
    database.close().await.expect("it can be closed");
    number
}
