//! `data/pages.toml`: which files each page is made of.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{ReferenceError, parse};

const FILE: &str = "pages.toml";

/// A file that a page is made of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Besoin {
    pub registre: String,
    /// The key, or the beginning of it.
    #[serde(default)]
    pub cle: String,
    /// What it is, in words.
    pub quoi: String,
    /// What the page lacks without it.
    pub sans: String,
}

/// A page and what it is made of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    pub page: String,
    pub besoins: Vec<Besoin>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    page: Vec<Page>,
}

static PAGES: LazyLock<Result<Vec<Page>, ReferenceError>> =
    LazyLock::new(|| Ok(parse::<File>(FILE, include_str!("../../../data/pages.toml"))?.page));

/// Every page that is made of imported files.
///
/// # Errors
/// The file that was compiled in is faulty (a test reads it).
pub fn pages() -> Result<&'static [Page], ReferenceError> {
    PAGES.as_deref().map_err(Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_one_of_the_menu() {
        let routes = include_str!("../../../web/src/routes.ts");
        for page in pages().unwrap() {
            assert!(routes.contains(&format!("name: '{}'", page.page)), "{}", page.page);
            assert!(!page.besoins.is_empty());
        }
    }
}
