//! Heads of the audit trail, noted outside of its database and sealed with a key that is not there either.
//!
//! Who rewrites the database (lines taken out, a chain made anew, an anchor moved) cannot rewrite them: a
//! head that the trail no longer has is found. Who also holds the store's `secret/` can, unless heads are
//! kept elsewhere: the server tells each one to its log (`tête du journal`), which journald or syslog keep.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Where heads are noted, and the key of their seals, in the store.
const FILE: &str = "journal/tetes.jsonl";
const KEY: &str = "secret/journal";
/// A file of the key elsewhere than in the store (32 bytes).
pub const KEY_VARIABLE: &str = "MOSAIQUE_CLE_JOURNAL";

/// The last line of the trail as it was at a time; or the anchor, the last of those that maintenance dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub rang: i64,
    pub empreinte: String,
    /// Seconds since 1970.
    pub quand: i64,
    /// Lines up to this one were dropped, having been kept as long as they may.
    #[serde(default)]
    pub ancre: bool,
    /// Name of the database that the trail is of.
    base: String,
    sceau: String,
}

/// The heads of one store.
#[derive(Debug, Clone)]
pub struct Heads {
    file: PathBuf,
    key: [u8; 32],
    base: String,
}

/// Heads that were read, and lines of the file that nobody who has the key wrote.
#[derive(Debug, Clone, Default)]
pub struct Noted {
    pub heads: Vec<Head>,
    /// Those of another database that served this store.
    pub others: usize,
    pub forged: usize,
}

impl Noted {
    /// A fault that is plain before the trail is read; `last`: its last rank.
    pub(super) fn before_reading(&self, last: i64) -> Option<String> {
        if self.forged > 0 {
            return Some(format!("{} des têtes notées hors de la base ont été réécrites", self.forged));
        }
        let cut = self.heads.iter().find(|h| h.rang > last)?;
        let day = super::day(cut.quand);
        Some(format!("il finit à la ligne {last} ; le {day}, il allait jusqu'à la ligne {}", cut.rang))
    }

    /// What nothing tells any more, though no fault is seen.
    pub(super) fn unverifiable(
        &self,
        anchor_rank: i64,
        anchor: &str,
        witness: Option<(i64, &str)>,
        last: i64,
    ) -> Option<String> {
        let sealed = |h: &Head| h.ancre && h.rang == anchor_rank && h.empreinte == anchor;
        if anchor_rank > 0 && !self.heads.iter().any(sealed) {
            return Some(format!(
                "les lignes jusqu'à {anchor_rank} ont été retirées sans que mosaïque l'ait noté hors de la base : rien ne dit \
                 qu'elles avaient fait leur temps"
            ));
        }
        if let Some((rank, _)) = witness.filter(|(r, _)| *r < anchor_rank) {
            return Some(format!(
                "la ligne {rank} donnée comme témoin a été retirée après son temps de conservation ; un témoin plus récent que la \
                 ligne {anchor_rank} est nécessaire"
            ));
        }
        match (last > 0 && self.heads.is_empty(), self.others) {
            (false, _) => None,
            (true, 0) => Some(
                "aucune tête n'est encore notée hors de la base : une chaîne refaite ne se verrait pas"
                    .to_owned(),
            ),
            (true, n) => Some(format!("les {n} têtes notées sont celles d'une autre base de ce magasin")),
        }
    }
}

impl Heads {
    /// Those of a store and of one database; the key is drawn at the first need.
    ///
    /// # Errors
    /// The disk refuses, or the file of the key holds no key.
    pub fn of_store(root: &Path, base: &str) -> std::io::Result<Self> {
        let elsewhere = std::env::var_os(KEY_VARIABLE).filter(|v| !v.is_empty()).map(PathBuf::from);
        let path = elsewhere.unwrap_or_else(|| root.join(KEY));
        let key = crate::store::key_at(&path).map_err(std::io::Error::other)?;
        Ok(Self { file: root.join(FILE), key, base: base.to_owned() })
    }

    fn seal(&self, base: &str, rang: i64, empreinte: &str, quand: i64, ancre: bool) -> String {
        let text = format!("{base} {rang} {empreinte} {quand} {ancre}");
        blake3::keyed_hash(&self.key, text.as_bytes()).to_hex().to_string()
    }

    /// Notes a head, unless the last one says the same.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn note(&self, rang: i64, empreinte: &str, quand: i64, ancre: bool) -> std::io::Result<bool> {
        let last = self.read()?.heads.pop();
        if rang == 0 || last.is_some_and(|h| (h.rang, h.ancre) == (rang, ancre) && h.empreinte == empreinte) {
            return Ok(false);
        }
        if let Some(parent) = self.file.parent() {
            fs::create_dir_all(parent)?;
        }
        let sceau = self.seal(&self.base, rang, empreinte, quand, ancre);
        let base = self.base.clone();
        let head = Head { rang, empreinte: empreinte.to_owned(), quand, ancre, base, sceau };
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.file)?;
        // Plain numbers and texts always serialise; one write, so that two processes do not mix their lines.
        file.write_all(format!("{}\n", serde_json::to_string(&head).unwrap_or_default()).as_bytes())?;
        file.sync_all()?;
        Ok(true)
    }

    /// All heads whose seal is right.
    ///
    /// # Errors
    /// The disk refuses; a missing file has no heads.
    pub fn read(&self) -> std::io::Result<Noted> {
        let text = match fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Noted::default()),
            Err(e) => return Err(e),
        };
        let mut noted = Noted::default();
        for line in text.lines().filter(|l| !l.is_empty()) {
            match serde_json::from_str::<Head>(line) {
                Ok(h) if h.sceau != self.seal(&h.base, h.rang, &h.empreinte, h.quand, h.ancre) => {
                    noted.forged += 1;
                }
                Ok(h) if h.base == self.base => noted.heads.push(h),
                Ok(_) => noted.others += 1,
                Err(_) => noted.forged += 1,
            }
        }
        Ok(noted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_noted_once_and_one_that_was_rewritten_is_told() {
        let root = std::env::temp_dir().join(format!("mosaique-tetes-{}", std::process::id()));
        let heads = Heads::of_store(&root, "base").unwrap();
        assert!(!heads.note(0, "", 1, false).unwrap(), "an empty trail has no head");
        assert!(heads.note(3, "abc", 1, false).unwrap() && !heads.note(3, "abc", 2, false).unwrap());
        assert!(heads.note(3, "abc", 2, true).unwrap());
        let noted = heads.read().unwrap();
        assert_eq!((noted.heads.len(), noted.others, noted.forged), (2, 0, 0));
        let other = Heads::of_store(&root, "autre").unwrap().read().unwrap();
        assert_eq!((other.heads.len(), other.others, other.forged), (0, 2, 0));
        let text = std::fs::read_to_string(&heads.file).unwrap().replace("\"rang\":3", "\"rang\":2");
        std::fs::write(&heads.file, text).unwrap();
        assert_eq!(heads.read().unwrap().forged, 2);
        std::fs::remove_dir_all(root).unwrap();
    }
}
