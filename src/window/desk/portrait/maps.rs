//! The maps of a portrait: where its dwellings are, and how its households live, each at the finest scale
//! that has figures.

use geo::MultiPolygon;

use super::asking::Asking;
use super::{Subject, words};
use crate::desk::editions::Loaded;
use crate::desk::figures::{self, Question as Listing};
use crate::desk::problem::Problem;
use crate::desk::{geometry, zones};
use crate::disclosure::figure::Figure;
use crate::publish::classes::{breaks, colours, named};
use crate::publish::pdf::Color;
use crate::publish::portrait::{Area, Disc, Edition, Frame, Key, Map};
use crate::publish::{Place, Row, shape};
use crate::reference::access::Class;
use crate::reference::indicators::Indicator;
use crate::reference::portrait::portrait as data;
use crate::reference::{scales, zonage};

/// Degrees of latitude around a point: some hundred metres on each side.
const AROUND: f64 = 0.012;
/// Names on a map, at most.
const NAMES: usize = 12;
const SECRET: Color = [214, 218, 221];
const DISC: Color = [109, 100, 164];
/// Unlike any class of figures.
const HERE: Color = [20, 83, 107];
const QUARTER: Color = [140, 45, 110];
const SUBJECT: Color = [29, 43, 54];

/// Where the maps are, and what is drawn on all of them.
struct Ground<'a> {
    frame: Frame,
    loaded: &'a Loaded,
    /// Contour of the subject, if it has one.
    subject: Vec<MultiPolygon<f64>>,
    /// What zones are looked for in.
    within: Option<String>,
    place: String,
}

/// Two maps at most; one that would show next to nothing is left out.
///
/// # Errors
/// The contours of a drawn zone cannot be read.
pub(super) fn maps(asking: &Asking<'_>) -> Result<Vec<Map>, Problem> {
    let loaded = asking.base().resolve(asking.app)?.loaded;
    let Some(ground) = ground(asking, &loaded)? else { return Ok(Vec::new()) };
    let scales = data().scales(asking.scale());
    let mut out = Vec::new();
    for (id, scales) in [("P01", &scales.logements), ("I02", &scales.menages)] {
        let Some(indicator) = asking.app.catalogue.indicator(id) else { continue };
        // Of households nothing is drawn that has no name on the paper.
        if asking.app.catalogue.describes_households(indicator) && asking.indicator(id).is_none() {
            continue;
        }
        if let Some((scale, rows)) = scales.iter().find_map(|s| Some((s, rows(asking, &ground, s, id)?))) {
            out.extend(drawn(asking, &ground, indicator, scale, &rows));
        }
    }
    Ok(out)
}

fn ground<'a>(asking: &Asking<'_>, loaded: &'a Loaded) -> Result<Option<Ground<'a>>, Problem> {
    let contour = |scale: &str, code: &str| {
        loaded.zones.get(scale).and_then(|g| g.layer.zone(code)).map(|z| z.geometry.clone())
    };
    let commune = asking.around.iter().find(|(a, _)| a.scale == "commune").map(|(a, _)| a);
    let nearest = asking.around.first().map(|(a, _)| a);
    let place = asking.whole.zone.nom.clone();
    let boxed = |subject: &[MultiPolygon<f64>]| {
        let boxes = subject.iter().filter_map(|a| shape::bounds(&Place::Area(std::borrow::Cow::Borrowed(a))));
        boxes.fold(shape::NOWHERE, shape::joined)
    };
    let found = match &asking.question.subject {
        Subject::Zone(scale, code) if scales::scale(scale).acces == Class::Fine => {
            let at = loaded.cube().layer(scale).and_then(|layer| {
                let zone = layer.zone(code)?;
                zones::of_addresses(loaded, &layer, zone).1
            });
            let within = commune.map(|c| format!("commune:{}", c.code));
            let place = commune.map_or(place, |c| c.nom.clone());
            at.map(|b| (b, AROUND, Vec::new(), within, place))
        }
        Subject::Zone(scale, code) => {
            let subject: Vec<_> = contour(scale, code).into_iter().collect();
            let around = if scales::scale(scale).acces == Class::Large { 0.0 } else { AROUND / 3.0 };
            let bbox = boxed(&subject);
            shape::holds(&bbox).then(|| (bbox, around, subject, Some(format!("{scale}:{code}")), place))
        }
        Subject::Drawn(zone) => {
            let subject = match (&zone.geometrie, &zone.codes) {
                (Some(drawn), _) => {
                    let limits = zonage::limits();
                    geometry::areas("geometrie", drawn, limits, &geometry::effort(limits))?
                }
                (None, Some(codes)) => codes.iter().filter_map(|c| contour(&c.echelle, &c.code)).collect(),
                (None, None) => Vec::new(),
            };
            let bbox = boxed(&subject);
            let within = nearest.map(|a| format!("{}:{}", a.scale, a.code));
            shape::holds(&bbox).then(|| (bbox, AROUND / 3.0, subject, within, place))
        }
    };
    Ok(found.map(|(bbox, around, subject, within, place)| Ground {
        frame: Frame::new(bbox, around),
        loaded,
        subject,
        within,
        place,
    }))
}

