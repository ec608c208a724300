//! What the server holds: the cubes with their way out, the contours of zones, the caches.
//!
//! [`App`] is one consistent state, made from one manifest; [`Live`] gives the current one and changes it
//! when the manifest does. A request keeps the state that it began with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use rayon::prelude::*;

use super::error::DeskError;
use super::kept::Answers;
use super::lessor::stock::LessorStock;
use super::zones::inside;
use crate::cube::bits::Bits;
use crate::cube::build::Meta;
use crate::cube::runs::Runs;
use crate::cube::{Cube, Filter, Layer as CubeLayer};
use crate::desk::names::Names;
use crate::disclosure::answer;
use crate::disclosure::publisher::Publisher;
use crate::geocode::{Geocoder, GeocoderError, shelf};
use crate::mvt::cache::TileCache;
use crate::mvt::points::Points;
use crate::mvt::shapes::Shapes;
use crate::policy::dossier::Checker;
use crate::policy::facts::{self, Allocations};
use crate::reference::controle::Controle;
use crate::reference::indicators::Catalogue;
use crate::reference::magasin::magasin;
use crate::reference::mix::Mix;
use crate::reference::perturbation::Perturbation;
use crate::reference::scales::{self, Genre};
use crate::reference::secrecy::Secrecy;
use crate::registers::report::Report;
use crate::scoring::demands::Demands;
use crate::stock::deleguees;
use crate::stock::places::zone_tables;
use crate::store::{CubeEntry, Dataset, Store};
use crate::territory::layer::Layer;
use crate::territory::units;

/// Bytes that masks of filters may take, for one cube.
const MASK_BYTES: u64 = 64 << 20;

/// Contours of one layer, and what tiles need of them (made at the first tile).
#[derive(Debug)]
pub struct Geography {
    pub layer: Layer,
    shapes: OnceLock<Shapes>,
    centres: OnceLock<Vec<Option<[f64; 2]>>>,
}

impl Geography {
    fn new(layer: Layer) -> Self {
        Self { layer, shapes: OnceLock::new(), centres: OnceLock::new() }
    }

    /// A point of each zone, all made at the first question.
    pub fn centres(&self) -> &[Option<[f64; 2]>] {
        self.centres.get_or_init(|| self.layer.zones.par_iter().map(|z| inside(&z.geometry)).collect())
    }

    /// A point of one zone.
    #[must_use]
    pub fn centre(&self, zone: u32) -> Option<[f64; 2]> {
        match self.centres.get() {
            Some(all) => all.get(zone as usize).copied().flatten(),
            None => self.layer.zones.get(zone as usize).and_then(|z| inside(&z.geometry)),
        }
    }

    /// Contours ready for tiles.
    pub fn shapes(&self) -> &Shapes {
        self.shapes.get_or_init(|| Shapes::of_zones(&self.layer))
    }
}

/// Weighs masks by their bytes.
#[derive(Debug, Clone)]
pub struct ByBytes;

impl Weighter<Filter, Arc<Vec<u64>>> for ByBytes {
    fn weight(&self, _: &Filter, mask: &Arc<Vec<u64>>) -> u64 {
        mask.len() as u64 * 8 + 64
    }
}

/// One cube with everything that is asked of it.
#[derive(Debug)]
pub struct Loaded {
    /// Folder of the cube, which changes with its content.
    pub id: Arc<str>,
    pub publisher: Publisher,
    /// Contours by layer, of the generation that fits the millésime.
    pub zones: BTreeMap<String, Arc<Geography>>,
    cells: BTreeMap<String, OnceLock<Shapes>>,
    points: BTreeMap<String, OnceLock<Points>>,
    masks: Cache<Filter, Arc<Vec<u64>>, ByBytes>,
    names: OnceLock<Names>,
    /// The measure that counts dwellings of the register.
    registered: usize,
}

