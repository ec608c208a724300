//! Dwellings of a millésime lessor by lessor, beside the store: what a lessor asks of its stock reads its own
//! rows only.
//!
//! [`Lessors::make`] reads the register once for a state of the data, works out what all of its rows are
//! needed for (points of neighbours, stacks of dwellings, repeated numbers, the BAN's address of the same
//! name, the zones of points), and writes one file a lessor into `bailleurs/{hash}/`, under a name that
//! says what it was made from. What lessors corrected is no part of it: a correction of one leaves the
//! files of all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use hashbrown::{HashMap, HashSet};
use polars::prelude::*;
use rustc_hash::FxBuildHasher;

use super::StockError;
use super::parts::{self, Parts};
use super::places::{is_far, merged, zone_tables};
use super::review::{Known, Motif, metres};
use super::situate::{Columns, Situated};
use super::table::{Table, Texts, hash};
use crate::reference::communes::key_in_force;
use crate::reference::depots::Deposits;
use crate::reference::generations;
use crate::reference::survey::Survey;
use crate::store::Store;
use crate::territory::layer::Layer;

type Map<K, V> = HashMap<K, V, FxBuildHasher>;

/// Folder of the store that holds the files.
const FOLDER: &str = "bailleurs";
/// Changes with what the files say.
const FORMAT: u32 = 1;
/// Codes of the communes that the register names, one a line.
const COMMUNES: &str = "communes.txt";

/// Columns of the register that are kept as they are.
const FILED: [&str; 10] = [
    "siren",
    "depcom",
    "adresse",
    "codepostal",
    "libcom",
    "ident_rep",
    "ident_int",
    "compladr",
    "nbpiece",
    "surfhab",
];
/// All columns: `lon`, `lat` and `qualite` are those that builds use; `situe`: the row had no point of its
/// own; `ordre`: rank of its address in the register.
pub const COLUMNS: [&str; 19] = [
    "siren",
    "depcom",
    "adresse",
    "codepostal",
    "libcom",
    "ident_rep",
    "ident_int",
    "compladr",
    "nbpiece",
    "surfhab",
    "lon",
    "lat",
    "qualite",
    "motifs",
    "ordre",
    "ban_id",
    "ban_lon",
    "ban_lat",
    "ban_couvre",
];

/// Making is long and takes memory: one at a time.
static MAKING: Mutex<()> = Mutex::new(());

/// Where the files of a millésime are, or are to be.
#[derive(Debug, Clone)]
pub struct Lessors {
    millesime: u16,
    parts: Parts,
    folder: PathBuf,
    mark: String,
}

impl Lessors {
    /// Of a millésime; None if the store does not have it.
    ///
    /// # Errors
    /// What dwellings without a point were found to be cannot be read.
    pub fn of(store: &Store, millesime: u16) -> Result<Option<Self>, StockError> {
        let Some(parts) = Parts::of(store, "rpls", millesime) else { return Ok(None) };
        let mut hash = blake3::Hasher::new();
        hash.update(format!("{FORMAT} {millesime}\n").as_bytes());
        let mut add = |text: &str| _ = hash.update(text.as_bytes()).update(b"\n");
        parts.folders().iter().for_each(|f| add(f));
        store.manifest().of_register("addresses").for_each(|d| add(&d.dossier));
        zone_tables(store, millesime, |_| true).values().for_each(|p| add(&within(store, p)));
        add(&Situated::mark(store).map_err(io)?);
        let survey = Survey::embedded()?;
        add(&format!("{:?} {:?}", survey.localisation, survey.adresse));
        add(&format!("{:?}", Deposits::embedded()?.adresses));
        let mark = hash.finalize().to_hex()[..16].to_owned();
        Ok(Some(Self { millesime, parts, folder: store.root().join(FOLDER).join(&mark), mark }))
    }

    #[must_use]
    pub fn millesime(&self) -> u16 {
        self.millesime
    }

