//! From rows of the BAN to the two files of the index: the mapped arrays, and tantivy's lists of the rues
//! that have a word.

use std::collections::BTreeMap;
use std::path::Path;

use rustc_hash::FxHashMap;
use tantivy::directory::MmapDirectory;
use tantivy::schema::{IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::{Index, TantivyDocument};

use super::analyse::{self, Role};
use super::base::{LOCALITY, MUNICIPALITY, Meta, NONE, STREET, stored};
use super::{ARRAYS, FORMAT, GeocoderError, WORD_FIELD, words};
use crate::address::{Normalizer, unaccent};
use crate::arrays::Writer;
use crate::reference::geocodage::geocodage;

/// Memory that tantivy may take before it writes, in bytes; one segment must hold all.
const MEMORY: usize = 2 << 30;
/// Numbers from here on stand for none in the BAN (localities have 99999).
const NO_NUMBER: u32 = 99_990;

/// One row of the BAN.
#[derive(Debug, Clone, Copy, Default)]
pub struct Row<'a> {
    pub id: &'a str,
    pub numero: Option<u32>,
    pub rep: Option<&'a str>,
    pub nom_voie: &'a str,
    pub code_postal: Option<&'a str>,
    pub code_insee: &'a str,
    pub nom_commune: &'a str,
    pub lon: f64,
    pub lat: f64,
    /// Commune before a merger.
    pub code_ancienne: Option<&'a str>,
    pub nom_ancienne: Option<&'a str>,
    pub nom_ld: Option<&'a str>,
}

struct Number {
    numero: u32,
    sign: u16,
    lon: i32,
    lat: i32,
    id: String,
}

struct Rue {
    name: String,
    id: String,
    commune: u32,
    former: u32,
    postcode: u32,
    kind: u8,
    lon: i32,
    lat: i32,
    numbers: Vec<Number>,
}

/// Collects rows, then writes the index.
#[derive(Default)]
pub struct Builder {
    normalizer: Normalizer,
    rues: BTreeMap<(String, String, u32, u32), Rue>,
    places: Vec<(String, String)>,
    place_of: FxHashMap<(String, String), u32>,
    signs: Vec<String>,
    sign_of: FxHashMap<String, u16>,
    rows: u64,
}

impl Builder {
    #[must_use]
    pub fn new() -> Self {
        let mut builder = Self::default();
        builder.sign("");
        builder
    }

    fn place(&mut self, code: &str, name: &str) -> u32 {
        let key = (code.to_owned(), name.to_owned());
        if let Some(p) = self.place_of.get(&key) {
            return *p;
        }
        let p = self.places.len() as u32;
        self.places.push(key.clone());
        self.place_of.insert(key, p);
        p
    }

    fn sign(&mut self, sign: &str) -> u16 {
        if let Some(s) = self.sign_of.get(sign) {
            return *s;
        }
        // Nobody has 65,536 repetition signs; the last would stand for the others.
        let s = u16::try_from(self.signs.len()).unwrap_or(u16::MAX);
        if s < u16::MAX {
            self.signs.push(sign.to_owned());
        }
        self.sign_of.insert(sign.to_owned(), s);
        s
    }

    /// Adds an address.
    pub fn add(&mut self, row: &Row<'_>) {
        let parsed = self.normalizer.key(row.code_insee, "", "", "", row.nom_voie, "");
        if parsed.street.is_empty() {
            return;
        }
        // The BAN has streets whose name begins with a number.
        let name = parsed.number.map_or_else(|| parsed.street.clone(), |n| format!("{n} {}", parsed.street));
        let postcode = row.code_postal.and_then(|c| c.trim().parse().ok()).unwrap_or(0);
        self.rows += 1;
        let commune = self.place(row.code_insee, row.nom_commune);
        let former = match (row.nom_ancienne, row.nom_ld) {
            (Some(nom), _) => self.place(row.code_ancienne.unwrap_or(""), nom),
            (None, Some(ld)) => self.place("", ld),
            (None, None) => NONE,
        };
        let (lon, lat) = (stored(row.lon), stored(row.lat));
        let number = row.numero.filter(|n| *n < NO_NUMBER).map(|numero| {
            let sign = row.rep.map(|r| r.trim().to_lowercase()).unwrap_or_default();
            Number { numero, sign: self.sign(&sign), lon, lat, id: row.id.to_owned() }
        });
        // A locality is no place that streets are told apart by.
        let apart = if row.nom_ancienne.is_some() { former } else { NONE };
        let rue =
            self.rues.entry((row.code_insee.to_owned(), name, apart, postcode)).or_insert_with(|| Rue {
                name: row.nom_voie.trim().to_owned(),
                // `{insee}_{voie}_{numéro}…`
                id: row.id.match_indices('_').nth(1).map_or(row.id, |(i, _)| &row.id[..i]).to_owned(),
                commune,
                former,
                postcode,
                kind: LOCALITY,
                lon,
                lat,
                numbers: Vec::new(),
            });
        if let Some(number) = number {
            rue.kind = STREET;
            rue.numbers.push(number);
        }
        if rue.former == NONE {
            rue.former = former;
        }
    }

