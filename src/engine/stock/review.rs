//! Addresses that are probably wrong (domain §8.4): for each bailleur, what its dwellings say that does not
//! hold together.
//!
//! [`addresses`] reads the dwellings of a millésime, with what bailleurs corrected, and looks at each:
//! quality of the point, place against declared commune and QPV, the BAN's address of the same name, stacks
//! of dwellings on one point, points of one address that are far apart, repeated numbers, names that no
//! search finds. What was corrected is shown where it is and no longer doubted. [`doubts`] keeps the
//! addresses that have a doubtful dwelling.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;
use serde::Serialize;
use utoipa::ToSchema;

use super::StockError;
use super::edits::{Edits, PointFix};
use super::parts::Parts;
use super::places::{is_far, label, merged, zone_tables};
use super::situate::{Columns, Situated};
use super::table::{Table, Texts, hash};
use crate::reference::communes::key_in_force;
use crate::reference::depots::Deposits;
use crate::reference::generations;
use crate::reference::survey::Survey;
use crate::store::Store;
use crate::territory::layer::Layer;

type Map<K, V> = HashMap<K, V, FxBuildHasher>;

/// Ce qui fait douter d'une adresse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Motif {
    /// Aucun point, ou un point hors du repère.
    SansPoint,
    /// Point à la commune (22, 33).
    QualiteCommune,
    /// Point au hasard dans sa voie (12).
    QualiteVoie,
    /// Point à plus de 200 m de la commune déclarée.
    HorsCommune,
    /// Plus de 150 logements de plusieurs voies en un point.
    Empilement,
    /// QPV déclaré et QPV du point diffèrent.
    Qpv,
    /// Point à plus de 50 m de l'adresse de même nom dans la Base adresse nationale.
    LoinBan,
    /// Les points d'une même adresse sont à plus de 50 m l'un de l'autre.
    Multiples,
    /// Aucun numéro dans la voie.
    SansNumero,
    /// Adresse absente de la Base adresse nationale, qui couvre sa commune.
    InconnueBan,
    /// Le même numéro national est porté par une autre ligne, rejetée.
    Doublon,
    /// La recherche d'adresses ne trouve rien qui ressemble : score inférieur à 0,5.
    ScoreBas,
}

impl Motif {
    pub const ALL: [Self; 12] = [
        Self::SansPoint,
        Self::QualiteCommune,
        Self::QualiteVoie,
        Self::HorsCommune,
        Self::Empilement,
        Self::Qpv,
        Self::LoinBan,
        Self::Multiples,
        Self::SansNumero,
        Self::InconnueBan,
        Self::Doublon,
        Self::ScoreBas,
    ];

    fn bit(self) -> u16 {
        1 << self as u16
    }

    /// Motifs of a set.
    pub fn of(set: u16) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |m| set & m.bit() != 0)
    }
}

/// A dwelling of an address.
#[derive(Debug, Clone, PartialEq)]
pub struct Dwelling {
    pub ident_rep: String,
    pub ident_int: String,
    /// What tells it from its neighbours: stairs, floor, door, as filed.
    pub complement: String,
    /// 0 where unknown.
    pub pieces: u8,
    pub surface: u16,
    /// Set of motifs; empty if nothing is wrong with it.
    pub motifs: u16,
    /// Its bailleur moved it: the point is the one that it gave.
    pub corrige: bool,
    /// NaN without a point.
    pub lon: f64,
    pub lat: f64,
    pub qualite: u8,
}

/// The BAN's address of the same name.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    pub id: String,
    pub lon: f64,
    pub lat: f64,
}

/// An address of a bailleur.
#[derive(Debug, Clone, PartialEq)]
pub struct Address {
    pub siren: String,
    pub depcom: String,
    /// Address key, as filed.
    pub adresse: String,
    pub codepostal: String,
    pub libcom: String,
    pub logements: Vec<Dwelling>,
    pub ban: Option<Known>,
}

impl Address {
    /// « 12 BIS RUE DES LILAS ».
    #[must_use]
    pub fn libelle(&self) -> String {
        label(&self.adresse)
    }

