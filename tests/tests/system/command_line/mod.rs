//! The commands of `auditstream` that ask a running API, as people and scripts call them.

mod dead_letters;
mod over_https;
mod publishing;
mod refusals;
mod status;
mod tail;

use std::process::{Output, Stdio};

use serde_json::Value;
use tests::process::command;
use tests::system::{ADMIN_TOKEN, System};
use tests::wait::within_deadline;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// A command that asks the system's API with the admin's token.
fn auditstream(system: &System, arguments: &[&str]) -> Command {
    let api = system.api.as_ref().unwrap().address();
    with_variables(&format!("http://{api}"), ADMIN_TOKEN, arguments)
}

fn with_variables(url: &str, token: &str, arguments: &[&str]) -> Command {
    let environment = [("AUDITSTREAM_URL", url), ("AUDITSTREAM_TOKEN", token)];
    let environment = environment.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let mut command = command("auditstream", &environment);
    command.args(arguments);
    command
}

/// What a command did in the end.
#[derive(Debug)]
struct Done {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Done {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Of an answer of one JSON object a line.
    fn json_lines(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A command that runs until somebody ends it.
struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    async fn next_json(&mut self) -> Value {
        let line = within_deadline("a line", self.lines.next_line()).await;
        serde_json::from_str(&line.unwrap().unwrap()).unwrap()
    }

    async fn interrupt(self) -> Done {
        let id = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().await;
        assert!(sent.unwrap().success());
        self.end().await
    }

    async fn end(self) -> Done {
        let ended = within_deadline("its end", self.child.wait_with_output()).await;
        ended.unwrap().into()
    }
}

async fn run(mut command: Command) -> Done {
    within_deadline("the end of a command", command.output())
        .await
        .unwrap()
        .into()
}

/// With a text on its standard input.
async fn run_with_input(mut command: Command, input: &str) -> Done {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    within_deadline("the end of a command", child.wait_with_output())
        .await
        .unwrap()
        .into()
}
