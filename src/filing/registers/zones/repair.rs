//! Makes an area valid in the sense of OGC, or says what is wrong with it and where.
//!
//! Valid: rings do not cross, touch themselves or share a line; holes lie in their shell; parts do not
//! overlap. Repair keeps what the even-odd rule fills of each polygon, then unites the parts. No
//! buffer is used: vertices that are not at fault stay where they are.

use geo::algorithm::line_intersection::{LineIntersection, line_intersection};
use geo::coordinate_position::CoordPos;
use geo::dimensions::Dimensions;
use geo::orient::Direction;
use geo::{
    Area, BooleanOps, Contains, Coord, Intersects, Line, LineString, MakeValid, MultiPolygon, Orient, Point,
    Polygon, Relate,
};
use rstar::{AABB, RTree, RTreeObject};

/// What is wrong with an area.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// In French.
    pub what: &'static str,
    pub at: Coord<f64>,
}

struct Edge {
    line: Line<f64>,
    ring: usize,
    place: usize,
}

impl RTreeObject for Edge {
    type Envelope = AABB<[f64; 2]>;
    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners([self.line.start.x, self.line.start.y], [self.line.end.x, self.line.end.y])
    }
}

struct Ring<'a> {
    line: &'a LineString<f64>,
    part: usize,
    shell: bool,
}

/// Removes what carries no area: repeated vertices, rings of fewer than three distinct vertices.
/// Gives the number of rings that went.
pub fn tidy(area: &mut MultiPolygon<f64>) -> u64 {
    let mut gone = 0;
    let clean = |ring: &LineString<f64>| {
        let mut ring = ring.clone();
        ring.0.dedup();
        if ring.0.first() != ring.0.last() {
            ring.0.extend(ring.0.first().copied());
        }
        (ring.0.len() >= 4).then_some(ring)
    };
    let parts = std::mem::take(&mut area.0);
    for part in parts {
        let Some(shell) = clean(part.exterior()) else {
            gone += 1 + part.interiors().len() as u64;
            continue;
        };
        let holes: Vec<_> = part.interiors().iter().filter_map(clean).collect();
        gone += (part.interiors().len() - holes.len()) as u64;
        area.0.push(Polygon::new(shell, holes));
    }
    gone
}

/// The gravest fault of a tidy area with finite coordinates; `None` if it is valid.
#[must_use]
pub fn fault(area: &MultiPolygon<f64>) -> Option<Fault> {
    let rings: Vec<Ring> = (0..)
        .zip(&area.0)
        .flat_map(|(part, p)| {
            std::iter::once(Ring { line: p.exterior(), part, shell: true })
                .chain(p.interiors().iter().map(move |line| Ring { line, part, shell: false }))
        })
        .collect();
    let edges = (0..)
        .zip(&rings)
        .flat_map(|(ring, r)| (0..).zip(r.line.lines()).map(move |(place, line)| Edge { line, ring, place }));
    let tree = RTree::bulk_load(edges.collect());
    let mut touching = false;
    // The gravest fault, and the first of its kind along the rings: the order of the tree is arbitrary.
    let mut worst: Option<((u8, usize, usize), Fault)> = None;
    for (a, b) in tree.intersection_candidates_with_other_tree(&tree) {
        if (a.ring, a.place) >= (b.ring, b.place) {
            continue;
        }
        let Some(meeting) = line_intersection(a.line, b.line) else { continue };
        let same = a.ring == b.ring;
        let last = rings[a.ring].line.0.len() - 2;
        let adjacent = same && (b.place - a.place == 1 || (a.place == 0 && b.place == last));
        let (grave, what, at) = match meeting {
            LineIntersection::SinglePoint { intersection, is_proper: true } => (
                0,
                if same { "un contour se croise lui-même" } else { "deux contours se croisent" },
                intersection,
            ),
            LineIntersection::Collinear { intersection } if intersection.start != intersection.end => {
                let what = if same {
                    "un contour revient sur lui-même"
                } else {
                    "deux contours ont un côté commun"
                };
                (1, what, intersection.start)
            }
            _ if !same => {
                touching = true;
                continue;
            }
            _ if adjacent => continue,
            LineIntersection::SinglePoint { intersection: at, .. } => {
                (2, "un contour se touche lui-même", at)
            }
            LineIntersection::Collinear { intersection } => {
                (2, "un contour se touche lui-même", intersection.start)
            }
        };
        let rank = (grave, a.ring, a.place);
        if worst.as_ref().is_none_or(|(r, _)| rank < *r) {
            worst = Some((rank, Fault { what, at }));
        }
    }
    if let Some((_, fault)) = worst {
        return Some(fault);
    }
    if touching { nesting_exact(area) } else { nesting(&rings) }
}

