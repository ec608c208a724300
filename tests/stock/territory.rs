//! Projections, cells and zone layers against figures from other programs.

use geo::{Coord, Intersects, LineString, MultiPolygon, Point, Polygon};
use mosaique::territory::bands::{Band, Situation, band, bands, situation};
use mosaique::territory::crs::{CrsError, default_epsg, epsg_at, from_lonlat, sanity_box, to_lonlat};
use mosaique::territory::grid::{Cell, cells};
use mosaique::territory::h3;
use mosaique::territory::layer::{Layer, NOWHERE, Zone};
use proptest::prelude::*;

/// (epsg, lon, lat, x, y): the domain's own table, agreed with PROJ.
const VECTORS: [(u16, f64, f64, f64, f64); 17] = [
    (2154, 2.3499, 48.8530, 652_296.97, 6_861_636.36),
    (2154, 5.9178, 45.5646, 927_552.03, 6_500_326.96),
    (2154, 6.1294, 45.8992, 942_573.61, 6_538_087.39),
    (2154, -0.5563, 47.4711, 432_216.57, 6_713_891.36),
    (2154, 3.0573, 50.6292, 704_061.15, 7_059_136.59),
    (2154, 8.7369, 41.9192, 1_176_526.60, 6_108_263.02),
    (3035, 2.3499, 48.8530, 3_760_563.41, 2_889_103.84),
    (3035, 5.9178, 45.5646, 4_002_026.12, 2_503_419.19),
    (3035, 6.1294, 45.8992, 4_020_389.96, 2_539_636.40),
    (3035, -0.5563, 47.4711, 3_527_751.10, 2_763_092.55),
    (3035, 3.0573, 50.6292, 3_830_590.10, 3_080_766.84),
    (3035, 8.7369, 41.9192, 4_215_838.02, 2_091_535.15),
    (5490, -61.5333, 16.2411, 656_749.52, 1_796_166.02),
    (5490, -61.0689, 14.6037, 708_019.70, 1_615_378.32),
    (2972, -52.3260, 4.9372, 352_980.20, 545_868.92),
    (2975, 55.4481, -20.8789, 338_568.32, 7_690_475.44),
    (4471, 45.2279, -12.7806, 524_735.37, 8_587_115.81),
];

#[test]
fn projections_agree_with_the_vectors_of_the_domain_within_one_centimetre() {
    for (epsg, lon, lat, x, y) in VECTORS {
        let (mut xs, mut ys) = ([lon], [lat]);
        from_lonlat(epsg, &mut xs, &mut ys).unwrap();
        assert!((xs[0] - x).abs() < 0.01 && (ys[0] - y).abs() < 0.01, "{epsg}: {xs:?} {ys:?}");
        to_lonlat(epsg, &mut xs, &mut ys).unwrap();
        assert!((xs[0] - lon).abs() < 1e-8 && (ys[0] - lat).abs() < 1e-8, "{epsg} back: {xs:?} {ys:?}");
    }
}

#[test]
fn every_known_system_agrees_with_pyproj_within_a_millimetre() {
    let text = include_str!("../fixtures/zones/proj_vectors.csv");
    let mut seen = 0;
    for line in text.lines().skip(1) {
        let v: Vec<f64> = line.split(',').map(|v| v.parse().unwrap()).collect();
        let (mut xs, mut ys) = ([v[1]], [v[2]]);
        from_lonlat(v[0] as u16, &mut xs, &mut ys).unwrap();
        assert!((xs[0] - v[3]).abs() < 1e-3 && (ys[0] - v[4]).abs() < 1e-3, "{line}: {xs:?} {ys:?}");
        seen += 1;
    }
    assert!(seen > 200, "only {seen} vectors");
}

#[test]
fn long_arrays_and_single_points_give_the_same_coordinates() {
    let n = 40_000;
    let mut xs: Vec<f64> = (0..n).map(|i| 600_000.0 + f64::from(i)).collect();
    let mut ys: Vec<f64> = (0..n).map(|i| 6_500_000.0 + f64::from(i) / 2.0).collect();
    to_lonlat(2154, &mut xs, &mut ys).unwrap();
    for i in [0_usize, 4_095, 4_096, 39_999] {
        let (mut x, mut y) = ([600_000.0 + i as f64], [6_500_000.0 + i as f64 / 2.0]);
        to_lonlat(2154, &mut x, &mut y).unwrap();
        assert_eq!((xs[i], ys[i]), (x[0], y[0]));
    }
}

