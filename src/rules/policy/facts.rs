//! Allocations with what rules ask about them.

use geo::InteriorPoint;
use hashbrown::{HashMap, HashSet};
use rustc_hash::FxBuildHasher;

use crate::reference::mix::{Compare, Mix, ZeroIncome};
use crate::reference::survey::Survey;
use crate::stock::StockError;
use crate::stock::administrative::{Epcis, membership};
use crate::stock::edits::Edits;
use crate::stock::parts::{self, Parts};
use crate::stock::places::{is_far, merged, zone_tables};
use crate::stock::situate::{Columns, Situated};
use crate::stock::table::{Table, Texts};
use crate::store::Store;
use crate::territory::bands::{Band, band};
use crate::territory::layer::{Layer, Zone};

/// Whether the household is of the first quartile of its EPCI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quartile {
    First,
    Other,
    /// No income, or no threshold.
    Unknown,
}

/// One allocation. Codes are those of `attributions.parquet` (0 = missing).
#[derive(Debug, Clone, Copy)]
pub struct Allocation {
    /// Day of the lease, `yyyymmdd`; 0 when none was signed.
    pub bail: u32,
    /// Numbers in the lists of [`Allocations`]; `u32::MAX` when not known.
    pub commune: u32,
    pub epci: u32,
    pub bailleur: u32,
    pub reservataire: u8,
    /// QPV of the generation in force on the day of the lease; None: the dwelling was not found, or not
    /// located well enough.
    pub qpv: Option<Band>,
    pub quartile: Quartile,
    /// The threshold is that of a year before.
    pub provisional: bool,
    pub dalo: bool,
    pub priority: bool,
    /// DALO household in a precarious situation, see `data/rules/mix.toml`.
    pub precarious: bool,
    /// 1 none, 2 ANRU, 3 ORCOD, 4 and 5 others.
    pub relocation: u8,
    pub transfer: bool,
    pub first_letting: bool,
}

impl Allocation {
    /// Year of the lease; 0 without one.
    #[must_use]
    pub fn year(&self) -> u16 {
        u16::try_from(self.bail / 10_000).unwrap_or(0)
    }

    /// Month of the lease, 1 to 12; 0 without one.
    #[must_use]
    pub fn month(&self) -> u8 {
        u8::try_from(self.bail / 100 % 100).unwrap_or(0)
    }
}

/// A territory or an organisation, by its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub code: String,
    pub nom: String,
}

impl Named {
    /// Its name, its code if it has none.
    #[must_use]
    pub fn title(&self) -> &str {
        if self.nom.is_empty() { &self.code } else { &self.nom }
    }
}

/// All allocations of a store.
#[derive(Debug, Default)]
pub struct Allocations {
    pub list: Vec<Allocation>,
    pub communes: Vec<Named>,
    pub epcis: Vec<Named>,
    pub bailleurs: Vec<Named>,
    /// One an allocation, in the order of `list`.
    pub marks: Vec<Mark>,
    /// QPV that hold the dwelling of an allocation.
    pub quartiers: Vec<Quartier>,
    /// Of the first quartile, by EPCI and year.
    pub thresholds: Thresholds,
    /// Rows that stood in several imported files.
    pub repeated: u64,
}

/// What rules do not ask of an allocation, but lists do.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    /// Hashes of its demand, dwelling and address, which tell it from every other of the same day.
    pub name: [u64; 3],
    /// Number in `quartiers`; `u32::MAX` outside of QPV.
    pub quartier: u32,
    /// Rooms as `attributions.parquet` codes them; 0 when not known.
    pub typologie: u8,
}

/// A QPV of the generation in force on the day of a lease.
#[derive(Debug, Clone, PartialEq)]
pub struct Quartier {
    pub code: String,
    pub nom: String,
    /// 2015 or 2024: a neighbourhood may have been drawn twice under one name.
    pub generation: u16,
    /// Longitude and latitude of a point inside; None for an outline that has none.
    pub centre: Option<[f64; 2]>,
}

