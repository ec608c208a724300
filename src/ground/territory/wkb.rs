//! Well-known binary for polygons: written as ISO little-endian, read in any variant files use.
//!
//! Reads both byte orders, ISO (1003, 2003…) and extended (flag bits, SRID) dimensions; Z and M are
//! dropped. Surfaces that could be curved (`MULTISURFACE`, `CURVEPOLYGON`) are read where their rings are
//! straight, as « convert to curves » and exports of databases write them. Counts are checked against the
//! bytes that are left, so that a damaged file cannot ask for more memory than its own size.

use geo::{Coord, LineString, MultiPolygon, Polygon};

/// Deeper collections are refused: no file of zones nests them.
const MAX_DEPTH: u8 = 4;

/// Why bytes are not an area.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WkbError {
    #[error("la géométrie binaire s'arrête avant sa fin (octet {at})")]
    Short { at: usize },
    #[error("ordre des octets {value} inconnu (octet {at})")]
    ByteOrder { value: u8, at: usize },
    #[error("la géométrie est de type {name}, or une zone est un polygone ou un multipolygone")]
    NotAnArea { name: &'static str },
    #[error("un contour a des arcs de cercle : convertissez-le en segments")]
    Curved,
    #[error("des collections de géométries sont imbriquées à plus de {MAX_DEPTH} niveaux")]
    TooDeep,
    #[error("type de géométrie {code} inconnu")]
    Type { code: u32 },
}

/// ISO WKB `MULTIPOLYGON`, little-endian, exact to the bit.
#[must_use]
pub fn encode(area: &MultiPolygon<f64>) -> Vec<u8> {
    let vertices: usize = area
        .0
        .iter()
        .map(|p| p.exterior().0.len() + p.interiors().iter().map(|r| r.0.len()).sum::<usize>())
        .sum();
    let mut out = Vec::with_capacity(9 + area.0.len() * 17 + vertices * 16);
    head(&mut out, 6, area.0.len());
    for polygon in &area.0 {
        head(&mut out, 3, 1 + polygon.interiors().len());
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            count(&mut out, ring.0.len());
            for c in &ring.0 {
                out.extend_from_slice(&c.x.to_le_bytes());
                out.extend_from_slice(&c.y.to_le_bytes());
            }
        }
    }
    out
}

fn head(out: &mut Vec<u8>, kind: u32, n: usize) {
    out.push(1);
    out.extend_from_slice(&kind.to_le_bytes());
    count(out, n);
}

#[expect(clippy::cast_possible_truncation, reason = "WKB counts are 32 bits; no zone has 4 billion vertices")]
fn count(out: &mut Vec<u8>, n: usize) {
    out.extend_from_slice(&(n as u32).to_le_bytes());
}

/// Reads a `POLYGON`, a `MULTIPOLYGON`, their curved kin with straight rings, or a collection of them. What
/// has no area in a collection is left out where the collection has an area besides.
///
/// # Errors
/// The bytes end too early, or hold something else than areas.
pub fn decode(bytes: &[u8]) -> Result<MultiPolygon<f64>, WkbError> {
    let mut found = Found::default();
    Reader { bytes, at: 0 }.geometry(&mut found, 0)?;
    match found.flat {
        Some(name) if found.polygons.is_empty() => Err(WkbError::NotAnArea { name }),
        _ => Ok(MultiPolygon(found.polygons)),
    }
}

/// What a geometry holds.
#[derive(Default)]
struct Found {
    polygons: Vec<Polygon<f64>>,
    /// A point or a line that was met.
    flat: Option<&'static str>,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

#[derive(Clone, Copy)]
struct Shape {
    little: bool,
    /// Bytes of one vertex.
    stride: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], WkbError> {
        let short = WkbError::Short { at: self.at };
        let part = self.bytes.get(self.at..self.at + N).ok_or_else(|| short.clone())?;
        self.at += N;
        part.try_into().map_err(|_| short)
    }

    fn u32(&mut self, little: bool) -> Result<u32, WkbError> {
        let b = self.take::<4>()?;
        Ok(if little { u32::from_le_bytes(b) } else { u32::from_be_bytes(b) })
    }

    fn f64(&mut self, little: bool) -> Result<f64, WkbError> {
        let b = self.take::<8>()?;
        Ok(if little { f64::from_le_bytes(b) } else { f64::from_be_bytes(b) })
    }

