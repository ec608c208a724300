//! Answers that depend on nothing but the edition and on the rights of who asks: made once, kept compressed
//! as they are sent, with the mark by which a client that has them is told so.

use std::sync::Arc;

use flate2::Compression;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::Serialize;

use super::problem::Problem;
use crate::mvt::cache::Encoded;

/// Bytes that kept answers may take.
const BYTES: u64 = 64 << 20;

/// About how many: few, so that the cache is not cut into parts too small for a large answer.
const ITEMS: usize = 200;
/// How hard answers are compressed: once, and then they travel often.
const LEVEL: u32 = 4;

/// What makes an answer different from another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AnswerKey {
    pub route: &'static str,
    /// The cube that it was made from; of several, all of them.
    pub cube: Arc<str>,
    /// Everything that was asked.
    pub question: String,
    /// What the rights of who asked are (`Desk::key`).
    pub rights: String,
}

/// An answer as it is sent, and what the audit trail says of it.
#[derive(Debug, Clone)]
pub struct Kept {
    pub encoded: Encoded,
    /// What it is about, where only making it tells.
    pub objet: Arc<str>,
    pub lignes: usize,
    pub secret: bool,
}

/// An answer that was just made.
pub struct Made<T> {
    pub answer: T,
    pub objet: String,
    pub lignes: usize,
    pub secret: bool,
}

impl<T> Made<T> {
    /// Of an answer that leaves no trace.
    pub fn of(answer: T) -> Self {
        Self { answer, objet: String::new(), lignes: 0, secret: false }
    }
}

/// Weighs answers by their bytes.
#[derive(Debug, Clone)]
pub struct ByBytes;

impl Weighter<AnswerKey, Kept> for ByBytes {
    fn weight(&self, key: &AnswerKey, kept: &Kept) -> u64 {
        (kept.encoded.gzip.len() + key.question.len() + key.rights.len()) as u64 + 300
    }
}

/// The answers that were asked for last. They are those of one state of the store: another one begins with
/// none.
#[derive(Debug)]
pub struct Answers(Cache<AnswerKey, Kept, ByBytes>);

impl Default for Answers {
    fn default() -> Self {
        Self(Cache::with_weighter(ITEMS, BYTES, ByBytes))
    }
}

impl Answers {
    /// The answer to a question, made if nobody asked it yet. A refusal is not kept.
    ///
    /// # Errors
    /// Those of making it.
    pub fn get<T: Serialize>(
        &self,
        key: AnswerKey,
        make: impl FnOnce() -> Result<Made<T>, Problem>,
    ) -> Result<Kept, Problem> {
        if let Some(kept) = self.0.get(&key) {
            return Ok(kept);
        }
        let Made { answer, objet, lignes, secret } = make()?;
        let json = serde_json::to_vec(&answer).map_err(|e| Problem::internal(&e))?;
        let encoded = Encoded::with(&json, Compression::new(LEVEL)).map_err(|e| Problem::internal(&e))?;
        let kept = Kept { encoded, objet: objet.into(), lignes, secret };
        self.0.insert(key, kept.clone());
        Ok(kept)
    }
}
