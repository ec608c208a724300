//! Where dwellings are: address points, and the zone of each layer that each address is in.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use std::path::PathBuf;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::StockError;
use super::administrative::{self, Epcis, membership};
use super::arrondissements;
use super::communes;
pub use super::communes::merged;
use super::deleguees;
use super::dwellings::Dwellings;
use super::facts::{Address, BuildReport, LayerFacts, NONE};
use super::filed;
use super::gaps::{self, Gaps};
use super::spots::Spots;
use super::standing;
pub use super::standing::is_far;
use super::table::hash;
use crate::arrays::narrow;
use crate::reference::communes::city_of;
use crate::reference::generations;
use crate::reference::survey::Survey;
use crate::store::{Dataset, Store};
use crate::territory::bands::{self, Band};
use crate::territory::grid::Cell;
use crate::territory::layer::Layer;
use crate::territory::{h3, units};

/// Addresses of a millésime and their zones.
#[derive(Debug, Default)]
pub struct Places {
    pub addresses: Vec<Address>,
    /// Address of each dwelling row.
    pub address_of: Vec<u32>,
    /// First dwelling row of each address: its texts are the address's.
    pub first: Vec<u32>,
    pub layers: Vec<LayerFacts>,
    /// For each generation of QPV with contours: the class of `bande…` of each address.
    pub bands: BTreeMap<&'static str, Vec<u8>>,
    pub gaps: Gaps,
}

impl Places {
    #[must_use]
    pub fn layer(&self, id: &str) -> Option<&LayerFacts> {
        self.layers.iter().find(|l| l.id == id)
    }

    /// Number, among the communes of the dwellings, of the one that an address is in.
    pub(super) fn commune(&self, address: usize, dwellings: &Dwellings) -> usize {
        dwellings.commune.of[self.first[address] as usize] as usize
    }

    /// Whether an address may be shown as a point and enter cells, residences and addresses (domain §1.7).
    #[must_use]
    pub fn is_exact(&self, address: usize) -> bool {
        self.addresses[address].is_located() && !self.addresses[address].approximate
    }
}

