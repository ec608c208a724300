//! The fictional territory: communes, IRIS, EPCI and département as one partition, river and estates.

use std::collections::BTreeMap;

use crate::reference::demo::{CommuneName, Demo, Genre};

use super::dice::{Dice, fractal, mix, noise};
use super::geometry::{Point, Polygon, Ring, bounds, contains, distance, hull, to_lambert};
use super::lattice::{Lattice, Partition, VOID};

/// A commune with its ground, in Lambert-93.
#[derive(Debug)]
pub struct Commune {
    pub name: &'static CommuneName,
    pub centre: Point,
    /// Radius of the built-up area, metres.
    pub radius: f64,
    pub ground: Vec<Polygon>,
    /// Indexes of its IRIS.
    pub iris: std::ops::Range<usize>,
}

/// A commune of a day.
#[derive(Debug)]
pub struct Whole {
    /// Index of a commune of the drawing that is part of it.
    pub first: usize,
    pub code: &'static str,
    pub nom: &'static str,
    pub ground: Vec<Polygon>,
}

/// Code and name of the commune that a commune of the drawing was in 2022 (0) or has been since (1).
#[must_use]
pub fn named(name: &'static CommuneName, wave: usize) -> (&'static str, &'static str) {
    let other = if wave == 0 { name.avant.as_ref() } else { name.depuis.as_ref() };
    other.map_or((&name.code, &name.nom), |n| (&n.code, &n.nom))
}

/// An IRIS; a commune that is not split is one IRIS `0000`.
#[derive(Debug)]
pub struct Iris {
    /// Nine digits.
    pub code: String,
    pub nom: String,
    /// H housing, Z commune not split.
    pub kind: char,
    pub commune: usize,
    pub ground: Vec<Polygon>,
}

/// A post-war estate: a rectangle of bars and towers around its own lanes.
#[derive(Debug)]
pub struct Estate {
    /// Index in `grand_ensemble`.
    pub index: usize,
    pub commune: usize,
    pub centre: Point,
    /// Direction of its long side, radians.
    pub angle: f64,
    /// Half length and half width, metres.
    pub half: [f64; 2],
    /// Dwellings that it should hold.
    pub dwellings: u32,
}

impl Estate {
    /// From the frame of the estate (u along, v across) to the ground.
    #[must_use]
    pub fn at(&self, u: f64, v: f64) -> Point {
        let (s, c) = self.angle.sin_cos();
        [self.centre[0] + u * c - v * s, self.centre[1] + u * s + v * c]
    }

    /// True within the estate widened by `margin` metres.
    #[must_use]
    pub fn holds(&self, p: Point, margin: f64) -> bool {
        let (s, c) = self.angle.sin_cos();
        let (dx, dy) = (p[0] - self.centre[0], p[1] - self.centre[1]);
        (dx * c + dy * s).abs() < self.half[0] + margin && (dy * c - dx * s).abs() < self.half[1] + margin
    }
}

/// A priority neighbourhood of one generation.
#[derive(Debug)]
pub struct Qpv {
    pub code: String,
    pub nom: String,
    pub commune: usize,
    pub ring: Ring,
}

/// Where everything is, before streets and dwellings.
#[derive(Debug)]
pub struct Plan {
    pub seed: u64,
    pub centre: Point,
    pub communes: Vec<Commune>,
    pub iris: Vec<Iris>,
    /// One an EPCI, in the order of the names.
    pub epci: Vec<Vec<Polygon>>,
    pub departement: Vec<Polygon>,
    /// Grounds of communes as they were in 2022 and as they are since, an arrondissement within its city.
    /// As `communes` where nothing merged nor was split.
    pub wholes: [Vec<Whole>; 2],
    /// One a département of a territory that has several.
    pub departements: Vec<Vec<Polygon>>,
    pub estates: Vec<Estate>,
    pub qpv2015: Vec<Qpv>,
    pub qpv2024: Vec<Qpv>,
}

/// Direction of the river, radians from the east.
const RIVER: f64 = 0.54;
/// Half width of the corridor of the river where nothing is built, metres.
pub const BANK: f64 = 75.0;

