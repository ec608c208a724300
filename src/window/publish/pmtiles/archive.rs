//! The archive of PMTiles 3: a header, directories of tiles along the Hilbert curve of each zoom, a text,
//! the tiles. <https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md>

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::cube::hilbert::rank_of;
use crate::mvt::mercator::Tile;

/// Bytes that the header and the first directory may take together.
const ROOT: usize = 16_384;
const HEADER: usize = 127;
/// Entries of a directory below the first.
const LEAF: usize = 4_096;
const GZIP: u8 = 2;
const MVT: u8 = 1;

/// A tile, compressed, and where it is.
#[derive(Debug)]
pub struct Stored {
    pub tile: Tile,
    pub gzip: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    id: u64,
    offset: u64,
    length: u64,
    /// Tiles in a row that are the same; 0: the entry is of a directory.
    run: u64,
}

/// Number of a tile: those of the zooms above, then its place along the Hilbert curve.
#[must_use]
pub fn id(tile: Tile) -> u64 {
    let before = (0..tile.z).map(|z| 1_u64 << (2 * u32::from(z))).sum::<u64>();
    before + rank_of(tile.z, tile.x, tile.y)
}

/// Box in degrees, zooms, and the text of an archive.
#[derive(Debug)]
pub struct Facts {
    pub bounds: [f64; 4],
    pub zooms: (u8, u8),
    pub text: serde_json::Value,
}

/// # Errors
/// Memory is short.
pub fn write(mut tiles: Vec<Stored>, facts: &Facts) -> std::io::Result<Vec<u8>> {
    tiles.sort_by_key(|t| id(t.tile));
    let mut data = Vec::new();
    let mut entries = Vec::with_capacity(tiles.len());
    for stored in &tiles {
        let (offset, length) = (data.len() as u64, stored.gzip.len() as u64);
        entries.push(Entry { id: id(stored.tile), offset, length, run: 1 });
        data.extend(&stored.gzip);
    }
    let mut root = directory(&entries)?;
    let mut leaves = Vec::new();
    if HEADER + root.len() > ROOT {
        let mut top = Vec::new();
        for part in entries.chunks(LEAF) {
            let leaf = directory(part)?;
            let (offset, length) = (leaves.len() as u64, leaf.len() as u64);
            top.push(Entry { id: part[0].id, offset, length, run: 0 });
            leaves.extend(leaf);
        }
        root = directory(&top)?;
    }
    let text = gzip(&serde_json::to_vec(&facts.text)?)?;
    let mut out = Vec::with_capacity(HEADER + root.len() + text.len() + leaves.len() + data.len());
    out.extend(b"PMTiles\x03");
    let mut at = HEADER as u64;
    for part in [&root, &text, &leaves, &data] {
        out.extend(at.to_le_bytes());
        out.extend((part.len() as u64).to_le_bytes());
        at += part.len() as u64;
    }
    for _ in 0..3 {
        out.extend((entries.len() as u64).to_le_bytes());
    }
    // Tiles lie in the order of the directory.
    out.extend([1, GZIP, GZIP, MVT, facts.zooms.0, facts.zooms.1]);
    let [w, s, e, n] = facts.bounds;
    [w, s, e, n].into_iter().for_each(|v| out.extend(degrees(v).to_le_bytes()));
    out.push(facts.zooms.0);
    [f64::midpoint(w, e), f64::midpoint(s, n)].into_iter().for_each(|v| out.extend(degrees(v).to_le_bytes()));
    for part in [root, text, leaves, data] {
        out.extend(part);
    }
    Ok(out)
}

/// Degrees as the header holds them: ten millionths, in 32 bits.
#[expect(
    clippy::cast_possible_truncation,
    reason = "180 degrees are 1.8e9, which 32 bits hold; a cast of more saturates"
)]
fn degrees(v: f64) -> i32 {
    (v * 1e7).round() as i32
}

/// Entries column by column, as differences, compressed.
fn directory(entries: &[Entry]) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    varint(&mut out, entries.len() as u64);
    let mut last = 0;
    for e in entries {
        varint(&mut out, e.id - last);
        last = e.id;
    }
    entries.iter().for_each(|e| varint(&mut out, e.run));
    entries.iter().for_each(|e| varint(&mut out, e.length));
    let mut next = None;
    for e in entries {
        // 0: right after the one before.
        varint(&mut out, if next == Some(e.offset) { 0 } else { e.offset + 1 });
        next = Some(e.offset + e.length);
    }
    gzip(&out)
}

fn varint(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push((v & 0x7f) as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

/// # Errors
/// Memory is short.
pub fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_numbered_as_the_specification_numbers_them() {
        // Examples of the specification.
        let of = |z, x, y| id(Tile { z, x, y });
        assert_eq!([of(0, 0, 0), of(1, 0, 0), of(1, 0, 1), of(1, 1, 1), of(1, 1, 0)], [0, 1, 2, 3, 4]);
        assert_eq!([of(2, 0, 0), of(12, 3423, 1763)], [5, 19_078_479]);
    }

    #[test]
    fn a_number_takes_seven_bits_a_byte() {
        let mut out = Vec::new();
        [0, 127, 128, 300].into_iter().for_each(|v| varint(&mut out, v));
        assert_eq!(out, [0, 0x7f, 0x80, 1, 0xac, 2]);
    }
}
