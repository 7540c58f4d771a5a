//! Whom a destination belongs to: the instance, or one group.

use shared::entities::namespaces;

/// The level of a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeKind {
    /// The whole instance.
    Instance,
    /// One top-level group and all that is in it.
    Group,
}

/// Whom destinations belong to. Nothing is read or changed without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The whole instance.
    Instance,
    /// One group and all that is in it.
    Group(GroupScope),
}

/// A group as far as destinations need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupScope {
    /// Number of the group.
    pub id: i64,
    /// The group that it is in; none for a top-level group.
    pub parent_id: Option<i64>,
    /// The last part of the full path.
    pub path: String,
    /// Shown name.
    pub name: String,
    /// Path from the top-level group on, parted by slashes.
    pub full_path: String,
}

impl From<namespaces::Model> for GroupScope {
    fn from(row: namespaces::Model) -> Self {
        Self {
            id: row.id,
            parent_id: row.parent_id,
            path: row.path,
            name: row.name,
            full_path: row.full_path,
        }
    }
}

impl Scope {
    /// The level.
    pub fn kind(&self) -> ScopeKind {
        match self {
            Self::Instance => ScopeKind::Instance,
            Self::Group(_) => ScopeKind::Group,
        }
    }

    /// What stands in `destinations.namespace_id`: none for the instance.
    pub fn namespace_id(&self) -> Option<i64> {
        match self {
            Self::Instance => None,
            Self::Group(group) => Some(group.id),
        }
    }

    /// Whether this is a group inside of another one, which cannot have destinations of its own.
    pub fn is_subgroup(&self) -> bool {
        matches!(self, Self::Group(group) if group.parent_id.is_some())
    }
}
