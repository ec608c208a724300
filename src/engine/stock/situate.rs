//! Dwellings without a point: that of their neighbours of the same address, else that of their address in
//! the imported BAN.
//!
//! [`make`] asks the geocoder once for each address that needs it and keeps the answers beside its index, so
//! that the next build, and everyone who reads dwellings ([`Situated::of`]), finds them there. What the
//! geocoder is not sure of locates nothing: from 0.5 it is for its bailleur to confirm, below only its
//! commune is known.

use std::path::Path;

use hashbrown::{HashMap, HashSet};
use polars::prelude::*;
use rustc_hash::FxBuildHasher;

use super::StockError;
use super::dwellings::Dwellings;
use super::facts::BuildReport;
use super::parts::Parts;
use super::places::label;
use super::review::metres;
use super::table::{Table, Texts, hash};
use crate::french::thousands;
use crate::geocode::{Geocoder, Hit, Kind, Query, SURE, shelf};
use crate::reference::communes::{related, successor};
use crate::reference::depots::Deposits;
use crate::reference::survey::{ByAddress, Survey};
use crate::store::Store;

type Map<K, V> = HashMap<K, V, FxBuildHasher>;

/// The answers, beside the index that gave them.
const FILE: &str = "logements.parquet";

/// What the BAN says of an address.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    pub lon: f64,
    pub lat: f64,
    /// 0 if nothing is like it.
    pub score: f32,
    /// The very number, not only its street.
    pub numero: bool,
}

/// Addresses of dwellings that the geocoder was asked for, by the hash of their key.
#[derive(Debug, Default)]
pub struct Situated {
    answers: Map<u64, Answer>,
}

/// Dwellings that had no point, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub voisins: u64,
    pub numero: u64,
    pub voie: u64,
    /// The geocoder is not sure enough: for the bailleur's list.
    pub a_confirmer: u64,
    /// No address, no BAN, or nothing like it.
    pub sans: u64,
}

impl Tally {
    /// Dwellings that were located.
    #[must_use]
    pub fn located(&self) -> u64 {
        self.voisins + self.numero + self.voie
    }
}

/// Columns of dwellings that points are put in.
pub struct Columns<'a> {
    /// Address keys, as filed.
    pub adresse: &'a Texts,
    pub lon: &'a mut [f64],
    pub lat: &'a mut [f64],
    pub qualite: &'a mut [u8],
}

impl Columns<'_> {
    fn is_located(&self, row: usize) -> bool {
        self.lon[row].is_finite() && self.lat[row].is_finite()
    }

    /// Numbers of the addresses that have a dwelling without a point.
    fn missing(&self) -> HashSet<u32, FxBuildHasher> {
        (0..self.lon.len()).filter(|r| !self.is_located(*r)).map(|r| self.adresse.of[r]).collect()
    }

    /// For each address of which some dwellings have a point and others none, the point that most have; not
    /// where they disagree, nor in a street without a number.
    fn neighbours(&self, rules: &ByAddress, unfit: &[u8]) -> Map<u32, (f64, f64, u8)> {
        let numbered = |n: u32| {
            let key = self.adresse.list.get(n as usize);
            key.and_then(|k| k.split(':').nth(1)).is_some_and(|number| number != "0")
        };
        let wanted: HashSet<u32, FxBuildHasher> =
            self.missing().into_iter().filter(|n| numbered(*n)).collect();
        let mut seen: Map<u32, Vec<((f64, f64, u8), u32)>> = Map::default();
        if wanted.is_empty() {
            return Map::default();
        }
        for row in (0..self.lon.len()).filter(|r| wanted.contains(&self.adresse.of[*r])) {
            if !self.is_located(row) || unfit.contains(&self.qualite[row]) {
                continue;
            }
            let point = (self.lon[row], self.lat[row], self.qualite[row]);
            let list = seen.entry(self.adresse.of[row]).or_default();
            match list.iter_mut().find(|(p, _)| *p == point) {
                Some((_, n)) => *n += 1,
                None => list.push((point, 1)),
            }
        }
        let agreed = |list: Vec<((f64, f64, u8), u32)>| {
            let best = list.iter().rev().max_by_key(|(_, n)| *n)?.0;
            let near = |p: &(f64, f64, u8)| metres((best.0, best.1), (p.0, p.1)) <= rules.voisins_m;
            list.iter().all(|(p, _)| near(p)).then_some(best)
        };
        seen.into_iter().filter_map(|(n, list)| Some((n, agreed(list)?))).collect()
    }
}