#[test]
fn a_point_that_cannot_be_converted_becomes_nan_and_leaves_its_neighbours() {
    let mut xs = [f64::NAN, 652_296.97, f64::INFINITY];
    let mut ys = [6_861_636.36, 6_861_636.36, 1.0];
    to_lonlat(2154, &mut xs, &mut ys).unwrap();
    assert!(xs[0].is_nan() && ys[0].is_nan() && xs[2].is_nan());
    assert!((xs[1] - 2.3499).abs() < 1e-6);
}

#[test]
fn systems_without_exact_conversion_are_refused_by_name() {
    let e = to_lonlat(27572, &mut [600_000.0], &mut [2_200_000.0]).unwrap_err();
    assert!(e.to_string().contains("Lambert II étendu"), "{e}");
    assert_eq!(to_lonlat(1, &mut [], &mut []), Err(CrsError::Unknown { epsg: 1 }));
    assert_eq!(to_lonlat(2154, &mut [1.0], &mut []), Err(CrsError::Lengths { xs: 1, ys: 0 }));
}

#[test]
fn each_territory_has_its_legal_system() {
    let expected = [
        ("73065", 2154),
        ("2A004", 2154),
        ("97105", 5490),
        ("97209", 5490),
        ("97302", 2972),
        ("97411", 2975),
        ("97608", 4471),
        ("6029", 2154),
    ];
    for (depcom, epsg) in expected {
        assert_eq!(default_epsg(depcom), epsg, "{depcom}");
    }
    assert_eq!(epsg_at(55.4481, -20.8789), Some(2975));
    assert_eq!(epsg_at(13.4, 52.5), None);
    assert_eq!(sanity_box(2154), Some([0.0, 6_000_000.0, 1_300_000.0, 7_200_000.0]));
}

// ---- Cells ----

#[test]
fn cells_of_200_metres_have_the_names_of_the_domain() {
    let points = [
        ([2.3499, 48.8530], "CRS3035RES200mN2889000E3760400"),
        ([5.9178, 45.5646], "CRS3035RES200mN2503400E4002000"),
        ([6.1294, 45.8992], "CRS3035RES200mN2539600E4020200"),
        ([-0.5563, 47.4711], "CRS3035RES200mN2763000E3527600"),
        ([3.0573, 50.6292], "CRS3035RES200mN3080600E3830400"),
        ([8.7369, 41.9192], "CRS3035RES200mN2091400E4215800"),
        ([-61.5333, 16.2411], "CRS5490RES200mN1796000E656600"),
        ([-61.0689, 14.6037], "CRS5490RES200mN1615200E708000"),
        ([-52.3260, 4.9372], "CRS2972RES200mN545800E352800"),
        ([55.4481, -20.8789], "CRS2975RES200mN7690400E338400"),
        ([45.2279, -12.7806], "CRS4471RES200mN8587000E524600"),
    ];
    let found = cells(&points.map(|p| p.0)).unwrap();
    for ((_, id), cell) in points.iter().zip(found) {
        assert_eq!(cell.unwrap().to_string(), *id);
        assert_eq!(id.parse::<Cell>().unwrap(), cell.unwrap());
    }
    assert_eq!(cells(&[[13.4, 52.5], [f64::NAN, 1.0]]).unwrap(), [None, None]);
}

#[test]
fn the_polygon_of_a_cell_starts_at_its_south_west_corner_and_holds_its_centre() {
    let cell: Cell = "CRS3035RES200mN2029800E4252400".parse().unwrap();
    let polygon = cell.polygon().unwrap();
    let sw = polygon.exterior().0[0];
    assert!((sw.x - 9.183439).abs() < 1e-6 && (sw.y - 41.365796).abs() < 1e-6, "{sw:?}");
    assert!(polygon.intersects(&Point::new(9.184618, 41.366710)));
    use geo::winding_order::Winding;
    assert!(polygon.exterior().is_ccw());
}