    /// Dwellings that have a motif.
    #[must_use]
    pub fn touched(&self) -> usize {
        self.logements.iter().filter(|l| l.motifs != 0).count()
    }

    /// Motifs and the dwellings of each.
    #[must_use]
    pub fn motifs(&self) -> BTreeMap<Motif, u64> {
        let mut out = BTreeMap::new();
        for m in self.logements.iter().flat_map(|l| Motif::of(l.motifs)) {
            *out.entry(m).or_default() += 1;
        }
        out
    }

    /// Whether something is wrong with one of its dwellings.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        self.logements.iter().any(|l| l.motifs != 0)
    }

    /// The point that most of its dwellings have.
    #[must_use]
    pub fn point(&self) -> Option<(f64, f64, u8)> {
        self.point_of(|_| true)
    }

    /// The point that most of some of its dwellings have.
    pub fn point_of(&self, among: impl Fn(&Dwelling) -> bool) -> Option<(f64, f64, u8)> {
        let mut counts: BTreeMap<(u64, u64, u8), usize> = BTreeMap::new();
        for l in self.logements.iter().filter(|l| l.lon.is_finite() && among(l)) {
            *counts.entry((l.lon.to_bits(), l.lat.to_bits(), l.qualite)).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, n)| *n)?.0;
        Some((f64::from_bits(most.0), f64::from_bits(most.1), most.2))
    }
}

const COLUMNS: [&str; 14] = [
    "siren",
    "depcom",
    "adresse",
    "codepostal",
    "libcom",
    "lon",
    "lat",
    "qualite",
    "qpv_declare",
    "ident_rep",
    "ident_int",
    "compladr",
    "nbpiece",
    "surfhab",
];

/// How well the search of addresses finds one, from 0 to 1.
pub type Score<'a> = dyn Fn(&Address) -> f64 + Sync + 'a;

/// Doubtful addresses of a millésime, of one bailleur or of all, those with the most dwellings first.
///
/// # Errors
/// A table cannot be read.
pub fn doubts(
    store: &Store,
    millesime: u16,
    siren: Option<&str>,
    score: Option<&Score<'_>>,
) -> Result<Vec<Address>, StockError> {
    let mut all = addresses(store, millesime, siren, score)?;
    all.retain(Address::is_doubtful);
    Ok(all)
}