    /// Writes the index into an empty folder. Nothing is synced: who publishes the folder does.
    ///
    /// # Errors
    /// There is no address, or the disk refuses.
    pub fn finish(self, folder: &Path) -> Result<(), GeocoderError> {
        if self.rues.is_empty() {
            return Err(GeocoderError::Empty);
        }
        let (rows, places, signs) = (self.rows, self.places, self.signs);
        let mut rues: Vec<(String, Rue)> =
            self.rues.into_iter().map(|((_, name, ..), rue)| (name, rue)).collect();
        for (_, rue) in &mut rues {
            rue.numbers.sort_by_key(|n| (n.numero, n.sign));
            rue.numbers.dedup_by_key(|n| (n.numero, n.sign));
            // A place of the street, in the middle of its numbers.
            if let Some(n) = rue.numbers.get(rue.numbers.len() / 2) {
                (rue.lon, rue.lat) = (n.lon, n.lat);
            }
        }
        rues.extend(municipalities(&rues, &places));
        let place_words: Vec<Vec<String>> = places.iter().map(|(_, name)| list(&unaccent(name))).collect();
        let rue_words: Vec<Vec<String>> = rues.iter().map(|(name, _)| list(name)).collect();
        let terms: Vec<Vec<String>> =
            rues.iter().zip(&rue_words).map(|((_, r), w)| terms(r, w, &places, &place_words)).collect();
        let mut vocabulary: Vec<&str> = terms.iter().flatten().map(String::as_str).collect();
        vocabulary.sort_unstable();
        vocabulary.dedup();
        let id_of: FxHashMap<&str, u32> = vocabulary.iter().copied().zip(0u32..).collect();

        write_index(folder, &terms)?;
        let mut out = Writer::create(&folder.join(ARRAYS))?;
        let column = |f: &dyn Fn(&Rue) -> u32| rues.iter().map(|(_, r)| f(r)).collect::<Vec<u32>>();
        out.strings("rue.nom", &rues.iter().map(|(_, r)| r.name.as_str()).collect::<Vec<_>>())?;
        out.strings("rue.id", &rues.iter().map(|(_, r)| r.id.as_str()).collect::<Vec<_>>())?;
        out.array("rue.genre", &rues.iter().map(|(_, r)| r.kind).collect::<Vec<u8>>())?;
        out.array("rue.commune", &column(&|r| r.commune))?;
        out.array("rue.ancienne", &column(&|r| r.former))?;
        out.array("rue.code_postal", &column(&|r| r.postcode))?;
        out.array("rue.lon", &rues.iter().map(|(_, r)| r.lon).collect::<Vec<i32>>())?;
        out.array("rue.lat", &rues.iter().map(|(_, r)| r.lat).collect::<Vec<i32>>())?;
        write_lists(&mut out, "rue.mots", &rue_words, &id_of)?;
        write_lists(&mut out, "lieu.mots", &place_words, &id_of)?;
        out.strings("lieu.code", &places.iter().map(|p| p.0.as_str()).collect::<Vec<_>>())?;
        out.strings("lieu.nom", &places.iter().map(|p| p.1.as_str()).collect::<Vec<_>>())?;
        let mut starts = vec![0u32];
        let mut end = 0;
        for (_, rue) in &rues {
            end += rue.numbers.len() as u32;
            starts.push(end);
        }
        out.array("rue.numeros.debut", &starts)?;
        let numbers = || rues.iter().flat_map(|(_, r)| &r.numbers);
        out.array("numero", &numbers().map(|n| n.numero).collect::<Vec<u32>>())?;
        out.array("numero.signe", &numbers().map(|n| n.sign).collect::<Vec<u16>>())?;
        out.array("numero.lon", &numbers().map(|n| n.lon).collect::<Vec<i32>>())?;
        out.array("numero.lat", &numbers().map(|n| n.lat).collect::<Vec<i32>>())?;
        out.strings("numero.id", &numbers().map(|n| n.id.as_str()).collect::<Vec<_>>())?;
        out.strings("signe", &signs)?;
        out.strings("mot", &vocabulary)?;
        out.array("mot.poids", &weights(&vocabulary, &rue_words, &id_of))?;
        out.array("mot.poids_lieu", &weights(&vocabulary, &place_words, &id_of))?;
        let remainders = words::remainders(&vocabulary);
        out.array("reste.debut", &remainders.starts)?;
        out.array("reste.cle", &remainders.keys)?;
        out.array("reste.mot", &remainders.words)?;
        out.finish(&Meta { format: FORMAT, mots: geocodage().version.clone(), adresses: rows })?;
        Ok(())
    }
}