#[test]
fn what_names_no_cell_is_refused() {
    for id in [
        "",
        "CRS3035RES200mE1N2",
        "CRS3035RES200mN1E200",
        "CRS3035RES0mN0E0",
        "CRS3035RES200mN200E200 ",
        "CRS3035RES200mN+200E200",
        "CRS99999RES200mN200E200",
    ] {
        assert!(id.parse::<Cell>().is_err(), "{id}");
    }
}

#[test]
fn hexagons_agree_with_the_reference_library() {
    // h3-py 4.5 (the C library).
    for (lon, lat, r, id) in [
        (-122.0553238, 37.3615593, 5, "85283473fffffff"),
        (-74.044444, 40.689167, 10, "8a2a1072b59ffff"),
        (2.3499, 48.853, 7, "871fb4662ffffff"),
        (2.3499, 48.853, 8, "881fb46625fffff"),
        (2.3499, 48.853, 9, "891fb46624bffff"),
        (2.3499, 48.853, 10, "8a1fb4662417fff"),
        (5.9178, 45.5646, 7, "871f916e2ffffff"),
        (5.9178, 45.5646, 8, "881f916e27fffff"),
        (5.9178, 45.5646, 9, "891f916e27bffff"),
        (5.9178, 45.5646, 10, "8a1f916e27a7fff"),
        (55.4481, -20.8789, 7, "87a2555b0ffffff"),
        (55.4481, -20.8789, 8, "88a2555b0bfffff"),
        (55.4481, -20.8789, 9, "89a2555b0b7ffff"),
        (55.4481, -20.8789, 10, "8aa2555b0b57fff"),
    ] {
        let cell = h3::cell(lon, lat, r).unwrap();
        assert_eq!(h3::name(cell), id);
        assert_eq!(h3::parse(id), Some(cell));
        assert_eq!(h3::resolution(cell), Some(r));
        assert!(h3::polygon(cell).unwrap().intersects(&Point::new(lon, lat)));
    }
    assert_eq!(h3::resolutions(), [7, 8, 9, 10]);
    assert_eq!(
        (h3::cell(f64::NAN, 0.0, 9), h3::cell(0.0, 0.0, 16), h3::parse("zz"), h3::polygon(0)),
        (None, None, None, None)
    );
}

// ---- Layers ----

fn ring(points: &[(f64, f64)]) -> LineString<f64> {
    points.iter().map(|&(x, y)| Coord { x, y }).collect()
}

fn square(west: f64, south: f64, side: f64) -> MultiPolygon<f64> {
    let (e, n) = (west + side, south + side);
    MultiPolygon(vec![Polygon::new(ring(&[(west, south), (e, south), (e, n), (west, n)]), vec![])])
}

fn layer(areas: Vec<MultiPolygon<f64>>) -> Layer {
    let zones = areas.into_iter().enumerate().map(|(i, a)| Zone::new(format!("z{i}"), String::new(), a));
    Layer::new("essai", zones.collect())
}

#[test]
fn a_point_on_an_edge_or_a_corner_belongs_to_the_lowest_zone_alone() {
    let four = layer(vec![
        square(5.0, 45.0, 1.0),
        square(6.0, 45.0, 1.0),
        square(5.0, 46.0, 1.0),
        square(6.0, 46.0, 1.0),
    ]);
    assert_eq!(four.locate(6.0, 46.0), Some(0));
    assert_eq!(four.locate(6.0, 46.5), Some(2));
    assert_eq!(four.locate(6.5, 46.0), Some(1));
    assert_eq!(four.locate(7.0, 47.0), Some(3));
    assert_eq!(four.locate(5.0, 45.0), Some(0));
    assert_eq!(four.locate_many(6.0, 46.0), [0, 1, 2, 3]);
    assert_eq!(four.locate_many(5.5, 46.0), [0, 2]);
    assert_eq!(four.locate(7.1, 46.0), None);
    assert_eq!(four.locate(f64::NAN, 46.0), None);
    assert_eq!(four.locate_all(&[[5.5, 45.5], [0.0, 0.0], [6.5, 46.5]]), [0, NOWHERE, 3]);
    assert_eq!(four.index_of("z2"), Some(2));
}

