//! A file of addresses: where each is, in or out of the QPV.

use csv::StringRecord;
use rayon::prelude::*;

use crate::desk::csv_body;
use crate::desk::editions::Loaded;
use crate::desk::problem::Problem;
use crate::desk::situation::{Reponse, Situation, locate, projected};
use crate::french::thousands;
use crate::reference::situation::situation as rules;
use crate::registers::fields;
use crate::registers::kit::numbers;
use crate::territory::grid;

/// Most rows of one file.
const ROWS: usize = 200_000;

/// A place in degrees and the quality of its location, if it is told.
type Point = ([f64; 2], Option<u8>);

/// Where the columns are.
struct Columns {
    first: usize,
    second: usize,
    projected: bool,
    epsg: Option<usize>,
    quality: Option<usize>,
}

impl Columns {
    fn find(titles: &StringRecord) -> Result<Self, Problem> {
        let at =
            |names: &[&str]| titles.iter().position(|t| names.contains(&t.trim().to_lowercase().as_str()));
        let (epsg, quality) = (at(&["epsg"]), at(&["qualite", "qualité", "qualite_xy"]));
        let found = match (at(&["lon", "longitude"]), at(&["lat", "latitude"]), at(&["x"]), at(&["y"])) {
            (Some(first), Some(second), ..) => Some((first, second, false)),
            (_, _, Some(first), Some(second)) => Some((first, second, true)),
            _ => None,
        };
        let Some((first, second, projected)) = found else {
            let list: Vec<&str> = titles.iter().collect();
            return Err(Problem::body(format!(
                "Le fichier n'a ni colonnes « lon » et « lat », ni colonnes « x » et « y ». Ses colonnes : \
                    {}.",
                list.join(", ")
            )));
        };
        Ok(Self { first, second, projected, epsg, quality })
    }
}

/// A coordinate as spreadsheets write it. One that they rounded would say in or out of a QPV at random.
fn coordinate(text: &str) -> Result<f64, &'static str> {
    let read = numbers::read(text.as_bytes(), &numbers::Seen::default(), numbers::Kind::Number);
    let read = read.map_err(|_| "coordonnées illisibles")?;
    if read.rounded {
        return Err(
            "coordonnées arrondies par un tableur (notation scientifique) : reprenez-les de leur source",
        );
    }
    Ok(read.value)
}

/// The number of a system: « 2154 », « EPSG:2154 », « 2154.0 ».
fn system(text: &str) -> Option<u16> {
    let bare = text.rsplit(':').next().unwrap_or(text).trim();
    std::str::from_utf8(fields::unfloat(bare.as_bytes())).ok()?.parse().ok()
}

/// The file of a person with what is known of each address behind its columns; `epsg` is the system of its
/// points.
pub fn convert(loaded: &Loaded, body: &[u8], epsg: u16) -> Result<Vec<u8>, Problem> {
    let (_, delimiter) = csv_body::decoded(body)?;
    let text = |r: &csv::ByteRecord| r.iter().map(String::from_utf8_lossy).collect::<StringRecord>();
    let all: Vec<StringRecord> = csv_body::records(body)?
        .iter()
        .filter(|(_, r)| !r.iter().all(fields::is_blank))
        .map(|(_, r)| text(r))
        .collect();
    // Titles may stand above the header.
    let at = all.iter().take(csv_body::ABOVE).position(|r| Columns::find(r).is_ok()).unwrap_or(0);
    let (titles, rows) = all.get(at..).and_then(<[_]>::split_first).ok_or_else(|| {
        Problem::body("Le fichier est vide : donnez une ligne de titres et une ligne par point.")
    })?;
    let columns = Columns::find(titles)?;
    if rows.len() > ROWS {
        return Err(Problem::body(format!(
            "Le fichier a {} lignes ; {} au plus : découpez-le.",
            thousands(rows.len() as u64),
            thousands(ROWS as u64)
        )));
    }

    let rules = rules();
    let cell = |row: &StringRecord, i: usize| {
        String::from_utf8_lossy(fields::clean(row.get(i).unwrap_or("").as_bytes())).into_owned()
    };
    let points: Vec<Result<Point, String>> = rows
        .par_iter()
        .map(|row| {
            let (a, b) = (cell(row, columns.first), cell(row, columns.second));
            if a.is_empty() && b.is_empty() {
                return Err("coordonnées vides".to_owned());
            }
            let (x, y) = (coordinate(&a)?, coordinate(&b)?);
            let quality = match columns.quality.map(|i| cell(row, i)).filter(|q| !q.is_empty()) {
                None => None,
                Some(q) => {
                    let known = fields::integer(q.as_bytes()).ok().and_then(|q| u8::try_from(q).ok());
                    let known = known.filter(|q| rules.quality(*q).is_some());
                    Some(known.ok_or_else(|| format!("qualité « {q} » inconnue"))?)
                }
            };
            let point = if columns.projected {
                let own = columns.epsg.map(|i| cell(row, i)).filter(|e| !e.is_empty());
                let epsg = match own {
                    None => epsg,
                    Some(e) => system(&e).ok_or_else(|| format!("EPSG « {e} » inconnu"))?,
                };
                projected(epsg, x, y).map_err(|p| p.detail)?
            } else {
                crate::desk::situation::check([x, y]).map_err(|p| p.detail)?;
                [x, y]
            };
            Ok((point, quality))
        })
        .collect();
    let located: Vec<[f64; 2]> =
        points.iter().map(|p| p.as_ref().map_or([f64::NAN; 2], |(p, _)| *p)).collect();
    let cells = grid::cells(&located).map_err(|e| Problem::internal(&e))?;
    let answers: Vec<Result<Situation, &String>> = points
        .par_iter()
        .zip(cells)
        .map(|(p, cell)| p.as_ref().map(|(point, quality)| locate(loaded, rules, *point, *quality, cell)))
        .collect();
    write(loaded, delimiter, titles, rows, &answers).map_err(|e| Problem::internal(&e))
}

