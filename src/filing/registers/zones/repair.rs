//! Makes an area valid in the sense of OGC, or says what is wrong with it and where.
//!
//! Valid: rings do not cross, touch themselves or share a line; holes lie in their shell; parts do not
//! overlap. Repair keeps what the even-odd rule fills of each polygon, then unites the parts. No
//! buffer is used: vertices that are not at fault stay where they are. All of it takes its steps from an
//! [`Effort`], and a contour that crosses itself more often than it has vertices is no contour.

use geo::algorithm::coordinate_position::coord_pos_relative_to_ring;
use geo::algorithm::line_intersection::{LineIntersection, line_intersection};
use geo::coordinate_position::CoordPos;
use geo::dimensions::Dimensions;
use geo::orient::Direction;
use geo::{
    Area, BooleanOps, BoundingRect, Coord, CoordsIter, Intersects, Line, LineString, MakeValid, MultiPolygon,
    Orient, Polygon, Relate,
};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree, RTreeObject};

use super::effort::{Effort, Spent};

/// Steps are asked for in lots, for several contours share them.
const LOT: usize = 1_024;
/// Crossings that a contour may have whatever its size; and for each of its vertices (two versions of one
/// border, united, cross at every vertex).
const CROSSINGS: usize = 100;
const CROSSINGS_A_VERTEX: usize = 2;
/// Steps of relating two rings, and of repairing, for each vertex.
const RELATE: usize = 10;
const REPAIR: usize = 20;

/// What is wrong with an area.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// In French.
    pub what: &'static str,
    pub at: Coord<f64>,
    /// Too far from any area for a repair to mean something.
    pub hopeless: bool,
}

impl Fault {
    fn new(what: &'static str, at: Coord<f64>) -> Self {
        Self { what, at, hopeless: false }
    }

    /// Of an area whose every ring went.
    #[must_use]
    pub fn no_surface() -> Self {
        Self::new("le contour n'entoure aucune surface", Coord { x: 0.0, y: 0.0 })
    }
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
///
/// # Errors
/// The work that was allowed is used up.
pub fn fault(area: &MultiPolygon<f64>, effort: &Effort) -> Result<Option<Fault>, Spent> {
    let rings: Vec<Ring> = (0..)
        .zip(&area.0)
        .flat_map(|(part, p)| {
            std::iter::once(Ring { line: p.exterior(), part, shell: true })
                .chain(p.interiors().iter().map(move |line| Ring { line, part, shell: false }))
        })
        .collect();
    let most = CROSSINGS + CROSSINGS_A_VERTEX * rings.iter().map(|r| r.line.0.len()).sum::<usize>();
    let edges = (0..)
        .zip(&rings)
        .flat_map(|(ring, r)| (0..).zip(r.line.lines()).map(move |(place, line)| Edge { line, ring, place }));
    let tree = RTree::bulk_load(edges.collect());
    let mut touching = false;
    // The gravest fault, and the first of its kind along the rings: the order of the tree is arbitrary.
    let mut worst: Option<((u8, usize, usize), Fault)> = None;
    let mut crossings = 0;
    for (n, (a, b)) in tree.intersection_candidates_with_other_tree(&tree).enumerate() {
        if n % LOT == 0 {
            effort.spend(LOT)?;
        }
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
        crossings += 1;
        if crossings > most {
            let what = "les contours se croisent plus souvent qu'ils n'ont de sommets";
            return Ok(Some(Fault { what, at, hopeless: true }));
        }
        let rank = (grave, a.ring, a.place);
        if worst.as_ref().is_none_or(|(r, _)| rank < *r) {
            worst = Some((rank, Fault::new(what, at)));
        }
    }
    if let Some((_, fault)) = worst {
        return Ok(Some(fault));
    }
    if touching { nesting_exact(area, effort) } else { nesting(&rings, effort) }
}

/// The box of a ring or of a part, with its place.
type Boxed = GeomWithData<Rectangle<[f64; 2]>, usize>;

fn boxes<'a>(rings: impl Iterator<Item = &'a LineString<f64>>) -> RTree<Boxed> {
    let boxed = |(i, ring): (usize, &LineString<f64>)| {
        let b = ring.bounding_rect()?;
        Some(Boxed::new(Rectangle::from_corners([b.min().x, b.min().y], [b.max().x, b.max().y]), i))
    };
    RTree::bulk_load(rings.enumerate().filter_map(boxed).collect())
}