#[test]
fn holes_and_islands_are_told_apart() {
    let lake = Polygon::new(
        ring(&[(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)]),
        vec![ring(&[(1.0, 1.0), (1.0, 8.0), (8.0, 8.0), (8.0, 1.0)])],
    );
    let island = Polygon::new(ring(&[(3.0, 3.0), (5.0, 3.0), (5.0, 5.0), (3.0, 5.0)]), vec![]);
    let one = layer(vec![MultiPolygon(vec![lake, island])]);
    for (x, y, inside) in [
        (0.5, 4.0, true),
        (2.0, 4.0, false),
        (4.0, 4.0, true),
        (1.0, 4.0, true),
        (6.0, 4.0, false),
        (8.5, 4.0, true),
    ] {
        assert_eq!(one.locate(x, y).is_some(), inside, "{x} {y}");
    }
}

/// A star-shaped polygon around a centre, on a coarse lattice so that points fall on edges and corners.
fn star() -> impl Strategy<Value = MultiPolygon<f64>> {
    (0..40_i32, 0..40_i32, prop::collection::vec(1..12_i32, 3..30)).prop_map(|(x, y, radii)| {
        let n = radii.len() as f64;
        let points: Vec<(f64, f64)> = radii
            .iter()
            .enumerate()
            .map(|(i, r)| {
                let a = std::f64::consts::TAU * i as f64 / n;
                let lattice = |v: f64| (v * 8.0).round() / 8.0;
                (
                    lattice(f64::from(x) + f64::from(*r) * a.cos()),
                    lattice(f64::from(y) + f64::from(*r) * a.sin()),
                )
            })
            .collect();
        MultiPolygon(vec![Polygon::new(ring(&points), vec![])])
    })
}

proptest! {
    #[test]
    fn lookup_says_what_geo_says_of_each_zone(areas in prop::collection::vec(star(), 1..12), points in prop::collection::vec((-100..400_i32, -100..400_i32), 50)) {
        // Rounding to the lattice can make a star cross itself: only simple ones have a definite inside.
        let effort = mosaique::registers::zones::effort::Effort::new(u64::MAX, None);
        let sound = |a: &geo::MultiPolygon<f64>| {
            matches!(mosaique::registers::zones::repair::fault(a, &effort), Ok(None))
        };
        let areas: Vec<_> = areas.into_iter().filter(sound).collect();
        let layer = layer(areas.clone());
        for (x, y) in points {
            let (x, y) = (f64::from(x) / 8.0, f64::from(y) / 8.0);
            let expected: Vec<u32> = (0_u32..).zip(&areas).filter(|(_, a)| a.intersects(&Point::new(x, y))).map(|(i, _)| i).collect();
            prop_assert_eq!(layer.locate_many(x, y), expected.clone());
            prop_assert_eq!(layer.locate(x, y), expected.first().copied());
        }
    }
}

/// A square in metres of Lambert-93, in degrees.
fn metric_square(x: f64, y: f64, side: f64) -> MultiPolygon<f64> {
    let (mut xs, mut ys) = ([x, x + side, x + side, x], [y, y, y + side, y + side]);
    to_lonlat(2154, &mut xs, &mut ys).unwrap();
    let points: Vec<(f64, f64)> = xs.into_iter().zip(ys).collect();
    MultiPolygon(vec![Polygon::new(ring(&points), vec![])])
}

fn degrees(x: f64, y: f64) -> (f64, f64) {
    let (mut xs, mut ys) = ([x], [y]);
    to_lonlat(2154, &mut xs, &mut ys).unwrap();
    (xs[0], ys[0])
}