/// Zones of a scale with their figure, if enough of them have one.
fn rows(asking: &Asking<'_>, ground: &Ground<'_>, scale: &str, id: &str) -> Option<Vec<Row<'static>>> {
    if asking.question.edition == Edition::Publique && scales::scale(scale).acces == Class::Fine {
        return None;
    }
    let listing = Listing {
        echelle: scale.to_owned(),
        dans: ground.within.clone(),
        asked: asking.base(),
        indicateurs: Some(vec![id.to_owned()]),
        places: true,
    };
    let read = figures::read(asking.app, asking.person, &listing, |reading| {
        let near = |z: &u32| reading.bbox(*z).is_some_and(|b| ground.frame.meets(&b));
        let zones: Vec<u32> = reading.zones.iter().copied().filter(near).collect();
        Ok(reading.rows(&zones)?.into_iter().map(Row::owned).collect::<Vec<_>>())
    });
    let rows = read.ok()?;
    let known = rows.iter().filter(|r| value(r).is_some()).count();
    (known > 0 && known as f64 >= data().cartes.part_min * rows.len() as f64).then_some(rows)
}

fn said<'r>(row: &'r Row<'_>) -> Option<&'r Figure> {
    row.figures.first()
}

fn value(row: &Row<'_>) -> Option<f64> {
    said(row).filter(|f| !f.secret)?.valeur
}

fn drawn(
    asking: &Asking<'_>,
    ground: &Ground<'_>,
    indicator: &Indicator,
    scale: &str,
    rows: &[Row<'_>],
) -> Option<Map> {
    let frame = &ground.frame;
    let count = indicator.unite == "nombre";
    let label = &scales::scale(scale).libelle;
    // « IRIS » stays, « Commune » becomes « commune ».
    let label = if label.chars().all(char::is_uppercase) { label.clone() } else { label.to_lowercase() };
    let cuts = if count { Vec::new() } else { breaks(rows.iter().filter_map(value).collect()) };
    let classes = named(&cuts, &indicator.unite);
    let palette = colours(&indicator.sens, classes.len());
    let class = |v: f64| cuts.iter().filter(|c| **c <= v).count();
    let color = |row: &Row<'_>| match said(row) {
        Some(f) if f.secret => Some(SECRET),
        Some(_) if count => Some([226, 230, 232]),
        _ => value(row).map(|v| palette[class(v).min(palette.len() - 1)]),
    };
    let largest = rows.iter().map(|r| r.logements).max().unwrap_or(1).max(1) as f64;
    let own = match &asking.question.subject {
        Subject::Zone(s, code) if s == scale => Some(code.as_str()),
        _ => None,
    };
    let mut areas = Vec::new();
    let mut discs = Vec::new();
    let mut here = None;
    for row in rows {
        let at = match &row.place {
            Some(Place::Point(at)) => Some(*at),
            Some(Place::Area(area)) => {
                areas.push(Area { rings: frame.rings(area), color: color(row) });
                zones::inside(area).filter(|_| count)
            }
            None => None,
        };
        let at = at.map(|at| frame.at(at)).filter(|at| frame.shows(*at) && row.logements > 0);
        if let Some(at) = at {
            let part = (row.logements as f64 / largest) as f32;
            if own == Some(row.code.as_str()) {
                here = Some(Disc { at, part, color: HERE });
                continue;
            }
            let color = if count { DISC } else { color(row).unwrap_or(SECRET) };
            discs.push(Disc { at, part, color });
        }
    }
    // One number, or one colour, is no map.
    let told = if count { discs.len() } else { rows.iter().filter(|r| value(r).is_some()).count() };
    if told < 2 && here.is_none() {
        return None;
    }
    // Small ones over large ones, and what the portrait is of over all.
    discs.sort_by(|a, b| b.part.total_cmp(&a.part));
    discs.extend(here);
    let (limits, names) = communes(ground);
    // What the portrait is of has its own line.
    let quarter = match &asking.question.subject {
        Subject::Zone(scale, code) if scale == "qpv2024" => Some(code.as_str()),
        _ => None,
    };
    let quarters = contours(ground, "qpv2024", quarter);
    let mut legend: Vec<(Key, String)> = Vec::new();
    if count {
        let size = |part: f64| crate::french::thousands((largest * part).round() as u64);
        legend.push((Key::Disc(DISC, 1.0), format!("{} logements", size(1.0))));
        legend.push((Key::Disc(DISC, 0.25), format!("{} logements", size(0.25))));
    } else {
        let told = |c: &crate::publish::classes::Class| c.label.clone();
        legend.extend(classes.iter().zip(&palette).map(|(c, color)| (Key::Ground(*color), told(c))));
        if rows.iter().filter_map(said).any(|f| f.secret) {
            legend.push((Key::Ground(SECRET), "secret statistique".to_owned()));
        }
    }
    if own.is_some() {
        legend.push((Key::Disc(HERE, 0.3), asking.whole.zone.nom.clone()));
    }
    if !quarters.is_empty() {
        legend.push((Key::Line(QUARTER, true), "quartier prioritaire 2024".to_owned()));
    }
    if !ground.subject.is_empty() {
        legend.push((Key::Line(SUBJECT, false), format!("contour : {}", asking.whole.zone.nom)));
    }
    let subject =
        (!ground.subject.is_empty()).then(|| ground.subject.iter().flat_map(|a| frame.rings(a)).collect());
    let by = format!("par {label}");
    let elsewhere =
        if ground.place == asking.whole.zone.nom { String::new() } else { format!(", {}", ground.place) };
    Some(Map {
        title: indicator.libelle.clone(),
        told: self::told(indicator, &by, &ground.place, rows, &classes, class),
        subtitle: format!("{by}{elsewhere}"),
        aspect: frame.aspect as f32,
        areas,
        limits,
        quarters,
        subject,
        discs,
        names,
        legend,
        bar: frame.bar(),
    })
}