/// Where a dwelling is, as far as its allocations need it.
#[derive(Debug, Clone, Copy)]
struct Dwelling {
    lon: f64,
    lat: f64,
    depcom: u32,
}

/// Reads the allocations of the store and joins them with its dwellings, zones and thresholds.
///
/// # Errors
/// A table of the store cannot be read.
pub fn load(store: &Store, mix: &Mix) -> Result<Allocations, StockError> {
    let tables = store
        .manifest()
        .of_register("attributions")
        .map(|d| Table::read(&store.folder(d).join("attributions.parquet"), &COLUMNS))
        .collect::<Result<Vec<_>, _>>()?;
    let mut out = Allocations::default();
    if tables.is_empty() {
        return Ok(out);
    }
    let rows = tables.iter().map(Rows::read).collect::<Result<Vec<_>, _>>()?;
    let dwellings = Dwellings::find(store, &rows)?;
    let ground = Ground::open(store, dwellings.latest)?;
    let thresholds = thresholds(store)?;
    let (mut communes, mut epcis, mut bailleurs) = (Names::default(), Names::default(), Names::default());
    let mut quartiers = Quartiers::default();
    let mut seen: HashSet<(u64, u32, u64), FxBuildHasher> = HashSet::default();
    for r in &rows {
        for i in 0..r.bail.len() {
            // Extracts of two years overlap: the same demand, lease and dwelling is the same allocation.
            if r.nud[i] != 0 && !seen.insert((r.nud[i], r.bail[i], r.ident_rep[i])) {
                out.repeated += 1;
                continue;
            }
            let found = dwellings.of(r, i);
            let depcom = match r.depcom.get(i) {
                "" => found.map_or("", |d| dwellings.depcoms[d.depcom as usize].as_str()),
                depcom => depcom,
            };
            let commune = merged(depcom, ground.communes.as_ref());
            let place = found.filter(|d| ground.trusts(&commune, d.lon, d.lat));
            let epci = ground.epci_of(&commune);
            let qpv = place.and_then(|d| ground.qpv(r.bail[i], mix).map(|layer| band(layer, d.lon, d.lat)));
            let year = u16::try_from(r.bail[i] / 10_000).unwrap_or(0);
            let threshold = threshold(&thresholds, epci.as_deref().unwrap_or(""), &commune, year, mix);
            let quartile = quartile(r.revenu_uc[i], threshold, mix);
            let dalo = mix.dalo.statut.contains(&r.statut_dalo[i]);
            let inside =
                place.filter(|_| qpv == Some(Band::Inside)).and_then(|d| ground.quartier(r.bail[i], d, mix));
            out.marks.push(Mark {
                name: [r.nud[i], r.ident_rep[i], r.adresse[i]],
                quartier: inside
                    .map_or(u32::MAX, |zone| quartiers.number(zone, r.bail[i] >= mix.options.qpv_2024_debut)),
                typologie: r.typologie[i],
            });
            out.list.push(Allocation {
                bail: r.bail[i],
                commune: communes.number(&commune, || ground.commune_name(&commune)),
                epci: epci.map_or(u32::MAX, |e| epcis.number(&e, || ground.epci_name(&e))),
                bailleur: bailleurs.number(r.siren.get(i), || dwellings.owner(r.siren.get(i))),
                reservataire: r.reservataire[i],
                qpv,
                quartile,
                provisional: threshold.is_some_and(|t| t.provisional),
                dalo,
                priority: !r.priorite.get(i).is_empty() || mix.dalo.accord.contains(&r.accord[i]),
                precarious: dalo
                    && (quartile == Quartile::First
                        || (r.activite[i] != 0 && !mix.dalo.stable.contains(&r.activite[i]))),
                relocation: r.relogement[i],
                transfer: r.mutation[i],
                first_letting: r.premiere[i],
            });
        }
    }
    (out.communes, out.epcis, out.bailleurs) = (communes.list, epcis.list, bailleurs.list);
    out.quartiers = quartiers.list;
    out.thresholds = thresholds;
    Ok(out)
}

