//! Named arrays in one file (`cube.bin`, `adresses.bin`), one after the other, 64-byte aligned, that a start
//! maps instead of reading.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use bytemuck::{NoUninit, Pod};
use memmap2::Mmap;
use serde::{Deserialize, Serialize};

/// Why a cube cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CubeError {
    #[error("« {} » : {source}", .path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("« {} » n'est pas un cube de cette version de mosaïque ({message}) : relancez « mosaique build »", .path.display())]
    Format { path: PathBuf, message: String },
}

/// Where an array stands in the file.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Section {
    offset: u64,
    bytes: u64,
}

/// What stands at the end of the file: where each array is, and the cube's own description.
#[derive(Debug, Serialize, Deserialize)]
struct Directory<M> {
    version: u32,
    sections: BTreeMap<String, Section>,
    meta: M,
}

/// Changes whenever the meaning of an array does; a cube of another version is built again.
pub const VERSION: u32 = 5;
const ALIGN: u64 = 64;

/// A rank or a number of things as arrays keep it: 32 bits.
#[must_use]
pub fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Writes a cube file.
pub struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
    at: u64,
    sections: BTreeMap<String, Section>,
    hash: blake3::Hasher,
}

impl Writer {
    /// # Errors
    /// The file cannot be created.
    pub fn create(path: &Path) -> Result<Self, CubeError> {
        let file = File::create(path).map_err(|source| CubeError::Io { path: path.to_owned(), source })?;
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::with_capacity(1 << 20, file),
            at: 0,
            sections: BTreeMap::new(),
            hash: blake3::Hasher::new(),
        })
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), CubeError> {
        self.hash.update(bytes);
        self.at += bytes.len() as u64;
        self.file.write_all(bytes).map_err(|source| CubeError::Io { path: self.path.clone(), source })
    }

    /// Appends an array under a name.
    ///
    /// # Errors
    /// The disk is full.
    pub fn array<T: NoUninit>(&mut self, name: &str, values: &[T]) -> Result<(), CubeError> {
        let pad = (ALIGN - self.at % ALIGN) % ALIGN;
        self.put(&[0; ALIGN as usize][..pad as usize])?;
        let bytes: &[u8] = bytemuck::cast_slice(values);
        self.sections.insert(name.to_owned(), Section { offset: self.at, bytes: bytes.len() as u64 });
        self.put(bytes)
    }

    /// Appends strings: their bytes, and `n + 1` offsets.
    ///
    /// # Errors
    /// The disk is full.
    pub fn strings<S: AsRef<str>>(&mut self, name: &str, values: &[S]) -> Result<(), CubeError> {
        let mut offsets = Vec::with_capacity(values.len() + 1);
        let mut text = Vec::new();
        offsets.push(0u64);
        for v in values {
            text.extend_from_slice(v.as_ref().as_bytes());
            offsets.push(text.len() as u64);
        }
        self.array(&format!("{name}.offsets"), &offsets)?;
        self.array(&format!("{name}.text"), &text)
    }

    /// Writes the directory and returns the hash of the content.
    ///
    /// # Errors
    /// The disk is full.
    pub fn finish<M: Serialize>(mut self, meta: &M) -> Result<String, CubeError> {
        let directory = Directory { version: VERSION, sections: std::mem::take(&mut self.sections), meta };
        let json = serde_json::to_vec(&directory)
            .map_err(|e| CubeError::Format { path: self.path.clone(), message: e.to_string() })?;
        self.put(&json)?;
        self.put(&(json.len() as u64).to_le_bytes())?;
        let io = |source| CubeError::Io { path: self.path.clone(), source };
        self.file.flush().map_err(io)?;
        self.file.get_ref().sync_all().map_err(io)?;
        Ok(self.hash.finalize().to_hex().to_string())
    }
}

/// A mapped cube file.
#[derive(Debug)]
pub struct Mapped {
    path: PathBuf,
    map: Mmap,
    sections: BTreeMap<String, Section>,
}

impl Mapped {
    /// Maps the file and reads its directory; arrays are paged in when they are touched.
    ///
    /// # Errors
    /// The file is missing, cut short or of another version.
    pub fn open<M: serde::de::DeserializeOwned>(path: &Path) -> Result<(Self, M), CubeError> {
        let file = File::open(path).map_err(|source| CubeError::Io { path: path.to_owned(), source })?;
        // SAFETY: published cubes are never written again; a new version is a new file.
        let map =
            unsafe { Mmap::map(&file) }.map_err(|source| CubeError::Io { path: path.to_owned(), source })?;
        let format = |message: &str| CubeError::Format { path: path.to_owned(), message: message.to_owned() };
        let tail = map.len().checked_sub(8).ok_or_else(|| format("fichier vide"))?;
        let length: [u8; 8] = map[tail..].try_into().map_err(|_| format("fin illisible"))?;
        let start = usize::try_from(u64::from_le_bytes(length))
            .ok()
            .and_then(|l| tail.checked_sub(l))
            .ok_or_else(|| format("fichier tronqué"))?;
        let directory: Directory<M> =
            serde_json::from_slice(&map[start..tail]).map_err(|e| format(&e.to_string()))?;
        if directory.version != VERSION {
            return Err(format("autre version"));
        }
        Ok((Self { path: path.to_owned(), map, sections: directory.sections }, directory.meta))
    }

    /// An array by name.
    ///
    /// # Errors
    /// There is none, or it has another type.
    pub fn array<T: Pod>(&self, name: &str) -> Result<&[T], CubeError> {
        let fault = || CubeError::Format { path: self.path.clone(), message: format!("tableau {name}") };
        let section = self.section(name).ok_or_else(fault)?;
        self.view(section).ok_or_else(fault)
    }

    /// Place of an array, to view it later without looking for its name.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<Section> {
        self.sections.get(name).copied()
    }

    /// The array at a place, if it lies in the file and has this type.
    #[must_use]
    pub fn view<T: Pod>(&self, section: Section) -> Option<&[T]> {
        let start = usize::try_from(section.offset).ok()?;
        let end = start.checked_add(usize::try_from(section.bytes).ok()?)?;
        bytemuck::try_cast_slice(self.map.get(start..end)?).ok()
    }

    /// Places of strings, to view them later without looking for their name.
    #[must_use]
    pub fn strings_section(&self, name: &str) -> Option<[Section; 2]> {
        Some([self.section(&format!("{name}.offsets"))?, self.section(&format!("{name}.text"))?])
    }

    /// The strings at these places, if they lie in the file.
    #[must_use]
    pub fn strings_at(&self, [offsets, text]: [Section; 2]) -> Option<Strings<'_>> {
        Some(Strings { offsets: self.view(offsets)?, text: self.view(text)? })
    }

    /// Strings by name.
    ///
    /// # Errors
    /// There are none.
    pub fn strings(&self, name: &str) -> Result<Strings<'_>, CubeError> {
        Ok(Strings {
            offsets: self.array(&format!("{name}.offsets"))?,
            text: self.array(&format!("{name}.text"))?,
        })
    }
}

/// A mapped list of strings.
#[derive(Debug, Clone, Copy)]
pub struct Strings<'a> {
    offsets: &'a [u64],
    text: &'a [u8],
}

impl<'a> Strings<'a> {
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The string at an index; empty if the file was altered there.
    #[must_use]
    pub fn get(&self, i: usize) -> &'a str {
        let range = self.offsets[i] as usize..self.offsets[i + 1] as usize;
        self.text.get(range).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or("")
    }

    pub fn iter(&self) -> impl Iterator<Item = &'a str> + '_ {
        (0..self.len()).map(|i| self.get(i))
    }
}
