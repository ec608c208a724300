//! The geocoder: an address that somebody wrote is found among those of the imported BAN, with a score that
//! says how sure it is.
//!
//! [`builder`] makes an index from rows of the BAN: one document a street, a locality or a commune, house
//! numbers beside. A question goes through [`analyse`] (words, numbers, codes), [`words`] (misspelt words),
//! [`find`] (tantivy's lists give the rues that share the rarest words), [`score`] (each candidate is
//! compared word by word, whatever the order) and [`number`] (house number, interpolation). [`reverse`] goes
//! from a point to addresses, [`table`] does a whole CSV file. Nothing here knows HTTP; [`shelf`] alone knows
//! the store.
//!
//! ```no_run
//! # use mosaique_engine::geocode::{Geocoder, Query};
//! # let folder = std::path::Path::new("recherche");
//! let geocoder = Geocoder::open(folder)?;
//! for hit in geocoder.search(&Query::new("12bis r de la gare 73000 chambery")) {
//!     println!("{} {:.2}", hit.label, hit.score);
//! }
//! # Ok::<(), mosaique_engine::geocode::GeocoderError>(())
//! ```

pub mod analyse;
pub mod base;
pub mod builder;
mod find;
mod number;
mod reverse;
mod score;
pub mod shelf;
pub mod table;
pub mod words;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use tantivy::index::InvertedIndexReader;

use self::base::{Base, LOCALITY, MUNICIPALITY, NONE, Views, degrees};
use self::find::Scratch;
use self::number::Found;
use self::reverse::Points;
use crate::arrays::CubeError;
use crate::reference::geocodage::geocodage;

/// Changes whenever the meaning of a file of the index does.
pub const FORMAT: u32 = 1;
const ARRAYS: &str = "adresses.bin";
const WORD_FIELD: &str = "mots";

/// Why addresses cannot be searched.
#[derive(Debug, thiserror::Error)]
pub enum GeocoderError {
    #[error(
        "aucune adresse à chercher : importez une Base adresse nationale (mosaique import addresses \
            adresses-73.csv.gz)"
    )]
    Empty,
    #[error(
        "l'index des adresses est illisible ({0}) : supprimez le dossier « recherche » du magasin, il sera \
            refait"
    )]
    Index(String),
    #[error("« {} » : {source}", .path.display())]
    Io { path: std::path::PathBuf, source: std::io::Error },
}

impl From<CubeError> for GeocoderError {
    fn from(e: CubeError) -> Self {
        match e {
            CubeError::Io { path, source } => Self::Io { path, source },
            CubeError::Format { message, .. } => Self::Index(message),
        }
    }
}

impl From<tantivy::TantivyError> for GeocoderError {
    fn from(e: tantivy::TantivyError) -> Self {
        Self::Index(e.to_string())
    }
}

/// What an answer is, as the BAN names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    HouseNumber,
    Street,
    Locality,
    Municipality,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::HouseNumber, Self::Street, Self::Locality, Self::Municipality];

    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::HouseNumber => "housenumber",
            Self::Street => "street",
            Self::Locality => "locality",
            Self::Municipality => "municipality",
        }
    }

    #[must_use]
    pub fn of(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.id() == id)
    }
}

/// Score from which an answer is sure.
pub const SURE: f64 = 0.8;

/// A question.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// The address, as it is written.
    pub text: String,
    /// Only answers with this postcode, this code of commune, this kind.
    pub postcode: Option<String>,
    pub citycode: Option<String>,
    pub kind: Option<Kind>,
    /// Of two answers as good, the nearer one first (degrees).
    pub near: Option<[f64; 2]>,
    /// The last word may be unfinished.
    pub autocomplete: bool,
    /// Most answers; 0 stands for 1.
    pub limit: usize,
}