/// Contours of a layer that are on the map, but one.
fn contours(ground: &Ground<'_>, layer: &str, but: Option<&str>) -> Vec<crate::publish::portrait::Rings> {
    let Some(layer) = ground.loaded.zones.get(layer) else { return Vec::new() };
    let there = layer.layer.zones.iter().filter(|z| z.bbox[0] <= z.bbox[2] && ground.frame.meets(&z.bbox));
    let there = there.filter(|z| but != Some(z.code.as_str()));
    there.map(|z| ground.frame.rings(&z.geometry)).collect()
}

/// Limits of communes, and the names of those with most dwellings.
fn communes(ground: &Ground<'_>) -> (Vec<crate::publish::portrait::Rings>, Vec<([f32; 2], String)>) {
    let limits = contours(ground, "commune", None);
    let Some(layer) = ground.loaded.cube().layer("commune") else { return (limits, Vec::new()) };
    let Some(shapes) = ground.loaded.zones.get("commune") else { return (limits, Vec::new()) };
    let mut found: Vec<(u64, [f32; 2], String)> = Vec::new();
    for zone in shapes.layer.zones.iter().filter(|z| ground.frame.meets(&z.bbox)) {
        let (Some(number), Some(at)) = (layer.zone(&zone.code), zones::inside(&zone.geometry)) else {
            continue;
        };
        let at = ground.frame.at(at);
        if ground.frame.shows(at) {
            found.push((ground.loaded.dwellings(&layer, number, None), at, zone.nom.clone()));
        }
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.2.cmp(&b.2)));
    // A map of one commune needs no name.
    let names = if found.len() < 2 { Vec::new() } else { found };
    (limits, names.into_iter().take(NAMES).map(|(_, at, nom)| (at, nom)).collect())
}

/// The map for who does not see it: what it is of, its classes with their numbers of zones, its ends.
fn told(
    indicator: &Indicator,
    by: &str,
    place: &str,
    rows: &[Row<'_>],
    classes: &[crate::publish::classes::Class],
    class: impl Fn(f64) -> usize,
) -> String {
    let cell = |row: &Row<'_>| words::cell(said(row));
    let mut known: Vec<(f64, &Row<'_>)> = rows.iter().filter_map(|r| Some((value(r)?, r))).collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut parts: Vec<String> = Vec::new();
    if indicator.unite != "nombre" {
        let count = |i: usize| words::count(known.iter().filter(|(v, _)| class(*v) == i).count() as u64);
        parts.extend(
            classes.iter().enumerate().map(|(i, c)| format!("{} dans la classe {}", count(i), c.label)),
        );
    }
    let secret = rows.iter().filter_map(said).filter(|f| f.secret).count();
    if secret > 0 {
        parts.push(format!("{} sous le secret statistique", words::count(secret as u64)));
    }
    let all = words::count(rows.len() as u64);
    let mut out = format!("Carte : {} {by}, {place}. La carte montre {all} zones", indicator.libelle);
    if !parts.is_empty() {
        out += &format!(", dont {}", parts.join(", "));
    }
    out.push('.');
    if let (Some((_, low)), Some((_, high))) = (known.first(), known.last())
        && known.len() > 1
    {
        out += &format!(
            " La valeur la plus faible est de {} à {}, la plus forte de {} à {}.",
            cell(low),
            low.nom,
            cell(high),
            high.nom
        );
    }
    out
}
