//! Allocations with what rules ask about them.

use std::path::Path;

use geo::InteriorPoint;
use hashbrown::{HashMap, HashSet};
use rustc_hash::FxBuildHasher;

use super::ground::Ground;
use super::household::{Bound, Quartile, Said, Thresholds};
use crate::reference::communes::arrondissement_name;
use crate::reference::generations::{self, in_force_at};
use crate::reference::mix::Mix;
use crate::reference::survey::Survey;
use crate::stock::StockError;
use crate::stock::edits::Edits;
use crate::stock::parts::{self, Parts};
use crate::stock::places::merged;
use crate::stock::situate::{Columns, Situated};
use crate::stock::table::{Table, Texts};
use crate::store::Store;
use crate::territory::bands::Band;
use crate::territory::layer::Zone;

/// Whether the household already rents from a bailleur (codes of the list `mutation`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transfer {
    No,
    /// Inside the stock of the same bailleur: out of the flow (CCH R.441-5, I).
    Internal,
    External,
    /// A mutation of unknown kind, or nothing said: read both ways.
    Unknown,
}

impl Transfer {
    /// From a code of the list `mutation`, 0 where nothing is said.
    #[must_use]
    pub fn from_code(code: u8) -> Self {
        match code {
            1 => Self::No,
            2 => Self::Internal,
            3 => Self::External,
            _ => Self::Unknown,
        }
    }
}

/// One allocation. Codes are those of `attributions.parquet` (0 = missing).
#[derive(Debug, Clone, Copy)]
pub struct Allocation {
    /// Day of the lease, `yyyymmdd`; 0 when none was signed.
    pub bail: u32,
    /// Day of the commission that decided, `yyyymmdd`; 0 when it is not said.
    pub caleol: u32,
    /// Numbers in the lists of [`Allocations`]; `u32::MAX` when not known.
    pub commune: u32,
    /// Of Paris, Lyon or Marseille: how leases are looked at, not where they are judged.
    pub arrondissement: u32,
    pub departement: u32,
    /// Unit of targets: EPCI, EPT, Paris.
    pub epci: u32,
    /// Whether the unit is held to the 25 % and 50 % rules.
    pub bound: Bound,
    pub bailleur: u32,
    pub reservataire: u8,
    /// QPV of the generation in force on the day of the lease; None: the dwelling was not found, or not
    /// located well enough.
    pub qpv: Option<Band>,
    /// All of its département is a QPV on that day (Mayotte): « hors QPV » is empty there.
    pub whole: bool,
    pub quartile: Quartile,
    /// The threshold is that of a year before.
    pub provisional: bool,
    pub dalo: bool,
    pub priority: bool,
    /// DALO household in a precarious situation, see `data/rules/mix.toml`.
    pub precarious: bool,
    /// 1 none, 2 ANRU, 3 ORCOD, 4 and 5 others.
    pub relocation: u8,
    pub transfer: Transfer,
    pub first_letting: bool,
}

#[cfg(test)]
impl Allocation {
    /// For tests of the law: a lease of the 15th of June 2024 in a bound EPCI, beyond any QPV, of a household
    /// above the first quartile.
    pub(crate) const PLAIN: Self = Self {
        bail: 2024_06_15,
        caleol: 0,
        commune: 0,
        arrondissement: u32::MAX,
        departement: 0,
        epci: 0,
        bound: Bound::Yes,
        bailleur: 0,
        reservataire: 8,
        qpv: Some(Band::Beyond),
        whole: false,
        quartile: Quartile::Other,
        provisional: false,
        dalo: false,
        priority: false,
        precarious: false,
        relocation: 1,
        transfer: Transfer::No,
        first_letting: false,
    };
}

impl Allocation {
    /// Year of the lease; 0 without one.
    #[must_use]
    pub fn year(&self) -> u16 {
        u16::try_from(self.bail / 10_000).unwrap_or(0)
    }

    /// Year of the decision; 0 when its day is not said.
    #[must_use]
    pub fn year_decided(&self) -> u16 {
        u16::try_from(self.caleol / 10_000).unwrap_or(0)
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
    pub arrondissements: Vec<Named>,
    /// Their names are their codes.
    pub departements: Vec<Named>,
    pub epcis: Vec<Named>,
    pub bailleurs: Vec<Named>,
    /// One an allocation, in the order of `list`.
    pub marks: Vec<Mark>,
    /// QPV that hold the dwelling of an allocation.
    pub quartiers: Vec<Quartier>,
    /// Of the first quartile, by unit and year.
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
        .map(|d| Rows::open(&store.folder(d).join("attributions.parquet")))
        .collect::<Result<Vec<_>, _>>()?;
    let mut out = Allocations::default();
    if tables.is_empty() {
        return Ok(out);
    }
    let dwellings = Dwellings::find(store, &tables)?;
    let reader = Reader { mix, ground: Ground::open(store, dwellings.latest)?, dwellings };
    out.thresholds = Thresholds::load(store)?;
    let mut names = Numbers::default();
    let mut seen: HashSet<(u64, u32, u64), FxBuildHasher> = HashSet::default();
    for r in &tables {
        for i in 0..r.bail.len() {
            // Extracts of two years overlap: the same demand, lease and dwelling is the same allocation.
            if r.nud[i] != 0 && !seen.insert((r.nud[i], r.bail[i], r.ident_rep[i])) {
                out.repeated += 1;
                continue;
            }
            let (allocation, mark) = reader.read(r, i, &out.thresholds, &mut names);
            out.list.push(allocation);
            out.marks.push(mark);
        }
    }
    (out.communes, out.departements) = (names.communes.list, names.departements.list);
    out.arrondissements = names.arrondissements.list;
    (out.epcis, out.bailleurs) = (names.epcis.list, names.bailleurs.list);
    out.quartiers = names.quartiers.list;
    Ok(out)
}

/// Numbers given to territories and organisations.
#[derive(Default)]
struct Numbers {
    communes: Names,
    arrondissements: Names,
    departements: Names,
    epcis: Names,
    bailleurs: Names,
    quartiers: Quartiers,
}

/// What every row is read against.
struct Reader<'a> {
    mix: &'a Mix,
    ground: Ground,
    dwellings: Dwellings,
}