/// Settles the commune of dwellings, groups them into address points and finds their zones.
///
/// # Errors
/// A zone layer of the store cannot be read.
pub fn locate(
    store: &Store,
    millesime: u16,
    dwellings: &mut Dwellings,
    survey: &Survey,
    report: &mut BuildReport,
) -> Result<Places, StockError> {
    let tables = zone_tables(store, millesime, |_| true);
    let zones = Zones::open(&tables)?;
    let contours = zones.get("commune");
    let mut moves = vec![communes::by_table(dwellings, contours)];
    moves.extend(contours.map(|l| communes::by_point(dwellings, l)));
    communes::tell(&moves, dwellings, contours, report);
    let dwellings = &*dwellings;
    let mut places = points(dwellings, survey);
    let pointed: Vec<usize> =
        (0..places.addresses.len()).filter(|&a| places.addresses[a].is_located()).collect();
    let points: Vec<[f64; 2]> =
        pointed.iter().map(|&a| [places.addresses[a].lon, places.addresses[a].lat]).collect();
    let mut spots = Spots::of(store, millesime, &tables, &points);
    if let Some(communes) = contours {
        let held = spots.column("zone.commune", |points| communes.locate_all(points));
        standing::check(&mut places, dwellings, communes, (&pointed, &held), survey, report);
    }

    let epcis = Epcis::new(&membership(store, millesime)?, contours, zones.get("epci"));
    places.layers =
        administrative::layers(&places, dwellings, &epcis, |layer, code| zones.get(layer)?.zone(code));
    // Without contours of their own, arrondissements are drawn from their IRIS.
    let drawn = match zones.get(arrondissements::ID) {
        Some(_) => None,
        None => zones.get("iris").and_then(units::arrondissements),
    };
    let own = zones.get(arrondissements::ID).or(drawn.as_ref());
    places.layers.extend(arrondissements::layer(&places, dwellings, own, report));
    let parts = match contours {
        Some(communes) => deleguees::contours(store, communes, |_| true)?,
        None => None,
    };
    places.layers.extend(deleguees::layer(store, &places, dwellings, parts.as_ref(), report)?);
    for (id, libelle, column) in [
        ("iris", "IRIS", &dwellings.iris),
        ("qpv2015", "Quartier prioritaire 2015", &dwellings.qpv15),
        ("qpv2024", "Quartier prioritaire 2024", &dwellings.qpv24),
    ] {
        let layer = match zones.get(id) {
            // Quarters of one file may overlap (slivers, a quarter and its sectors): each counts its own.
            Some(layer) if id != "iris" => {
                let own = spots.overlapping((id, libelle), layer, &places, &pointed);
                if let Some(shared) = shared(&own) {
                    report.comptes.insert(format!("adresses_en_plusieurs_zones_{id}"), shared);
                }
                own
            }
            Some(layer) => spots.layer((id, libelle), layer, &places, &pointed),
            None => filed::layer(id, libelle, column, dwellings, &places, report),
        };
        places.layers.push(layer);
    }
    for (id, attribute) in [("qpv2015", "bande2015"), ("qpv2024", "bande2024")] {
        if let Some(layer) = zones.get(id) {
            let mut of_address = vec![0; places.addresses.len()];
            let band = |p: &[[f64; 2]]| bands::bands(layer, p).into_iter().map(class_of).collect();
            for (&a, band) in pointed.iter().zip(spots.column::<u8>(attribute, band)) {
                of_address[a] = if places.addresses[a].is_located() { band } else { 0 };
            }
            places.bands.insert(attribute, of_address);
        }
    }
    whole_communes(&mut places, dwellings);
    for layer in zones.others() {
        let own = spots.overlapping((&layer.id, &layer.id), layer, &places, &pointed);
        if let Some(shared) = shared(&own) {
            report.comptes.insert(format!("adresses_en_plusieurs_zones_{}", own.id), shared);
        }
        places.layers.push(own);
    }
    let exact: Vec<usize> = pointed.iter().copied().filter(|&a| places.is_exact(a)).collect();
    let n = places.addresses.len();
    let cells = of_exact(&places, &pointed, spots.cells()?);
    let layer = coded("carreau", "Carreau de 200 m", cells, Cell::to_string, &exact, n);
    places.layers.push(layer);
    for r in h3::resolutions() {
        let (id, libelle) = (format!("h3r{r}"), format!("Hexagone H3 r{r}"));
        let cells = of_exact(&places, &pointed, spots.hexagons(&id, *r));
        let layer = coded(&id, &libelle, cells, |c| h3::name(*c), &exact, n);
        places.layers.push(layer);
    }
    spots.keep();
    let address_layer = addresses(&exact, dwellings, &places);
    places.layers.push(address_layer);

    let quarters: Vec<&Layer> = zones.0.iter().filter(|l| l.id.starts_with("qpv")).collect();
    places.gaps = gaps::of(&places, dwellings, millesime, contours, &quarters);
    missing(&zones, epcis.is_empty(), dwellings, millesime, report);
    count(&places, dwellings, millesime, survey, report);
    Ok(places)
}

/// Values of the addresses that may be shown as points, of those of all that have one.
fn of_exact<T>(
    places: &Places,
    pointed: &[usize],
    values: Vec<Option<T>>,
) -> impl Iterator<Item = Option<T>> {
    pointed.iter().zip(values).filter(|(a, _)| places.is_exact(**a)).map(|(_, value)| value)
}

/// Addresses that several zones of a layer hold; None where zones do not overlap.
fn shared(layer: &LayerFacts) -> Option<u64> {
    let mut addresses: Vec<u32> = layer.also.iter().map(|(a, _)| *a).collect();
    addresses.dedup();
    (!addresses.is_empty()).then_some(addresses.len() as u64)
}

/// Class of the attributes `bande…`: the zone itself, each ring, beyond.
fn class_of(band: Band) -> u8 {
    match band {
        Band::Inside => 1,
        Band::Within(ring) => 2 + ring,
        Band::Beyond => u8::try_from(bands::limits().len() + 2).unwrap_or(u8::MAX),
    }
}

/// One address point for each address key, place and fitness.
fn points(dwellings: &Dwellings, survey: &Survey) -> Places {
    let mut places = Places::default();
    let mut index: HashMap<(u32, u32, u32, u64, u64), u32, FxBuildHasher> = HashMap::default();
    // Households without an address stand at one address a commune: one an arrondissement in three cities.
    let arrondissement: Vec<bool> = dwellings.depcom.list.iter().map(|c| city_of(c).is_some()).collect();
    // Dwellings of an address mostly follow each other.
    let mut last = None;
    for row in 0..dwellings.len() {
        let (lon, lat, q) = (dwellings.lon[row], dwellings.lat[row], dwellings.qualite[row]);
        let known = lon.is_finite() && lat.is_finite() && !survey.localisation.commune.contains(&q);
        let (lon, lat) = if known { (lon, lat) } else { (f64::NAN, f64::NAN) };
        let approximate = known && survey.localisation.rue.contains(&q);
        let key = (
            dwellings.adresse.of[row],
            dwellings.commune.of[row],
            Some(dwellings.depcom.of[row])
                .filter(|n| arrondissement.get(*n as usize).copied().unwrap_or(false))
                .unwrap_or(NONE),
            if known { lon.to_bits() ^ u64::from(approximate) } else { 0 },
            if known { lat.to_bits() } else { 0 },
        );
        let address = match last {
            Some((before, address)) if before == key => address,
            _ => *index.entry(key).or_insert_with(|| {
                places.addresses.push(Address { lon, lat, approximate });
                places.first.push(narrow(row));
                narrow(places.addresses.len() - 1)
            }),
        };
        last = Some((key, address));
        places.address_of.push(address);
    }
    places
}

