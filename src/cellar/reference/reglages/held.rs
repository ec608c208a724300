//! A file of `data/` as it is in force: what is compiled in, until a store changes entries of it.
//!
//! Values are leaked, one for each change of a file: changes are rare, and everyone who reads a rule may
//! keep it for as long as they like. Until the first change a reader takes no lock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use crate::reference::ReferenceError;

/// Names and texts of embedded files that are read together.
pub type Texts = &'static [(&'static str, &'static str)];

/// One file (or several that are read together), and what it is read into.
pub struct Held<T: 'static> {
    texts: Texts,
    read: fn(&[&str]) -> Result<T, ReferenceError>,
    first: OnceLock<&'static T>,
    changed: AtomicBool,
    now: RwLock<Option<&'static T>>,
}

impl<T: Send + Sync> Held<T> {
    pub const fn new(texts: Texts, read: fn(&[&str]) -> Result<T, ReferenceError>) -> Self {
        Self { texts, read, first: OnceLock::new(), changed: AtomicBool::new(false), now: RwLock::new(None) }
    }

    /// The value in force.
    ///
    /// # Errors
    /// The embedded file is faulty, which a test excludes.
    pub fn get(&self) -> Result<&'static T, ReferenceError> {
        if self.changed.load(Ordering::Acquire)
            && let Some(now) = *self.now.read().unwrap_or_else(PoisonError::into_inner)
        {
            return Ok(now);
        }
        if let Some(first) = self.first.get() {
            return Ok(first);
        }
        let texts: Vec<&str> = self.texts.iter().map(|(_, text)| *text).collect();
        let read = (self.read)(&texts)?;
        Ok(self.first.get_or_init(|| Box::leak(Box::new(read))))
    }

    /// The value in force, of a file that a test reads.
    ///
    /// # Panics
    /// The embedded file is faulty: a fault of the program.
    pub fn known(&self) -> &'static T {
        match self.get() {
            Ok(now) => now,
            Err(e) => panic!("{e}"),
        }
    }
}

/// A file, whatever it is read into.
pub trait Source: Sync {
    fn texts(&self) -> Texts;

    /// Reads other texts; what is given back puts them in force.
    ///
    /// # Errors
    /// They break a rule of the file; nothing has changed.
    fn prepare(&'static self, texts: &[&str]) -> Result<Box<dyn FnOnce()>, ReferenceError>;
}

impl<T: Send + Sync> Source for Held<T> {
    fn texts(&self) -> Texts {
        self.texts
    }

    fn prepare(&'static self, texts: &[&str]) -> Result<Box<dyn FnOnce()>, ReferenceError> {
        let read = (self.read)(texts)?;
        Ok(Box::new(move || {
            let leaked: &'static T = Box::leak(Box::new(read));
            *self.now.write().unwrap_or_else(PoisonError::into_inner) = Some(leaked);
            self.changed.store(true, Ordering::Release);
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static HELD: Held<usize> = Held::new(&[("mix.toml", "abc")], |t| match t[0] {
        "" => Err(ReferenceError { file: "mix.toml", message: "empty".into() }),
        text => Ok(text.len()),
    });

    #[test]
    fn a_value_changes_for_everyone_when_it_is_put_in_force_and_not_before() {
        let first = HELD.known();
        assert_eq!(*first, 3);
        assert!(HELD.prepare(&[""]).is_err());
        let put = HELD.prepare(&["abcde"]).unwrap();
        assert_eq!(*HELD.known(), 3, "only read");
        put();
        assert_eq!((*HELD.known(), *first), (5, 3), "who kept the former value still has it");
    }
}
