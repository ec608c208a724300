//! Fills the ground with social dwellings: estates first, then residences along the streets.

use crate::reference::demo::{Figures, Genre};

use super::dice::Dice;
use super::geometry::distance;
use super::ground::{Block, Dwelling, Ground, Residence, plain};

/// What one commune receives: places that may be taken, in the order of the streets.
#[derive(Debug)]
pub struct Request {
    pub town: usize,
    /// Indexes of places outside estates.
    pub free: Vec<usize>,
    /// Dwellings to put on them.
    pub dwellings: usize,
    /// Estates: their name, bailleur, dwellings and places.
    pub estates: Vec<EstateRequest>,
}

/// What one estate receives.
#[derive(Debug)]
pub struct EstateRequest {
    pub nom: String,
    pub bailleur: usize,
    pub dwellings: usize,
    pub places: Vec<usize>,
}

/// Builds dwellings in a block.
pub struct Builder<'a> {
    pub ground: &'a Ground,
    pub dice: Dice,
    /// Identifier of the next dwelling.
    pub next_ident: u64,
    pub next_segment: u32,
    /// Bailleurs at work here and their weights.
    pub owners: Vec<(usize, f64)>,
}

/// January of a year, in months.
#[must_use]
pub fn january(year: i32) -> i32 {
    year * 12
}

/// Groups of financing that share a rent and a clientele.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Financing {
    Plai,
    Plus,
    Pls,
    Pli,
    Old,
    Pla,
}

/// Group of a FINAN code.
#[must_use]
pub fn financing(finan: u8) -> Financing {
    match finan {
        10 | 11 => Financing::Plai,
        12 => Financing::Pla,
        13 => Financing::Plus,
        14 => Financing::Pls,
        15..=17 => Financing::Pli,
        _ => Financing::Old,
    }
}

