//! Streets and addresses: curved streets that follow a direction field, with numbered lots on both sides.
//!
//! Streets are evenly spaced streamlines (Jobard and Lefer, 1997) of a field that is radial around the heart
//! of the city, follows the river on its banks and turns slowly elsewhere; two families cross at right
//! angles.

use crate::reference::demo::{Demo, Genre};

use super::dice::{Dice, mix, noise};
use super::geometry::{Near, Point, distance};
use super::plan::{BANK, Plan};

/// A street of one commune.
#[derive(Debug, Clone)]
pub struct Street {
    /// « Rue », « Allée »…
    pub kind: String,
    /// « des Lilas »; with accents, as the BAN writes it.
    pub name: String,
    pub commune: usize,
    /// Four characters, unique in its commune.
    pub fantoir: u16,
    pub line: Vec<Point>,
    /// Index of the estate whose lane it is.
    pub estate: Option<usize>,
}

/// A true address: a number on a street, with its place.
#[derive(Debug, Clone, Copy)]
pub struct Lot {
    pub street: usize,
    pub commune: usize,
    pub number: u16,
    /// "" or "bis".
    pub suffix: &'static str,
    pub at: Point,
    pub estate: Option<usize>,
}

/// The network: streets and lots; lots of one side of a street follow each other.
#[derive(Debug, Default)]
pub struct Network {
    pub streets: Vec<Street>,
    pub lots: Vec<Lot>,
}

const STEP: f64 = 9.0;

/// A line drawn by a hand that trembles a little: midpoints moved sideways.
fn meander(seed: u64, a: Point, b: Point) -> Vec<Point> {
    let length = distance(a, b);
    let n = (length / 60.0).ceil().max(2.0) as usize;
    let (nx, ny) = (-(b[1] - a[1]) / length, (b[0] - a[0]) / length);
    (0..=n)
        .map(|i| {
            let t = i as f64 / n as f64;
            let ease = (std::f64::consts::PI * t).sin();
            let w = ease
                * (0.055 * length * noise(seed, t * 2.2, 0.3)
                    + 60.0 * noise(seed ^ 5, t * length / 500.0, 0.7));
            [a[0] + (b[0] - a[0]) * t + nx * w, a[1] + (b[1] - a[1]) * t + ny * w]
        })
        .collect()
}

/// Main roads: from the city to each commune, and between neighbours of the outer ring.
fn roads(plan: &Plan) -> Vec<Vec<Point>> {
    let c = &plan.communes;
    let mut out = Vec::new();
    for i in 1..c.len() {
        // Towards the city, or through the nearest town on the way.
        let home = distance(c[i].centre, c[0].centre);
        let relay = (0..c.len())
            .filter(|&j| j != i && distance(c[j].centre, c[0].centre) < 0.8 * home)
            .min_by(|&j, &k| {
                let via =
                    |j: usize| distance(c[i].centre, c[j].centre) + 0.75 * distance(c[j].centre, c[0].centre);
                via(j).total_cmp(&via(k))
            })
            .unwrap_or(0);
        out.push(meander(mix(plan.seed, 400 + i as u64), c[relay].centre, c[i].centre));
    }
    out
}

struct Drawing<'a> {
    plan: &'a Plan,
    /// Points of the streets of each family; main roads are in both.
    near: [Near; 2],
    lines: Vec<(Vec<Point>, bool)>,
}