/// Rings that do not meet: one vertex of each says where it lies.
fn nesting(rings: &[Ring], effort: &Effort) -> Result<Option<Fault>, Spent> {
    if rings.len() == 1 {
        return Ok(None);
    }
    let tree = boxes(rings.iter().map(|r| r.line));
    for (i, ring) in rings.iter().enumerate() {
        let at = ring.line.0[0];
        // The rings that hold it: a shell of another part must come with a hole of that part around us.
        let mut depth = 0_i64;
        let mut in_own_shell = false;
        let mut in_own_hole = false;
        for near in tree.locate_in_envelope_intersecting(AABB::from_point([at.x, at.y])) {
            let other = &rings[near.data];
            effort.spend(1 + other.line.0.len())?;
            if i == near.data || coord_pos_relative_to_ring(at, other.line) != CoordPos::Inside {
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
        return Ok(Some(Fault::new(what, at)));
    }
    Ok(None)
}

/// Rings that touch at points: the exact relation of each pair decides.
fn nesting_exact(area: &MultiPolygon<f64>, effort: &Effort) -> Result<Option<Fault>, Spent> {
    let alone = |ring: &LineString<f64>| Polygon::new(ring.clone(), Vec::new());
    for part in &area.0 {
        let shell = alone(part.exterior());
        let holes: Vec<Polygon<f64>> = part.interiors().iter().map(alone).collect();
        for hole in &holes {
            effort.spend(RELATE * (shell.coords_count() + hole.coords_count()))?;
            if !shell.relate(hole).is_covers() {
                return Ok(Some(Fault::new("un trou est hors de son contour", hole.exterior().0[0])));
            }
        }
        if let Some(i) = overlapping(&holes, effort)? {
            return Ok(Some(Fault::new("un trou est dans un autre trou", holes[i].exterior().0[0])));
        }
    }
    let at = overlapping(&area.0, effort)?.map(|i| area.0[i].exterior().0[0]);
    Ok(at.map(|at| Fault::new("deux parties se recouvrent", at)))
}

/// The first polygon of a list that another one before it overlaps.
fn overlapping(polygons: &[Polygon<f64>], effort: &Effort) -> Result<Option<usize>, Spent> {
    let tree = boxes(polygons.iter().map(Polygon::exterior));
    let mut first: Option<usize> = None;
    for (n, (a, b)) in tree.intersection_candidates_with_other_tree(&tree).enumerate() {
        if n % LOT == 0 {
            effort.spend(LOT)?;
        }
        let (i, j) = (a.data, b.data);
        if i >= j || first.is_some_and(|f| f <= j) {
            continue;
        }
        let (a, b) = (&polygons[i], &polygons[j]);
        effort.spend(RELATE * (a.coords_count() + b.coords_count()))?;
        if a.intersects(b)
            && a.relate(b).get(CoordPos::Inside, CoordPos::Inside) == Dimensions::TwoDimensional
        {
            first = Some(j);
        }
    }
    Ok(first)
}

/// A valid area from one that is not; `None` if nothing valid can be made.
///
/// `degrees` tells the unit of the coordinates, else metres.
///
/// # Errors
/// The work that was allowed is used up.
pub fn repair(
    area: &MultiPolygon<f64>,
    degrees: bool,
    effort: &Effort,
) -> Result<Option<MultiPolygon<f64>>, Spent> {
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
        effort.spend(REPAIR * polygon.coords_count())?;
        let Ok(valid) = polygon.make_valid() else { return Ok(None) };
        parts.extend(valid.0);
    }
    let mut whole = MultiPolygon(parts);
    tidy(&mut whole);
    if fault(&whole, effort)?.is_some() {
        // Parts that overlap or share a side: one by one, so that what is filled twice stays filled.
        effort.spend(REPAIR * whole.coords_count())?;
        whole = geo::unary_union(&whole.0);
        tidy(&mut whole);
    }
    if fault(&whole, effort)?.is_some() {
        effort.spend(REPAIR * whole.coords_count())?;
        whole = whole.union(&MultiPolygon(Vec::new()));
        tidy(&mut whole);
    }
    let out = scaled(&whole, 1.0 / scale);
    Ok((fault(&out, effort)?.is_none() && out.unsigned_area() > 0.0).then_some(out))
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

    fn fault(area: &MultiPolygon<f64>) -> Option<Fault> {
        super::fault(area, &Effort::new(1_000_000, None)).unwrap()
    }

    fn repair(area: &MultiPolygon<f64>, degrees: bool) -> Option<MultiPolygon<f64>> {
        super::repair(area, degrees, &Effort::new(1_000_000, None)).unwrap()
    }

    /// A star of `n` points, each joined to the one `step` further: it crosses itself n × (step − 1) times.
    fn star(n: u32, step: u32) -> MultiPolygon<f64> {
        let at = |i: u32| (f64::from(i * step % n) / f64::from(n) * std::f64::consts::TAU).sin_cos();
        let ring = (0..=n).map(at).map(|(y, x)| Coord { x, y }).collect();
        MultiPolygon(vec![Polygon::new(LineString(ring), Vec::new())])
    }

    #[test]
    fn a_star_is_no_contour_and_is_told_before_its_crossings_are_counted_out() {
        let pentagram = star(5, 2);
        assert!(fault(&pentagram).is_some_and(|f| !f.hopeless) && repair(&pentagram, false).is_some());
        let effort = Effort::new(1_000_000, None);
        let found = super::fault(&star(20_001, 10_000), &effort).unwrap();
        assert!(found.is_some_and(|f| f.hopeless), "two hundred million crossings");
    }

    #[test]
    fn sides_whose_boxes_all_meet_and_rings_in_rings_use_up_the_work() {
        // A comb of long diagonals: nothing crosses, every box meets every other.
        let teeth = (0..4_000)
            .map(f64::from)
            .flat_map(|i| [Coord { x: i, y: i }, Coord { x: 10_000.0 + i, y: 10_000.0 + i + 0.5 }]);
        let mut ring: Vec<_> = teeth.collect();
        ring.extend([Coord { x: -1.0, y: 20_000.0 }, ring[0]]);
        let comb = MultiPolygon(vec![Polygon::new(LineString(ring), Vec::new())]);
        assert_eq!(super::fault(&comb, &Effort::new(100_000, None)), Err(Spent));
        // Rings around each other: sound, and each is asked of all others.
        let nest = (1..3_000).map(f64::from).map(|r| {
            let ring = |r: f64| [(-r, -r), (r, -r), (r, r), (-r, r), (-r, -r)].into_iter().collect();
            Polygon::new(ring(r), vec![ring(r - 0.5)])
        });
        let nest = MultiPolygon(nest.collect());
        assert_eq!(super::fault(&nest, &Effort::new(100_000, None)).map(|f| f.map(|f| f.what)), Err(Spent));
    }

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