impl Reader<'_> {
    fn read(&self, r: &Rows, i: usize, thresholds: &Thresholds, n: &mut Numbers) -> (Allocation, Mark) {
        let (mix, ground, dwellings) = (self.mix, &self.ground, &self.dwellings);
        let found = dwellings.of(r, i);
        let registered = found.map_or("", |d| dwellings.depcoms[d.depcom as usize].as_str());
        let depcom = match r.depcom.get(i) {
            "" => registered,
            depcom => depcom,
        };
        let commune = merged(depcom, ground.communes.as_ref());
        let point = found.filter(|d| ground.trusts(&commune, d.lon, d.lat)).map(|d| [d.lon, d.lat]);
        let arrondissement =
            ground.arrondissement(&commune, &[depcom, registered], point).unwrap_or_default();
        let epci = ground.epci_of(&commune);
        let (bail, caleol) = (r.bail[i], r.caleol[i]);
        // Without a lease, the day of the decision tells which QPV and threshold hold.
        let day = if bail > 0 { bail } else { caleol };
        let now = in_force_at(day, &commune);
        let qpv = ground.band(now, point);
        let year = u16::try_from(day / 10_000).unwrap_or(0);
        let unit = epci.as_deref().unwrap_or("");
        let threshold = thresholds.of(unit, &commune, year, mix);
        let status = Said {
            revenu_uc: r.revenu_uc[i],
            quartile: None,
            statut_dalo: r.statut_dalo[i],
            accord: r.accord[i],
            prioritaire: !r.priorite.get(i).is_empty(),
            activite: r.activite[i],
        }
        .status(threshold, mix);
        let inside = point.filter(|_| qpv == Some(Band::Inside)).and_then(|p| ground.quartier(now, p));
        let departement = generations::departement(&commune);
        let mark = Mark {
            name: [r.nud[i], r.ident_rep[i], r.adresse[i]],
            quartier: inside.map_or(u32::MAX, |zone| n.quartiers.number(zone, now.generation)),
            typologie: r.typologie[i],
        };
        let allocation = Allocation {
            bail,
            caleol,
            commune: n.communes.number(&commune, || ground.commune_name(&commune)),
            arrondissement: n
                .arrondissements
                .number(&arrondissement, || arrondissement_name(&arrondissement).unwrap_or_default()),
            departement: n.departements.number(departement, String::new),
            bound: thresholds.binds(unit, &commune, year, mix),
            epci: epci.map_or(u32::MAX, |e| n.epcis.number(&e, || ground.epci_name(&e))),
            bailleur: n.bailleurs.number(r.siren.get(i), || dwellings.owner(r.siren.get(i))),
            reservataire: r.reservataire[i],
            qpv,
            whole: now.whole.is_some(),
            quartile: status.quartile,
            provisional: threshold.is_some_and(|t| t.provisional),
            dalo: status.dalo,
            priority: status.priority,
            precarious: status.precarious,
            relocation: r.relogement[i],
            transfer: Transfer::from_code(r.mutation[i]),
            first_letting: r.premiere[i],
        };
        (allocation, mark)
    }
}

const COLUMNS: [&str; 16] = [
    "nud",
    "date_bail",
    "ident_rep",
    "depcom",
    "adresse",
    "bailleur_siren",
    "reservataire",
    "date_caleol",
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
    caleol: Vec<u32>,
    /// Codes of the list `mutation`.
    mutation: Vec<u8>,
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

/// Codes of the list `mutation`.
const NO_TRANSFER: u8 = 1;
const OF_UNKNOWN_KIND: u8 = 4;

impl Rows {
    fn open(path: &Path) -> Result<Self, StockError> {
        // Imported before kinds of mutations were told apart: a mutation is then of unknown kind.
        let column = if Table::has(path, "mutation_genre")? { "mutation_genre" } else { "mutation" };
        let t = Table::read(path, &COLUMNS.into_iter().chain([column]).collect::<Vec<_>>())?;
        let mutation = if column == "mutation" {
            let code = |yes| if yes { OF_UNKNOWN_KIND } else { NO_TRANSFER };
            t.flags(column)?.into_iter().map(code).collect()
        } else {
            t.u8s(column)?
        };
        Ok(Self {
            mutation,
            caleol: t.u32s("date_caleol")?,
            nud: t.hashes("nud")?,
            bail: t.u32s("date_bail")?,
            ident_rep: t.hashes("ident_rep")?,
            depcom: t.texts("depcom")?,
            adresse: t.hashes("adresse")?,
            siren: t.texts("bailleur_siren")?,
            reservataire: t.u8s("reservataire")?,
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

/// Numbered QPV.
#[derive(Default)]
struct Quartiers {
    list: Vec<Quartier>,
    index: HashMap<(String, u16), u32, FxBuildHasher>,
}

impl Quartiers {
    fn number(&mut self, of: &Zone, generation: u16) -> u32 {
        let list = &mut self.list;
        *self.index.entry((of.code.clone(), generation)).or_insert_with(|| {
            let centre = of.geometry.interior_point().map(|p| [p.x(), p.y()]);
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