/// Addresses of a millésime, of one bailleur or of all, those with the most doubtful dwellings first. Without
/// `score`, names are compared with those of the BAN only.
///
/// # Errors
/// A table cannot be read.
pub fn addresses(
    store: &Store,
    millesime: u16,
    siren: Option<&str>,
    score: Option<&Score<'_>>,
) -> Result<Vec<Address>, StockError> {
    let survey = Survey::embedded()?;
    let limits = Deposits::embedded()?.adresses;
    let Some(parts) = Parts::of(store, "rpls", millesime) else { return Ok(Vec::new()) };
    let mut rows = Rows::read(&parts.read(&COLUMNS)?)?;
    rows.fill(&Situated::of(store)?)?;
    let edits = Edits::of(store)?.carried(&rows.depcom.list);
    let mut zones = zone_tables(store, millesime, |_| true);
    let mut layer = |id: &str| zones.remove(id).map(|path| Layer::from_parquet(id, &path)).transpose();
    let communes = layer("commune")?;
    let quarters: Vec<Layer> = generations::years()
        .filter_map(|y| layer(&format!("qpv{y}")).transpose())
        .collect::<Result<_, _>>()?;
    let in_force: Vec<_> = rows.depcom.list.iter().map(|c| generations::of_millesime(millesime, c)).collect();
    let stacks = rows.stacks(survey.localisation.empilement);
    let repeated = repeated(store, millesime)?;

    let mine: Vec<usize> =
        (0..rows.lon.len()).filter(|r| siren.is_none_or(|s| rows.siren.get(*r) == s)).collect();
    // The BAN knows communes as they are, the file perhaps as they were.
    let named = |row: usize| [hash(rows.adresse.get(row)), hash(&key_in_force(rows.adresse.get(row)))];
    let wanted: HashSet<u64, FxBuildHasher> = mine.iter().flat_map(|r| named(*r)).collect();
    let ban = Ban::read(store, &wanted)?;
    let commune_of: Vec<Option<u32>> =
        rows.depcom.list.iter().map(|c| communes.as_ref()?.index_of(&merged(c, communes.as_ref()))).collect();

    let mut groups: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
    let mut moved: Map<usize, &PointFix> = Map::default();
    for &row in &mine {
        groups.entry((rows.siren.of[row], rows.adresse.of[row])).or_default().push(row);
        let key = hash(rows.adresse.get(row));
        if let Some(fix) = edits.point(millesime, rows.siren.get(row), rows.idents[row], key) {
            moved.insert(row, fix);
        }
    }
    let mut out = Vec::new();
    for members in groups.into_values() {
        let first = members[0];
        let key = rows.adresse.get(first);
        let known = named(first).into_iter().find_map(|name| ban.points.get(&name));
        let spread = rows.spread(&members, &moved) > limits.multiples_m;
        let dwellings: Vec<Dwelling> = members
            .iter()
            .map(|&row| {
                if let Some(fix) = moved.get(&row) {
                    return Dwelling {
                        corrige: true,
                        ..rows.dwelling(row, (fix.lon, fix.lat, fix.qualite), 0)
                    };
                }
                let (lon, lat, quality) = (rows.lon[row], rows.lat[row], rows.qualite[row]);
                let mut set = 0;
                let mut add = |when: bool, m: Motif| set |= if when { m.bit() } else { 0 };
                let placed = lon.is_finite() && lat.is_finite();
                let fit = placed && !survey.localisation.commune.contains(&quality);
                add(!placed, Motif::SansPoint);
                add(survey.localisation.commune.contains(&quality), Motif::QualiteCommune);
                add(placed && survey.localisation.rue.contains(&quality), Motif::QualiteVoie);
                if fit {
                    let commune = commune_of.get(rows.depcom.of[row] as usize).copied().flatten();
                    let far = communes.as_ref().zip(commune).is_some_and(|(l, z)| {
                        is_far(l, z, lon, lat, survey.localisation.tolerance_commune_m)
                    });
                    add(far, Motif::HorsCommune);
                    add(stacks.contains(&(lon.to_bits(), lat.to_bits())), Motif::Empilement);
                    let inside = in_force.get(rows.depcom.of[row] as usize).and_then(|g| {
                        let layer = quarters.iter().find(|l| l.id == g.layer()).filter(|l| !l.is_empty());
                        if g.whole.is_some() {
                            Some(true)
                        } else {
                            layer.map(|l| l.locate(lon, lat).is_some())
                        }
                    });
                    add(matches!((rows.qpv[row], inside), (1, Some(false)) | (2, Some(true))), Motif::Qpv);
                    add(
                        known.is_some_and(|k| metres((lon, lat), (k.lon, k.lat)) > limits.loin_m),
                        Motif::LoinBan,
                    );
                    add(spread, Motif::Multiples);
                }
                let mut parts = key.splitn(4, ':').skip(1);
                let without_number = parts.next() == Some("0");
                add(without_number, Motif::SansNumero);
                let found = known.is_some() || quality == survey.adresse.numero;
                add(
                    !without_number && !found && ban.communes.contains(rows.depcom.get(row)),
                    Motif::InconnueBan,
                );
                add(rows.idents[row] != 0 && repeated.contains(&rows.idents[row]), Motif::Doublon);
                rows.dwelling(row, (lon, lat, quality), set)
            })
            .collect();
        out.push(Address {
            siren: rows.siren.get(first).to_owned(),
            depcom: rows.depcom.get(first).to_owned(),
            adresse: key.to_owned(),
            codepostal: rows.codepostal.get(first).to_owned(),
            libcom: rows.libcom.get(first).to_owned(),
            logements: dwellings,
            ban: known.cloned(),
        });
    }
    if let Some(score) = score {
        // What the BAN knows by its name needs no search; and where it covers nothing, nothing can be found.
        let searched =
            |a: &&mut Address| a.ban.is_none() && ban.communes.contains(&a.depcom) && !a.libelle().is_empty();
        out.par_iter_mut().filter(searched).for_each(|a| {
            if a.logements.iter().any(|l| !l.corrige) && score(a) < limits.score_min {
                a.logements.iter_mut().filter(|l| !l.corrige).for_each(|l| l.motifs |= Motif::ScoreBas.bit());
            }
        });
    }
    out.sort_by_key(|d| std::cmp::Reverse(d.touched()));
    Ok(out)
}