/// Tables of contours for a millésime, by layer: of each the generation of the millésime, else the latest
/// before it, else the first after it; QPV are one layer a generation (`qpv2015`, `qpv2024`). `fits` leaves
/// data sets out.
#[must_use]
pub fn zone_tables(
    store: &Store,
    millesime: u16,
    fits: impl Fn(&Dataset) -> bool,
) -> BTreeMap<String, PathBuf> {
    let mut best: BTreeMap<String, (u32, PathBuf)> = BTreeMap::new();
    for d in store.manifest().of_register("zones").filter(|d| fits(d)) {
        let Some(path) = store.table(d, "zones") else { continue };
        let (layer, generation) = d.rapport.cle.rsplit_once('-').unwrap_or((&d.rapport.cle, ""));
        let id = if layer == "qpv" { format!("qpv{generation}") } else { layer.to_owned() };
        let (year, n) = (generation.parse::<u32>().unwrap_or(0), u32::from(millesime));
        let distance = if year <= n { n - year } else { 10_000 + year - n };
        if best.get(&id).is_none_or(|(d, _)| distance < *d) {
            best.insert(id, (distance, path));
        }
    }
    best.into_iter().map(|(id, (_, path))| (id, path)).collect()
}

/// Zone layers of the store that fit the millésime.
struct Zones(Vec<Layer>);

impl Zones {
    fn open(tables: &BTreeMap<String, PathBuf>) -> Result<Self, StockError> {
        tables
            .iter()
            .map(|(id, path)| Ok(Layer::from_parquet(id, path)?))
            .collect::<Result<_, StockError>>()
            .map(Self)
    }

    fn get(&self, id: &str) -> Option<&Layer> {
        self.0.iter().find(|l| l.id == id)
    }

    /// Layers that have no part of their own in figures: any zoning that the user brings.
    fn others(&self) -> impl Iterator<Item = &Layer> {
        const OWN: [&str; 8] = [
            "departement",
            "epci",
            "commune",
            arrondissements::ID,
            deleguees::ID,
            "iris",
            "qpv2015",
            "qpv2024",
        ];
        self.0.iter().filter(|l| !OWN.contains(&l.id.as_str()))
    }
}

/// Says which contours are not there, and what is lost without them.
fn missing(zones: &Zones, no_epci: bool, dwellings: &Dwellings, millesime: u16, report: &mut BuildReport) {
    let mut say = |what: String| {
        report.remarques.push(format!("Contours absents du magasin : {what}."));
    };
    if zones.get("commune").is_none() {
        say("communes (les points ne sont pas comparés à leur commune, les communes n'ont ni nom ni carte)"
            .into());
    }
    if no_epci {
        say("EPCI, et aucune table d'appartenance (aucun chiffre par EPCI)".into());
    }
    if zones.get("iris").is_none() && dwellings.iris.list.is_empty() {
        say("IRIS, que le fichier ne donne pas non plus (aucun chiffre par IRIS)".into());
    }
    let in_force: BTreeSet<String> =
        dwellings.commune.list.iter().map(|c| generations::of_millesime(millesime, c).layer()).collect();
    for layer in in_force.iter().filter(|l| zones.get(l).is_none()) {
        let year = layer.trim_start_matches("qpv");
        let filed = if year == "2015" { &dwellings.qpv15 } else { &dwellings.qpv24 };
        let instead = if filed.list.is_empty() {
            "aucun logement ni bail ne peut être situé dans ou hors de ces QPV"
        } else {
            "les codes du fichier en tiennent lieu pour les logements, aucun bail ne peut y être situé"
        };
        say(format!("QPV {year}, en vigueur au 1er janvier {millesime} ({instead})"));
    }
}