    /// Names the state of the data.
    #[must_use]
    pub fn mark(&self) -> &str {
        &self.mark
    }

    #[must_use]
    pub fn is_made(&self) -> bool {
        self.folder.join(COMMUNES).exists()
    }

    /// Rows of a lessor; None if it has none. The first question makes the files, if nothing did before.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn own(&self, store: &Store, siren: &str, columns: &[&str]) -> Result<Option<Table>, StockError> {
        if self.make(store).is_ok() {
            let path = self.folder.join(file_of(siren));
            if !path.exists() {
                return Ok(None);
            }
            if let Ok(table) = Table::read(&path, columns) {
                return Ok(Some(table));
            }
            // Half written, or damaged since.
            let _ = fs::remove_dir_all(&self.folder);
        }
        // Without a disk to write on, the register itself still answers.
        let mut groups = by_lessor(&self.prepared(store)?)?;
        let own = groups.remove(siren).map(|rows| rows.select(columns.iter().copied())).transpose();
        Ok(own.map_err(fault)?.map(|rows| Table::of_frame("logements", rows)))
    }

    /// Rows of a lessor in force, with columns of its own file that are not kept apart (`ident_rep` among
    /// them); None if it has none.
    ///
    /// # Errors
    /// A table cannot be read, or lacks a column.
    pub fn as_filed(
        &self,
        store: &Store,
        siren: &str,
        columns: &[&str],
    ) -> Result<Option<Table>, StockError> {
        let Some(own) = self.own(store, siren, &["ident_rep"])? else { return Ok(None) };
        let Some(filed) = self.parts.filed_by(siren, columns)? else { return Ok(None) };
        // What it files and another keeps is not its own.
        let own: HashSet<u64, FxBuildHasher> = own.hashes("ident_rep")?.into_iter().collect();
        let keep: Vec<bool> = filed.hashes("ident_rep")?.iter().map(|n| own.contains(n)).collect();
        filed.only(&keep).map(Some)
    }

    /// Rows of everyone, in the order of the register.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn whole(&self, store: &Store) -> Result<Table, StockError> {
        Ok(Table::of_frame("logements", self.prepared(store)?))
    }

    /// Codes of the communes that the register names.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn communes(&self) -> Result<Vec<String>, StockError> {
        match fs::read_to_string(self.folder.join(COMMUNES)) {
            Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
            Err(_) => Ok(self.parts.read(&["depcom"])?.texts("depcom")?.list),
        }
    }

    /// Makes the files if there are none for this state of the data.
    ///
    /// # Errors
    /// A table cannot be read, or the files cannot be written.
    pub fn make(&self, store: &Store) -> Result<(), StockError> {
        if self.is_made() {
            return Ok(());
        }
        let _one = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_made() {
            return Ok(());
        }
        let root = store.root().join(FOLDER);
        fs::create_dir_all(&root).map_err(io)?;
        let folder = tempfile::Builder::new().prefix(".en-cours-").tempdir_in(&root).map_err(io)?;
        let frame = self.prepared(store)?;
        let communes = Table::of_frame("logements", frame.clone()).texts("depcom")?.list.join("\n");
        for (siren, mut rows) in by_lessor(&frame)? {
            let file = File::create(folder.path().join(file_of(&siren))).map_err(io)?;
            ParquetWriter::new(&file)
                .with_compression(ParquetCompression::Snappy)
                .finish(&mut rows)
                .map_err(fault)?;
            file.sync_all().map_err(io)?;
        }
        fs::write(folder.path().join(COMMUNES), communes).map_err(io)?;
        let made = folder.keep();
        if let Err(e) = fs::rename(&made, &self.folder) {
            let _ = fs::remove_dir_all(&made);
            // Another process made the same files meanwhile.
            if !self.is_made() {
                return Err(io(e));
            }
        }
        sweep(store)
    }

    /// The rows of everyone with what all of them are needed for.
    fn prepared(&self, store: &Store) -> Result<DataFrame, StockError> {
        let mut wanted = FILED.to_vec();
        wanted.extend(["lon", "lat", "qualite", "qpv_declare"]);
        let table = self.parts.read(&wanted)?;
        let mut rows = Rows::read(&table)?;
        let without: Vec<bool> = rows.lon.iter().map(|x| !x.is_finite()).collect();
        rows.fill(&Situated::of(store)?)?;
        let ban = Ban::read(store, &rows.adresse.list)?;
        let motifs = rows.motifs(store, self.millesime, &ban)?;
        let situe: Vec<bool> = without.iter().zip(&rows.lon).map(|(w, x)| *w && x.is_finite()).collect();
        let of = |row: usize| ban.of.get(rows.adresse.of[row] as usize).and_then(Option::as_ref);
        let n = rows.lon.len();
        let known: Vec<Option<&Known>> = (0..n).map(of).collect();
        let covered: Vec<bool> = (0..n).map(|r| ban.communes.contains(rows.depcom.get(r))).collect();
        let mut columns: Vec<Column> = table.into_frame().select(FILED).map_err(fault)?.into_columns();
        let text = known.iter().map(|k| k.map(|k| k.id.as_str())).collect::<Vec<_>>();
        let at = |f: fn(&Known) -> f64| known.iter().map(|k| k.map_or(f64::NAN, f)).collect::<Vec<_>>();
        columns.extend([
            Column::new("lon".into(), &rows.lon),
            Column::new("lat".into(), &rows.lat),
            Column::new("qualite".into(), &rows.qualite),
            Column::new("situe".into(), &situe),
            Column::new("motifs".into(), &motifs),
            Column::new("ordre".into(), &rows.adresse.of),
            Column::new("ban_id".into(), &text),
            Column::new("ban_lon".into(), &at(|k| k.lon)),
            Column::new("ban_lat".into(), &at(|k| k.lat)),
            Column::new("ban_couvre".into(), &covered),
        ]);
        DataFrame::new(n, columns).map_err(fault)
    }
}