impl Loaded {
    fn open(
        store: &Store,
        entry: &CubeEntry,
        catalogue: &Catalogue,
        secrecy: &Secrecy,
        zones: BTreeMap<String, Arc<Geography>>,
    ) -> Result<Self, DeskError> {
        let cube = Arc::new(Cube::open(&store.root().join(&entry.dossier).join("cube.bin"), catalogue)?);
        let publisher = Publisher::new(Arc::clone(&cube), catalogue, secrecy);
        let of_kind = |genres: &[Genre]| -> Vec<String> {
            let ids = cube.meta().couches.iter().map(|l| l.id.clone());
            ids.filter(|id| genres.contains(&scales::scale(id).genre)).collect()
        };
        Ok(Self {
            id: entry.dossier.as_str().into(),
            cells: of_kind(&[Genre::Carreau, Genre::H3])
                .into_iter()
                .map(|id| (id, OnceLock::new()))
                .collect(),
            points: of_kind(&[Genre::Points]).into_iter().map(|id| (id, OnceLock::new())).collect(),
            masks: Cache::with_weighter(64, MASK_BYTES, ByBytes),
            names: OnceLock::new(),
            registered: catalogue.measure_index(&answer::dwellings()).unwrap_or_default(),
            publisher,
            zones,
        })
    }

    #[must_use]
    pub fn cube(&self) -> &Cube {
        self.publisher.cube()
    }

    #[must_use]
    pub fn meta(&self) -> &Meta {
        self.cube().meta()
    }

    /// Contours of a layer, imported or named by their cells; None for points and layers without contours.
    #[must_use]
    pub fn shapes(&self, layer: &str) -> Option<&Shapes> {
        if let Some(cell) = self.cells.get(layer) {
            return self.cube().layer(layer).map(|l| cell.get_or_init(|| Shapes::of_cells(&l)));
        }
        self.zones.get(layer).map(|g| g.shapes())
    }

    /// Places of a point layer.
    #[must_use]
    pub fn points(&self, layer: &str) -> Option<&Points> {
        let slot = self.points.get(layer)?;
        self.cube().layer(layer).map(|l| slot.get_or_init(|| Points::new(self.cube(), &l)))
    }

    /// Names of zones, to be searched (made at the first question).
    #[must_use]
    pub fn names(&self) -> &Names {
        self.names.get_or_init(|| Names::new(self.cube(), |layer, zone| self.dwellings(layer, zone, None)))
    }

    /// Dwellings that a filter keeps.
    #[must_use]
    pub fn mask(&self, filter: &Filter) -> Arc<Vec<u64>> {
        if let Some(mask) = self.masks.get(filter) {
            return mask;
        }
        let mask = Arc::new(self.cube().mask(filter));
        self.masks.insert(filter.clone(), Arc::clone(&mask));
        mask
    }

    /// Dwellings of the register in a zone, of those that a filter keeps (None: all). Rows that only the
    /// survey knows are households without a dwelling: they are not counted.
    #[must_use]
    pub fn dwellings(&self, layer: &CubeLayer<'_>, zone: u32, mask: Option<&[u64]>) -> u64 {
        self.count(layer.runs_of(zone), mask)
    }

    /// Dwellings of the register at runs of addresses.
    pub fn count(&self, runs: impl Iterator<Item = (u32, u32)>, mask: Option<&[u64]>) -> u64 {
        let starts = self.cube().starts();
        let registered = self.registered();
        runs.map(|(s, e)| {
            let rows = starts[s as usize] as usize..starts[e as usize] as usize;
            match mask {
                None => registered.count(rows),
                Some(m) => registered.count_and(Bits(m), rows),
            }
        })
        .sum()
    }

    /// Rows that are dwellings of the register.
    #[must_use]
    pub fn registered(&self) -> Bits<'_> {
        self.cube().measure(self.registered)
    }

    /// All addresses.
    #[must_use]
    pub fn everything(&self) -> Runs {
        Runs::new(vec![(0, u32::try_from(self.meta().adresses).unwrap_or(u32::MAX))])
    }
}