impl Situated {
    /// What builds found with the present addresses; nothing if there are none or none was asked.
    ///
    /// # Errors
    /// The file of answers cannot be read.
    pub fn of(store: &Store) -> Result<Self, StockError> {
        match shelf::place(store) {
            Ok(folder) => Self::read(&folder.join(FILE)),
            Err(_) => Ok(Self::default()),
        }
    }

    /// Names what builds found; empty if nothing.
    ///
    /// # Errors
    /// The file of answers cannot be read.
    pub fn mark(store: &Store) -> std::io::Result<String> {
        let Ok(folder) = shelf::place(store) else { return Ok(String::new()) };
        match std::fs::File::open(folder.join(FILE)) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(e) => Err(e),
            Ok(file) => Ok(blake3::Hasher::new().update_reader(file)?.finalize().to_hex()[..16].to_owned()),
        }
    }

    fn read(path: &Path) -> Result<Self, StockError> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let t = Table::read(path, &["cle", "lon", "lat", "score", "numero"])?;
        let (key, lon, lat) = (t.u64s("cle")?, t.f64s("lon")?, t.f64s("lat")?);
        let (score, number) = (t.f32s("score")?, t.flags("numero")?);
        let answer = |i: usize| Answer { lon: lon[i], lat: lat[i], score: score[i], numero: number[i] };
        Ok(Self { answers: (0..t.rows()).map(|i| (key[i], answer(i))).collect() })
    }

    /// Keeps the answers; a reader sees the former file or the new one.
    fn write(&self, path: &Path) -> Result<(), StockError> {
        let fault = |source| StockError::Table { name: FILE.to_owned(), source };
        let mut list: Vec<(u64, Answer)> = self.answers.iter().map(|(k, a)| (*k, *a)).collect();
        list.sort_unstable_by_key(|(k, _)| *k);
        let column = |name: &str, of: &dyn Fn(&Answer) -> f64| {
            Column::new(name.into(), list.iter().map(|(_, a)| of(a)).collect::<Vec<f64>>())
        };
        let mut frame = DataFrame::new(
            list.len(),
            vec![
                Column::new("cle".into(), list.iter().map(|(k, _)| *k).collect::<Vec<u64>>()),
                column("lon", &|a| a.lon),
                column("lat", &|a| a.lat),
                Column::new("score".into(), list.iter().map(|(_, a)| a.score).collect::<Vec<f32>>()),
                Column::new("numero".into(), list.iter().map(|(_, a)| a.numero).collect::<Vec<bool>>()),
            ],
        )
        .map_err(fault)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let file = tempfile::NamedTempFile::new_in(folder).map_err(|e| fault(e.into()))?;
        ParquetWriter::new(file.as_file()).finish(&mut frame).map_err(fault)?;
        file.as_file().sync_all().map_err(|e| fault(e.into()))?;
        file.persist(path).map_err(|e| fault(e.error.into()))?;
        Ok(())
    }

    /// The answer for an address, by its key.
    #[must_use]
    pub fn answer(&self, key: &str) -> Option<Answer> {
        self.answers.get(&hash(key)).copied()
    }

    /// Gives points to the dwellings that have none.
    ///
    /// # Errors
    /// A file of `data/` is wrong.
    pub fn fill(&self, columns: &mut Columns<'_>) -> Result<Tally, StockError> {
        let survey = Survey::embedded()?;
        let (rules, least) = (survey.adresse, Deposits::embedded()?.adresses.score_min);
        let neighbours = columns.neighbours(&rules, &survey.localisation.commune);
        let mut tally = Tally::default();
        for row in 0..columns.lon.len() {
            if columns.is_located(row) {
                continue;
            }
            let number = columns.adresse.of[row];
            let answer = columns.adresse.list.get(number as usize).and_then(|key| self.answer(key));
            let (point, count) = match (neighbours.get(&number), answer) {
                (Some(point), _) => (Some(*point), &mut tally.voisins),
                (None, Some(a)) if f64::from(a.score) >= SURE && a.numero => {
                    (Some((a.lon, a.lat, rules.numero)), &mut tally.numero)
                }
                (None, Some(a)) if f64::from(a.score) >= SURE => {
                    (Some((a.lon, a.lat, rules.voie)), &mut tally.voie)
                }
                (None, Some(a)) if f64::from(a.score) >= least => (None, &mut tally.a_confirmer),
                (None, _) => (None, &mut tally.sans),
            };
            *count += 1;
            if let Some((lon, lat, quality)) = point {
                (columns.lon[row], columns.lat[row], columns.qualite[row]) = (lon, lat, quality);
            }
        }
        Ok(tally)
    }
}