const COLUMNS: [&str; 16] = [
    "nud",
    "date_bail",
    "ident_rep",
    "depcom",
    "adresse",
    "bailleur_siren",
    "reservataire",
    "mutation",
    "statut_dalo",
    "accord_collectif",
    "priorite_l441_1",
    "relogement",
    "revenu_uc",
    "activite",
    "premiere_mise_en_location",
    "typologie",
];

/// The columns of one file of allocations.
struct Rows {
    nud: Vec<u64>,
    bail: Vec<u32>,
    ident_rep: Vec<u64>,
    depcom: Texts,
    adresse: Vec<u64>,
    siren: Texts,
    reservataire: Vec<u8>,
    mutation: Vec<bool>,
    statut_dalo: Vec<u8>,
    accord: Vec<u8>,
    priorite: Texts,
    relogement: Vec<u8>,
    /// € a year and consumption unit; NaN when not declared.
    revenu_uc: Vec<f64>,
    activite: Vec<u8>,
    premiere: Vec<bool>,
    typologie: Vec<u8>,
}

impl Rows {
    fn read(t: &Table) -> Result<Self, StockError> {
        Ok(Self {
            nud: t.hashes("nud")?,
            bail: t.u32s("date_bail")?,
            ident_rep: t.hashes("ident_rep")?,
            depcom: t.texts("depcom")?,
            adresse: t.hashes("adresse")?,
            siren: t.texts("bailleur_siren")?,
            reservataire: t.u8s("reservataire")?,
            mutation: t.flags("mutation")?,
            statut_dalo: t.u8s("statut_dalo")?,
            accord: t.u8s("accord_collectif")?,
            priorite: t.texts("priorite_l441_1")?,
            relogement: t.u8s("relogement")?,
            revenu_uc: t.f64s("revenu_uc")?,
            activite: t.u8s("activite")?,
            premiere: t.flags("premiere_mise_en_location")?,
            typologie: t.u8s("typologie")?,
        })
    }
}

/// Dwellings that allocations name, of the latest millésime that has them.
#[derive(Default)]
struct Dwellings {
    by_ident: HashMap<u64, Dwelling, FxBuildHasher>,
    by_address: HashMap<u64, Dwelling, FxBuildHasher>,
    depcoms: Vec<String>,
    /// SIREN → name.
    owners: HashMap<String, String, FxBuildHasher>,
    latest: u16,
}

impl Dwellings {
    fn find(store: &Store, rows: &[Rows]) -> Result<Self, StockError> {
        let survey = Survey::embedded()?;
        let idents: HashSet<u64, FxBuildHasher> =
            rows.iter().flat_map(|r| &r.ident_rep).copied().filter(|h| *h != 0).collect();
        let addresses: HashSet<u64, FxBuildHasher> =
            rows.iter().flat_map(|r| &r.adresse).copied().filter(|h| *h != 0).collect();
        let millesimes = parts::years(store, "rpls");
        let situated = Situated::of(store)?;
        let mut out = Self { latest: millesimes.last().copied().unwrap_or(0), ..Self::default() };
        let mut numbers: HashMap<String, u32, FxBuildHasher> = HashMap::default();
        for year in millesimes.into_iter().rev() {
            let Some(parts) = Parts::of(store, "rpls", year) else { continue };
            let t = parts.read(&[
                "ident_rep",
                "adresse",
                "depcom",
                "lon",
                "lat",
                "qualite",
                "siren",
                "bailleur",
            ])?;
            let (ident, adresse, depcom) = (t.hashes("ident_rep")?, t.hashes("adresse")?, t.texts("depcom")?);
            let (mut lon, mut lat, mut quality) = (t.f64s("lon")?, t.f64s("lat")?, t.u8s("qualite")?);
            let edits = Edits::of(store)?.carried(&depcom.list);
            let (lons, lats, qualite) = (&mut lon, &mut lat, &mut quality);
            situated.fill(&mut Columns { adresse: &t.texts("adresse")?, lon: lons, lat: lats, qualite })?;
            let (siren, owner) = (t.texts("siren")?, t.texts("bailleur")?);
            for row in 0..t.rows() {
                if !siren.get(row).is_empty() && !out.owners.contains_key(siren.get(row)) {
                    out.owners.insert(siren.get(row).to_owned(), owner.get(row).to_owned());
                }
                let (named, at) = (idents.contains(&ident[row]), addresses.contains(&adresse[row]));
                if !named && !at {
                    continue;
                }
                let depcoms = &mut out.depcoms;
                let number = *numbers.entry_ref(depcom.get(row)).or_insert_with(|| {
                    depcoms.push(depcom.get(row).to_owned());
                    u32::try_from(depcoms.len() - 1).unwrap_or(u32::MAX)
                });
                // What its bailleur corrected is where it says; else it may be too badly located to say on
                // which side of a QPV's edge it is (domain §1.7).
                let usable = !survey.localisation.commune.contains(&quality[row]);
                let (lon, lat) = match edits.point(year, siren.get(row), ident[row], adresse[row]) {
                    Some(fix) => (fix.lon, fix.lat),
                    None if usable => (lon[row], lat[row]),
                    None => (f64::NAN, f64::NAN),
                };
                let dwelling = Dwelling { lon, lat, depcom: number };
                if named {
                    out.by_ident.entry(ident[row]).or_insert(dwelling);
                }
                if at {
                    out.by_address.entry(adresse[row]).or_insert(dwelling);
                }
            }
        }
        Ok(out)
    }