/// One consistent state.
#[derive(Debug)]
pub struct App {
    /// Cubes as filed on 1 January, oldest first.
    pub millesimes: Vec<Arc<Loaded>>,
    /// The latest with the events since, if there are any: dwellings only.
    pub a_jour: Option<Arc<Loaded>>,
    pub catalogue: &'static Catalogue,
    pub secrecy: &'static Secrecy,
    pub perturbation: &'static Perturbation,
    /// Reports of the data sets in force.
    pub imports: Vec<Report>,
    /// Those of newer data whose cubes are not built.
    pub not_built: Vec<Report>,
    /// Editions whose cube is damaged.
    pub damaged: Vec<(u16, bool)>,
    /// Whether the data are those of the demonstration.
    pub demonstration: bool,
    pub tiles: TileCache,
    pub answers: Answers,
    /// The store, and the allocations read from it at the first question about them.
    store: Store,
    allocations: Mutex<Option<Arc<Allocations>>>,
    demands: Mutex<Option<Arc<Demands>>>,
    /// What bailleurs ask of their own dwellings.
    pub lessors: LessorStock,
    /// Contours by the table that they were read from, kept from one state to the next.
    tables: BTreeMap<PathBuf, Arc<Geography>>,
    /// The index of addresses and its folder, opened at the first question.
    addresses: Mutex<Option<(PathBuf, Arc<Geocoder>)>>,
    checker: Mutex<Option<Arc<Checker>>>,
}

