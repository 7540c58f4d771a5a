//! Groups and projects as destinations are limited to them.

use shared::entities::namespaces;

/// What a namespace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamespaceKind {
    /// A group, with all that is in it.
    Group,
    /// One project.
    Project,
}

/// A group or a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// Number of the namespace.
    pub id: i64,
    /// What it is.
    pub kind: NamespaceKind,
    /// The last part of the full path.
    pub path: String,
    /// Shown name.
    pub name: String,
    /// Path from the top-level group on, parted by slashes.
    pub full_path: String,
}

impl From<namespaces::Model> for Namespace {
    fn from(row: namespaces::Model) -> Self {
        Self {
            id: row.id,
            kind: if row.kind == "project" {
                NamespaceKind::Project
            } else {
                NamespaceKind::Group
            },
            path: row.path,
            name: row.name,
            full_path: row.full_path,
        }
    }
}

impl Namespace {
    /// Whether it is the group of this full path, or in it.
    pub fn is_at_or_below(&self, group: &str) -> bool {
        let path = self.full_path.as_bytes();
        path.len() >= group.len()
            && path[..group.len()].eq_ignore_ascii_case(group.as_bytes())
            && matches!(path.get(group.len()), None | Some(b'/'))
    }
}
