//! Makes the headers of a destination those that are wanted, as the consolidated generation sets them:
//! all at once.

use std::collections::HashSet;

use sea_orm::{ActiveModelTrait as _, ActiveValue};
use shared::entities::destination_headers;
use shared::secrets::Purpose;

use super::change::Change;
use super::{Failure, headers};
use crate::app::App;
use crate::domain::Header;
use crate::domain::header::{HeaderName, NewHeader};

/// Removes, changes and adds headers; gives the numbers of those that were there and have another value
/// now. One whose name was there keeps its number.
pub(super) async fn replace_headers(
    app: &App,
    change: &Change<'_>,
    destination_id: i64,
    there: &[Header],
    mut wanted: Vec<NewHeader>,
) -> Result<HashSet<i64>, Failure> {
    let keyring = &app.foundation.keyring;
    let mut new_values = HashSet::new();
    for before in there {
        let name = HeaderName::new(&before.key);
        let Some(at) = wanted
            .iter()
            .position(|header| HeaderName::new(&header.key) == name)
        else {
            headers::remove(change, before.id).await?;
            continue;
        };
        let after = wanted.remove(at);
        let mut columns = destination_headers::ActiveModel {
            id: ActiveValue::Unchanged(before.id),
            key: ActiveValue::Set(after.key.clone()),
            active: ActiveValue::Set(after.active),
            ..Default::default()
        };
        if after.has_other_value(before, keyring) {
            columns.value = ActiveValue::Set(keyring.seal(Purpose::HeaderValue, &after.value));
            new_values.insert(before.id);
        }
        columns.update(change.transaction()).await?;
    }
    headers::insert(app, change, destination_id, &wanted).await?;
    Ok(new_values)
}
