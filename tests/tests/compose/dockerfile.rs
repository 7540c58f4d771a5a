//! The stages of the `Dockerfile`.

use crate::repository;

/// What `FROM` starts and the next `FROM` ends.
pub(crate) struct Stage {
    pub(crate) name: String,
    base: String,
    /// Each instruction with its arguments, continued lines joined.
    instructions: Vec<(String, String)>,
}

impl Stage {
    /// The arguments of every such instruction of this stage alone.
    pub(crate) fn all(&self, instruction: &str) -> Vec<&str> {
        self.instructions
            .iter()
            .filter(|(name, _)| name == instruction)
            .map(|(_, arguments)| arguments.as_str())
            .collect()
    }
}

/// Every stage, in order.
pub(crate) fn stages() -> Vec<Stage> {
    let text = repository::text("Dockerfile").replace("\\\n", " ");
    let mut stages: Vec<Stage> = Vec::new();
    for line in text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
    {
        let (instruction, arguments) = line.split_once(' ').expect("an instruction has arguments");
        if instruction == "FROM" {
            let words: Vec<&str> = arguments.split_whitespace().collect();
            let [base, "AS", name] = words[..] else {
                panic!("a stage without a name: {line}");
            };
            stages.push(Stage {
                name: name.to_owned(),
                base: base.to_owned(),
                instructions: Vec::new(),
            });
        } else {
            stages
                .last_mut()
                .unwrap_or_else(|| panic!("stands before the first FROM: {line}"))
                .instructions
                .push((instruction.to_owned(), arguments.trim().to_owned()));
        }
    }
    stages
}

/// The stage that `target` names, and those that it is made from, the nearest first.
pub(crate) fn lineage(target: &str) -> Vec<Stage> {
    let mut lineage = Vec::new();
    let mut wanted = target.to_owned();
    for stage in stages().into_iter().rev() {
        if stage.name == wanted {
            wanted.clone_from(&stage.base);
            lineage.push(stage);
        }
    }
    assert!(!lineage.is_empty(), "the Dockerfile has no stage {target}");
    lineage
}

/// The arguments of the instruction that is in force in the image of `target`.
pub(crate) fn in_force(target: &str, instruction: &str) -> String {
    lineage(target)
        .iter()
        .find_map(|stage| stage.all(instruction).last().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| panic!("{target} has no {instruction}"))
}

/// The program that a container of `target` starts, without a shell in between.
pub(crate) fn program(target: &str) -> String {
    let entrypoint = in_force(target, "ENTRYPOINT");
    let words: Vec<String> = serde_json::from_str(&entrypoint)
        .unwrap_or_else(|error| panic!("{target}: a shell would start {entrypoint}: {error}"));
    let [program] = &words[..] else {
        panic!("{target}: more than a program: {entrypoint}");
    };
    program.clone()
}
