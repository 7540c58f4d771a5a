//! Documents as what a reader sees in them: blocks, links, commands.

use std::path::PathBuf;

use tests::repository::{files_below, root};

/// A block of a document between fences.
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) text: String,
}

impl Block {
    /// The status in its first line, when its commands are there to be refused.
    pub(crate) fn refused_with(&self) -> Option<u16> {
        self.text.lines().next()?.strip_prefix("# ")?.parse().ok()
    }
}

/// Every document, by its path from the top.
pub(crate) fn documents() -> Vec<PathBuf> {
    ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        .map(PathBuf::from)
        .into_iter()
        .chain(
            files_below("docs")
                .into_iter()
                .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
                .map(|path| path.strip_prefix(root()).unwrap().to_owned()),
        )
        .collect()
}

/// The blocks of a document, in order.
pub(crate) fn blocks(document: &str) -> Vec<Block> {
    // Text and blocks take turns.
    let parts: Vec<&str> = document.split("```").collect();
    assert_eq!(parts.len() % 2, 1, "a block is not closed");
    let blocks = parts.into_iter().skip(1).step_by(2);
    blocks
        .map(|block| {
            let (language, text) = block.split_once('\n').unwrap();
            Block {
                language: language.to_owned(),
                text: text.to_owned(),
            }
        })
        .collect()
}

/// Text and target of each link outside of blocks.
pub(crate) fn links(document: &str) -> Vec<(String, String)> {
    let prose: Vec<&str> = document.split("```").step_by(2).collect();
    let prose = prose.concat();
    let mut links = Vec::new();
    let mut parts = prose.split("](");
    let mut before = parts.next().unwrap();
    for part in parts {
        let (target, after) = part.split_once(')').unwrap();
        let text = before.rsplit('[').next().unwrap();
        links.push((text.to_owned(), target.to_owned()));
        before = after;
    }
    links
}

/// What stands behind `start` wherever it occurs, up to the end of the line or of the quotation.
pub(crate) fn commands<'a>(document: &'a str, start: &str) -> Vec<&'a str> {
    let rest = document.split(start).skip(1);
    rest.map(|rest| rest.split(['`', '\n']).next().unwrap())
        .collect()
}
