//! Who may administer the streaming of a group and of the instance.

/// What a member may do in a group, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessLevel {
    /// Sees the group.
    Guest,
    /// Works in it.
    Developer,
    /// Looks after its projects.
    Maintainer,
    /// Administers it.
    Owner,
}

impl AccessLevel {
    /// Every level, the least first.
    pub const ALL: [Self; 4] = [Self::Guest, Self::Developer, Self::Maintainer, Self::Owner];

    /// The number that is stored, as in GitLab.
    pub fn number(self) -> i64 {
        match self {
            Self::Guest => 10,
            Self::Developer => 30,
            Self::Maintainer => 40,
            Self::Owner => 50,
        }
    }

    /// The level of a stored number; none for one that does not exist.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.number() == number)
    }
}

/// What the decision rests on.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Whether the plan has audit event streaming.
    pub licensed: bool,
    /// Whether instance destinations are switched on.
    pub instance_destinations: bool,
    /// Whether the caller is an instance admin; false for somebody anonymous.
    pub admin: bool,
    /// The caller's highest level in the group and those that it is in.
    pub access_level: Option<AccessLevel>,
}

impl Facts {
    /// Whether the caller may read and change the group's destinations.
    pub fn may_administer_group(self) -> bool {
        self.licensed && (self.admin || self.access_level == Some(AccessLevel::Owner))
    }

    /// Whether the caller may read and change the instance's destinations.
    pub fn may_administer_instance(self) -> bool {
        self.licensed && self.instance_destinations && self.admin
    }

    /// Whether the caller is told that the group exists.
    pub fn may_see_group(self) -> bool {
        self.admin || self.access_level.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: Facts = Facts {
        licensed: true,
        instance_destinations: true,
        admin: false,
        access_level: None,
    };

    fn member(level: AccessLevel) -> Facts {
        Facts {
            access_level: Some(level),
            ..NOBODY
        }
    }

    const ADMIN: Facts = Facts {
        admin: true,
        ..NOBODY
    };

    #[test]
    fn owners_and_admins_administer_a_group_and_admins_the_instance() {
        let table = [
            (NOBODY, false, false, false),
            (member(AccessLevel::Guest), true, false, false),
            (member(AccessLevel::Developer), true, false, false),
            (member(AccessLevel::Maintainer), true, false, false),
            (member(AccessLevel::Owner), true, true, false),
            (ADMIN, true, true, true),
        ];
        for (facts, sees, group, instance) in table {
            assert_eq!(facts.may_see_group(), sees, "{facts:?}");
            assert_eq!(facts.may_administer_group(), group, "{facts:?}");
            assert_eq!(facts.may_administer_instance(), instance, "{facts:?}");
        }
    }

    #[test]
    fn without_a_licence_nobody_administers_anything() {
        for facts in [ADMIN, member(AccessLevel::Owner)] {
            let facts = Facts {
                licensed: false,
                ..facts
            };
            assert!(!facts.may_administer_group());
            assert!(!facts.may_administer_instance());
        }
    }

    #[test]
    fn the_flag_switches_the_instance_level_off_and_leaves_groups_alone() {
        let facts = Facts {
            instance_destinations: false,
            ..ADMIN
        };
        assert!(!facts.may_administer_instance());
        assert!(facts.may_administer_group());
    }

    #[test]
    fn stored_levels_are_gitlabs_numbers() {
        let numbers = AccessLevel::ALL.map(AccessLevel::number);
        assert_eq!(numbers, [10, 30, 40, 50]);
        assert!(
            numbers
                .iter()
                .all(|number| AccessLevel::from_number(*number).is_some())
        );
        assert_eq!(AccessLevel::from_number(20), None);
    }
}
