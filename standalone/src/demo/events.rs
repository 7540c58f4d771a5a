//! A few dozen events as a busy day brings them.

use serde_json::{Value, json};

/// What happened, in one line each: type, entity, path, target and message.
const STORIES: [(&str, &str, &str, &str, &str); 12] = [
    ("user_created", "Group", "acme", "grace", "Added user grace"),
    (
        "add_ssh_key",
        "Group",
        "acme/platform",
        "laptop",
        "Added SSH key laptop",
    ),
    (
        "group_created",
        "Group",
        "acme/platform",
        "platform",
        "Created group platform",
    ),
    (
        "project_created",
        "Project",
        "acme/platform/api",
        "api",
        "Created project api",
    ),
    (
        "repository_git_operation",
        "Project",
        "acme/platform/api",
        "api",
        "Pushed to main",
    ),
    (
        "member_created",
        "Group",
        "acme",
        "linus",
        "Added member linus as developer",
    ),
    (
        "member_updated",
        "Group",
        "acme",
        "linus",
        "Changed access level of linus to maintainer",
    ),
    (
        "protected_branch_created",
        "Project",
        "acme/platform/api",
        "main",
        "Protected branch main",
    ),
    (
        "ci_variable_created",
        "Project",
        "acme/platform/api",
        "DEPLOY_KEY",
        "Added CI variable DEPLOY_KEY",
    ),
    (
        "deploy_token_created",
        "Project",
        "acme/platform/api",
        "registry",
        "Created deploy token registry",
    ),
    (
        "remove_ssh_key",
        "Group",
        "acme/platform",
        "laptop",
        "Removed SSH key laptop",
    ),
    (
        "member_destroyed",
        "Group",
        "acme",
        "linus",
        "Removed member linus",
    ),
];

/// The event types that the filtered destination asks for.
pub(super) const FILTER: [&str; 3] = ["add_ssh_key", "remove_ssh_key", "member_updated"];

/// How often the day repeats itself.
const DAYS: usize = 4;

/// All events, ready to be published; what the API completes is left out.
pub(super) fn all() -> Vec<Value> {
    (0..DAYS * STORIES.len())
        .map(|number| {
            let (event_type, entity_type, path, target, message) = STORIES[number % STORIES.len()];
            json!({
                "id": format!("demo-{number:03}"),
                "author_id": 7,
                "author_name": "Ada Lovelace",
                "entity_id": 20 + number % STORIES.len(),
                "entity_type": entity_type,
                "entity_path": path,
                "event_type": event_type,
                "ip_address": "203.0.113.9",
                "details": {
                    "author_class": "User",
                    "target_type": "User",
                    "target_details": target,
                    "custom_message": message,
                },
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_of_the_demo_has_a_type_of_the_catalogue() {
        let catalogue = shared::event::catalogue::Catalogue::built_in();
        for (event_type, ..) in STORIES {
            assert!(catalogue.find(event_type).is_some(), "{event_type}");
        }
    }

    #[test]
    fn the_filter_takes_some_events_and_leaves_some() {
        let passing = all()
            .iter()
            .filter(|event| FILTER.iter().any(|name| event["event_type"] == *name))
            .count();
        assert!(passing > 0 && passing < all().len());
    }
}
