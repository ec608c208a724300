//! The list of answered sub-populations, in one file that several processes may share: a running server, a
//! second one on the same store, the command line. Whoever adds to it holds the file's lock and first reads
//! what others added, so that all of them decide the same things in the same order.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A file of JSON lines, and how much of it this process has read.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    read: u64,
}

/// The file while no other process may write to it; the lock ends with it.
#[derive(Debug)]
pub struct Held<'a> {
    ledger: &'a mut Ledger,
    file: File,
}

impl Ledger {
    /// Nothing is read or created yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, read: 0 }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits for the lock of the file, which is created if it is not there.
    ///
    /// # Errors
    /// The file can be neither opened nor locked.
    pub fn hold(&mut self) -> std::io::Result<Held<'_>> {
        if let Some(parent) = self.path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let file = OpenOptions::new().create(true).read(true).append(true).open(&self.path)?;
        file.lock()?;
        Ok(Held { ledger: self, file })
    }
}

impl Held<'_> {
    /// Entries that this process has not seen yet, oldest first. What a crash left of an unfinished line is
    /// cut off: nothing was answered before its line was whole.
    ///
    /// # Errors
    /// The file cannot be read, is shorter than it was, or a whole line is not an entry.
    pub fn news<T: DeserializeOwned>(&mut self) -> std::io::Result<Vec<T>> {
        if self.file.metadata()?.len() < self.ledger.read {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "le registre a été raccourci"));
        }
        self.file.seek(SeekFrom::Start(self.ledger.read))?;
        let mut bytes = Vec::new();
        self.file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let end = self.ledger.read + whole as u64;
        if whole < bytes.len() {
            self.file.set_len(end)?;
        }
        let list = bytes[..whole].split(|b| *b == b'\n').filter(|l| !l.is_empty());
        let entries = list.map(serde_json::from_slice).collect::<Result<_, _>>()?;
        self.ledger.read = end;
        Ok(entries)
    }

    /// Adds an entry; it is on the disk when this returns. Call [`Self::news`] before.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add<T: Serialize>(&mut self, entry: &T) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.sync_data()?;
        self.ledger.read += line.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_process_sees_what_the_others_added_once_and_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret/2024.jsonl");
        let (mut a, mut b) = (Ledger::new(path.clone()), Ledger::new(path));
        let add = |ledger: &mut Ledger, n: u32| -> Vec<u32> {
            let mut held = ledger.hold().unwrap();
            let news = held.news().unwrap();
            held.add(&n).unwrap();
            news
        };
        assert_eq!(add(&mut a, 1), [0u32; 0]);
        assert_eq!(add(&mut b, 2), [1]);
        assert_eq!(add(&mut b, 3), [0u32; 0]);
        assert_eq!(add(&mut a, 4), [2, 3]);
        assert_eq!(b.hold().unwrap().news::<u32>().unwrap(), [4]);
    }

    #[test]
    fn a_line_that_a_crash_cut_short_is_dropped_and_a_wrong_one_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("l.jsonl");
        std::fs::write(&path, "1\n2\n[3,").unwrap();
        let mut ledger = Ledger::new(path.clone());
        let mut held = ledger.hold().unwrap();
        assert_eq!(held.news::<u32>().unwrap(), [1, 2]);
        held.add(&5u32).unwrap();
        drop(held);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "1\n2\n5\n");
        std::fs::write(&path, "1\nx\n").unwrap();
        assert!(Ledger::new(path.clone()).hold().unwrap().news::<u32>().is_err());
        assert!(ledger.hold().unwrap().news::<u32>().is_err(), "a shorter file is not the one that was read");
    }
}