/// A commune that is not split is one IRIS, `{commune}0000`: dwellings known to be in it are in that IRIS
/// wherever they stand.
fn whole_communes(places: &mut Places, dwellings: &Dwellings) {
    let unplaced: Vec<Option<usize>> = (0..places.addresses.len())
        .map(|a| (!places.addresses[a].is_located()).then(|| places.commune(a, dwellings)))
        .collect();
    let Some(iris) = places.layers.iter_mut().find(|l| l.id == "iris") else { return };
    let index: HashMap<&str, u32, FxBuildHasher> = iris.codes.iter().map(String::as_str).zip(0..).collect();
    let whole: Vec<u32> = dwellings
        .commune
        .list
        .iter()
        .map(|c| index.get(format!("{c}0000").as_str()).copied().unwrap_or(NONE))
        .collect();
    for (zone, commune) in iris.of_address.iter_mut().zip(unplaced) {
        if let Some(commune) = commune {
            *zone = whole.get(commune).copied().unwrap_or(NONE);
        }
    }
}

/// A layer from the zone of each of the listed addresses; `code` gives its code.
pub(super) fn coded<Z: Eq + Hash>(
    id: &str,
    libelle: &str,
    zones: impl IntoIterator<Item = Option<Z>>,
    code: impl Fn(&Z) -> String,
    listed: &[usize],
    n: usize,
) -> LayerFacts {
    let mut of_address = vec![NONE; n];
    let mut index: HashMap<Z, u32, FxBuildHasher> = HashMap::default();
    let mut list = Vec::new();
    for (&a, zone) in listed.iter().zip(zones) {
        let Some(zone) = zone else { continue };
        of_address[a] = *index.entry(zone).or_insert_with_key(|zone| {
            list.push(code(zone));
            u32::try_from(list.len() - 1).unwrap_or(NONE)
        });
    }
    let noms = vec![String::new(); list.len()];
    LayerFacts {
        id: id.to_owned(),
        libelle: libelle.to_owned(),
        codes: list,
        noms,
        of_address,
        also: Vec::new(),
    }
}

/// Every exact address is a zone of its own.
fn addresses(exact: &[usize], dwellings: &Dwellings, places: &Places) -> LayerFacts {
    let mut layer = LayerFacts {
        id: "adresse".into(),
        libelle: "Adresse".into(),
        codes: Vec::with_capacity(exact.len()),
        noms: Vec::with_capacity(exact.len()),
        of_address: vec![NONE; places.addresses.len()],
        also: Vec::new(),
    };
    for &a in exact {
        let key = dwellings.adresse.get(places.first[a] as usize);
        let place = places.addresses[a];
        layer.of_address[a] = u32::try_from(layer.codes.len()).unwrap_or(NONE);
        layer.codes.push(address_code(key, place.lon, place.lat));
        layer.noms.push(label(key));
    }
    layer
}

/// Code of an exact address in the layer `adresse`, from its key and place.
#[must_use]
pub fn address_code(key: &str, lon: f64, lat: f64) -> String {
    format!("{:016x}", hash(&format!("{key}@{lon:.6},{lat:.6}")))
}