    /// A count of things of at least `least` bytes each.
    fn count(&mut self, little: bool, least: usize) -> Result<usize, WkbError> {
        let n = self.u32(little)? as usize;
        match n.checked_mul(least) {
            Some(need) if need <= self.bytes.len() - self.at => Ok(n),
            _ => Err(WkbError::Short { at: self.at }),
        }
    }

    /// Byte order, type, dimensions.
    fn head(&mut self) -> Result<(u32, Shape), WkbError> {
        let at = self.at;
        let little = match self.take::<1>()?[0] {
            0 => false,
            1 => true,
            value => return Err(WkbError::ByteOrder { value, at }),
        };
        let code = self.u32(little)?;
        let (extended, base) = (code & 0xE000_0000, code & 0x1FFF_FFFF);
        let iso = base / 1000;
        let has_z = extended & 0x8000_0000 != 0 || iso == 1 || iso == 3;
        let has_m = extended & 0x4000_0000 != 0 || iso == 2 || iso == 3;
        if extended & 0x2000_0000 != 0 {
            self.u32(little)?; // SRID: the file says it elsewhere
        }
        Ok((base % 1000, Shape { little, stride: 16 + 8 * (usize::from(has_z) + usize::from(has_m)) }))
    }

    fn geometry(&mut self, out: &mut Found, depth: u8) -> Result<(), WkbError> {
        let (code, shape) = self.head()?;
        match code {
            1 => {
                self.take_bytes(shape.stride)?;
                out.flat = Some("point");
            }
            2 => {
                self.line(shape)?;
                out.flat = Some("ligne");
            }
            // A triangle is a polygon of one ring.
            3 | 17 => {
                let polygon = self.polygon(shape)?;
                out.polygons.push(polygon);
            }
            10 => {
                let polygon = self.curve_polygon(shape, depth)?;
                out.polygons.push(polygon);
            }
            // 15, 16: surfaces of patches and of triangles, as of buildings in three dimensions.
            4..=7 | 11 | 12 | 15 | 16 => {
                if depth >= MAX_DEPTH {
                    return Err(WkbError::TooDeep);
                }
                for _ in 0..self.count(shape.little, 9)? {
                    self.geometry(out, depth + 1)?;
                }
            }
            8 | 9 => {
                self.curve(code, shape, depth)?;
                out.flat = Some("ligne");
            }
            code => return Err(WkbError::Type { code }),
        }
        Ok(())
    }

    fn take_bytes(&mut self, n: usize) -> Result<(), WkbError> {
        self.bytes.get(self.at..self.at + n).ok_or(WkbError::Short { at: self.at })?;
        self.at += n;
        Ok(())
    }

    fn curve_polygon(&mut self, shape: Shape, depth: u8) -> Result<Polygon<f64>, WkbError> {
        let n = self.count(shape.little, 9)?;
        let mut rings = Vec::new();
        for _ in 0..n {
            let (code, own) = self.head()?;
            rings.push(self.curve(code, own, depth)?);
        }
        let mut rings = rings.into_iter();
        let exterior = rings.next().unwrap_or_else(|| LineString(Vec::new()));
        Ok(Polygon::new(exterior, rings.collect()))
    }

    /// A line, or several one after another (`COMPOUNDCURVE`).
    fn curve(&mut self, code: u32, shape: Shape, depth: u8) -> Result<LineString<f64>, WkbError> {
        match code {
            2 => self.line(shape),
            8 if self.count(shape.little, shape.stride)? == 0 => Ok(LineString(Vec::new())),
            8 => Err(WkbError::Curved),
            9 if depth >= MAX_DEPTH => Err(WkbError::TooDeep),
            9 => {
                let mut whole: Vec<Coord<f64>> = Vec::new();
                for _ in 0..self.count(shape.little, 9)? {
                    let (code, own) = self.head()?;
                    let part = self.curve(code, own, depth + 1)?;
                    // Each part begins where the one before it ends.
                    let joint = usize::from(whole.last().is_some() && whole.last() == part.0.first());
                    whole.extend(&part.0[joint..]);
                }
                Ok(LineString(whole))
            }
            code => Err(WkbError::Type { code }),
        }
    }

    fn line(&mut self, shape: Shape) -> Result<LineString<f64>, WkbError> {
        let vertices = self.count(shape.little, shape.stride)?;
        let mut line = Vec::with_capacity(vertices);
        for _ in 0..vertices {
            let (x, y) = (self.f64(shape.little)?, self.f64(shape.little)?);
            self.at += shape.stride - 16;
            line.push(Coord { x, y });
        }
        Ok(LineString(line))
    }

