//! Where the services' programs are.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Folders that are searched before `PATH`; `*` stands for any text in one component, and the
/// highest version comes first.
///
/// Before `PATH`, because distributions put wrappers there that demand the service's own user.
const FOLDERS: &[&str] = &[
    "/usr/lib/rabbitmq/bin",
    "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin",
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/rabbitmq/sbin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/opt/homebrew/opt/erlang*/bin",
    "/opt/homebrew/bin",
    "/usr/local/opt/rabbitmq/sbin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/opt/erlang*/bin",
    "/home/linuxbrew/.linuxbrew/opt/rabbitmq/sbin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/erlang*/bin",
    "/usr/lib/erlang/bin",
    "/usr/lib/erlang/erts-*/bin",
    "/usr/lib64/erlang/bin",
    "/usr/lib64/erlang/erts-*/bin",
];

/// Folders of system programs that `PATH` of an ordinary user may lack.
const LAST_FOLDERS: &[&str] = &["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Every folder that is searched, in order.
pub(crate) fn search_path() -> Vec<PathBuf> {
    let known = FOLDERS.iter().flat_map(|pattern| expand(pattern));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = known.chain(std::env::split_paths(&path)).collect();
    folders.extend(LAST_FOLDERS.iter().map(PathBuf::from));
    folders
}

/// `PATH` for the services' programs, which call each other by name.
pub(crate) fn path_variable() -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::env::split_paths(&path).chain(search_path())).unwrap_or(path)
}

/// The first of the folders that holds all of these programs.
pub(crate) fn find(folders: &[PathBuf], programs: &[&str]) -> Option<PathBuf> {
    folders
        .iter()
        .find(|folder| {
            programs
                .iter()
                .all(|program| is_executable(&folder.join(program)))
        })
        .cloned()
}

/// Whether a program of this name stands in one of the folders.
pub(crate) fn exists(program: &str) -> bool {
    find(&search_path(), &[program]).is_some()
}

fn is_executable(file: &Path) -> bool {
    file.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// The existing folders that a pattern with at most one `*` stands for, highest version first.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or((".", before));
    let after = after.trim_start_matches('/');
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.starts_with(prefix))
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse(version(name)));
    let parent = Path::new(parent);
    names
        .iter()
        .map(|name| parent.join(name).join(after))
        .collect()
}

/// The numbers in a name, by which 15 comes before 9.
fn version(name: &str) -> Vec<u64> {
    name.split(|character: char| !character.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::Scratch;

    fn place(folder: &Path, program: &str, mode: u32) {
        fs::create_dir_all(folder).unwrap();
        let file = folder.join(program);
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_first_folder_with_all_programs_is_taken() {
        let scratch = Scratch::new("binaries").unwrap();
        let [half, plain, whole, later] =
            ["half", "plain", "whole", "later"].map(|name| scratch.path().join(name));
        place(&half, "postgres", 0o755);
        place(&plain, "postgres", 0o755);
        place(&plain, "initdb", 0o644);
        for folder in [&whole, &later] {
            place(folder, "postgres", 0o755);
            place(folder, "initdb", 0o755);
        }
        let folders = [
            scratch.path().join("absent"),
            half,
            plain,
            whole.clone(),
            later,
        ];
        let programs = ["postgres", "initdb"];
        assert_eq!(find(&folders, &programs), Some(whole));
        assert_eq!(find(&folders[..3], &programs), None);
    }

    #[test]
    fn the_highest_version_comes_first() {
        let scratch = Scratch::new("binaries").unwrap();
        for version in ["9", "17", "15"] {
            fs::create_dir_all(scratch.path().join(version).join("bin")).unwrap();
        }
        let root = scratch.path().display();
        let expected = ["17", "15", "9"].map(|name| scratch.path().join(name).join("bin"));
        assert_eq!(expand(&format!("{root}/*/bin")), expected);
        assert_eq!(expand("/usr/sbin"), [PathBuf::from("/usr/sbin")]);
    }
}