/// « 12 BIS RUE DES LILAS » from the key `73065:12:BIS:RUE DES LILAS`.
#[must_use]
pub fn label(key: &str) -> String {
    let mut parts = key.splitn(4, ':').skip(1);
    let (number, suffix, street) =
        (parts.next().unwrap_or("0"), parts.next().unwrap_or("-"), parts.next().unwrap_or(""));
    [if number == "0" { "" } else { number }, if suffix == "-" { "" } else { suffix }, street]
        .into_iter()
        .filter(|p| !p.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Which contours tell, commune by commune, whether a place is in a QPV in force on 1 January of the
/// millésime.
struct InForce<'a> {
    /// For each commune of the dwellings: all of its département is a QPV; else the layer, if there is one.
    of_commune: Vec<(bool, Option<&'a LayerFacts>)>,
}

impl<'a> InForce<'a> {
    /// None if no commune can be told.
    fn of(places: &'a Places, dwellings: &Dwellings, millesime: u16) -> Option<Self> {
        let of_commune: Vec<_> = dwellings
            .commune
            .list
            .iter()
            .map(|c| generations::of_millesime(millesime, c))
            .map(|g| (g.whole.is_some(), places.layer(&g.layer()).filter(|l| !l.codes.is_empty())))
            .collect();
        of_commune.iter().any(|(whole, layer)| *whole || layer.is_some()).then_some(Self { of_commune })
    }

    /// Whether an address is in a QPV; None if it is not known.
    fn at(&self, places: &Places, dwellings: &Dwellings, address: usize) -> Option<bool> {
        let (whole, layer) = *self.of_commune.get(places.commune(address, dwellings))?;
        let known = || layer.filter(|_| places.addresses[address].is_located());
        if whole { Some(true) } else { known().map(|l| l.of_address[address] != NONE) }
    }
}

/// What the build report says of places.
fn count(places: &Places, dwellings: &Dwellings, millesime: u16, survey: &Survey, report: &mut BuildReport) {
    let registered = dwellings.registered();
    let mut add = |key: &str, n: usize| {
        report.comptes.insert(key.to_owned(), n as u64);
    };
    let of = &places.address_of[..registered];
    add("adresses", places.addresses.len());
    add("localises", of.iter().filter(|a| places.addresses[**a as usize].is_located()).count());
    add("non_localises", of.iter().filter(|a| !places.addresses[**a as usize].is_located()).count());
    add("localises_a_la_rue", of.iter().filter(|a| places.addresses[**a as usize].approximate).count());
    let mut filed: Vec<bool> = (0..registered).map(|r| dwellings.lon[r].is_finite()).collect();
    dwellings.situated.iter().for_each(|row| filed[*row as usize] = false);
    add("sans_coordonnees", filed.iter().filter(|f| !**f).count());
    for q in
        survey.localisation.commune.iter().chain(&survey.localisation.rue).chain(&survey.localisation.exactes)
    {
        add(&format!("qualite_{q}"), dwellings.qualite[..registered].iter().filter(|x| *x == q).count());
    }
    // R09: declared and computed QPV, of the generation in force at the millésime, for points as they were
    // filed: one that the address or a neighbour gave says nothing of the file.
    if let Some(inside) = InForce::of(places, dwellings, millesime) {
        let (mut declared_in, mut declared_out) = (0, 0);
        for (row, address) in of.iter().enumerate().take(registered) {
            if !filed[row] {
                continue;
            }
            let Some(inside) = inside.at(places, dwellings, *address as usize) else { continue };
            declared_in += usize::from(dwellings.qpv_declare[row] == 1 && !inside);
            declared_out += usize::from(dwellings.qpv_declare[row] == 2 && inside);
        }
        add("discordance_qpv", declared_in + declared_out);
        add("qpv_declare_hors_calcule", declared_in);
        add("hors_declare_qpv_calcule", declared_out);
    }
    // R10: too many dwellings on one point, under several street names.
    let mut dwellings_of = vec![0usize; places.addresses.len()];
    of.iter().for_each(|a| dwellings_of[*a as usize] += 1);
    let mut stacks: HashMap<(u64, u64), (usize, Vec<u32>), FxBuildHasher> = HashMap::default();
    let here = |a: &usize| places.addresses[*a].is_located() && dwellings_of[*a] > 0;
    for a in (0..places.addresses.len()).filter(here) {
        let place = places.addresses[a];
        let s = stacks.entry((place.lon.to_bits(), place.lat.to_bits())).or_default();
        s.0 += dwellings_of[a];
        let key = dwellings.adresse.of[places.first[a] as usize];
        if !s.1.contains(&key) && s.1.len() < 8 {
            s.1.push(key);
        }
    }
    let street = |n: &u32| {
        dwellings.adresse.list.get(*n as usize).and_then(|k| k.splitn(4, ':').nth(3)).unwrap_or("").to_owned()
    };
    let stacked = stacks.values().filter(|(n, keys)| {
        let streets: std::collections::BTreeSet<String> = keys.iter().map(street).collect();
        *n > survey.localisation.empilement && streets.len() > 1
    });
    let (points, rows) = stacked.fold((0, 0), |(p, r), (n, _)| (p + 1, r + n));
    add("empilements", points);
    add("logements_empiles", rows);
}

#[cfg(test)]
mod tests {
    use super::{Band, bands, class_of};
    use crate::reference::indicators::Catalogue;

    #[test]
    fn each_ring_of_the_territory_has_a_class_that_names_its_distance() {
        let catalogue = Catalogue::embedded().unwrap();
        for id in ["bande2015", "bande2024"] {
            let codes: Vec<&str> =
                catalogue.attribute(id).unwrap().classes.iter().map(|c| c.code.as_str()).collect();
            let rings = bands::limits().iter().map(|m| format!("B{m}"));
            let expected: Vec<String> =
                std::iter::once("DANS".to_owned()).chain(rings).chain(["AUDELA".to_owned()]).collect();
            assert_eq!(codes, expected);
            let class = |band| codes[usize::from(class_of(band)) - 1];
            assert_eq!(
                (class(Band::Inside), class(Band::Within(0)), class(Band::Beyond)),
                ("DANS", "B300", "AUDELA")
            );
        }
    }
}