fn list(name: &str) -> Vec<String> {
    let mut out = Vec::new();
    analyse::name(name, |w| out.push(w.to_owned()));
    out
}

/// One rue for each commune, in the middle of its addresses.
fn municipalities(rues: &[(String, Rue)], places: &[(String, String)]) -> Vec<(String, Rue)> {
    let mut by: BTreeMap<u32, (i64, i64, i64, BTreeMap<u32, usize>)> = BTreeMap::new();
    for (_, r) in rues {
        let m = by.entry(r.commune).or_default();
        let weight = r.numbers.len().max(1) as i64;
        m.0 += i64::from(r.lon) * weight;
        m.1 += i64::from(r.lat) * weight;
        m.2 += weight;
        *m.3.entry(r.postcode).or_default() += r.numbers.len().max(1);
    }
    by.into_iter()
        .map(|(commune, (lon, lat, n, postcodes))| {
            let (code, name) = &places[commune as usize];
            let rue = Rue {
                name: name.clone(),
                id: code.clone(),
                commune,
                former: NONE,
                postcode: postcodes.into_iter().max_by_key(|(_, n)| *n).map_or(0, |(p, _)| p),
                kind: MUNICIPALITY,
                lon: (lon / n) as i32,
                lat: (lat / n) as i32,
                numbers: Vec::new(),
            };
            (unaccent(name), rue)
        })
        .collect()
}

/// Everything that a rue is found by.
fn terms(
    rue: &Rue,
    words: &[String],
    places: &[(String, String)],
    place_words: &[Vec<String>],
) -> Vec<String> {
    let mut out = words.to_vec();
    for place in [rue.commune, rue.former].into_iter().filter(|p| *p != NONE) {
        out.extend(place_words[place as usize].iter().cloned());
    }
    out.push(format!("{:05}", rue.postcode));
    out.push(super::citycode_term(&places[rue.commune as usize].0));
    out.sort_unstable();
    out.dedup();
    out
}

/// What each word says: the rarer, the more; words that may be missing and kinds of road, little.
fn weights(vocabulary: &[&str], lists: &[Vec<String>], id_of: &FxHashMap<&str, u32>) -> Vec<f32> {
    let mut counts = vec![0u32; vocabulary.len()];
    for word in lists.iter().flatten() {
        if let Some(id) = id_of.get(word.as_str()) {
            counts[*id as usize] += 1;
        }
    }
    let all = (lists.len() as f32 + 1.0).ln();
    vocabulary
        .iter()
        .zip(counts)
        .map(|(word, n)| match analyse::role(word) {
            Role::Tool => 0.05,
            Role::Kind => 0.25,
            _ if word.len() == 1 => 0.3,
            Role::Number | Role::Name => 0.4 + 0.6 * (1.0 - (n as f32 + 1.0).ln() / all),
        })
        .collect()
}

fn write_lists(
    out: &mut Writer,
    name: &str,
    lists: &[Vec<String>],
    id_of: &FxHashMap<&str, u32>,
) -> Result<(), GeocoderError> {
    let (mut starts, mut values) = (vec![0u32], Vec::new());
    for words in lists {
        values.extend(words.iter().map(|w| id_of.get(w.as_str()).copied().unwrap_or(0)));
        starts.push(values.len() as u32);
    }
    out.array(&format!("{name}.debut"), &starts)?;
    out.array(name, &values)?;
    Ok(())
}

/// Lists of rues by word; the number of a document is that of its rue.
fn write_index(folder: &Path, terms: &[Vec<String>]) -> Result<(), GeocoderError> {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false);
    let field = schema.add_text_field(WORD_FIELD, TextOptions::default().set_indexing_options(indexing));
    let directory = MmapDirectory::open(folder).map_err(|e| GeocoderError::Index(e.to_string()))?;
    let mut writer = Index::builder()
        .schema(schema.build())
        .single_segment_index_writer::<TantivyDocument>(directory, MEMORY)?;
    for words in terms {
        let mut document = TantivyDocument::default();
        for word in words {
            document.add_text(field, word);
        }
        writer.add_document(document)?;
    }
    writer.finalize()?;
    Ok(())
}