impl Plan {
    /// Draws the territory for about this number of dwellings.
    #[must_use]
    pub fn draw(data: &'static Demo, seed: u64, dwellings: u32) -> Self {
        let mut dice = Dice::new(seed, 10);
        let centre = to_lambert(data.names.territoire.centre);
        // Twice the dwellings do not need twice the ground: beyond 60,000 towns spread.
        let spread = (f64::from(dwellings) / 60_000.0).sqrt().clamp(1.0, 1.8);
        let names = &data.names.commune;
        let centres: Vec<Point> = names
            .iter()
            .map(|c| {
                let jitter = if c.genre == Genre::Ville { 0.0 } else { 350.0 };
                let p = [
                    centre[0] + c.position[0] + dice.between(-jitter, jitter),
                    centre[1] + c.position[1] + dice.between(-jitter, jitter),
                ];
                // A village stands beside the river, not in it.
                let d = river_offset(seed, centre, p);
                let push =
                    if d.abs() < 220.0 && c.genre != Genre::Ville { 260f64.copysign(d) - d } else { 0.0 };
                [p[0] - push * RIVER.sin(), p[1] + push * RIVER.cos()]
            })
            .collect();

        let (lattice, fine, iris_of_commune) = ground(data, seed, centre, &centres);
        let partition = Partition::trace(&lattice, &fine, 2, 20.0);
        let commune_of = |l: u32| iris_of_commune.iter().position(|r| r.contains(&(l as usize)));
        let mut by_iris = partition.polygons(&|l| commune_of(l).map(|_| l));
        let mut by_commune = partition.polygons(&|l| commune_of(l).map(|c| c as u32));
        let mut by_epci = partition.polygons(&|l| commune_of(l).map(|c| names[c].epci as u32));
        let departement = partition.polygons(&|_| Some(0)).remove(&0).unwrap_or_default();
        let wholes = [0, 1].map(|wave| {
            let whole = |c: usize| match &names[c].ville {
                Some(city) => (city.code.as_str(), city.nom.as_str()),
                None => named(&names[c], wave),
            };
            let first = |c: usize| (0..=c).find(|i| whole(*i).0 == whole(c).0).unwrap_or(c);
            let parts = partition.polygons(&|l| commune_of(l).map(|c| first(c) as u32));
            let of = |(i, ground): (u32, Vec<Polygon>)| {
                let (code, nom) = whole(i as usize);
                Whole { first: i as usize, code, nom, ground }
            };
            parts.into_iter().map(of).collect()
        });
        let several = data.names.territoire.departements.len();
        let mut by_departement = match several {
            0 => BTreeMap::new(),
            _ => partition.polygons(&|l| commune_of(l).map(|c| names[c].departement as u32)),
        };
        let departements =
            (0..several).map(|d| by_departement.remove(&(d as u32)).unwrap_or_default()).collect();

        let communes: Vec<Commune> = names
            .iter()
            .enumerate()
            .map(|(i, name)| Commune {
                name,
                centre: centres[i],
                radius: spread
                    * match name.genre {
                        Genre::Ville => 2350.0,
                        Genre::Bourg => 1060.0,
                        Genre::Village => 430.0 + 9.0 * name.poids,
                    },
                ground: by_commune.remove(&(i as u32)).unwrap_or_default(),
                iris: iris_of_commune[i].clone(),
            })
            .collect();
        let estates = estates(data, seed, dwellings, &communes);
        let (qpv2015, qpv2024) = neighbourhoods(data, seed, &estates);
        let mut iris = Vec::new();
        for (c, range) in iris_of_commune.iter().enumerate() {
            for i in range.clone() {
                iris.push(Iris {
                    code: String::new(),
                    nom: String::new(),
                    kind: if range.len() == 1 { 'Z' } else { 'H' },
                    commune: c,
                    ground: by_iris.remove(&(i as u32)).unwrap_or_default(),
                });
            }
        }
        name_iris(data, &mut dice, &communes, &estates, &mut iris);
        let epci =
            (0..data.names.epci.len()).map(|e| by_epci.remove(&(e as u32)).unwrap_or_default()).collect();
        Self {
            seed,
            centre,
            communes,
            iris,
            epci,
            departement,
            wholes,
            departements,
            estates,
            qpv2015,
            qpv2024,
        }
    }