impl Builder<'_> {
    fn figures(&self) -> &'static Figures {
        &self.ground.data.figures
    }

    /// Answers a request exactly: as many dwellings as asked for are pushed to the block.
    pub fn fill(&mut self, block: &mut Block, request: &Request) {
        for estate in &request.estates {
            self.fill_estate(block, estate);
        }
        let mut left = request.dwellings;
        let mut used = vec![false; request.free.len()];
        while left > 0 {
            left -= self.residence(block, request, &mut used, left);
        }
    }

    fn fill_estate(&mut self, block: &mut Block, estate: &EstateRequest) {
        if estate.places.is_empty() || estate.dwellings == 0 {
            return;
        }
        let wanted = (estate.dwellings / 11).clamp(1, estate.places.len());
        let places = &estate.places[..wanted];
        let (base, more) = (estate.dwellings / wanted, estate.dwellings % wanted);
        let mut last = (usize::MAX, 2);
        let mut residence = 0;
        let mut rank = 0;
        let construct = self.dice.int(1956, 1974);
        for (i, &p) in places.iter().enumerate() {
            let place = &block.places[p];
            let side = (place.street, place.number % 2);
            if side != last {
                // One side of a lane is a residence: two to four bars with one letter each.
                last = side;
                rank += 1;
                residence = block.residences.len();
                let nom = plain(&format!("{} {rank}", estate.nom));
                let year = construct + self.dice.int(-2, 4);
                let mut r = self.draw_residence('C', year, nom, estate.bailleur);
                r.finan = [52, 51, 52, 54][self.dice.weighted(&[58.0, 32.0, 8.0, 2.0])];
                r.origine = 1;
                r.effect += 0.10;
                block.residences.push(r);
            }
            let n = base + usize::from(i < more);
            self.dwellings(block, residence, p, n, (i % 8) as u8);
        }
    }

    /// One residence along a street; returns its dwellings.
    fn residence(&mut self, block: &mut Block, request: &Request, used: &mut [bool], left: usize) -> usize {
        let ground = self.ground;
        let town = &ground.towns[request.town];
        let f = &self.figures().parc;
        let individual = match town.genre {
            Genre::Ville => f.individuel.ville,
            Genre::Bourg => f.individuel.bourg,
            Genre::Village => f.individuel.village,
        };
        // Shares of dwellings, while houses come by seven and flats by thirty: draw residences accordingly.
        let houses = self.dice.chance(individual * 30.0 / (individual * 30.0 + (1.0 - individual) * 7.0));
        let students = !houses && town.genre == Genre::Ville && self.dice.chance(f.etudiant_ville);
        let size = if houses {
            self.dice.int(3, 14) as usize
        } else {
            let middle = if town.genre == Genre::Village { 9.0 } else { 24.0 };
            ((middle * (0.62 * self.dice.normal()).exp()) as usize).clamp(2, 140)
        }
        .min(left);
        let per_place = if houses { 1 } else { self.dice.int(6, 18) as usize };
        let entrances = size.div_ceil(per_place);
        let run = self.run_of_places(block, &request.free, used, entrances);
        let Some(&first) = run.first() else {
            return left;
        };
        let at = block.places[first].at;
        let heart = 1.0 - distance(at, town.centre) / town.radius;
        let weights: Vec<f64> = f
            .periodes
            .iter()
            .enumerate()
            .map(|(i, p)| {
                let w = if town.genre == Genre::Village { p.village } else { p.ville };
                match i {
                    0 if heart > 0.55 => w * 4.0,
                    1 if heart > 0.7 => w * 0.5,
                    4 if heart < 0.3 => w * 1.3,
                    _ => w,
                }
            })
            .collect();
        let period = &f.periodes[self.dice.weighted(&weights)];
        let year = self.dice.int(period.de, period.a);
        let names = &self.ground.data.names.programmes;
        let (first, rest) = (self.dice.pick(&names.debuts), self.dice.pick(&names.noms));
        let nom = plain(&format!("{first} {rest}")).replace(" DE LES ", " DES ").replace(" DE LE ", " DU ");
        let weights: Vec<f64> = self.owners.iter().map(|o| o.1).collect();
        let bailleur = self.owners[self.dice.weighted(&weights)].0;
        let kind = if houses {
            'I'
        } else if students {
            'E'
        } else {
            'C'
        };
        let r = self.draw_residence(kind, year, nom, bailleur);
        let residence = block.residences.len();
        block.residences.push(r);
        let (base, more) = (size / run.len(), size % run.len());
        for (i, &p) in run.iter().enumerate() {
            self.dwellings(block, residence, p, base + usize::from(i < more), (i % 8) as u8);
        }
        size
    }

    /// Up to `n` neighbouring free places on one side of one street.
    fn run_of_places(&mut self, block: &Block, free: &[usize], used: &mut [bool], n: usize) -> Vec<usize> {
        if free.is_empty() {
            return Vec::new();
        }
        let start = (0..60)
            .map(|_| self.dice.below(free.len()))
            .find(|&i| !used[i])
            .or_else(|| used.iter().position(|u| !u))
            .unwrap_or_else(|| self.dice.below(free.len()));
        let side = |i: usize| (block.places[free[i]].street, block.places[free[i]].number % 2);
        let mut run = Vec::new();
        let mut i = start;
        while i < free.len() && run.len() < n && side(i) == side(start) && (!used[i] || i == start) {
            used[i] = true;
            run.push(free[i]);
            i += 1;
        }
        run
    }

    fn draw_residence(&mut self, kind: char, construct: i32, nom: String, bailleur: usize) -> Residence {
        let f = self.figures();
        let d = &mut self.dice;
        let period = f.parc.periodes.iter().position(|p| construct <= p.a).unwrap_or(4);
        let bought = construct < 1949 || d.chance(f.parc.acquis_ameliore);
        let patrimoine =
            if bought && construct < 2016 { d.int((construct + 4).max(1980), 2021) } else { construct };
        let origine = match (bought, construct) {
            (true, _) => {
                if d.chance(0.7) {
                    2
                } else {
                    3
                }
            }
            (false, y) if y > 2008 && d.chance(0.4) => 4,
            _ => 1,
        };
        // Financing follows the year of entry into the stock.
        let finan = match patrimoine {
            ..=1955 => [50, 52][d.weighted(&[1.0, 1.0])],
            1956..=1977 => [52, 51, 54, 53][d.weighted(&[66.0, 22.0, 8.0, 4.0])],
            1978..=1999 => [12, 11, 17, 49][d.weighted(&[76.0, 14.0, 7.0, 3.0])],
            _ => [13, 10, 14, 16][d.weighted(&[62.0, 20.0, 15.0, 3.0])],
        };
        let dpe = (!d.chance(f.parc.dpe_absent)).then(|| d.weighted(&f.parc.dpe[period]) as u8 + 1);
        self.next_segment += 1;
        Residence {
            bailleur,
            nom,
            kind,
            construct,
            locat: (if bought { patrimoine } else { construct + i32::from(d.chance(0.3)) }).max(construct),
            patrimoine,
            origine,
            period,
            finan,
            dpe,
            effect: f.menages.effet_residence * d.normal() + self.ground.bailleurs[bailleur].effect,
            segment: self.next_segment,
            conv: d.int(1, 999_999) as u32,
        }
    }

    fn dwellings(&mut self, block: &mut Block, residence: usize, place: usize, n: usize, building: u8) {
        for k in 0..n {
            let d = self.draw_dwelling(block, residence, place, k, n, building);
            block.dwellings.push(d);
        }
    }

    fn draw_dwelling(
        &mut self,
        block: &Block,
        residence: usize,
        place: usize,
        k: usize,
        n: usize,
        building: u8,
    ) -> Dwelling {
        let f = &self.figures().parc;
        let r = &block.residences[residence];
        let town = &self.ground.towns[block.places[place].town];
        let d = &mut self.dice;
        let weights = if r.kind == 'I' { &f.typologie_individuel } else { &f.typologie_collectif };
        let rooms = match r.kind {
            'E' => 1 + usize::from(d.chance(0.1)),
            _ => 1 + d.weighted(weights),
        };
        let surface = (f.surfaces[rooms - 1] * (1.0 + 0.09 * d.normal())
            + if r.kind == 'I' { 5.0 } else { 0.0 })
        .clamp(16.0, 160.0);
        // New programmes mix PLUS and PLAI on one landing.
        let finan = match r.finan {
            13 if d.chance(0.28) => 10,
            other => other,
        };
        let rate = match financing(finan) {
            Financing::Plai => f.loyers.plai,
            Financing::Plus => f.loyers.plus,
            Financing::Pls => f.loyers.pls,
            Financing::Pli => f.loyers.pli,
            Financing::Old => f.loyers.ancien,
            Financing::Pla => f.loyers.pla,
        } * match town.genre {
            Genre::Ville => 1.04,
            Genre::Bourg => 1.0,
            Genre::Village => 0.95,
        };
        let rent =
            (surface.round() * rate * (1.0 + 0.07 * d.normal()) * (1.0 + 0.08 * (65.0 - surface) / 65.0))
                .max(80.0);
        let qpv = block.places[place].qpv2024.is_some();
        let (mode, lease) = occupancy(f, d, r, qpv);
        self.next_ident += 1;
        let landing = if r.kind == 'I' { 1 } else { 3 };
        Dwelling {
            ident: self.next_ident,
            place,
            residence,
            finan,
            rooms: rooms as u8,
            surface: surface.round() as u16,
            floor: if r.kind == 'I' { 0 } else { (k / landing).min(n) as i8 },
            door: (k + 1) as u16,
            building,
            mode,
            lease,
            rent: (rent * 100.0).round() / 100.0,
            contingent: if d.chance(f.sans_contingent) {
                7
            } else {
                [2, 3, 4, 5, 1, 6][d.weighted(&[24.0, 30.0, 30.0, 6.0, 7.0, 3.0])]
            },
            pmr: d.chance(f.pmr) && r.construct > 2000,
        }
    }
}