/// Rings that do not meet: one vertex of each says where it lies.
fn nesting(rings: &[Ring]) -> Option<Fault> {
    if rings.len() == 1 {
        return None;
    }
    let shells: Vec<Polygon<f64>> = rings.iter().map(|r| Polygon::new(r.line.clone(), Vec::new())).collect();
    for (i, ring) in rings.iter().enumerate() {
        let at = ring.line.0[0];
        // The rings that hold it: a shell of another part must come with a hole of that part around us.
        let mut depth = 0_i64;
        let mut in_own_shell = false;
        let mut in_own_hole = false;
        for (j, other) in rings.iter().enumerate() {
            if i == j || !shells[j].contains(&Point(at)) {
                continue;
            }
            if other.part == ring.part {
                in_own_shell |= other.shell;
                in_own_hole |= !other.shell;
            } else {
                depth += if other.shell { 1 } else { -1 };
            }
        }
        let what = match (ring.shell, in_own_shell, in_own_hole, depth) {
            (false, false, ..) => "un trou est hors de son contour",
            (false, _, true, _) => "un trou est dans un autre trou",
            (true, .., d) if d > 0 => "deux parties se recouvrent",
            _ => continue,
        };
        return Some(Fault { what, at });
    }
    None
}

/// Rings that touch at points: the exact relation of each pair decides.
fn nesting_exact(area: &MultiPolygon<f64>) -> Option<Fault> {
    let alone = |ring: &LineString<f64>| Polygon::new(ring.clone(), Vec::new());
    let overlap = |a: &Polygon<f64>, b: &Polygon<f64>| {
        a.relate(b).get(CoordPos::Inside, CoordPos::Inside) == Dimensions::TwoDimensional
    };
    for part in &area.0 {
        let shell = alone(part.exterior());
        let holes: Vec<Polygon<f64>> = part.interiors().iter().map(alone).collect();
        for (i, hole) in holes.iter().enumerate() {
            let at = hole.exterior().0[0];
            if !shell.relate(hole).is_covers() {
                return Some(Fault { what: "un trou est hors de son contour", at });
            }
            if holes[..i].iter().any(|other| other.intersects(hole) && overlap(other, hole)) {
                return Some(Fault { what: "un trou est dans un autre trou", at });
            }
        }
    }
    for (i, part) in area.0.iter().enumerate() {
        if area.0[..i].iter().any(|other| other.intersects(part) && overlap(other, part)) {
            return Some(Fault { what: "deux parties se recouvrent", at: part.exterior().0[0] });
        }
    }
    None
}

/// A valid area from one that is not; `None` if nothing valid can be made.
///
/// `degrees` tells the unit of the coordinates, else metres.
#[must_use]
pub fn repair(area: &MultiPolygon<f64>, degrees: bool) -> Option<MultiPolygon<f64>> {
    // make_valid snaps at a ten-thousandth of a unit: degrees are brought to about a metre a unit first,
    // by a power of two so that no coordinate changes.
    let scale = if degrees { 131_072.0 } else { 1.0 };
    let scaled = |area: &MultiPolygon<f64>, by: f64| {
        use geo::MapCoords;
        area.map_coords(|c| Coord { x: c.x * by, y: c.y * by })
    };
    let big = scaled(area, scale);
    let mut parts = Vec::new();
    for polygon in &big.0 {
        parts.extend(polygon.make_valid().ok()?.0);
    }
    let mut whole = MultiPolygon(parts);
    tidy(&mut whole);
    if fault(&whole).is_some() {
        // Parts that overlap or share a side: one by one, so that what is filled twice stays filled.
        whole = geo::unary_union(&whole.0);
        tidy(&mut whole);
    }
    if fault(&whole).is_some() {
        whole = whole.union(&MultiPolygon(Vec::new()));
        tidy(&mut whole);
    }
    let out = scaled(&whole, 1.0 / scale);
    (fault(&out).is_none() && out.unsigned_area() > 0.0).then_some(out)
}