    /// Metres from the middle of the river, signed: positive on its north bank.
    #[must_use]
    pub fn river(&self, p: Point) -> f64 {
        river_offset(self.seed, self.centre, p)
    }

    /// The middle of the river, from west to east.
    #[must_use]
    pub fn river_line(&self) -> Vec<Point> {
        (-300..=300)
            .map(|i| {
                let u = f64::from(i) * 90.0;
                let v = river_course(self.seed, u);
                let (s, c) = RIVER.sin_cos();
                [self.centre[0] + u * c - v * s, self.centre[1] + u * s + v * c]
            })
            .collect()
    }

    /// Index of the commune of a point.
    #[must_use]
    pub fn commune_at(&self, p: Point) -> Option<usize> {
        self.communes.iter().position(|c| c.ground.iter().any(|g| contains(g, p)))
    }

    /// How built-up the ground is: 1 in the heart of a town, 0 and less in the country.
    #[must_use]
    pub fn built(&self, p: Point) -> f64 {
        let wobble = 1.0 + 0.42 * noise(self.seed ^ 77, p[0] / 620.0, p[1] / 620.0);
        self.communes
            .iter()
            .map(|c| 1.0 - distance(c.centre, p) / (c.radius * wobble))
            .fold(f64::NEG_INFINITY, f64::max)
    }
}

/// Course of the river in its own frame: offset across it after `u` metres along it.
fn river_course(seed: u64, u: f64) -> f64 {
    -430.0 + 330.0 * noise(seed ^ 901, u / 2300.0, 0.5) + 190.0 * noise(seed ^ 902, u / 760.0, 0.5)
}

fn river_offset(seed: u64, centre: Point, p: Point) -> f64 {
    let (s, c) = RIVER.sin_cos();
    let (dx, dy) = (p[0] - centre[0], p[1] - centre[1]);
    let (u, v) = (dx * c + dy * s, dy * c - dx * s);
    let slope = (river_course(seed, u + 10.0) - river_course(seed, u - 10.0)) / 20.0;
    (v - river_course(seed, u)) / (1.0 + slope * slope).sqrt()
}