impl Drawing<'_> {
    /// Angle of the first family of streets.
    fn angle(&self, p: Point) -> f64 {
        let plan = self.plan;
        let (mut x, mut y) = (0.0, 0.0);
        let mut add = |angle: f64, weight: f64| {
            x += weight * (4.0 * angle).cos();
            y += weight * (4.0 * angle).sin();
        };
        let home = plan.communes.iter().enumerate().min_by(|a, b| {
            (distance(a.1.centre, p) / a.1.radius).total_cmp(&(distance(b.1.centre, p) / b.1.radius))
        });
        if let Some((i, c)) = home {
            let d = distance(c.centre, p);
            let radial = (p[1] - c.centre[1]).atan2(p[0] - c.centre[0]);
            add(radial, 1.1 * (-(d / (0.45 * c.radius)).powi(2)).exp() + 0.25);
            add((i as f64) * 1.7, 0.35);
        }
        let bank = plan.river(p);
        let along = 0.54
            + ((plan.river([p[0] + 20.0, p[1]]) - plan.river([p[0] - 20.0, p[1]])) / -40.0 + 0.54f64.sin())
                .atan();
        add(along, 1.4 * (-(bank / 320.0).powi(2)).exp());
        for e in &plan.estates {
            let d = distance(e.centre, p);
            add(e.angle, 1.2 * (-(d / 420.0).powi(2)).exp());
        }
        y.atan2(x) / 4.0 + 0.55 * noise(plan.seed ^ 55, p[0] / 900.0, p[1] / 900.0)
    }

    /// Distance wanted between streets of one family.
    fn gap(&self, p: Point, family: usize) -> f64 {
        let b = self.plan.built(p).clamp(0.0, 1.0);
        (168.0 - 92.0 * b) * if family == 0 { 0.82 } else { 1.15 }
    }

    fn buildable(&self, p: Point) -> bool {
        self.plan.built(p) > 0.0
            && self.plan.river(p).abs() > BANK
            && !self.plan.estates.iter().any(|e| e.holds(p, 12.0))
    }

    /// Follows the field from `p` in one direction.
    fn follow(&self, p: Point, family: usize, sign: f64, longest: f64, own: u32) -> Vec<Point> {
        let mut out = Vec::new();
        let mut at = p;
        let quarter = std::f64::consts::FRAC_PI_2;
        let mut heading =
            self.angle(p) + family as f64 * quarter + if sign < 0.0 { std::f64::consts::PI } else { 0.0 };
        while (out.len() as f64) * STEP < longest {
            // The field is known up to a quarter turn: take the branch nearest to the heading.
            let field = self.angle(at) + family as f64 * quarter;
            let turns = ((heading - field) / quarter).round();
            heading = field + turns * quarter;
            let next = [at[0] + STEP * heading.cos(), at[1] + STEP * heading.sin()];
            if !self.buildable(next) || self.near[family].any_within(next, 0.5 * self.gap(next, family), own)
            {
                break;
            }
            at = next;
            out.push(at);
        }
        out
    }

    fn grow(&mut self, dice: &mut Dice) {
        let mut starts: Vec<(f64, Point)> = Vec::new();
        for c in &self.plan.communes {
            let r = c.radius * 1.35;
            let n = (r / 38.0) as i32;
            for i in -n..=n {
                for j in -n..=n {
                    let p = [
                        c.centre[0] + f64::from(i) * 38.0 + dice.between(-14.0, 14.0),
                        c.centre[1] + f64::from(j) * 38.0 + dice.between(-14.0, 14.0),
                    ];
                    if self.buildable(p) {
                        starts.push((distance(p, c.centre), p));
                    }
                }
            }
        }
        starts.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut own = 1000;
        for (_, p) in starts {
            for family in 0..2 {
                if self.near[family].any_within(p, self.gap(p, family), u32::MAX) {
                    continue;
                }
                own += 1;
                let longest = dice.between(180.0, 620.0);
                let mut line: Vec<Point> =
                    self.follow(p, family, -1.0, longest, own).into_iter().rev().collect();
                line.push(p);
                line.extend(self.follow(p, family, 1.0, longest, own));
                if (line.len() as f64) * STEP < 75.0 {
                    continue;
                }
                for q in &line {
                    self.near[family].insert(*q, own);
                }
                self.lines.push((line, false));
            }
        }
    }
}

impl Network {
    /// Streets of the whole territory, with every address.
    #[must_use]
    pub fn draw(data: &Demo, plan: &Plan) -> Self {
        let mut dice = Dice::new(plan.seed, 30);
        let mut drawing = Drawing { plan, near: [Near::new(60.0), Near::new(60.0)], lines: Vec::new() };
        for (i, road) in roads(plan).into_iter().enumerate() {
            let fine = resample(&road, STEP);
            for q in &fine {
                drawing.near[0].insert(*q, i as u32);
                drawing.near[1].insert(*q, i as u32);
            }
            drawing.lines.push((fine, true));
        }
        drawing.grow(&mut dice);
        let lines = drawing.lines;
        let mut network = Self::default();
        let mut names = NameBook::new(data, plan.communes.len(), plan.seed);
        for (line, main) in lines {
            if main {
                // A road is a street of each commune that it crosses, named after where it goes.
                for (commune, piece) in split_by_commune(plan, &line) {
                    network.add_street(plan, &mut names, piece, commune, true);
                }
            } else if let Some(commune) = plan.commune_at(line[line.len() / 2]) {
                network.add_street(plan, &mut names, line, commune, false);
            }
        }
        network.lots(plan, &mut dice);
        super::estates::build(plan, &mut names, &mut network);
        network
    }

    fn add_street(
        &mut self,
        plan: &Plan,
        names: &mut NameBook<'_>,
        line: Vec<Point>,
        commune: usize,
        main: bool,
    ) {
        let genre = plan.communes[commune].name.genre;
        let (kind, name, fantoir) = names.next(commune, genre, main.then_some(genre));
        self.streets.push(Street { kind, name, commune, fantoir, line, estate: None });
    }