    fn polygon(&mut self, shape: Shape) -> Result<Polygon<f64>, WkbError> {
        let n = self.count(shape.little, 4)?;
        let mut rings = Vec::with_capacity(n);
        for _ in 0..n {
            rings.push(self.line(shape)?);
        }
        let mut rings = rings.into_iter();
        let exterior = rings.next().unwrap_or_else(|| LineString(Vec::new()));
        Ok(Polygon::new(exterior, rings.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::wkt;

    fn sample() -> MultiPolygon<f64> {
        wkt!(MULTIPOLYGON(((0. 0., 4. 0., 4. 4., 0. 4., 0. 0.), (1. 1., 1. 2., 2. 2., 2. 1., 1. 1.)), ((10. 10., 11. 10., 11. 11., 10. 10.))))
    }

    #[test]
    fn what_is_written_is_read_back_to_the_bit() {
        let mut area = sample();
        area.0[0].exterior_mut(|r| r.0[1].x = 0.1 + 0.2);
        assert_eq!(decode(&encode(&area)).unwrap(), area);
        assert_eq!(decode(&encode(&MultiPolygon(vec![]))).unwrap(), MultiPolygon(vec![]));
    }

    #[test]
    fn a_damaged_geometry_is_an_error_at_every_length() {
        let bytes = encode(&sample());
        for n in 0..bytes.len() {
            assert!(decode(&bytes[..n]).is_err(), "{n} bytes");
        }
        let mut huge = bytes;
        huge[5..9].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(decode(&huge), Err(WkbError::Short { .. })));
    }

    #[test]
    fn big_endian_with_height_and_srid_is_read() {
        let mut b = vec![0_u8];
        b.extend(0xA000_0003_u32.to_be_bytes());
        b.extend(2154_u32.to_be_bytes());
        b.extend(1_u32.to_be_bytes());
        b.extend(4_u32.to_be_bytes());
        for (x, y) in [(0.0_f64, 0.0_f64), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)] {
            for v in [x, y, 99.0] {
                b.extend(v.to_be_bytes());
            }
        }
        assert_eq!(decode(&b).unwrap(), wkt!(MULTIPOLYGON(((0. 0., 1. 0., 1. 1., 0. 0.)))));
    }

    /// `kind`, then a count and the parts.
    fn of(kind: u32, parts: &[Vec<u8>]) -> Vec<u8> {
        let mut b = Vec::new();
        head(&mut b, kind, parts.len());
        b.extend(parts.concat());
        b
    }

    fn line(kind: u32, vertices: &[[f64; 2]]) -> Vec<u8> {
        let mut b = Vec::new();
        head(&mut b, kind, vertices.len());
        vertices.iter().flatten().for_each(|v| b.extend(v.to_le_bytes()));
        b
    }

    #[test]
    fn surfaces_whose_rings_are_straight_are_areas() {
        let triangle = wkt!(MULTIPOLYGON(((0. 0., 1. 0., 1. 1., 0. 0.))));
        let plain = encode(&triangle).split_off(9);
        let straight = line(2, &[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]);
        let (half, rest) =
            (line(2, &[[0.0, 0.0], [1.0, 0.0]]), line(2, &[[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]));
        for (what, bytes) in [
            ("MULTISURFACE", of(12, std::slice::from_ref(&plain))),
            ("CURVEPOLYGON", of(10, std::slice::from_ref(&straight))),
            ("COMPOUNDCURVE", of(12, &[of(10, &[of(9, &[half.clone(), rest])])])),
            ("GEOMETRYCOLLECTION", of(7, &[half, plain])),
        ] {
            assert_eq!(decode(&bytes).as_ref(), Ok(&triangle), "{what}");
            for n in 0..bytes.len() {
                assert!(decode(&bytes[..n]).is_err(), "{what}, {n} bytes");
            }
        }
        let arc = line(8, &[[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]);
        assert_eq!(decode(&of(10, &[arc])), Err(WkbError::Curved));
        let mut nested = straight;
        for _ in 0..200 {
            nested = of(7, &[nested]);
        }
        assert_eq!(decode(&nested), Err(WkbError::TooDeep));
    }

    #[test]
    fn points_and_lines_are_no_zones() {
        let mut b = vec![1_u8];
        b.extend(1_u32.to_le_bytes());
        b.extend([0_u8; 16]);
        assert_eq!(decode(&b), Err(WkbError::NotAnArea { name: "point" }));
    }
}
