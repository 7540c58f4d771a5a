//! Rules of the groups and projects that a destination is limited to.

use super::namespace::Namespace;
use super::{Generation, Scope, Violation};

/// What the decision rests on.
#[derive(Debug)]
pub struct Facts<'a> {
    /// By which generation's rules.
    pub generation: Generation,
    /// Whom the destination belongs to.
    pub scope: &'a Scope,
    /// Numbers of the namespaces that the destination is limited to already.
    pub existing: &'a [i64],
    /// Whether another destination of a group is limited to the wanted namespace.
    pub used_elsewhere: bool,
    /// `limits.namespace_filters`.
    pub limit: u64,
}

/// What is wrong with limiting a destination to a further namespace.
pub fn check(facts: &Facts<'_>, wanted: &Namespace) -> Vec<Violation> {
    // Nothing else is told of what is outside: which of its namespaces another group's destinations
    // are limited to is that group's affair.
    if let Scope::Group(group) = facts.scope
        && !wanted.is_at_or_below(&group.full_path)
    {
        return vec![Violation::NamespaceOutside];
    }
    let mut violations = Vec::new();
    let taken = facts.existing.contains(&wanted.id);
    let full = facts.existing.len() as u64 >= facts.limit;
    match facts.generation {
        // It has one filter for a destination, and one destination for a namespace.
        Generation::Legacy => {
            if !facts.existing.is_empty() {
                violations.push(Violation::NamespaceFilterTaken);
            }
            if taken || facts.used_elsewhere {
                violations.push(Violation::NamespaceTaken);
            }
        }
        Generation::Consolidated => {
            if taken {
                violations.push(Violation::NamespaceTaken);
            } else if full {
                violations.push(Violation::TooManyNamespaceFilters { limit: facts.limit });
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::GroupScope;
    use crate::domain::namespace::NamespaceKind;

    fn namespace(full_path: &str) -> Namespace {
        Namespace {
            id: 7,
            kind: NamespaceKind::Group,
            path: String::new(),
            name: String::new(),
            full_path: full_path.to_owned(),
        }
    }

    fn acme() -> Scope {
        Scope::Group(GroupScope {
            id: 1,
            parent_id: None,
            path: "acme".to_owned(),
            name: "Acme".to_owned(),
            full_path: "acme".to_owned(),
        })
    }

    #[test]
    fn a_namespace_is_in_the_destinations_group() {
        let outside = vec![Violation::NamespaceOutside];
        for (scope, path, expected) in [
            (acme(), "acme", vec![]),
            (acme(), "Acme/web", vec![]),
            (acme(), "acme/web/site", vec![]),
            (acme(), "acmeist", outside.clone()),
            (acme(), "ac", outside.clone()),
            (acme(), "other/acme", outside),
            (Scope::Instance, "other", vec![]),
        ] {
            for generation in [Generation::Legacy, Generation::Consolidated] {
                let facts = Facts {
                    generation,
                    scope: &scope,
                    existing: &[],
                    used_elsewhere: false,
                    limit: 5,
                };
                assert_eq!(check(&facts, &namespace(path)), expected, "{path}");
            }
        }
    }

    #[test]
    fn of_a_namespace_that_is_outside_nothing_else_is_told() {
        for generation in [Generation::Legacy, Generation::Consolidated] {
            let facts = Facts {
                generation,
                scope: &acme(),
                existing: &[7, 8],
                used_elsewhere: true,
                limit: 1,
            };
            let violations = check(&facts, &namespace("other"));
            assert_eq!(violations, [Violation::NamespaceOutside]);
        }
    }

    #[test]
    fn each_generation_has_its_own_limits() {
        use Generation::{Consolidated, Legacy};
        let too_many = Violation::TooManyNamespaceFilters { limit: 2 };
        for (generation, existing, used_elsewhere, expected) in [
            (Legacy, &[][..], false, vec![]),
            (Legacy, &[1], false, vec![Violation::NamespaceFilterTaken]),
            (
                Legacy,
                &[7],
                false,
                vec![Violation::NamespaceFilterTaken, Violation::NamespaceTaken],
            ),
            (Legacy, &[], true, vec![Violation::NamespaceTaken]),
            (Consolidated, &[], false, vec![]),
            (Consolidated, &[1], true, vec![]),
            (Consolidated, &[7], false, vec![Violation::NamespaceTaken]),
            (Consolidated, &[1, 2], false, vec![too_many]),
            (
                Consolidated,
                &[1, 7],
                false,
                vec![Violation::NamespaceTaken],
            ),
        ] {
            let facts = Facts {
                generation,
                scope: &acme(),
                existing,
                used_elsewhere,
                limit: 2,
            };
            let violations = check(&facts, &namespace("acme/web"));
            assert_eq!(violations, expected, "{facts:?}");
        }
    }
}