/// Name of a lessor's file.
fn file_of(siren: &str) -> String {
    format!("{:016x}.parquet", hash(siren))
}

/// Path of a table within the store.
fn within(store: &Store, path: &Path) -> String {
    path.strip_prefix(store.root()).unwrap_or(path).to_string_lossy().into_owned()
}

fn io(e: std::io::Error) -> StockError {
    StockError::Table { name: FOLDER.to_owned(), source: e.into() }
}

fn fault(source: PolarsError) -> StockError {
    StockError::Table { name: FOLDER.to_owned(), source }
}

/// Removes files of former states of the data; what cannot be removed now is removed next time.
fn sweep(store: &Store) -> Result<(), StockError> {
    let mut kept = BTreeSet::new();
    for year in parts::years(store, "rpls") {
        kept.extend(Lessors::of(store, year)?.map(|l| l.folder));
    }
    for entry in fs::read_dir(store.root().join(FOLDER)).map_err(io)?.flatten() {
        let fresh = entry.file_name().to_string_lossy().starts_with(".en-cours-");
        if !fresh && !kept.contains(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

/// Rows of each lessor, in the order of the register.
fn by_lessor(frame: &DataFrame) -> Result<BTreeMap<String, DataFrame>, StockError> {
    let siren = Table::of_frame("logements", frame.clone()).texts("siren")?;
    let mut rows: Vec<Vec<IdxSize>> = vec![Vec::new(); siren.list.len()];
    for (row, owner) in (0..).zip(&siren.of) {
        if let Some(list) = rows.get_mut(*owner as usize) {
            list.push(row);
        }
    }
    let mut out = BTreeMap::new();
    for (siren, list) in siren.list.into_iter().zip(rows) {
        out.insert(siren, frame.take(&IdxCa::from_vec("".into(), list)).map_err(fault)?);
    }
    Ok(out)
}

/// Columns of the dwellings that all rows are needed for.
struct Rows {
    depcom: Texts,
    adresse: Texts,
    idents: Vec<u64>,
    lon: Vec<f64>,
    lat: Vec<f64>,
    qualite: Vec<u8>,
    qpv: Vec<u8>,
}

impl Rows {
    fn read(t: &Table) -> Result<Self, StockError> {
        Ok(Self {
            depcom: t.texts("depcom")?,
            adresse: t.texts("adresse")?,
            idents: t.hashes("ident_rep")?,
            lon: t.f64s("lon")?,
            lat: t.f64s("lat")?,
            qualite: t.u8s("qualite")?,
            qpv: t.u8s("qpv_declare")?,
        })
    }

    /// Puts the points that builds found for dwellings without one.
    fn fill(&mut self, situated: &Situated) -> Result<(), StockError> {
        let (lon, lat, qualite) = (&mut self.lon, &mut self.lat, &mut self.qualite);
        situated.fill(&mut Columns { adresse: &self.adresse, lon, lat, qualite })?;
        Ok(())
    }

    /// What makes one doubt each row, of what its lessor's other rows do not tell.
    fn motifs(&self, store: &Store, millesime: u16, ban: &Ban) -> Result<Vec<u16>, StockError> {
        let survey = Survey::embedded()?;
        let limits = Deposits::embedded()?.adresses;
        let mut zones = zone_tables(store, millesime, |_| true);
        let mut layer = |id: &str| zones.remove(id).map(|path| Layer::from_parquet(id, &path)).transpose();
        let communes = layer("commune")?;
        let quarters: Vec<Layer> = generations::years()
            .filter_map(|y| layer(&format!("qpv{y}")).transpose())
            .collect::<Result<_, _>>()?;
        let in_force: Vec<_> =
            self.depcom.list.iter().map(|c| generations::of_millesime(millesime, c)).collect();
        let stacks = self.stacks(survey.localisation.empilement);
        let repeated = repeated(store, millesime)?;
        let commune_of: Vec<Option<u32>> = self
            .depcom
            .list
            .iter()
            .map(|c| communes.as_ref()?.index_of(&merged(c, communes.as_ref())))
            .collect();
        let of = |row: usize| {
            let (lon, lat, quality) = (self.lon[row], self.lat[row], self.qualite[row]);
            let key = self.adresse.get(row);
            let known = ban.of.get(self.adresse.of[row] as usize).and_then(Option::as_ref);
            let mut set = 0;
            let mut add = |when: bool, m: Motif| set |= if when { m.bit() } else { 0 };
            let placed = lon.is_finite() && lat.is_finite();
            let fit = placed && !survey.localisation.commune.contains(&quality);
            add(!placed, Motif::SansPoint);
            add(survey.localisation.commune.contains(&quality), Motif::QualiteCommune);
            add(placed && survey.localisation.rue.contains(&quality), Motif::QualiteVoie);
            if fit {
                let commune = commune_of.get(self.depcom.of[row] as usize).copied().flatten();
                let far = communes
                    .as_ref()
                    .zip(commune)
                    .is_some_and(|(l, z)| is_far(l, z, lon, lat, survey.localisation.tolerance_commune_m));
                add(far, Motif::HorsCommune);
                add(stacks.contains(&(lon.to_bits(), lat.to_bits())), Motif::Empilement);
                // What the register does not declare contradicts no contour.
                let inside = || {
                    let now = in_force.get(self.depcom.of[row] as usize)?;
                    if now.whole.is_some() {
                        return Some(true);
                    }
                    let layer = quarters.iter().find(|l| l.id == now.layer()).filter(|l| !l.is_empty());
                    layer.map(|l| l.locate(lon, lat).is_some())
                };
                let contradicts = match self.qpv[row] {
                    1 => inside() == Some(false),
                    2 => inside() == Some(true),
                    _ => false,
                };
                add(contradicts, Motif::Qpv);
                add(
                    known.is_some_and(|k| metres((lon, lat), (k.lon, k.lat)) > limits.loin_m),
                    Motif::LoinBan,
                );
            }
            let without_number = key.split(':').nth(1) == Some("0");
            add(without_number, Motif::SansNumero);
            let found = known.is_some() || quality == survey.adresse.numero;
            add(!without_number && !found && ban.communes.contains(self.depcom.get(row)), Motif::InconnueBan);
            add(self.idents[row] != 0 && repeated.contains(&self.idents[row]), Motif::Doublon);
            set
        };
        Ok((0..self.lon.len()).map(of).collect())
    }

    /// Points with more than `limit` dwellings under several street names (R10).
    fn stacks(&self, limit: usize) -> HashSet<(u64, u64), FxBuildHasher> {
        let mut counts: Map<(u64, u64), (usize, BTreeSet<u32>)> = Map::default();
        for row in (0..self.lon.len()).filter(|r| self.lon[*r].is_finite()) {
            let (n, keys) = counts.entry((self.lon[row].to_bits(), self.lat[row].to_bits())).or_default();
            *n += 1;
            keys.insert(self.adresse.of[row]);
        }
        let street = |k: &u32| self.adresse.list.get(*k as usize).and_then(|t| t.splitn(4, ':').nth(3));
        counts
            .into_iter()
            .filter(|(_, (n, keys))| *n > limit && keys.iter().map(street).collect::<BTreeSet<_>>().len() > 1)
            .map(|(point, _)| point)
            .collect()
    }
}

/// The BAN's address of the same name for each address of the register, and the communes that it covers.
struct Ban {
    of: Vec<Option<Known>>,
    communes: HashSet<String, FxBuildHasher>,
}

impl Ban {
    fn read(store: &Store, addresses: &[String]) -> Result<Self, StockError> {
        // The BAN knows communes as they are, the file perhaps as they were.
        let named = |key: &String| [hash(key), hash(&key_in_force(key))];
        let wanted: HashSet<u64, FxBuildHasher> = addresses.iter().flat_map(named).collect();
        let mut points: Map<u64, Known> = Map::default();
        let mut communes: HashSet<String, FxBuildHasher> = HashSet::default();
        for data in store.manifest().of_register("addresses") {
            let t = Table::read(
                &store.folder(data).join("adresses.parquet"),
                &["cle", "id", "lon", "lat", "code_insee"],
            )?;
            communes.extend(t.texts("code_insee")?.list);
            let (keys, lon, lat) = (t.hashes("cle")?, t.f64s("lon")?, t.f64s("lat")?);
            let found: Vec<usize> =
                (0..t.rows()).filter(|r| wanted.contains(&keys[*r]) && lon[*r].is_finite()).collect();
            for (row, id) in found.iter().zip(t.some_texts("id", &found)?) {
                points.entry(keys[*row]).or_insert(Known { id, lon: lon[*row], lat: lat[*row] });
            }
        }
        let of =
            addresses.iter().map(|key| named(key).into_iter().find_map(|name| points.get(&name)).cloned());
        Ok(Self { of: of.collect(), communes })
    }
}

/// National numbers that a second row had, as the findings of the import say (rule R11).
fn repeated(store: &Store, millesime: u16) -> Result<HashSet<u64, FxBuildHasher>, StockError> {
    let mut out = HashSet::default();
    for folder in Parts::of(store, "rpls", millesime).map_or_else(Vec::new, |p| p.folders().to_vec()) {
        // Those of former files that stand beside the last one's, too.
        let entries = std::fs::read_dir(store.root().join(folder)).map_err(csv::Error::from)?;
        for entry in entries {
            let path = entry.map_err(csv::Error::from)?.path();
            if !path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("constats")) {
                continue;
            }
            for record in csv::ReaderBuilder::new().delimiter(b';').from_path(path)?.records() {
                let record = record?;
                if record.get(3) == Some("R11") {
                    out.extend(record.get(2).filter(|v| !v.is_empty()).map(hash));
                }
            }
        }
    }
    Ok(out)
}
