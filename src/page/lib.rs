//! The web application, in the program: the files of `web/dist` as they were when it was compiled, so that one file
//! is all that an installation needs.

/// A file of the application.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Path under the root of the site, without a leading slash.
    pub path: &'static str,
    pub bytes: &'static [u8],
    /// The same, compressed by gzip, where that is worth it.
    pub gzip: Option<&'static [u8]>,
    /// Changes with the content.
    pub mark: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The file at a path; None if there is none.
#[must_use]
pub fn find(path: &str) -> Option<&'static Asset> {
    let path = path.trim_start_matches('/');
    ASSETS.binary_search_by(|a| a.path.cmp(path)).ok().map(|i| &ASSETS[i])
}

/// Whether the application was built when the program was compiled.
#[must_use]
pub fn is_built() -> bool {
    find("index.html").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_found_by_its_path() {
        for asset in ASSETS {
            assert_eq!(find(asset.path).map(|a| a.mark), Some(asset.mark), "{}", asset.path);
            assert!(asset.gzip.is_none_or(|g| g.starts_with(&[0x1f, 0x8b]) && g.len() < asset.bytes.len()));
        }
        assert!(find("../Cargo.toml").is_none() && find("").is_none());
        assert_eq!(is_built(), !ASSETS.is_empty());
    }
}