/// Outer rings counter-clockwise, holes clockwise; gives the number of rings that did not run the way
/// their own format wants.
pub fn orient(area: &mut MultiPolygon<f64>, outer_clockwise: bool) -> u64 {
    use geo::winding_order::Winding;
    let mut wrong = 0;
    for part in &area.0 {
        wrong += u64::from(part.exterior().is_cw() != outer_clockwise);
        wrong += part.interiors().iter().filter(|r| r.is_ccw() != outer_clockwise).count() as u64;
    }
    *area = area.orient(Direction::Default);
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::wkt;

    #[test]
    fn valid_areas_have_no_fault() {
        for area in [
            wkt!(MULTIPOLYGON(((0. 0., 4. 0., 4. 4., 0. 4., 0. 0.), (1. 1., 1. 2., 2. 2., 2. 1., 1. 1.)))),
            // an island in a lake
            wkt!(MULTIPOLYGON(((0. 0., 9. 0., 9. 9., 0. 9., 0. 0.), (1. 1., 1. 8., 8. 8., 8. 1., 1. 1.)), ((3. 3., 5. 3., 5. 5., 3. 5., 3. 3.)))),
            // a hole that touches its shell at a point, parts that touch at a corner
            wkt!(MULTIPOLYGON(((0. 0., 4. 1., 4. 4., 0. 4., 0. 0.), (0. 2., 2. 1., 3. 2., 2. 3., 0. 2.)))),
            wkt!(MULTIPOLYGON(((0. 0., 1. 0., 1. 1., 0. 1., 0. 0.)), ((1. 1., 2. 1., 2. 2., 1. 2., 1. 1.)))),
        ] {
            assert_eq!(fault(&area), None, "{area:?}");
        }
    }

    #[test]
    fn each_fault_is_named_and_repaired_to_the_area_that_the_figure_shows() {
        let cases = [
            (
                "un contour se croise lui-même",
                wkt!(MULTIPOLYGON(((0. 0., 0. 10., 10. 0., 10. 10., 0. 0.)))),
                50.0,
            ),
            (
                "un contour revient sur lui-même",
                wkt!(MULTIPOLYGON(((0. 0., 10. 0., 15. 5., 10. 0., 10. 10., 0. 10., 0. 0.)))),
                100.0,
            ),
            (
                "un contour se touche lui-même",
                wkt!(MULTIPOLYGON(((0. 0., 10. 0., 10. 10., 5. 0., 0. 10., 0. 0.)))),
                50.0,
            ),
            (
                "deux contours se croisent",
                wkt!(MULTIPOLYGON(((0. 0., 4. 0., 4. 4., 0. 4., 0. 0.)), ((2. 1., 6. 1., 6. 3., 2. 3., 2. 1.)))),
                20.0,
            ),
            (
                "deux contours ont un côté commun",
                wkt!(MULTIPOLYGON(((0. 0., 4. 0., 4. 4., 0. 4., 0. 0.)), ((4. 0., 8. 0., 8. 4., 4. 4., 4. 0.)))),
                32.0,
            ),
            (
                "deux parties se recouvrent",
                wkt!(MULTIPOLYGON(((0. 0., 4. 0., 4. 4., 0. 4., 0. 0.)), ((1. 1., 2. 1., 2. 2., 1. 2., 1. 1.)))),
                16.0,
            ),
            (
                "un trou est hors de son contour",
                wkt!(MULTIPOLYGON(((0. 0., 4. 0., 4. 4., 0. 4., 0. 0.), (5. 5., 5. 6., 6. 6., 6. 5., 5. 5.)))),
                17.0,
            ),
        ];
        for (what, area, expected) in cases {
            assert_eq!(fault(&area).map(|f| f.what), Some(what));
            let repaired = repair(&area, false).unwrap();
            assert_eq!(fault(&repaired), None);
            assert!(
                (repaired.unsigned_area() - expected).abs() < 1e-9,
                "{what}: {}",
                repaired.unsigned_area()
            );
        }
    }

    #[test]
    fn repair_in_degrees_leaves_far_vertices_untouched() {
        let area = wkt!(MULTIPOLYGON(((5.1 45.1, 5.1001 45.1, 5.1001 45.1001, 5.10005 45.09995, 5.1 45.1001, 5.1 45.1))));
        assert!(fault(&area).is_some());
        let repaired = repair(&area, true).unwrap();
        assert!(repaired.0.iter().any(|p| p.exterior().0.contains(&Coord { x: 5.1001, y: 45.1001 })));
    }

    #[test]
    fn an_area_without_inside_cannot_be_repaired() {
        let mut flat = wkt!(MULTIPOLYGON(((0. 0., 1. 0., 2. 0., 1. 0., 0. 0.))));
        assert_eq!(repair(&flat, false), None);
        assert_eq!(tidy(&mut flat), 0);
        let mut dot = wkt!(MULTIPOLYGON(((0. 0., 0. 0., 0. 0., 0. 0.))));
        assert_eq!(tidy(&mut dot), 1);
        assert!(dot.0.is_empty());
    }
}
