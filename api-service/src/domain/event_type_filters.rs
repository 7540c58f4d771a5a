//! Rules of the event types that a destination is limited to.

use std::collections::HashSet;

use shared::event::LONGEST_EVENT_TYPE;
use shared::event::catalogue::Catalogue;

use super::Violation;

/// So many unknown names are told at most: a request of nothing but short names would otherwise be
/// answered with many times its own size.
const MOST_UNKNOWN: usize = 100;

/// Names of event types in the order in which a caller gave them; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTypes(Vec<String>);

impl EventTypes {
    /// None when there are no names.
    pub fn new(names: Vec<String>) -> Option<Self> {
        (!names.is_empty()).then_some(Self(names))
    }

    /// Each name once.
    #[must_use]
    pub fn distinct(mut self) -> Self {
        let mut seen = HashSet::new();
        self.0.retain(|name| seen.insert(name.clone()));
        self
    }

    /// The names.
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

/// What is wrong with adding event types to those that a destination is limited to already. What is
/// given twice is there already when its turn comes again.
pub fn check(existing: &[String], wanted: &EventTypes, catalogue: &Catalogue) -> Vec<Violation> {
    let mut there: HashSet<&str> = existing.iter().map(String::as_str).collect();
    let names = wanted.names().iter().map(String::as_str);
    let (new, taken): (Vec<&str>, Vec<&str>) = names.partition(|name| there.insert(name));
    let mut violations = Vec::new();
    if new
        .iter()
        .any(|name| name.chars().count() > LONGEST_EVENT_TYPE)
    {
        violations.push(Violation::EventTypeTooLong);
    }
    let unknown = new
        .into_iter()
        .filter(|name| catalogue.find(name).is_none())
        .take(MOST_UNKNOWN);
    violations.extend(unknown.map(|name| Violation::EventTypeUnknown(name.to_owned())));
    if !taken.is_empty() {
        violations.push(Violation::EventTypeTaken);
    }
    violations
}

/// What is wrong with taking event types from those that a destination is limited to: one that is not
/// there, and none is taken.
pub fn check_removal(existing: &[String], unwanted: &EventTypes) -> Vec<Violation> {
    let there: HashSet<&str> = existing.iter().map(String::as_str).collect();
    let missing: Vec<String> = unwanted
        .names()
        .iter()
        .filter(|name| !there.contains(name.as_str()))
        .take(MOST_UNKNOWN)
        .cloned()
        .collect();
    if missing.is_empty() {
        Vec::new()
    } else {
        vec![Violation::EventTypesNotThere(missing)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn there_is_at_least_one_event_type() {
        assert_eq!(EventTypes::new(Vec::new()), None);
        let one = EventTypes::new(names(&["user_created"])).unwrap();
        assert_eq!(one.names(), ["user_created"]);
    }

    #[test]
    fn an_event_type_is_known_and_not_there_yet() {
        let unknown = |name: &str| Violation::EventTypeUnknown(name.to_owned());
        let long = "a".repeat(256);
        let table = [
            (vec!["user_created", "group_created"], vec![]),
            (vec!["nothing"], vec![unknown("nothing")]),
            (vec![""], vec![unknown("")]),
            (vec!["User_created"], vec![unknown("User_created")]),
            (vec!["user_created\0"], vec![unknown("user_created\0")]),
            (vec!["add_ssh_key"], vec![Violation::EventTypeTaken]),
            (
                vec!["user_created", "user_created"],
                vec![Violation::EventTypeTaken],
            ),
            (
                vec!["b", "add_ssh_key", "a", "b", "add_ssh_key"],
                vec![unknown("b"), unknown("a"), Violation::EventTypeTaken],
            ),
            (
                vec![long.as_str()],
                vec![Violation::EventTypeTooLong, unknown(&long)],
            ),
            (vec![&long[1..]], vec![unknown(&long[1..])]),
        ];
        let catalogue = Catalogue::built_in();
        let existing = names(&["add_ssh_key"]);
        for (wanted, expected) in table {
            let wanted = EventTypes::new(names(&wanted)).unwrap();
            assert_eq!(
                check(&existing, &wanted, &catalogue),
                expected,
                "{wanted:?}"
            );
        }
    }

    #[test]
    fn what_is_not_there_cannot_be_taken_away() {
        let existing = names(&["add_ssh_key", "user_created"]);
        let missing = |missing: &[&str]| vec![Violation::EventTypesNotThere(names(missing))];
        let table = [
            (vec!["user_created"], vec![]),
            (vec!["user_created", "user_created"], vec![]),
            (vec!["user_created", "a", "b"], missing(&["a", "b"])),
        ];
        for (unwanted, expected) in table {
            let unwanted = EventTypes::new(names(&unwanted)).unwrap();
            assert_eq!(check_removal(&existing, &unwanted), expected);
        }
    }

    #[test]
    fn the_first_100_unknown_names_are_told() {
        let many: Vec<String> = (0..1_000).map(|number| format!("t{number}")).collect();
        let violations = check(
            &[],
            &EventTypes::new(many.clone()).unwrap(),
            &Catalogue::built_in(),
        );
        let told = many.into_iter().take(100).map(Violation::EventTypeUnknown);
        assert_eq!(violations, told.collect::<Vec<_>>());
    }
}