/// Locates the dwellings of a millésime that have no point, asking the geocoder what nobody asked it before.
///
/// # Errors
/// A table cannot be read, or the index or its answers cannot be written.
pub fn make(
    store: &Store,
    parts: &Parts,
    d: &mut Dwellings,
    report: &mut BuildReport,
) -> Result<(), StockError> {
    let registered = d.registered();
    let (lon, lat) = (&mut d.lon[..registered], &mut d.lat[..registered]);
    let mut columns = Columns { adresse: &d.adresse, lon, lat, qualite: &mut d.qualite[..registered] };
    let mut situated = Situated::of(store)?;
    let missing: Vec<u32> = columns.missing().into_iter().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let covered = shelf::place(store).is_ok();
    if covered {
        let asked =
            |n: &u32| columns.adresse.list.get(*n as usize).is_some_and(|k| situated.answer(k).is_none());
        let neighbours =
            columns.neighbours(&Survey::embedded()?.adresse, &Survey::embedded()?.localisation.commune);
        let wanted: HashSet<u32, FxBuildHasher> =
            missing.into_iter().filter(|n| asked(n) && !neighbours.contains_key(n)).collect();
        if !wanted.is_empty() {
            let questions = questions(parts, &columns, &wanted)?;
            situated.answers.extend(ask(&shelf::open(store)?, &questions));
            situated.write(&shelf::place(store)?.join(FILE))?;
        }
    }
    let before: Vec<bool> = (0..registered).map(|row| columns.is_located(row)).collect();
    let tally = situated.fill(&mut columns)?;
    let given = (0_u32..).zip(&before).filter(|(row, filed)| !**filed && columns.is_located(*row as usize));
    d.situated = given.map(|(row, _)| row).collect();
    tell(&tally, covered, report);
    Ok(())
}

/// An address to be found.
struct Question {
    key: String,
    postcode: String,
    city: String,
}

impl Question {
    fn depcom(&self) -> &str {
        self.key.split(':').next().unwrap_or("")
    }

    fn with_city(&self) -> String {
        format!("{} {} {}", label(&self.key), self.postcode, self.city)
    }
}

/// The addresses that are wanted, each with the postcode and commune of its first dwelling.
fn questions(
    parts: &Parts,
    columns: &Columns<'_>,
    wanted: &HashSet<u32, FxBuildHasher>,
) -> Result<Vec<Question>, StockError> {
    let t = parts.read(&["codepostal", "libcom"])?;
    let (postcode, city) = (t.texts("codepostal")?, t.texts("libcom")?);
    let mut left = wanted.clone();
    let mut out = Vec::new();
    for row in 0..columns.lon.len() {
        if !columns.is_located(row) && left.remove(&columns.adresse.of[row]) {
            let key = columns.adresse.list.get(columns.adresse.of[row] as usize).cloned().unwrap_or_default();
            // Dwellings that came by an event are not in the file.
            let of = |texts: &Texts| if row < t.rows() { texts.get(row).to_owned() } else { String::new() };
            // A street is needed: a number alone is in any of them.
            if !label(&key).is_empty() && key.split(':').nth(3).is_some_and(|street| !street.is_empty()) {
                out.push(Question { postcode: of(&postcode), city: of(&city), key });
            }
        }
    }
    out.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    Ok(out)
}

