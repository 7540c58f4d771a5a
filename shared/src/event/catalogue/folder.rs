//! Reads a folder with one definition a file.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use super::{Catalogue, EventType, definition};

/// Most files in the folder.
const MOST_FILES: usize = 10_000;
/// Most bytes of one file.
const MOST_BYTES: u64 = 64 * 1024;

/// The types that the files in a folder define, which are none of the known ones; or every problem,
/// each beginning with the name of its file.
pub(super) fn read(folder: &Path, known: &Catalogue) -> Result<Vec<EventType>, Vec<String>> {
    let names = names(folder, MOST_FILES)?;
    let mut event_types = Vec::new();
    let mut problems = Vec::new();
    for name in names {
        match event_type(folder, &name, known) {
            Ok(event_type) => event_types.push(event_type),
            Err(found) => {
                problems.extend(
                    found
                        .into_iter()
                        .map(|problem| format!("{name}: {problem}")),
                );
            }
        }
    }
    if problems.is_empty() {
        Ok(event_types)
    } else {
        Err(problems)
    }
}

/// The names of all that is in the folder, in order.
fn names(folder: &Path, most: usize) -> Result<Vec<String>, Vec<String>> {
    let unreadable = |error: io::Error| vec![format!("cannot read {}: {error}", folder.display())];
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        // A name that is not UTF-8 is no type's either way, and is refused when its turn comes.
        let name = name.to_string_lossy().into_owned();
        // Kubernetes keeps what it mounts in folders of such names, beside links to the files.
        if name.starts_with("..") {
            continue;
        }
        if names.len() == most {
            let folder = folder.display();
            return Err(vec![format!(
                "there are more than {most} files in {folder}"
            )]);
        }
        names.push(name);
    }
    names.sort_unstable();
    Ok(names)
}

fn event_type(folder: &Path, name: &str, known: &Catalogue) -> Result<EventType, Vec<String>> {
    let path = folder.join(name);
    let stem = name
        .strip_suffix(".yml")
        // Looked at before it is opened: a pipe would be waited for.
        .filter(|_| path.is_file())
        .ok_or_else(|| vec!["is no file with a name such as my_type.yml".to_owned()])?;
    let text = text(&path).map_err(|problem| vec![problem])?;
    definition::parse(stem, &text, known)
}

fn text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("has more than {MOST_BYTES} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A folder with files of these names and texts.
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn definition(name: &str) -> String {
        format!("name: {name}\ndescription: It was.\nscope: [Group]\n")
    }

    fn opened(folder: &Path) -> Result<Catalogue, Vec<String>> {
        Catalogue::open(Some(folder)).map_err(|error| error.0)
    }

    #[test]
    fn own_types_stand_beside_the_built_in_ones() {
        let files = ["zebra_fed", "a_first", "invoice_paid"];
        let texts = files.map(|name| (format!("{name}.yml"), definition(name)));
        let texts = texts
            .each_ref()
            .map(|(name, text)| (name.as_str(), text.as_str()));
        let catalogue = opened(folder(&texts).path()).unwrap();
        assert_eq!(catalogue.all().len(), 520);
        for name in files {
            assert_eq!(catalogue.find(name).unwrap().name, name);
        }
        assert!(catalogue.find("user_created").is_some());
        assert!(
            catalogue
                .all()
                .is_sorted_by(|one, next| one.name < next.name)
        );
        assert_eq!(opened(folder(&[]).path()).unwrap().all().len(), 517);
    }

    #[test]
    fn every_problem_of_every_file_is_told_by_the_settings_and_the_files_name() {
        let folder = folder(&[
            ("a.yml", &definition("b")),
            ("b.yml", &definition("b")),
            ("c.yml", "name: c\nscope: [Pet]\ncolour: red\n"),
            ("d.yaml", &definition("d")),
            ("README.md", "What is here"),
            (".yml", &definition("x")),
            ("user_created.yml", &definition("user_created")),
            ("torn.yml", "name: ["),
        ]);
        fs::write(folder.path().join("bytes.yml"), b"name: \xff").unwrap();
        fs::create_dir(folder.path().join("more.yml")).unwrap();
        let problems = opened(folder.path()).unwrap_err();
        let problems: Vec<&str> = problems
            .iter()
            .map(|problem| {
                problem
                    .strip_prefix("AUDITSTREAM_CATALOGUE__DEFINITIONS: ")
                    .unwrap()
            })
            .collect();
        let (torn, others) = problems.split_at(10);
        assert!(torn[9].starts_with("torn.yml: is not YAML: "), "{torn:?}");
        assert_eq!(
            torn[..9],
            [
                ".yml: name must be that of the file, not x",
                "README.md: is no file with a name such as my_type.yml",
                "a.yml: name must be that of the file, not b",
                "bytes.yml: is not UTF-8",
                "c.yml: description is missing",
                "c.yml: scope must be some of Instance, Group, Project, User, not Pet",
                "c.yml: colour is no field of a definition",
                "d.yaml: is no file with a name such as my_type.yml",
                "more.yml: is no file with a name such as my_type.yml",
            ]
        );
        assert_eq!(
            others,
            ["user_created.yml: name is that of a built-in type: user_created"]
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_a_problem() {
        let problems = opened(&PathBuf::from("/no/such/folder")).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(
            problems[0].contains("cannot read /no/such/folder: "),
            "{problems:?}"
        );
    }

    #[test]
    fn a_file_has_at_most_64_kib() {
        let mut text = definition("a");
        for (bytes, fits) in [(65_536, true), (65_537, false)] {
            text += &"#".repeat(bytes - text.len());
            let problems = opened(folder(&[("a.yml", &text)]).path()).err();
            let expected = "AUDITSTREAM_CATALOGUE__DEFINITIONS: a.yml: has more than 65536 bytes";
            assert_eq!(problems, (!fits).then(|| vec![expected.to_owned()]));
        }
    }

    #[test]
    fn a_folder_with_too_many_files_is_refused() {
        let folder = folder(&[("b.yml", ""), ("a.yml", "")]);
        assert_eq!(names(folder.path(), 2).unwrap(), ["a.yml", "b.yml"]);
        let path = folder.path().display();
        let problem = format!("there are more than 1 files in {path}");
        assert_eq!(names(folder.path(), 1), Err(vec![problem]));
    }

    #[test]
    #[cfg(unix)]
    fn the_files_of_a_mounted_config_map_are_read() {
        let folder = folder(&[]);
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("..2026_01_01")).unwrap();
        fs::write(path("..2026_01_01/a.yml"), definition("a")).unwrap();
        std::os::unix::fs::symlink("..2026_01_01", path("..data")).unwrap();
        std::os::unix::fs::symlink("..data/a.yml", path("a.yml")).unwrap();
        let catalogue = opened(folder.path()).unwrap();
        assert!(catalogue.find("a").is_some());
        assert_eq!(catalogue.all().len(), 518);
    }
}