    /// By its national number, else by its address.
    fn of(&self, r: &Rows, i: usize) -> Option<Dwelling> {
        self.by_ident.get(&r.ident_rep[i]).or_else(|| self.by_address.get(&r.adresse[i])).copied()
    }

    fn owner(&self, siren: &str) -> String {
        self.owners.get(siren).cloned().unwrap_or_default()
    }
}

/// Zones that allocations are placed in.
#[derive(Debug)]
pub(super) struct Ground {
    pub communes: Option<Layer>,
    epcis: Epcis,
    qpv2015: Option<Layer>,
    qpv2024: Option<Layer>,
    tolerance: f64,
}

impl Ground {
    pub fn open(store: &Store, millesime: u16) -> Result<Self, StockError> {
        let mut tables = zone_tables(store, millesime, |_| true);
        let mut layer = |id: &str| tables.remove(id).map(|path| Layer::from_parquet(id, &path)).transpose();
        let (communes, epcis) = (layer("commune")?, layer("epci")?);
        let (qpv2015, qpv2024) = (layer("qpv2015")?, layer("qpv2024")?);
        let epcis = Epcis::new(&membership(store, millesime)?, communes.as_ref(), epcis.as_ref());
        let tolerance = Survey::embedded()?.localisation.tolerance_commune_m;
        Ok(Self { communes, epcis, qpv2015, qpv2024, tolerance })
    }

    /// Whether a point is known and not too far from its commune (rule R08).
    pub fn trusts(&self, commune: &str, lon: f64, lat: f64) -> bool {
        let Some(layer) = &self.communes else { return lon.is_finite() };
        lon.is_finite()
            && layer.index_of(commune).is_none_or(|zone| !is_far(layer, zone, lon, lat, self.tolerance))
    }

    /// QPV in force on a day.
    pub fn qpv(&self, day: u32, mix: &Mix) -> Option<&Layer> {
        if day >= mix.options.qpv_2024_debut { self.qpv2024.as_ref() } else { self.qpv2015.as_ref() }
    }

    /// The QPV that holds a dwelling on a day.
    fn quartier(&self, day: u32, at: Dwelling, mix: &Mix) -> Option<&Zone> {
        let layer = self.qpv(day, mix)?;
        layer.locate(at.lon, at.lat).map(|z| &layer.zones[z as usize])
    }

    /// QPV of 2015 and of 2024.
    pub fn generations(&self) -> [Option<&Layer>; 2] {
        [self.qpv2015.as_ref(), self.qpv2024.as_ref()]
    }