impl Query {
    /// A whole address, one answer, nothing but the text to go by.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), limit: 1, ..Self::default() }
    }

    /// The address of a dwelling, by its columns of the RPLS; the commune is sure, so only its addresses are
    /// answered.
    #[must_use]
    pub fn of_dwelling(depcom: &str, parsed: &crate::address::ParsedAddress, limit: usize) -> Self {
        let number = parsed
            .number
            .map_or_else(String::new, |n| format!("{n}{} ", parsed.suffix.as_deref().unwrap_or("")));
        Self { citycode: Some(depcom.to_owned()), limit, ..Self::new(format!("{number}{}", parsed.street)) }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Identifier of the BAN.
    pub id: String,
    /// `12bis Rue de la Gare 73000 Chambéry`.
    pub label: String,
    /// `HouseNumber` only if this very number is in the BAN.
    pub kind: Kind,
    /// The point was placed between two neighbours of the same side; `kind` is then `Street`.
    pub interpolated: bool,
    /// 0 to 1; 0.8 and more is sure.
    pub score: f64,
    /// Score of the answer that follows.
    pub score_next: Option<f64>,
    /// WGS 84, degrees.
    pub lon: f64,
    pub lat: f64,
    pub housenumber: Option<String>,
    /// Of a house number or a street.
    pub street: Option<String>,
    /// `12bis Rue de la Gare`, or the name of the locality or commune.
    pub name: String,
    pub postcode: String,
    pub citycode: String,
    pub city: String,
    /// Commune before a merger.
    pub oldcitycode: Option<String>,
    pub oldcity: Option<String>,
    /// Metres, from the point of a reverse question.
    pub distance: Option<f64>,
}

/// An index, opened.
pub struct Geocoder {
    base: Base,
    postings: Arc<InvertedIndexReader>,
    points: OnceLock<Points>,
}

impl std::fmt::Debug for Geocoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Geocoder").field("meta", &self.base.meta).finish_non_exhaustive()
    }
}

impl Geocoder {
    /// How well the best road or place of a commune fits an address; 0 if there is none like it.
    #[must_use]
    pub fn best_score(&self, text: &str, citycode: &str) -> f64 {
        // The commune itself is always found, and is no address.
        let found = self.search(&Query { citycode: Some(citycode.to_owned()), limit: 3, ..Query::new(text) });
        found.into_iter().find(|h| h.kind != Kind::Municipality).map_or(0.0, |h| h.score)
    }

    /// Opens the index that a [`builder::Builder`] wrote; its files are mapped, not read.
    ///
    /// # Errors
    /// A file is missing, damaged or of another version.
    pub fn open(folder: &Path) -> Result<Self, GeocoderError> {
        let base = Base::open(&folder.join(ARRAYS))?;
        let index = tantivy::Index::open_in_dir(folder)?;
        let searcher = index.reader()?.searcher();
        let field = index.schema().get_field(WORD_FIELD)?;
        let [segment] = searcher.segment_readers() else {
            return Err(GeocoderError::Index("plusieurs segments".to_owned()));
        };
        let postings = segment.inverted_index(field)?;
        let views = base.views()?;
        if base.meta.format != FORMAT
            || postings.terms().num_terms() != views.vocabulary.words.len()
            || segment.max_doc() as usize != views.names.len()
        {
            return Err(GeocoderError::Index("autre version".to_owned()));
        }
        Ok(Self { base, postings, points: OnceLock::new() })
    }

    /// Addresses of the index.
    #[must_use]
    pub fn addresses(&self) -> u64 {
        self.base.meta.adresses
    }

    /// The best answers, the best first; none if nothing is like it.
    #[must_use]
    pub fn search(&self, query: &Query) -> Vec<Hit> {
        // Arrays were there when the index was opened.
        let Ok(views) = self.base.views() else { return Vec::new() };
        self.answer(&views, query, &mut Scratch::default())
    }

    /// [`Geocoder::search`] for many questions, on all cores, in their order.
    #[must_use]
    pub fn batch(&self, queries: &[Query]) -> Vec<Vec<Hit>> {
        let Ok(views) = self.base.views() else { return vec![Vec::new(); queries.len()] };
        queries
            .par_iter()
            .with_min_len(64)
            .map_init(Scratch::default, |scratch, q| self.answer(&views, q, scratch))
            .collect()
    }

    fn answer(&self, views: &Views<'_>, query: &Query, scratch: &mut Scratch) -> Vec<Hit> {
        let mut found = find::search(views, &self.postings, query, scratch);
        doubt(views, &mut found);
        let next: Vec<Option<f64>> =
            (0..found.len()).map(|i| found.get(i + 1).map(|f| f64::from(f.score))).collect();
        let limit = query.limit.max(1);
        found
            .iter()
            .take(limit)
            .zip(next)
            .map(|(f, next)| Hit { score_next: next, ..hit(views, f) })
            .collect()
    }