/// Writes the file back with its answers, in UTF-8 with a mark that spreadsheets recognise.
fn write(
    loaded: &Loaded,
    delimiter: u8,
    titles: &StringRecord,
    rows: &[StringRecord],
    answers: &[Result<Situation, &String>],
) -> csv::Result<Vec<u8>> {
    let mut out = "\u{feff}".as_bytes().to_vec();
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(&mut out);
    let generations: Vec<&str> = loaded.zones.keys().filter_map(|id| id.strip_prefix("qpv")).collect();
    let resolutions: Vec<String> =
        crate::territory::h3::resolutions().iter().map(|r| format!("r{r}")).collect();
    let mut header: Vec<String> = titles.iter().map(str::to_owned).collect();
    header.extend(
        ["commune_code", "commune_nom", "epci_code", "departement_code", "iris_code", "carreau"]
            .map(str::to_owned),
    );
    header.extend(resolutions.iter().map(|r| format!("h3_{r}")));
    for g in &generations {
        header.extend(["", "_code", "_nom", "_distance_bord_m", "_motif"].map(|s| format!("qpv{g}{s}")));
    }
    header.push("situation_erreur".to_owned());
    writer.write_record(&header)?;
    for (row, answer) in rows.iter().zip(answers) {
        // Short rows are filled, so that answers stand under their titles.
        let mut record: Vec<String> =
            (0..titles.len()).map(|i| row.get(i).unwrap_or("").to_owned()).collect();
        match answer {
            Ok(s) => {
                let code = |l: &Option<crate::desk::situation::Lieu>| {
                    l.as_ref().map_or(String::new(), |l| l.code.clone())
                };
                record.push(code(&s.commune));
                record.push(s.commune.as_ref().map_or(String::new(), |l| l.nom.clone()));
                record.extend([code(&s.epci), code(&s.departement), code(&s.iris)]);
                record.push(s.carreau.clone().unwrap_or_default());
                record.extend(resolutions.iter().map(|r| s.h3.get(r).cloned().unwrap_or_default()));
                for q in &s.qpv {
                    // A point outside, or of which nothing is known, has no QPV of its own.
                    let named = matches!(q.reponse, Reponse::Dedans | Reponse::Incertain);
                    record.push(q.reponse.word().to_owned());
                    record.push(q.code.clone().filter(|_| named).unwrap_or_default());
                    record.push(q.nom.clone().filter(|_| named).unwrap_or_default());
                    record.push(q.distance_bord_m.map_or(String::new(), |d| d.to_string()));
                    record.push(q.motif.clone().unwrap_or_default());
                }
                record.push(String::new());
            }
            Err(why) => {
                record.resize(header.len() - 1, String::new());
                record.push((*why).clone());
            }
        }
        writer.write_record(&record)?;
    }
    writer.flush()?;
    drop(writer);
    Ok(out)
}