/// Lattice, IRIS of each cell (the last label is the rest of the département), IRIS of each commune.
fn ground(
    data: &Demo,
    seed: u64,
    centre: Point,
    centres: &[Point],
) -> (Lattice, Vec<u32>, Vec<std::ops::Range<usize>>) {
    let reach = 26_500.0;
    let lattice =
        Lattice::new([centre[0] - reach, centre[1] - reach, centre[0] + reach, centre[1] + reach], 70.0);
    let near_river = |p: Point| river_offset(seed, centre, p).abs() < 90.0;
    let cost = |c: usize| {
        let p = lattice.center(c);
        let rough = 1.0
            + 0.5 * fractal(seed ^ 31, p[0] / 1500.0, p[1] / 1500.0)
            + 0.45 * noise(seed ^ 34, p[0] / 260.0, p[1] / 260.0);
        if near_river(p) { rough * 5.0 } else { rough }
    };
    let step = 70.0 * 3f64.sqrt();
    let seeds: Vec<(usize, u32, f64)> = centres
        .iter()
        .enumerate()
        .map(|(i, p)| {
            // A town reaches further than a village: villages start late.
            let late = match data.names.commune[i].genre {
                Genre::Ville => 0.0,
                Genre::Bourg => 900.0,
                Genre::Village => 1300.0,
            };
            (lattice.cell_at(*p), i as u32, late / step)
        })
        .collect();
    // The ground of all communes: where the pull of their centres is strong enough, so that it has no deep
    // notch.
    let mut inside: Vec<bool> = (0..lattice.cells())
        .map(|c| {
            let p = lattice.center(c);
            let pull: f64 = centres.iter().map(|q| (-(distance(*q, p) / 3900.0).powi(2)).exp()).sum();
            pull > 0.62 + 0.30 * fractal(seed ^ 33, p[0] / 1900.0, p[1] / 1900.0)
        })
        .collect();
    let first = lattice.grow(&seeds, &|_, c| inside[c], &|_| 1.0, f64::INFINITY);
    inside = first.iter().map(|l| *l != VOID).collect();
    lattice.fill_pockets(&mut inside);
    let of_commune = lattice.grow(&seeds, &|_, c| inside[c], &cost, f64::INFINITY);
    // The département: a larger blob around.
    let wide = lattice.grow(
        &[(lattice.cell_at(centre), 0, 0.0)],
        &|_, _| true,
        &|c| {
            let p = lattice.center(c);
            1.0 + 0.5 * fractal(seed ^ 32, p[0] / 6000.0, p[1] / 6000.0)
        },
        24_000.0 / step,
    );
    let mut whole: Vec<bool> = wide.iter().zip(&inside).map(|(w, i)| *w != VOID || *i).collect();
    lattice.fill_pockets(&mut whole);

    // IRIS of the city and the towns.
    let mut fine = vec![VOID; lattice.cells()];
    let mut ranges = Vec::new();
    let mut next = 0usize;
    for (i, name) in data.names.commune.iter().enumerate() {
        let wanted = match name.genre {
            Genre::Ville => data.names.iris.nombre_ville,
            Genre::Bourg => data.names.iris.nombre_bourg,
            Genre::Village => 1,
        };
        let cells: Vec<usize> = (0..lattice.cells()).filter(|&c| of_commune[c] == i as u32).collect();
        let starts = spaced(&lattice, &cells, centres[i], wanted, mix(seed, 600 + i as u64));
        let seeds: Vec<_> = starts.iter().enumerate().map(|(k, c)| (*c, (next + k) as u32, 0.0)).collect();
        let within = lattice.grow(&seeds, &|_, c| of_commune[c] == i as u32, &cost, f64::INFINITY);
        for c in cells {
            fine[c] = within[c];
        }
        ranges.push(next..next + starts.len());
        next += starts.len();
    }
    for (c, f) in fine.iter_mut().enumerate() {
        if *f == VOID && whole[c] {
            *f = next as u32;
        }
    }
    (lattice, fine, ranges)
}

/// Cells spread over a commune, denser around its centre, numbered from the centre outwards.
fn spaced(lattice: &Lattice, cells: &[usize], centre: Point, wanted: usize, seed: u64) -> Vec<usize> {
    if wanted <= 1 {
        return vec![lattice.cell_at(centre)];
    }
    let mut shuffled = cells.to_vec();
    Dice::new(seed, 0).shuffle(&mut shuffled);
    let choose = |scale: f64| {
        let mut kept: Vec<Point> = Vec::new();
        let mut out = Vec::new();
        for &c in &shuffled {
            let p = lattice.center(c);
            let gap = scale * (1.0 + 1.1 * distance(p, centre) / 2000.0);
            if kept.iter().all(|q| distance(*q, p) > gap) {
                kept.push(p);
                out.push(c);
            }
        }
        out
    };
    let (mut low, mut high) = (50.0, 4000.0);
    for _ in 0..18 {
        let middle = (low + high) / 2.0;
        if choose(middle).len() > wanted { low = middle } else { high = middle }
    }
    let mut out = choose(high);
    out.sort_by(|a, b| distance(lattice.center(*a), centre).total_cmp(&distance(lattice.center(*b), centre)));
    out
}

fn estates(data: &Demo, seed: u64, dwellings: u32, communes: &[Commune]) -> Vec<Estate> {
    let mut dice = Dice::new(seed, 20);
    data.names
        .grand_ensemble
        .iter()
        .enumerate()
        .map(|(index, e)| {
            let wanted = (e.part * f64::from(dwellings)).round();
            // 850 dwellings stand on about 9 hectares; few dwellings still make a neighbourhood.
            let size = (wanted / 850.0).sqrt().clamp(0.62, 2.6);
            let c = &communes[e.commune];
            let spread = c.radius / if c.name.genre == Genre::Ville { 2350.0 } else { 1060.0 };
            let turn = e.angle.to_radians();
            let d = e.distance * spread;
            Estate {
                index,
                commune: e.commune,
                centre: [c.centre[0] + d * turn.cos(), c.centre[1] + d * turn.sin()],
                angle: turn + std::f64::consts::FRAC_PI_2 + dice.between(-0.35, 0.35),
                half: [size * dice.between(205.0, 250.0), size * dice.between(140.0, 165.0)],
                dwellings: wanted.max(4.0) as u32,
            }
        })
        .collect()
}

