//! Dirt: which address, point, row or household is spoilt, how, and the list of what was planted.

use crate::reference::demo::{Defect, Scope};

use super::dice::{Dice, mix};
use super::geometry::{Point, contains, polygon_distance};
use super::ground::{Block, Ground, Place, plain};

/// One cell that was spoilt on purpose.
#[derive(Debug, Clone)]
pub struct Planted {
    /// Row in its buffer, 0 = first.
    pub row: u64,
    pub column: &'static str,
    pub code: &'static str,
    /// Rule that a reader must name; empty when it should repair or cope.
    pub rule: &'static str,
    pub level: &'static str,
}

/// The kinds of dirt of one scope, drawn together so that each thing has one fault at the most.
#[derive(Debug, Clone)]
pub struct Dirt {
    kinds: Vec<(&'static Defect, f64)>,
}

impl Dirt {
    /// `scale` multiplies all rates.
    #[must_use]
    pub fn new(ground: &Ground, scope: Scope, scale: f64) -> Self {
        let kinds =
            ground.data.defects.iter().filter(|d| d.portee == scope).map(|d| (d, d.taux * scale)).collect();
        Self { kinds }
    }

    /// The fault of one thing, or none.
    #[must_use]
    pub fn draw(&self, dice: &mut Dice) -> Option<&'static Defect> {
        let mut t = dice.unit();
        for (d, rate) in &self.kinds {
            t -= rate;
            if t < 0.0 {
                return Some(d);
            }
        }
        None
    }
}

/// The road of an address as it is filed.
#[derive(Debug, Clone, Default)]
pub struct Road {
    pub number: String,
    pub suffix: String,
    pub kind: String,
    pub name: String,
    pub complement: String,
    pub fault: Option<&'static Defect>,
}

/// The point of an address as it is filed.
#[derive(Debug, Clone)]
pub struct Located {
    pub at: Option<Point>,
    pub quality: u8,
    pub precision: f64,
    pub qpv2015: Option<usize>,
    pub qpv2024: Option<usize>,
    pub iris: Option<usize>,
    pub fault: Option<&'static Defect>,
    /// More than 200 m outside of the commune.
    pub outside: bool,
}

fn abbreviation(kind: &str) -> &str {
    match kind {
        "AVENUE" => "AV.",
        "BOULEVARD" => "BD",
        "PLACE" => "PL",
        "ALLEE" => "ALL",
        "CHEMIN" => "CHE",
        "IMPASSE" => "IMP",
        "SQUARE" => "SQ",
        "QUAI" => "QU",
        "ROUTE" => "RTE",
        "COURS" => "CRS",
        "RUE" => "R",
        "MONTEE" => "MTE",
        other => other,
    }
}

/// UTF-8 read as Windows-1252, as when a file was converted twice.
fn mojibake(text: &str) -> String {
    text.bytes().map(char::from).collect()
}