/// Ways of asking, the surest first: in the commune as filed, with its postcode and name, and in the commune
/// that it is part of today.
const WAYS: [fn(&Question) -> Option<Query>; 4] = [
    |q| Some(Query { citycode: Some(q.depcom().to_owned()), limit: 3, ..Query::new(label(&q.key)) }),
    |q| Some(Query { citycode: Some(q.depcom().to_owned()), limit: 3, ..Query::new(q.with_city()) }),
    |q| {
        Some(Query {
            citycode: Some(successor(q.depcom())?.to_owned()),
            limit: 3,
            ..Query::new(q.with_city())
        })
    },
    // The BAN has arrondissements where the file may have the city only.
    |q| (!q.postcode.is_empty()).then(|| Query { limit: 3, ..Query::new(q.with_city()) }),
];

/// The best answer of all ways for each question.
fn ask(geocoder: &Geocoder, questions: &[Question]) -> Vec<(u64, Answer)> {
    let none = Answer { lon: f64::NAN, lat: f64::NAN, score: 0.0, numero: false };
    let mut best = vec![none; questions.len()];
    for way in WAYS {
        let (numbers, queries): (Vec<usize>, Vec<Query>) = (0..questions.len())
            .filter(|i| f64::from(best[*i].score) < SURE)
            .filter_map(|i| Some((i, way(&questions[i])?)))
            .unzip();
        for (i, hits) in numbers.into_iter().zip(geocoder.batch(&queries)) {
            if let Some(hit) = chosen(&questions[i], &hits)
                && hit.score as f32 > best[i].score
            {
                let numero = hit.kind == Kind::HouseNumber;
                best[i] = Answer { lon: hit.lon, lat: hit.lat, score: hit.score as f32, numero };
            }
        }
    }
    questions.iter().zip(best).map(|(q, a)| (hash(&q.key), a)).collect()
}

/// The first answer that is an address of the commune: of several communes that were merged, one in the
/// former commune that the file names, if there is one.
fn chosen<'a>(question: &Question, hits: &'a [Hit]) -> Option<&'a Hit> {
    let own = |h: &&Hit| h.kind != Kind::Municipality && related(&h.citycode, question.depcom());
    let former = |h: &&Hit| h.oldcitycode.as_deref() == Some(question.depcom());
    hits.iter().filter(own).find(former).or_else(|| hits.iter().find(own))
}

/// Says what became of the dwellings without a point.
fn tell(t: &Tally, covered: bool, report: &mut BuildReport) {
    let counts = [
        ("situes_par_voisins", t.voisins),
        ("situes_par_adresse_au_numero", t.numero),
        ("situes_par_adresse_a_la_voie", t.voie),
        ("adresses_a_confirmer", t.a_confirmer),
        ("adresses_introuvables", t.sans),
    ];
    report.comptes.extend(counts.map(|(key, n)| (key.to_owned(), n)));
    let all = thousands(t.located() + t.a_confirmer + t.sans);
    let mut told = format!("{} sur {all} logements sans coordonnées situés", thousands(t.located()));
    if t.voisins > 0 {
        told += &format!(", {} au point de leurs voisins de la même adresse", thousands(t.voisins));
    }
    if t.numero + t.voie > 0 {
        told += &format!(
            ", {} par leur adresse dans la Base adresse nationale (dont {} à la voie)",
            thousands(t.numero + t.voie),
            thousands(t.voie)
        );
    }
    if t.a_confirmer > 0 {
        told += &format!(
            " ; {} à confirmer par leur bailleur (« Adresses à corriger »)",
            thousands(t.a_confirmer)
        );
    }
    if t.sans > 0 {
        told += &format!(" ; {} comptés dans leur commune seulement", thousands(t.sans));
    }
    if !covered {
        told += ". Importez la Base adresse nationale (mosaique import addresses FICHIER) puis reconstruisez (mosaique build) pour situer les autres par leur adresse";
    }
    report.remarques.push(told + ".");
}

/// Whether the files of a register have dwellings that need the BAN, as their imports told.
#[must_use]
pub fn needs_addresses(store: &Store, folders: &[String]) -> bool {
    let own = |d: &&crate::store::Dataset| folders.contains(&d.dossier);
    store.manifest().jeux.iter().filter(own).any(|d| {
        d.rapport.comptes.get("sans_xy").is_some_and(|n| *n > 0) || d.rapport.regles.contains_key("R08")
    })
}
