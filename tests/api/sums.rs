//! Every measure of a drawn zone, dwelling by dwelling: the tree, the bit columns and the sums against a
//! plain loop.

use std::collections::BTreeMap;

use geo::{Coord, Intersects, LineString, MultiPolygon, Point, Polygon};
use mosaique::cube::bits::Bits;
use mosaique::cube::region::Region;
use mosaique::cube::runs::Runs;
use mosaique::cube::{Cube, Filter, Rows, build::build};
use mosaique::reference::indicators::{Catalogue, Measure};
use mosaique::reference::secrecy::Secrecy;
use mosaique::stock::facts::Facts;

use crate::world::{ORIGIN, SIDE, WORLD};

/// The value of a measure for one dwelling, read from the facts as the definition says it.
fn value(catalogue: &Catalogue, facts: &Facts, m: &Measure, dwelling: usize) -> u64 {
    let holds = |(id, codes): (&str, &[String])| {
        let class = facts.attributes.get(id).map_or(0, |c| c[dwelling]);
        let attribute = catalogue.attribute(id).unwrap();
        codes.iter().any(|c| if c == "*" { class > 0 } else { attribute.class(c) == Some(class) })
    };
    let answered = || holds(("repondant", &["OUI".to_owned()]));
    if !catalogue.conditions(m).all(holds) || (catalogue.is_occupancy(m) && !answered()) {
        return 0;
    }
    facts.quantities.get(&m.somme).map_or(1, |q| q[dwelling].into())
}

/// Star-shaped outlines of 4 to 150 vertices, from one building to the whole territory, some with a hole.
fn outline(rng: &mut fastrand::Rng) -> MultiPolygon<f64> {
    let centre = [ORIGIN[0] + 2.0 * SIDE * rng.f64(), ORIGIN[1] + 2.0 * SIDE * rng.f64()];
    let reach = 0.0005 * 200_f64.powf(rng.f64());
    let n = rng.usize(4..150);
    let mut ring = |scale: f64| {
        let points = (0..n).map(|i| {
            let (angle, r) =
                (std::f64::consts::TAU * i as f64 / n as f64, reach * scale * (0.6 + 0.4 * rng.f64()));
            Coord { x: centre[0] + r * angle.cos(), y: centre[1] + r * angle.sin() }
        });
        let mut points: Vec<Coord<f64>> = points.collect();
        points.push(points[0]);
        LineString(points)
    };
    let outer = ring(1.0);
    let holes = if n.is_multiple_of(3) { vec![ring(0.4)] } else { Vec::new() };
    MultiPolygon(vec![Polygon::new(outer, holes)])
}

#[test]
fn every_measure_of_a_drawn_zone_is_the_sum_over_its_dwellings_for_every_population_and_filter() {
    let facts = &WORLD.facts;
    let catalogue = Catalogue::embedded().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cube.bin");
    build(facts, catalogue, Secrecy::embedded().unwrap(), &[7; 32], &path).unwrap();
    let cube = Cube::open(&path, catalogue).unwrap();
    let recent = catalogue.attribute("emmenagement").unwrap().class("RECENT").unwrap();
    let plus = catalogue.attribute("financement").unwrap().class("PLUS").unwrap();
    let filter =
        Filter { classes: BTreeMap::from([("financement".into(), vec![plus])]), bailleurs: Vec::new() };
    let mask = cube.mask(&filter);
    let all: Vec<usize> = (0..catalogue.measures.len()).collect();

    let mut rng = fastrand::Rng::with_seed(20_260_101);
    let (mut counted, mut dwellings) = (0u64, 0);
    for _ in 0..60 {
        let zone = outline(&mut rng);
        let runs: Runs = Region::new(&zone).walk(&cube.tree());
        let inside: Vec<usize> = (0..facts.address_of.len())
            .filter(|d| {
                let a = facts.addresses[facts.address_of[*d] as usize];
                a.is_located() && zone.intersects(&Point::new(a.lon, a.lat))
            })
            .collect();
        dwellings += inside.len();
        let is_recent = |d: &usize| facts.attributes["emmenagement"][*d] == recent;
        let is_plus = |d: &usize| facts.attributes["financement"][*d] == plus;
        let everyone = |_: &usize| true;
        let populations: [(Rows<'_>, &dyn Fn(&usize) -> bool); 3] =
            [(Rows::All, &everyone), (Rows::Recent, &is_recent), (Rows::Mask(Bits(&mask)), &is_plus)];
        for (rows, keeps) in populations {
            for (i, sum) in all.iter().zip(cube.sum(&runs, &all, rows)) {
                let m = &catalogue.measures[*i];
                let expected: u64 =
                    inside.iter().filter(|d| keeps(d)).map(|d| value(catalogue, facts, m, *d)).sum();
                assert_eq!(sum, expected, "{m:?}");
                counted += sum;
            }
        }
    }
    assert!(
        dwellings > 5_000 && counted > 100_000,
        "{dwellings} dwellings, {counted}: too little to prove anything"
    );
}