/// The address of a place as its bailleur files it. Bailleurs that write with accents lose them in more ways.
#[must_use]
pub fn road(
    ground: &Ground,
    dirt: &Dirt,
    block: &Block,
    place: &Place,
    key: u64,
    bailleur: usize,
    residence: &str,
) -> Road {
    let mut d = Dice::new(mix(ground.seed, key), 61);
    let street = &block.streets[place.street];
    let accented = bailleur % 8 >= 4;
    let mut r = Road {
        number: place.number.to_string(),
        suffix: place.suffix.to_uppercase(),
        kind: if accented { street.kind.clone() } else { plain(&street.kind) },
        name: if accented { street.name.clone() } else { plain(&street.name) },
        complement: String::new(),
        fault: dirt.draw(&mut d),
    };
    let Some(fault) = r.fault else { return r };
    let wide = !street.name.is_ascii();
    let glued = |r: &Road| {
        [&r.number, &r.suffix, &r.kind, &r.name]
            .map(String::as_str)
            .iter()
            .filter(|s| !s.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join(" ")
    };
    match fault.code.as_str() {
        "numero_dans_nomvoie" => {
            r = Road { name: glued(&r), fault: r.fault, ..Road::default() };
        }
        "numero_dans_complident" => {
            r = Road { complement: glued(&r), name: r.name, kind: r.kind, fault: r.fault, ..Road::default() };
        }
        "numero_manquant" => {
            r.number = (*d.pick(&["", "0", "SN", "9999"])).to_owned();
            r.suffix.clear();
        }
        "numero_multiple" => {
            let n = place.number;
            let m = n + 2;
            r.number = match d.below(4) {
                0 => format!("{n}-{m}"),
                1 => format!("{n}/{m}"),
                2 => format!("{n} à {m}"),
                _ => format!("{n} et {m}"),
            };
        }
        "indice_dans_numvoie" => {
            r.suffix.clear();
            r.number =
                if d.chance(0.5) { format!("{}BIS", place.number) } else { format!("{} B", place.number) };
        }
        "abreviation" => {
            let kind = plain(&street.kind);
            let short = abbreviation(&kind);
            if d.chance(0.15) {
                r.name = format!("{short} {}", r.name);
                r.kind.clear();
            } else {
                r.kind = short.to_owned();
            }
        }
        "type_repete" => r.name = format!("{} {}", plain(&street.kind), plain(&street.name)),
        "batiment_en_fin" => r.name = format!("{} BAT {}", r.name, d.pick(&["A", "B", "C", "1", "2"])),
        "residence_dans_nomvoie" => {
            r.name = format!("{residence} {} {}", plain(&street.kind), plain(&street.name))
        }
        "mojibake" if wide => {
            r.kind = mojibake(&street.kind);
            r.name = mojibake(&street.name);
        }
        "caractere_perdu" if wide => {
            r.name = street.name.chars().map(|c| if c.is_ascii() { c } else { '\u{fffd}' }).collect();
        }
        "tronque_a_l_accent" if wide => {
            r.name = street.name.chars().take_while(char::is_ascii).collect();
            if r.name.len() < 3 {
                r.name = street.name.clone();
                r.fault = None;
            }
        }
        // A name without accent cannot be spoilt that way.
        _ => r.fault = None,
    }
    r
}

/// Zones of a point that is not the true one.
fn zones(ground: &Ground, p: Point) -> (Option<usize>, Option<usize>, Option<usize>) {
    let find =
        |zones: &[super::ground::Zone]| zones.iter().position(|z| z.ground.iter().any(|g| contains(g, p)));
    if ground.towns.len() > 1000 {
        // The country: a random point is not worth a search among all its zones.
        return (None, None, None);
    }
    (find(&ground.qpv2015), find(&ground.qpv2024), find(&ground.iris))
}

/// The point of a place as the geolocation service gave it.
#[must_use]
pub fn point(
    ground: &Ground,
    dirt: &Dirt,
    block: &Block,
    place: &Place,
    key: u64,
    bailleur: usize,
) -> Located {
    let mut d = Dice::new(mix(ground.seed, key), 62);
    let mut out = Located {
        at: Some(place.at),
        quality: 11,
        precision: d.between(3.0, 15.0),
        qpv2015: place.qpv2015,
        qpv2024: place.qpv2024,
        iris: place.iris,
        fault: dirt.draw(&mut d),
        outside: false,
    };
    let Some(fault) = out.fault else { return out };
    let on_street = |d: &mut Dice, s: usize| {
        let q = *d.pick(&block.streets[s].line);
        [q[0] + d.between(-8.0, 8.0), q[1] + d.between(-8.0, 8.0)]
    };
    let town = &ground.towns[place.town];
    match fault.code.as_str() {
        "qualite_12" => {
            out.quality = 12;
            out.precision = d.between(80.0, 500.0);
            out.at = Some(on_street(&mut d, place.street));
        }
        "qualite_21" => {
            out.quality = 21;
            out.precision = d.between(10.0, 40.0);
            out.at = Some([place.at[0] + d.between(-12.0, 12.0), place.at[1] + d.between(-12.0, 12.0)]);
        }
        "qualite_22" => {
            out.quality = 22;
            out.precision = d.between(300.0, 1500.0);
            let mine: Vec<usize> =
                (0..block.streets.len()).filter(|&s| block.streets[s].commune == place.town).collect();
            let s = if mine.is_empty() { place.street } else { *d.pick(&mine) };
            out.at = Some(on_street(&mut d, s));
        }
        "qualite_33" => {
            out.quality = 33;
            out.precision = d.between(2000.0, 6000.0);
            out.at = Some(somewhere(&mut d, &town.ground));
        }
        "point_hors_commune" => {
            // Placed in a commune of the same name or number elsewhere.
            let other = &ground.towns[(place.town + 1 + d.below(7)) % ground.towns.len()];
            out.at = Some([
                other.centre[0] + d.between(-300.0, 300.0),
                other.centre[1] + d.between(-300.0, 300.0),
            ]);
        }
        "sans_point" => out.at = None,
        // Only one bailleur put its dwellings at its head office; its rate makes up for the others.
        "empilement_siege" if bailleur % 8 == 1 => out.at = Some(ground.head_office),
        "hors_du_repere" => out.at = Some([place.at[0], 45.9]),
        _ => {
            out.fault = None;
            return out;
        }
    }
    out.at = out.at.map(|[x, y]| [(x * 100.0).round() / 100.0, (y * 100.0).round() / 100.0]);
    match out.at {
        Some(p) => {
            (out.qpv2015, out.qpv2024, out.iris) = zones(ground, p);
            out.outside = far_from(&town.ground, p);
        }
        None => (out.qpv2015, out.qpv2024, out.iris) = (None, None, None),
    }
    out
}

/// More than the tolerance of rule R08 (200 m, and a margin) from the ground of a commune.
#[must_use]
pub fn far_from(ground: &[super::geometry::Polygon], p: Point) -> bool {
    ground.iter().map(|g| polygon_distance(g, p)).fold(f64::INFINITY, f64::min) > 205.0
}

/// A random point of a commune.
fn somewhere(d: &mut Dice, ground: &[super::geometry::Polygon]) -> Point {
    let Some(main) = ground.first() else { return [0.0, 0.0] };
    let b = super::geometry::bounds(&main[0]);
    for _ in 0..200 {
        let p = [d.between(b[0], b[2]), d.between(b[1], b[3])];
        if contains(main, p) {
            return p;
        }
    }
    main[0][0]
}
