//! Which columns of a destination changed, and in which words.

use super::*;
use crate::audit::tests::{destination, group};

/// The columns that changed, as messages.
fn messages(
    generation: Generation,
    verification_token: bool,
    header_values: &[i64],
    change: impl FnOnce(&mut Destination, &mut HttpTarget),
) -> Vec<String> {
    let before = destination(group());
    let mut after = before.clone();
    let Target::Http(mut target) = after.target.clone();
    change(&mut after, &mut target);
    after.target = Target::Http(target);
    let changed = DestinationChange {
        before: &before,
        after: &after,
        verification_token,
        header_values: &header_values.iter().copied().collect::<HashSet<i64>>(),
    };
    let columns = changed.columns(generation);
    columns.iter().map(ConfigChange::message).collect()
}

#[test]
fn every_column_that_changed_is_told_in_gitlabs_order() {
    let everything = |after: &mut Destination, target: &mut HttpTarget| {
        after.active = false;
        after.name = "New".to_owned();
        target.url = "https://new.example.com".to_owned();
    };
    assert_eq!(
        messages(Generation::Legacy, true, &[], everything),
        [
            "Changed destination_url from https://siem.example.com to https://new.example.com",
            "Changed name from SIEM to New",
            "Changed active from true to false",
            "Changed verification_token",
        ]
    );
    assert_eq!(
        messages(Generation::Consolidated, true, &[], everything),
        [
            r#"Changed config from {"headers":{"X-A":{"active":true,"value":"[hidden]"}},"url":"https://siem.example.com"} to {"headers":{"X-A":{"active":true,"value":"[hidden]"}},"url":"https://new.example.com"}"#,
            "Changed name from SIEM to New",
            "Changed secret_token",
            "Changed active from true to false",
        ]
    );
    for generation in [Generation::Legacy, Generation::Consolidated] {
        assert_eq!(
            messages(generation, false, &[], |_, _| {}),
            Vec::<String>::new()
        );
    }
}

#[test]
fn a_new_value_of_a_header_is_a_change_of_the_settings_that_does_not_say_it() {
    let told = messages(Generation::Consolidated, false, &[3], |_, _| {});
    assert_eq!(
        told,
        [
            r#"Changed config from {"headers":{"X-A":{"active":true,"value":"[hidden]"}},"url":"https://siem.example.com"} to {"headers":{"X-A":{"active":true,"value":"[hidden, changed]"}},"url":"https://siem.example.com"}"#
        ]
    );
}