    pub fn epci_of(&self, commune: &str) -> Option<String> {
        self.epcis.of(commune).map(str::to_owned)
    }

    pub fn commune_name(&self, code: &str) -> String {
        self.communes.as_ref().and_then(|l| l.zone(code)).map_or_else(String::new, |z| z.nom.clone())
    }

    pub fn epci_name(&self, code: &str) -> String {
        self.epcis.name(code).to_owned()
    }
}

/// Numbered QPV.
#[derive(Default)]
struct Quartiers {
    list: Vec<Quartier>,
    index: HashMap<(String, bool), u32, FxBuildHasher>,
}

impl Quartiers {
    fn number(&mut self, of: &Zone, late: bool) -> u32 {
        let list = &mut self.list;
        *self.index.entry((of.code.clone(), late)).or_insert_with(|| {
            let centre = of.geometry.interior_point().map(|p| [p.x(), p.y()]);
            let generation = if late { 2024 } else { 2015 };
            list.push(Quartier { code: of.code.clone(), nom: of.nom.clone(), generation, centre });
            u32::try_from(list.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

/// Numbered names.
#[derive(Default)]
struct Names {
    list: Vec<Named>,
    index: HashMap<String, u32, FxBuildHasher>,
}

impl Names {
    fn number(&mut self, code: &str, nom: impl FnOnce() -> String) -> u32 {
        if code.is_empty() {
            return u32::MAX;
        }
        let list = &mut self.list;
        *self.index.entry_ref(code).or_insert_with(|| {
            list.push(Named { code: code.to_owned(), nom: nom() });
            u32::try_from(list.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

/// (EPCI, year) → € a year and consumption unit.
pub type Thresholds = HashMap<(String, u16), f64>;

pub(super) fn thresholds(store: &Store) -> Result<Thresholds, StockError> {
    let mut out = Thresholds::default();
    for d in store.manifest().of_register("thresholds") {
        let t = Table::read(&store.folder(d).join("seuils.parquet"), &["epci", "annee", "eur_uc"])?;
        let (epci, year, euros) = (t.texts("epci")?, t.u16s("annee")?, t.f64s("eur_uc")?);
        out.extend((0..t.rows()).map(|i| ((epci.get(i).to_owned(), year[i]), euros[i])));
    }
    Ok(out)
}

/// Départements of Île-de-France, where one threshold holds for the region (CCH L.441-1).
const ILE_DE_FRANCE: [&str; 8] = ["75", "77", "78", "91", "92", "93", "94", "95"];

/// A threshold of the first quartile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// € a year and consumption unit.
    pub euros: f64,
    /// Year of the arrêté: a year before that of the lease, the threshold is provisional.
    pub year: u16,
    pub provisional: bool,
}

/// The threshold that leases of a year are judged by: that of the year, else of a year before
/// (`seuil_recul_annees`).
#[must_use]
pub fn threshold(all: &Thresholds, epci: &str, commune: &str, year: u16, mix: &Mix) -> Option<Threshold> {
    let zone = if commune.get(..2).is_some_and(|d| ILE_DE_FRANCE.contains(&d)) { "R11" } else { epci };
    (0..=mix.options.seuil_recul_annees).find_map(|back| {
        let year = year.checked_sub(back)?;
        let euros = *all.get(&(zone.to_owned(), year))?;
        Some(Threshold { euros, year, provisional: back > 0 })
    })
}

/// Quartile of an income (€ a year and consumption unit; NaN when it is not known).
#[must_use]
pub fn quartile(income: f64, threshold: Option<Threshold>, mix: &Mix) -> Quartile {
    let Some(threshold) = threshold else { return Quartile::Unknown };
    if income.is_nan() || (income == 0.0 && mix.options.q1_revenu_nul == ZeroIncome::Inconnu) {
        return Quartile::Unknown;
    }
    let first = match mix.options.q1_compare {
        Compare::Inferieur => income < threshold.euros,
        Compare::InferieurOuEgal => income <= threshold.euros,
    };
    if first { Quartile::First } else { Quartile::Other }
}