/// MODE and lease on 1 January 2022 and 2024.
fn occupancy(
    f: &crate::reference::demo::Parc,
    d: &mut Dice,
    r: &Residence,
    qpv: bool,
) -> ([u8; 2], [i32; 2]) {
    let weights = if qpv { &f.mode_qpv } else { &f.mode_hors_qpv };
    let opened = january(r.locat) + d.int(1, 10);
    // Years since the tenant moved in: geometric at the rate of mobility, bounded by the first letting.
    let monthly = f.mobilite_annuelle / 12.0;
    let stay = |d: &mut Dice| (d.unit().max(1e-9).ln() / (1.0 - monthly).ln()) as i32;
    let now = january(2024);
    let mode24 = d.weighted(weights) as u8 + 1;
    let started = |stay: i32, at: i32| (at - 1 - stay).max(opened).min(at - 1);
    let lease24 = if mode24 == 1 {
        started(stay(d), now)
    } else if mode24 == 2 {
        // When the last tenant left.
        now - 1 - (d.unit().powi(3) * 30.0) as i32
    } else {
        0
    };
    let exists_before = r.locat < 2022;
    if !exists_before {
        let first = lease24.max(january(r.locat.min(2023)) + 1).min(now - 1);
        return ([0, mode24], [0, if mode24 == 1 { first } else { lease24 }]);
    }
    let then = january(2022);
    let (mode22, lease22) = if mode24 == 1 && lease24 < then {
        (1, lease24)
    } else {
        // Someone else lived here (or nobody).
        let m = d.weighted(weights) as u8 + 1;
        let l = match m {
            1 => started(stay(d), then),
            2 => then - 1 - (d.unit().powi(3) * 30.0) as i32,
            _ => 0,
        };
        (m, l)
    };
    ([mode22, mode24], [lease22, lease24])
}
