//! The zones register on files made here and on real files (skipped if they are not there).

use std::path::{Path, PathBuf};

use mosaique::registers::output::Output;
use mosaique::registers::report::Report;
use mosaique::registers::zones::{ZonesError, ZonesOptions, import};
use mosaique::territory::layer::Layer;

struct Import {
    _dir: tempfile::TempDir,
    folder: PathBuf,
    report: Report,
}

impl Import {
    fn layer(&self) -> Layer {
        Layer::from_parquet(&self.report.cle, &self.folder.join("zones.parquet")).unwrap()
    }

    fn findings(&self) -> String {
        std::fs::read_to_string(self.folder.join("constats.csv")).unwrap()
    }
}

fn run(path: &Path, options: ZonesOptions) -> Result<Import, ZonesError> {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().to_owned();
    let report = import(path, &options, &Output::new(&folder), &|_, _| {})?;
    Ok(Import { _dir: dir, folder, report })
}

fn couche(name: &str) -> ZonesOptions {
    ZonesOptions { couche: name.to_owned(), ..ZonesOptions::default() }
}

/// A real file, or `None` with a line that says so.
fn real(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}

#[test]
fn explore() {
    for (name, file) in [
        ("qpv", "qpv/qpv2015_shp/QP_METROPOLE_LB93.shp"),
        ("qpv", "qpv/qpv2015_shp/QP_METROPOLEOUTREMER_WGS84_EPSG4326.shp"),
        ("qpv", "qpv/qpv2015_shp/QP_GUADELOUPE_WGS84_UTM20N.shp"),
        ("qpv", "qpv/qpv2015_shp/QP_GUYANE_RGF95_UTM22N.shp"),
        ("qpv", "qpv/qpv2015_shp/QP_LAREUNION_RGR92_UTM40S.shp"),
        ("qpv", "qpv/qpv2015_shp/QP_MARTINIQUE_WGS84_UTM20N.shp"),
        ("qpv", "qpv/qpv2015_shp/QP_MAYOTTE_RGM04_UTM38S.shp"),
        ("qpv", "qpv/qpv2015_shp/QP_POLYNESIEFRANCAISE_WGS84_EPSG4326.shp"),
        ("qpv", "qpv/qpv2015_shp/QP_STMARTIN_WGS84_UTM20N.shp"),
        ("qpv", "qpv/qpv2024_extrait_cannes_grasse_nice.geojson"),
        ("commune", "admin/communes_2025_metropole_simplifie_L93.gpkg"),
        ("commune", "admin/communes2018-73-savoie.geojson"),
        ("commune", "admin/communes2018-974-la-reunion.geojson"),
        ("commune", "admin/communes_2025_971_simplifie_EPSG5490.geojson"),
        ("commune", "admin/communes_2025_974_simplifie_EPSG2975.geojson"),
        ("epci", "admin/epci_2025_974_simplifie_EPSG2975.geojson"),
        ("epci", "admin/epci_2025_metropole_simplifie_L93.gpkg"),
        ("departement", "admin/departements_2025_metropole_simplifie_L93.gpkg"),
        ("iris", "iris/iris2014_grand_lyon_358.geojson"),
        ("iris", "iris/iris2016_grand_paris_2841_L93.gpkg"),
        ("appartenance", "admin/etalab_epci.json.gz"),
        ("appartenance", "admin/etalab_ept.json.gz"),
        ("qpv", "admin/communes2018-73-savoie.geojson"),
        ("qpv", "admin/etalab_communes.json.gz"),
        ("qpv", "qpv/pop_qp_2013.csv"),
        ("qpv", "qpv/fiche_descriptive_QP_SHAPE.pdf"),
        ("pays", "basemap/ne_10m_pays_france_voisins.geojson"),
        ("rivieres", "basemap/ne_10m_rivers_europe_france.geojson"),
    ] {
        let Some(path) = real(file) else { continue };
        let t = std::time::Instant::now();
        match run(&path, couche(name)) {
            Ok(i) => {
                println!("== {file} {:?}\n{}", t.elapsed(), serde_json::to_string(&i.report).unwrap());
                println!("{}", i.findings().lines().take(4).collect::<Vec<_>>().join("\n"));
                if name != "appartenance" {
                    let l = i.layer();
                    let z = &l.zones[0];
                    println!("{} {} {:?} {:?} {:?} {:?}", z.code, z.nom, z.commune, z.epci, z.departement, z.bbox);
                }
            }
            Err(e) => println!("== {file} {:?} REFUSED {e}", t.elapsed()),
        }
    }
}
