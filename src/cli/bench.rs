//! `mosaique bench-engine`: what the engine takes, without HTTP, as JSON for `make bench`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use geo::MultiPolygon;
use serde_json::json;

use super::out::say;
use super::{Failure, StoreArgs};
use crate::cube::bits::Bits;
use crate::cube::region::Region;
use crate::cube::{Cube, Filter, Rows};
use crate::reference::indicators::{Catalogue, Measure};
use crate::store::Store;
use crate::territory::layer::Layer;

/// Arguments of `bench-engine`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Zones (GeoJSON, propriété « id »)
    #[arg(long)]
    zones: PathBuf,
    /// Couche dont les zones sont toutes recalculées depuis les points
    #[arg(long, default_value = "qpv2024")]
    layer: String,
    /// attribut=code, plusieurs fois
    #[arg(long)]
    filter: Vec<String>,
    /// Nombre de mesures de chaque zone
    #[arg(long, default_value_t = 30)]
    repeat: usize,
}

/// Arguments of `bench-controle`.
#[derive(Debug, Args)]
pub struct ChecksArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Nombre de dossiers
    #[arg(long, default_value_t = 20_000)]
    files: usize,
}

/// Runs `bench-controle`.
///
/// # Errors
/// The store cannot be read.
pub fn checks(args: &ChecksArgs) -> Result<(), Failure> {
    let app = crate::desk::editions::App::load(&Store::open(&args.store.data)?, None)?;
    let (checked, seconds) = crate::desk::leases::controle::bench::measure(&app, args.files)?;
    say!(
        "{}",
        json!({"dossiers": checked, "secondes": seconds, "par_seconde": (checked as f64 / seconds).round()})
    );
    Ok(())
}

/// The twenty sums that every engine of the benchmark computes, in the order of `benches/measures.py`.
fn twenty(catalogue: &Catalogue) -> Result<Vec<usize>, Failure> {
    let one = |attribute: &str, codes: &[&str]| Measure {
        somme: "logements".into(),
        conditions: BTreeMap::from([(attribute.to_owned(), codes.iter().map(|c| (*c).to_owned()).collect())]),
    };
    let mut list = vec![Measure { somme: "logements".into(), conditions: BTreeMap::new() }];
    list.extend(["T1", "T2", "T3", "T4", "T5P"].map(|c| one("typologie", &[c])));
    list.extend(["C", "I"].map(|c| one("construction", &[c])));
    list.extend(["PLAI", "PLUS", "PLS"].map(|c| one("financement", &[c])));
    list.extend(["AV1949", "1949_1974", "1975_1989", "1990_2004", "2005P"].map(|c| one("periode", &[c])));
    list.push(one("dpe", &["F", "G"]));
    list.push(Measure { somme: "surface".into(), ..one("surface_connue", &["OUI"]) });
    list.extend(["LOUE", "VACANT"].map(|c| one("mode", &[c])));
    list.iter()
        .map(|m| {
            catalogue.measure_index(m).ok_or_else(|| format!("mesure absente du catalogue : {m:?}").into())
        })
        .collect()
}

/// CPU seconds of this process.
pub(super) fn cpu() -> f64 {
    std::fs::read_to_string("/proc/self/stat")
        .ok()
        .and_then(|s| {
            let fields: Vec<&str> = s.rsplit_once(')')?.1.split_whitespace().collect();
            Some((fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?) / 100.0)
        })
        .unwrap_or(f64::NAN)
}

/// Runs the three measurements and prints one JSON object.
pub fn run(args: &BenchArgs) -> Result<(), Failure> {
    let catalogue = Catalogue::embedded()?;
    let (start, cpu0) = (Instant::now(), cpu());
    let store = Store::open(&args.store.data)?;
    let entry = store.manifest().cubes.last().ok_or("aucun cube : lancez « mosaique build »")?;
    let cube = Cube::open(&store.root().join(&entry.dossier).join("cube.bin"), catalogue)?;
    let load = json!({"wall": start.elapsed().as_secs_f64(), "cpu": cpu() - cpu0});
    let measures = twenty(catalogue)?;
    let filter = filter(catalogue, &args.filter)?;

    let layer_data = store
        .manifest()
        .of_register("zones")
        .find(|d| d.rapport.cle == args.layer)
        .ok_or("couche absente du magasin")?;
    let layer = Layer::from_parquet(&args.layer, &store.folder(layer_data).join("zones.parquet"))?;
    let (start, cpu0) = (Instant::now(), cpu());
    let mut sums = serde_json::Map::new();
    for zone in &layer.zones {
        let runs = Region::new(&zone.geometry).walk(&cube.tree());
        let s = cube.sum(&runs, &measures, Rows::All);
        if s[0] > 0 {
            sums.insert(zone.code.clone(), json!(s));
        }
    }
    let join = json!({"wall": start.elapsed().as_secs_f64(), "cpu": cpu() - cpu0, "sums": sums});

    let text = std::fs::read_to_string(&args.zones)?;
    let geojson::GeoJson::FeatureCollection(collection) = text.parse::<geojson::GeoJson>()? else {
        return Err("les zones doivent être une FeatureCollection".into());
    };
    let mut zones = Vec::new();
    for feature in collection.features {
        let id =
            feature.property("id").map(ToString::to_string).unwrap_or_default().trim_matches('"').to_owned();
        let geometry: geo::Geometry<f64> = feature.geometry.ok_or("zone sans géométrie")?.try_into()?;
        let polygon = match geometry {
            geo::Geometry::Polygon(p) => MultiPolygon(vec![p]),
            geo::Geometry::MultiPolygon(m) => m,
            _ => return Err("une zone n'est pas un polygone".into()),
        };
        let (mut times, mut result) = (Vec::new(), Vec::new());
        for _ in 0..args.repeat {
            let start = Instant::now();
            let runs = Region::new(&polygon).walk(&cube.tree());
            result = if filter.is_empty() {
                cube.sum(&runs, &measures, Rows::All)
            } else {
                // The mask is made anew each time: a user's first question with these filters.
                let mask = cube.mask(&filter);
                cube.sum(&runs, &measures, Rows::Mask(Bits(&mask)))
            };
            times.push(start.elapsed().as_secs_f64() * 1000.0);
        }
        zones.push(json!({"id": id, "sums": result, "ms": times}));
    }
    say!("{}", json!({"load": load, "join": join, "zones": zones}));
    Ok(())
}

fn filter(catalogue: &Catalogue, list: &[String]) -> Result<Filter, Failure> {
    let mut filter = Filter::default();
    for f in list {
        let (id, code) = f.split_once('=').ok_or("filtre : attribut=code")?;
        let class = catalogue
            .attribute(id)
            .and_then(|a| a.class(code))
            .ok_or_else(|| format!("filtre inconnu : {f}"))?;
        filter.classes.entry(id.to_owned()).or_default().push(class);
    }
    Ok(filter)
}
