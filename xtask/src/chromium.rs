//! The browser that the tests of the console drive, and the program by which they do.

use std::path::PathBuf;

use crate::binaries;

/// Names under which distributions have the browser.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const DRIVER: &str = "chromedriver";

/// The programs of the browser.
#[derive(Debug, Clone)]
pub struct Chromium {
    /// The browser itself.
    pub browser: PathBuf,
    /// `chromedriver`, which speaks `WebDriver`.
    pub driver: PathBuf,
}

impl Chromium {
    /// Where the browser and its driver are; none when one of them is missing.
    pub fn find() -> Option<Self> {
        let folders = binaries::search_path();
        let program = |name| binaries::find(&folders, &[name]).map(|folder| folder.join(name));
        Some(Self {
            browser: BROWSERS.into_iter().find_map(program)?,
            driver: program(DRIVER)?,
        })
    }
}

pub(crate) fn is_installed() -> bool {
    Chromium::find().is_some()
}
