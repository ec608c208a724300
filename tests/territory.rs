//! Projections, cells and zone layers against figures from other programs.

use mosaique::territory::crs::{CrsError, default_epsg, epsg_at, from_lonlat, sanity_box, to_lonlat};

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
    let text = include_str!("fixtures/zones/proj_vectors.csv");
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
    let expected = [("73065", 2154), ("2A004", 2154), ("97105", 5490), ("97209", 5490), ("97302", 2972), ("97411", 2975), ("97608", 4471), ("6029", 2154)];
    for (depcom, epsg) in expected {
        assert_eq!(default_epsg(depcom), epsg, "{depcom}");
    }
    assert_eq!(epsg_at(55.4481, -20.8789), Some(2975));
    assert_eq!(epsg_at(13.4, 52.5), None);
    assert_eq!(sanity_box(2154), Some([0.0, 6_000_000.0, 1_300_000.0, 7_200_000.0]));
}