#[test]
fn distances_to_the_edge_are_metres_of_the_legal_projection() {
    let qpv = layer(vec![
        metric_square(927_000.0, 6_500_000.0, 1_000.0),
        metric_square(928_000.0, 6_500_000.0, 1_000.0),
    ]);
    let at = |x: f64, y: f64, max: f64| {
        let (lon, lat) = degrees(x, y);
        qpv.distance_to_edge_m(lon, lat, max)
    };
    let west = at(926_700.0, 6_500_500.0, 500.0).unwrap();
    assert!((west.metres - 300.0).abs() < 0.01 && !west.inside && west.zone == 0, "{west:?}");
    let corner = at(926_970.0, 6_499_960.0, 500.0).unwrap();
    assert!((corner.metres - 50.0).abs() < 0.01, "{corner:?}");
    let inside = at(928_010.0, 6_500_500.0, 500.0).unwrap();
    assert!((inside.metres - 10.0).abs() < 0.01 && inside.inside && inside.zone == 1, "{inside:?}");
    assert_eq!(at(927_500.0, 6_500_500.0, 400.0), None);
    assert_eq!(at(926_499.0, 6_500_500.0, 500.0), None);
    assert_eq!(qpv.distance_to_edge_m(13.4, 52.5, 500.0), None);
}

#[test]
fn bands_of_300_and_500_metres_surround_a_qpv() {
    let qpv = layer(vec![metric_square(927_000.0, 6_500_000.0, 1_000.0)]);
    let cases = [
        (927_500.0, Band::Inside),
        (926_701.0, Band::Within(0)),
        (926_699.0, Band::Within(1)),
        (926_501.0, Band::Within(1)),
        (926_499.0, Band::Beyond),
    ];
    let points = cases.map(|(x, _)| {
        let (lon, lat) = degrees(x, 6_500_500.0);
        [lon, lat]
    });
    assert_eq!(bands(&qpv, &points), cases.map(|c| c.1));
    assert_eq!(band(&qpv, points[1][0], points[1][1]), Band::Within(0));
}

#[test]
fn a_point_near_the_edge_is_uncertain_unless_it_is_exact() {
    let qpv = layer(vec![metric_square(927_000.0, 6_500_000.0, 1_000.0)]);
    let ask = |x: f64, exact: bool, precision: f64| {
        let (lon, lat) = degrees(x, 6_500_500.0);
        situation(&qpv, lon, lat, exact, precision)
    };
    assert_eq!(ask(926_997.0, true, 0.0), (Situation::Dehors, None));
    assert_eq!(ask(926_997.0, false, 0.0), (Situation::Incertain, Some(0)));
    assert_eq!(ask(927_003.0, true, 0.0), (Situation::Dedans, Some(0)));
    assert_eq!(ask(927_003.0, false, 0.0), (Situation::Incertain, Some(0)));
    assert_eq!(ask(927_040.0, true, 50.0), (Situation::Incertain, Some(0)));
    assert_eq!(ask(927_006.0, false, 0.0), (Situation::Dedans, Some(0)));
}

#[test]
fn a_million_points_among_1600_zones_are_found_in_well_under_a_second() {
    // 40 × 40 zones of 180 edges each: 288,000 vertices.
    let zones: Vec<_> = (0..1_600)
        .map(|i| {
            let (cx, cy) = (2.0 + 0.1 * f64::from(i % 40), 44.0 + 0.1 * f64::from(i / 40));
            let points: Vec<(f64, f64)> = (0..180)
                .map(|k| {
                    let a = std::f64::consts::TAU * f64::from(k) / 180.0;
                    let r = if k % 2 == 0 { 0.049 } else { 0.047 };
                    (cx + r * a.cos(), cy + r * a.sin())
                })
                .collect();
            MultiPolygon(vec![Polygon::new(ring(&points), vec![])])
        })
        .collect();
    let layer = layer(zones);
    let mut rng = fastrand::Rng::with_seed(3);
    let points: Vec<[f64; 2]> =
        (0..1_000_000).map(|_| [2.0 + 3.9 * rng.f64(), 44.0 + 3.9 * rng.f64()]).collect();
    let start = std::time::Instant::now();
    let inside = layer.locate_all(&points).iter().filter(|z| **z != NOWHERE).count();
    let spent = start.elapsed();
    println!("1,000,000 points × 1,600 zones of 180 edges: {spent:?}");
    // Discs of 0.048 in squares of 0.1: about 72 %.
    assert!((700_000..745_000).contains(&inside), "{inside}");
    assert!(spent.as_secs_f64() < 1.0, "{spent:?}");
}
