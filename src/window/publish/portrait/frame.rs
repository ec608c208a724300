//! From degrees to the frame of a small map: its width is 1.

use geo::{LineString, MultiPolygon, Simplify};

use crate::mvt::mercator::project;

/// Rings of an area within a frame.
pub type Rings = Vec<Vec<[f32; 2]>>;

/// Height of a map by its width, at least and at most.
const SHAPES: [f64; 2] = [0.66, 0.9];
/// Part of the extent that stays free on each side.
const FREE: f64 = 0.04;
/// What an eye does not tell apart on paper, in widths: a sixth of a point.
const FINE: f64 = 0.0007;
/// Metres around the Earth.
const EQUATOR: f64 = 40_075_016.7;

/// Where a map is.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// North-west corner and width, on the Mercator square.
    origin: [f64; 2],
    width: f64,
    /// Height by width.
    pub aspect: f64,
    /// West, south, east, north, in degrees.
    pub bbox: [f64; 4],
}

impl Frame {
    /// Around a box, at least so many degrees of latitude on each side of its middle.
    #[must_use]
    pub fn new([w, s, e, n]: [f64; 4], around: f64) -> Self {
        let [lon, lat] = [f64::midpoint(w, e), f64::midpoint(s, n)];
        let stretch = around / lat.to_radians().cos().max(0.1);
        let [w, e] = [w.min(lon - stretch), e.max(lon + stretch)];
        let [s, n] = [s.min(lat - around), n.max(lat + around)];
        let ([left, bottom], [right, top]) = (project(w, s), project(e, n));
        let (dx, dy) = ((right - left) * (1.0 + 2.0 * FREE), (bottom - top) * (1.0 + 2.0 * FREE));
        let aspect = (dy / dx).clamp(SHAPES[0], SHAPES[1]);
        // The box fits whichever side is the longer.
        let width = dx.max(dy / aspect);
        let middle = [f64::midpoint(left, right), f64::midpoint(top, bottom)];
        let origin = [middle[0] - width / 2.0, middle[1] - width * aspect / 2.0];
        Self { origin, width, aspect, bbox: [w, s, e, n] }
    }

    /// A place in the frame.
    #[must_use]
    pub fn at(&self, [lon, lat]: [f64; 2]) -> [f32; 2] {
        let [x, y] = project(lon, lat);
        [((x - self.origin[0]) / self.width) as f32, ((y - self.origin[1]) / self.width) as f32]
    }

    /// Whether a place in the frame is on the map.
    #[must_use]
    pub fn shows(&self, [x, y]: [f32; 2]) -> bool {
        (0.0..=1.0).contains(&x) && (0.0..=self.aspect as f32).contains(&y)
    }

    /// Whether anything of a box, in degrees, may be on the map.
    #[must_use]
    pub fn meets(&self, [w, s, e, n]: &[f64; 4]) -> bool {
        let ([left, bottom], [right, top]) = (self.at([*w, *s]), self.at([*e, *n]));
        left <= 1.0 && right >= 0.0 && top <= self.aspect as f32 && bottom >= 0.0
    }

    /// Rings of an area as an eye sees them.
    #[must_use]
    pub fn rings(&self, area: &MultiPolygon<f64>) -> Rings {
        let all = area.0.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
        all.map(|ring| self.ring(ring)).filter(|ring| ring.len() > 3).collect()
    }

    fn ring(&self, ring: &LineString<f64>) -> Vec<[f32; 2]> {
        let placed = ring.0.iter().map(|c| {
            let [x, y] = project(c.x, c.y);
            ((x - self.origin[0]) / self.width, (y - self.origin[1]) / self.width)
        });
        let line: LineString<f64> = placed.collect::<Vec<_>>().into();
        line.simplify(FINE).0.iter().map(|c| [c.x as f32, c.y as f32]).collect()
    }

    /// A round length for the scale bar: its part of the width, and its words.
    #[must_use]
    pub fn bar(&self) -> (f32, String) {
        let lat = f64::midpoint(self.bbox[1], self.bbox[3]);
        let metres = self.width * EQUATOR * lat.to_radians().cos();
        let target = metres * 0.3;
        let power = 10f64.powf(target.log10().floor());
        let length = [5.0, 2.0, 1.0].into_iter().map(|m| m * power).find(|l| *l <= target).unwrap_or(power);
        let words = if length >= 1000.0 { format!("{} km", length / 1000.0) } else { format!("{length} m") };
        ((length / metres) as f32, words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_in_the_middle_of_its_frame_and_the_bar_has_its_true_length() {
        // A degree of latitude is 111.2 km.
        let frame = Frame::new([5.0, 45.0, 5.5, 46.0], 0.0);
        assert!((frame.aspect - SHAPES[1]).abs() < 1e-9);
        let (middle, south) = (frame.at([5.25, 45.5]), frame.at([5.25, 45.0]));
        assert!((middle[0] - 0.5).abs() < 1e-6 && frame.shows(south) && !frame.shows(frame.at([5.25, 44.9])));
        let (part, words) = frame.bar();
        assert_eq!(words, "20 km");
        let degree = f64::from(frame.at([5.25, 45.25])[1] - frame.at([5.25, 45.75])[1]) * 2.0;
        assert!((f64::from(part) / degree - 20.0 / 111.2).abs() < 2e-3, "{part} {degree}");
        // A point alone has land around it.
        assert!(Frame::new([5.0, 45.0, 5.0, 45.0], 0.005).meets(&[5.001, 45.001, 5.002, 45.002]));
    }
}
