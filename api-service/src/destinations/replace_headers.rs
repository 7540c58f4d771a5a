//! Makes the headers of a destination those that are wanted, as the consolidated generation sets them:
//! all at once.

use std::collections::HashSet;

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
        let new_value = before
            .value
            .differs_from(&after.value, &app.foundation.keyring);
        if new_value {
            new_values.insert(before.id);
        }
        headers::write(app, change, before.id, &after, new_value).await?;
    }
    headers::insert(app, change, destination_id, &wanted).await?;
    Ok(new_values)
}
