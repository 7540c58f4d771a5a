//! Events to publish.

use serde_json::{Value, json};

/// An event of a group, with the id that tells it from others.
pub fn event(id: &str, entity_path: &str, event_type: &str) -> Value {
    json!({
        "id": id,
        "author_id": 1,
        "author_name": "Ada",
        "entity_id": 20,
        "entity_type": "Group",
        "entity_path": entity_path,
        "event_type": event_type,
        "details": {"custom_message": "something happened", "target_type": "User", "target_details": "grace"},
    })
}

/// An event with every field, as a producer on AMQP must send it.
pub fn complete_event(id: &str, entity_path: &str, event_type: &str) -> Value {
    let mut event = event(id, entity_path, event_type);
    event["ip_address"] = json!("");
    event["target_id"] = Value::Null;
    event["target_type"] = json!("User");
    event["target_details"] = json!("grace");
    event["created_at"] = json!("2026-01-02T03:04:05.678Z");
    event
}

/// An event of the group `acme` for each id.
pub fn events(ids: &[String]) -> Vec<Value> {
    ids.iter()
        .map(|id| event(id, "acme", "user_created"))
        .collect()
}

/// Ids `<prefix>-0` and so on.
pub fn ids(prefix: &str, count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("{prefix}-{number}"))
        .collect()
}