    /// Lots on both sides: every 17 m in the heart of a town, every 35 m at its edge.
    fn lots(&mut self, plan: &Plan, dice: &mut Dice) {
        let mut axes = Near::new(30.0);
        for (i, s) in self.streets.iter().enumerate() {
            for p in &s.line {
                axes.insert(*p, i as u32);
            }
        }
        let mut taken = Near::new(20.0);
        for (index, street) in self.streets.iter().enumerate() {
            let metric = plan.communes[street.commune].name.genre == Genre::Village && street.line.len() > 30;
            for side in [-1.0, 1.0] {
                let mut walked = 12.0;
                let mut rank = 0u16;
                let mut next = 12.0;
                for w in street.line.windows(2) {
                    walked += distance(w[0], w[1]);
                    if walked < next {
                        continue;
                    }
                    let built = plan.built(w[1]);
                    next = walked + 17.0 + 20.0 * (1.0 - built.clamp(0.0, 1.0)) + dice.between(0.0, 7.0);
                    if built < -0.04 {
                        continue;
                    }
                    let heading = (w[1][1] - w[0][1]).atan2(w[1][0] - w[0][0]);
                    let out = side * dice.between(12.0, 17.0);
                    let at = [w[1][0] - out * heading.sin(), w[1][1] + out * heading.cos()];
                    let odd = u16::from(side < 0.0);
                    rank += 1;
                    let number = if metric { (walked as u16 / 2) * 2 + odd } else { rank * 2 - odd };
                    let free = plan.river(at).abs() > BANK
                        && !plan.estates.iter().any(|e| e.holds(at, 6.0))
                        && !axes.any_within(at, 9.5, index as u32)
                        && !taken.any_within(at, 13.0, u32::MAX);
                    if !free || plan.commune_at(at) != Some(street.commune) {
                        continue;
                    }
                    taken.insert(at, 0);
                    let suffix = if dice.chance(0.015) { "bis" } else { "" };
                    self.lots.push(Lot {
                        street: index,
                        commune: street.commune,
                        number,
                        suffix,
                        at,
                        estate: None,
                    });
                }
            }
        }
    }
}

fn resample(line: &[Point], step: f64) -> Vec<Point> {
    let mut out = vec![line[0]];
    for w in line.windows(2) {
        let n = (distance(w[0], w[1]) / step).ceil().max(1.0) as usize;
        for i in 1..=n {
            let t = i as f64 / n as f64;
            out.push([w[0][0] + (w[1][0] - w[0][0]) * t, w[0][1] + (w[1][1] - w[0][1]) * t]);
        }
    }
    out
}

/// Pieces of a road in each commune, at least 60 m long.
fn split_by_commune(plan: &Plan, line: &[Point]) -> Vec<(usize, Vec<Point>)> {
    let mut out: Vec<(usize, Vec<Point>)> = Vec::new();
    for p in line {
        let Some(c) = plan.commune_at(*p) else { continue };
        match out.last_mut() {
            Some((last, piece)) if *last == c => piece.push(*p),
            _ => out.push((c, vec![*p])),
        }
    }
    out.retain(|(_, piece)| piece.len() as f64 * STEP > 60.0);
    out
}

/// Street names without repetition inside one commune.
pub struct NameBook<'a> {
    data: &'a Demo,
    dice: Dice,
    used: Vec<std::collections::BTreeSet<String>>,
    counter: Vec<u16>,
}

impl<'a> NameBook<'a> {
    #[must_use]
    pub fn new(data: &'a Demo, communes: usize, seed: u64) -> Self {
        Self {
            data,
            dice: Dice::new(seed, 40),
            used: vec![std::collections::BTreeSet::new(); communes],
            counter: vec![0; communes],
        }
    }

    /// Kind, name and code of a new street; `main`: a thoroughfare.
    pub fn next(&mut self, commune: usize, genre: Genre, main: Option<Genre>) -> (String, String, u16) {
        let v = &self.data.names.voies;
        let weights = if genre == Genre::Village { &v.poids_village } else { &v.poids_ville };
        self.counter[commune] += 1;
        let fantoir = self.counter[commune] * 10;
        for attempt in 0.. {
            let kind = match main {
                Some(Genre::Village) => "Route".to_owned(),
                Some(_) => "Avenue".to_owned(),
                None => v.types[self.dice.weighted(weights)].clone(),
            };
            let name = if attempt < 12 {
                self.dice.pick(&v.noms).clone()
            } else {
                format!("{} {}", self.dice.pick(&v.prenoms), self.dice.pick(&v.patronymes))
            };
            // One name, one street: two kinds with the same name would make every address search ambiguous.
            if attempt > 400 || self.used[commune].insert(name.clone()) {
                return (kind, name, fantoir);
            }
        }
        (String::new(), String::new(), fantoir)
    }
}