impl App {
    /// The store that was loaded.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.store.root()
    }

    /// Allocations with their places and thresholds. The first question reads the dwellings that they name.
    ///
    /// # Errors
    /// A table of the store cannot be read.
    pub fn allocations(&self) -> Result<Arc<Allocations>, DeskError> {
        let mut kept = self.allocations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.as_ref() {
            return Ok(Arc::clone(found));
        }
        let read = Arc::new(facts::load(&self.store, Mix::embedded()?)?);
        *kept = Some(Arc::clone(&read));
        Ok(read)
    }

    /// The demands of the store, read at the first question about them.
    ///
    /// # Errors
    /// A table of the store cannot be read.
    pub fn demands(&self) -> Result<Arc<Demands>, DeskError> {
        let mut kept = self.demands.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.as_ref() {
            return Ok(Arc::clone(found));
        }
        let read = Arc::new(crate::scoring::demands::load(&self.store)?);
        *kept = Some(Arc::clone(&read));
        Ok(read)
    }

    /// The addresses of the store. The first question opens their index (and makes it, if the import did
    /// not).
    ///
    /// # Errors
    /// There are none, or their index cannot be read or made.
    pub fn geocoder(&self) -> Result<Arc<Geocoder>, GeocoderError> {
        let mut kept = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = shelf::place(&self.store)?;
        // Open files serve on, even if another process has put a newer index in their place.
        if let Some((_, geocoder)) = kept.as_ref().filter(|k| k.0 == folder) {
            return Ok(Arc::clone(geocoder));
        }
        shelf::ensure(&self.store)?;
        let geocoder = Arc::new(Geocoder::open(&folder)?);
        *kept = Some((folder, Arc::clone(&geocoder)));
        Ok(geocoder)
    }

    /// What allocations are checked against before they are made. The first question reads the dwellings of
    /// the latest millésime.
    ///
    /// # Errors
    /// A table of the store cannot be read.
    pub fn checker(&self) -> Result<Arc<Checker>, DeskError> {
        let all = self.allocations()?;
        let mut kept = self.checker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.as_ref() {
            return Ok(Arc::clone(found));
        }
        let read = Arc::new(Checker::load(&self.store, Mix::embedded()?, Controle::embedded()?, all)?);
        *kept = Some(Arc::clone(&read));
        Ok(read)
    }

    /// Loads the edition of the store that is in force: its data and the cubes made from them. Cubes and
    /// contours that `former` holds are kept. A damaged cube is left out, said, and made anew by `build`.
    ///
    /// # Errors
    /// A cube or a table of contours cannot be read.
    pub fn load(store: &Store, former: Option<&Self>) -> Result<Self, DeskError> {
        let not_built = store.manifest().not_built().into_iter().map(|d| d.rapport.clone()).collect();
        let store = &store.in_force();
        let hashed = magasin()?.verification.octets_a_l_ouverture;
        let mut damaged = Vec::new();
        let catalogue = Catalogue::embedded()?;
        let secrecy = Secrecy::embedded()?;
        // Cubes that were opened under other rules are opened again.
        let alike =
            former.filter(|f| std::ptr::eq(f.catalogue, catalogue) && std::ptr::eq(f.secrecy, secrecy));
        let mut tables: BTreeMap<PathBuf, Arc<Geography>> = BTreeMap::new();
        let mut millesimes = Vec::new();
        for entry in &store.manifest().cubes {
            let kept =
                alike.and_then(|f| f.millesimes.iter().chain(&f.a_jour).find(|l| *l.id == *entry.dossier));
            // Bytes that were looked at once are not looked at again.
            if let Some(damage) = store.cube_damage(entry, if kept.is_some() { 0 } else { hashed }) {
                tracing::error!("cube {} : « {} » {}", entry.millesime, damage.path.display(), damage.why);
                damaged.push(entry.edition());
                continue;
            }
            if let Some(kept) = kept {
                millesimes.push(Arc::clone(kept));
                continue;
            }
            let mut zones = BTreeMap::new();
            // Contours that the cube was not built from would not match its figures.
            let fits = |d: &Dataset| entry.sources.is_empty() || entry.sources.contains(&d.dossier);
            for (id, path) in zone_tables(store, entry.millesime, fits) {
                let known = tables.get(&path).or_else(|| former.and_then(|f| f.tables.get(&path)));
                let geography = match known.cloned() {
                    // A table is named by its content: what was read of it holds.
                    Some(g) => {
                        tables.insert(path, Arc::clone(&g));
                        g
                    }
                    None => {
                        let layer = Layer::from_parquet(&id, &path)?;
                        let g = Arc::new(Geography::new(layer));
                        tables.insert(path, Arc::clone(&g));
                        g
                    }
                };
                zones.insert(id, geography);
            }
            // In Grand Paris figures are those of EPT and Paris: their contours follow from the communes'.
            if let Some((epcis, communes)) = zones.get("epci").zip(zones.get("commune"))
                && let Some(layer) = units::divided(&epcis.layer, &communes.layer)
            {
                zones.insert("epci".to_owned(), Arc::new(Geography::new(layer)));
            }
            // So do those of arrondissements from their IRIS, unless they were imported.
            if !zones.contains_key("arrondissement")
                && let Some(layer) = zones.get("iris").and_then(|g| units::arrondissements(&g.layer))
            {
                zones.insert("arrondissement".to_owned(), Arc::new(Geography::new(layer)));
            }
            // And those of communes déléguées from the communes of before.
            if let Some(communes) = zones.get("commune")
                && let Some(layer) = deleguees::contours(store, &communes.layer, fits)?
            {
                zones.insert(deleguees::ID.to_owned(), Arc::new(Geography::new(layer)));
            }
            match Loaded::open(store, entry, catalogue, secrecy, zones) {
                Ok(loaded) => millesimes.push(Arc::new(loaded)),
                Err(DeskError::Cube(e)) => {
                    tracing::error!("cube {} : {e}", entry.millesime);
                    damaged.push(entry.edition());
                }
                Err(e) => return Err(e),
            }
        }
        millesimes.sort_by_key(|l| l.meta().millesime);
        let (mut a_jour, millesimes): (Vec<_>, Vec<_>) =
            millesimes.into_iter().partition(|l| l.meta().a_jour.is_some());
        Ok(Self {
            millesimes,
            a_jour: a_jour.pop(),
            catalogue,
            secrecy,
            perturbation: Perturbation::embedded()?,
            imports: store.manifest().jeux.iter().map(|d| d.rapport.clone()).collect(),
            not_built,
            damaged,
            demonstration: store.root().join("demonstration").exists(),
            tiles: TileCache::default(),
            answers: Answers::default(),
            store: store.clone(),
            allocations: Mutex::default(),
            demands: Mutex::default(),
            lessors: LessorStock::after(former.map(|f| &f.lessors)),
            tables,
            addresses: Mutex::new(
                former.and_then(|f| f.addresses.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            ),
            checker: Mutex::default(),
        })
    }
}

/// The state in force, shared by all requests.
#[derive(Debug, Clone)]
pub struct Live(Arc<RwLock<Arc<App>>>);

impl Live {
    #[must_use]
    pub fn new(app: App) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(app))))
    }

    #[must_use]
    pub fn get(&self) -> Arc<App> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Loads what is in force now, all together; a request that began before goes on with what it began with.
    /// Rows of bailleurs are made first, so that none of them waits while a whole register is read.
    ///
    /// # Errors
    /// The new state cannot be loaded; the old one stays.
    pub fn reload(&self, root: &Path) -> Result<(), DeskError> {
        let store = Store::open(root)?;
        let app = App::load(&store, Some(&self.get()))?;
        if let Err(e) = app.make_lessors() {
            tracing::error!("logements bailleur par bailleur : {e}");
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(app);
        Ok(())
    }
}