/// Columns of the dwellings.
struct Rows {
    siren: Texts,
    depcom: Texts,
    adresse: Texts,
    codepostal: Texts,
    libcom: Texts,
    ident_rep: Texts,
    ident_int: Texts,
    compladr: Texts,
    nbpiece: Vec<u8>,
    surfhab: Vec<u16>,
    idents: Vec<u64>,
    lon: Vec<f64>,
    lat: Vec<f64>,
    qualite: Vec<u8>,
    qpv: Vec<u8>,
}

impl Rows {
    fn read(t: &Table) -> Result<Self, StockError> {
        Ok(Self {
            siren: t.texts("siren")?,
            depcom: t.texts("depcom")?,
            adresse: t.texts("adresse")?,
            codepostal: t.texts("codepostal")?,
            libcom: t.texts("libcom")?,
            ident_rep: t.texts("ident_rep")?,
            ident_int: t.texts("ident_int")?,
            compladr: t.texts("compladr")?,
            nbpiece: t.u8s("nbpiece")?,
            surfhab: t.u16s("surfhab")?,
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

    fn dwelling(&self, row: usize, (lon, lat, qualite): (f64, f64, u8), motifs: u16) -> Dwelling {
        Dwelling {
            ident_rep: self.ident_rep.get(row).to_owned(),
            ident_int: self.ident_int.get(row).to_owned(),
            complement: self.compladr.get(row).to_owned(),
            pieces: self.nbpiece[row],
            surface: self.surfhab[row],
            motifs,
            corrige: false,
            lon,
            lat,
            qualite,
        }
    }

    /// Metres between the points of one address that are the farthest from its first, those that were moved
    /// left out.
    fn spread(&self, members: &[usize], moved: &Map<usize, &PointFix>) -> f64 {
        let kept = members.iter().filter(|r| self.lon[**r].is_finite() && !moved.contains_key(*r));
        let mut points = kept.map(|r| (self.lon[*r], self.lat[*r]));
        let Some(first) = points.next() else { return 0.0 };
        points.map(|p| metres(first, p)).fold(0.0, f64::max)
    }
}

/// Metres between two places that are not far apart, on a plane.
#[must_use]
pub fn metres(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (x, y) = ((b.0 - a.0) * a.1.to_radians().cos() * 111_320.0, (b.1 - a.1) * 111_132.0);
    x.hypot(y)
}

/// Addresses of the BAN that are asked for, and the communes that it covers.
struct Ban {
    points: Map<u64, Known>,
    communes: HashSet<String, FxBuildHasher>,
}

impl Ban {
    fn read(store: &Store, wanted: &HashSet<u64, FxBuildHasher>) -> Result<Self, StockError> {
        let mut out = Self { points: Map::default(), communes: HashSet::default() };
        for data in store.manifest().of_register("addresses") {
            let t = Table::read(
                &store.folder(data).join("adresses.parquet"),
                &["cle", "id", "lon", "lat", "code_insee"],
            )?;
            out.communes.extend(t.texts("code_insee")?.list);
            let (keys, lon, lat) = (t.hashes("cle")?, t.f64s("lon")?, t.f64s("lat")?);
            let found: Vec<usize> =
                (0..t.rows()).filter(|r| wanted.contains(&keys[*r]) && lon[*r].is_finite()).collect();
            for (row, id) in found.iter().zip(t.some_texts("id", &found)?) {
                out.points.entry(keys[*row]).or_insert(Known { id, lon: lon[*row], lat: lat[*row] });
            }
        }
        Ok(out)
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
