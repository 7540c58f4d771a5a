//! What a process says of itself on `/metrics`.

use std::net::SocketAddr;

use standalone::client::Client;

/// The sum of all series that begin so: a metric's name, with all its labels or without any. None
/// while the process does not answer or has no such series.
pub async fn total(address: SocketAddr, series: &str) -> Option<u64> {
    let (status, text) = Client::new(address, None).get("/metrics").await.ok()?;
    if status != 200 {
        return None;
    }
    let text = String::from_utf8(text.to_vec()).ok()?;
    text.lines()
        .filter_map(|line| {
            let rest = line.strip_prefix(series)?;
            let (labels, value) = rest.rsplit_once(' ')?;
            (labels.is_empty() || labels.starts_with('{')).then_some(value)
        })
        .map(|value| value.parse::<u64>().ok())
        .reduce(|sum, value| Some(sum? + value?))?
}