/// Outline of a QPV: the estate with a margin, corners and sides moved a little, `more` metres added on one
/// side.
#[must_use]
pub fn outline(estate: &Estate, seed: u64, margin: f64, more: f64) -> Ring {
    let mut dice = Dice::new(seed, 7000 + estate.index as u64);
    let [a, b] = [estate.half[0] + margin, estate.half[1] + margin];
    let corners = [[a, -b], [a, b], [-a, b], [-a, -b]];
    let mut ring = Vec::new();
    for k in 0..4 {
        let (p, q) = (corners[k], corners[(k + 1) % 4]);
        for step in 0..3 {
            let t = f64::from(step) / 3.0;
            let (wide, deep) = (1.0 + dice.between(-0.06, 0.16), 1.0 + dice.between(-0.08, 0.22));
            let mut u = (p[0] + (q[0] - p[0]) * t) * wide;
            let v = (p[1] + (q[1] - p[1]) * t) * deep;
            if u > 0.5 * a {
                u += more;
            }
            ring.push(estate.at(u, v));
        }
    }
    ring
}

fn neighbourhoods(data: &Demo, seed: u64, estates: &[Estate]) -> (Vec<Qpv>, Vec<Qpv>) {
    let (mut old, mut new): (Vec<Qpv>, Vec<Qpv>) = (Vec::new(), Vec::new());
    for e in estates {
        let name = &data.names.grand_ensemble[e.index];
        if let Some(code) = &name.qpv2015 {
            old.push(Qpv {
                code: code.clone(),
                nom: name.nom.clone(),
                commune: e.commune,
                ring: outline(e, seed, 22.0, 0.0),
            });
        }
        let Some(code) = &name.qpv2024 else { continue };
        let ring = outline(e, seed, 24.0, name.agrandi);
        if let Some(twin) = new.iter_mut().find(|q| q.code == *code) {
            // Merged and enlarged: the hull of both, as QN00603M took QP006003 and QP006004 in.
            twin.nom = format!("{} - {}", twin.nom, name.nom);
            let mut points = std::mem::take(&mut twin.ring);
            points.extend(ring);
            twin.ring = hull(points);
        } else {
            new.push(Qpv { code: code.clone(), nom: name.nom.clone(), commune: e.commune, ring });
        }
    }
    (old, new)
}

fn name_iris(data: &Demo, dice: &mut Dice, communes: &[Commune], estates: &[Estate], iris: &mut [Iris]) {
    let mut city: Vec<&String> = data.names.iris.ville[1..].iter().collect();
    dice.shuffle(&mut city);
    for c in communes {
        let split = c.iris.len() > 1;
        for (k, i) in c.iris.clone().enumerate() {
            let estate = estates.iter().find(|e| iris[i].ground.iter().any(|g| contains(g, e.centre)));
            iris[i].code =
                if split { format!("{}01{:02}", c.name.code, k + 1) } else { format!("{}0000", c.name.code) };
            iris[i].nom = match (split, estate) {
                (false, _) => c.name.nom.clone(),
                (true, Some(e)) => data.names.grand_ensemble[e.index].nom.clone(),
                (true, None) if k == 0 => {
                    let first = if c.name.genre == Genre::Ville {
                        &data.names.iris.ville[0]
                    } else {
                        &data.names.iris.bourg[0]
                    };
                    first.clone()
                }
                (true, None) if c.name.genre == Genre::Ville => city[k % city.len()].clone(),
                (true, None) => data.names.iris.bourg[k % data.names.iris.bourg.len()].clone(),
            };
        }
    }
}

/// Box of several polygons.
#[must_use]
pub fn extent(ground: &[Polygon]) -> [f64; 4] {
    let rings: Vec<Point> = ground.iter().flat_map(|p| p[0].iter().copied()).collect();
    bounds(&rings)
}