    /// The addresses nearest to a point (degrees), the nearest first, within the limit of
    /// `data/geocodage.toml`.
    ///
    /// The first question makes the tree of points: about one second for a million addresses.
    #[must_use]
    pub fn reverse(&self, lon: f64, lat: f64, query: &Query) -> Vec<Hit> {
        let Ok(views) = self.base.views() else { return Vec::new() };
        let points = self.points.get_or_init(|| Points::new(&views));
        points.nearest(&views, [lon, lat], query)
    }
}

/// The word by which rues of a commune are found.
fn citycode_term(code: &str) -> String {
    format!("#{code}")
}

/// A first answer that another place follows closely is not sure; nor is one whose postcode is another
/// commune's that has the same address.
fn doubt(views: &Views<'_>, found: &mut [Found]) {
    let rules = &geocodage().doute;
    let housed = |f: &Found| matches!(f.number, number::Place::Number(_));
    let contradicted = found.first().is_some_and(|first| {
        let rival = |f: &Found| f.coded == Some(true) && f.named && housed(f) == housed(first);
        first.coded == Some(false) && first.named && found.iter().any(rival)
    });
    if contradicted {
        found.iter_mut().for_each(|f| f.score = f.score.min(rules.plafond));
    }
    let [first, second, ..] = found else { return };
    if first.score >= rules.plafond && first.score - second.score < rules.ecart && first.rue != second.rue {
        let same = |i: &dyn Fn(u32) -> u32| i(first.rue) == i(second.rue);
        // A commune and its only street of that name are the same answer to « where is it ».
        let nested =
            same(&|r| views.communes[r as usize]) && views.kinds[second.rue as usize] == MUNICIPALITY;
        if !nested {
            for f in found.iter_mut() {
                f.score = f.score.min(rules.plafond);
            }
        }
    }
}

/// An answer in full.
fn hit(views: &Views<'_>, found: &Found) -> Hit {
    let rue = found.rue as usize;
    let place = views.communes[rue] as usize;
    let former = Some(views.formers[rue]).filter(|f| *f != NONE).map(|f| f as usize);
    let name = views.names.get(rue).to_owned();
    let (city, postcode) = (views.place_names.get(place).to_owned(), format!("{:05}", views.postcodes[rue]));
    let mut hit = Hit {
        id: views.ids.get(rue).to_owned(),
        label: String::new(),
        kind: match views.kinds[rue] {
            LOCALITY => Kind::Locality,
            MUNICIPALITY => Kind::Municipality,
            _ => Kind::Street,
        },
        interpolated: false,
        score: f64::from(found.score),
        score_next: None,
        lon: degrees(views.lons[rue]),
        lat: degrees(views.lats[rue]),
        housenumber: None,
        street: None,
        name: name.clone(),
        postcode,
        citycode: views.place_codes.get(place).to_owned(),
        city,
        oldcitycode: former.map(|f| views.place_codes.get(f).to_owned()).filter(|c| !c.is_empty()),
        oldcity: None,
        distance: None,
    };
    if hit.oldcitycode.is_some() {
        hit.oldcity = former.map(|f| views.place_names.get(f).to_owned());
    }
    if hit.kind == Kind::Street {
        hit.street = Some(name.clone());
    }
    match found.number {
        number::Place::Street => {}
        number::Place::Number(n) => {
            let house = number::written(views, n);
            hit.id = views.number_ids.get(n).to_owned();
            hit.kind = Kind::HouseNumber;
            (hit.lon, hit.lat) = (degrees(views.number_lons[n]), degrees(views.number_lats[n]));
            hit.name = format!("{house} {name}");
            hit.housenumber = Some(house);
        }
        number::Place::Between(at) => {
            hit.interpolated = true;
            (hit.lon, hit.lat) = (degrees(at[0]), degrees(at[1]));
        }
    }
    hit.label = match hit.kind {
        Kind::Municipality => hit.name.clone(),
        _ => format!("{} {} {}", hit.name, hit.postcode, hit.city),
    };
    hit
}
