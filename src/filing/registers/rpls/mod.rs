//! RPLS, the register of social dwellings: every generation of its files to `logements.parquet`.
//!
//! [`import`] recognises the file (open data of 2014 to today, restricted file, 64-field collection
//! file), reads it in blocks on several threads, repairs what spreadsheets broke and counts it, flags
//! what the rules of `data/registers/rpls.toml` refuse, rejects rows without a usable commune, and
//! projects each row from its own coordinate system. See docs/REGISTERS.md for the keys of the report.

mod block;
mod cells;
mod columns;
mod degrees;
mod flags;
mod layout;
mod points;
mod tally;

use std::path::{Path, PathBuf};

use hashbrown::HashSet;
use polars::prelude::*;
use rustc_hash::FxBuildHasher;

use self::block::{Parsed, Worker};
use self::layout::{Col, Layout};
use self::tally::{Count, Tally};
use super::output::{FindingWriter, Output, TableWriter};
use super::report::{Finding, Level, Report, RuleCount};
use super::table::{Table, TableError};
use super::text::encoding::Seen;
use super::text::separator;
use crate::french::{counted, thousands};
use crate::reference::rpls::rpls;

/// What the user says about the file.
#[derive(Debug, Clone, Default)]
pub struct RplsOptions {
    /// Year of the photograph of 1 January.
    pub millesime: u16,
    /// Threads that parse; `None` = as many as the machine has, 8 at the most.
    pub workers: Option<usize>,
}

/// Fields of a collection file by position, and the fields that its rows have; None for a file with a header.
#[must_use]
pub fn collection(table: &Table) -> Option<(&'static [String], usize)> {
    layout::collection_lines(table).map(|(_, _, row)| (rpls().collecte.champs.as_slice(), row.len()))
}

/// The year that the first line of a collection file says; None for a file with a header.
#[must_use]
pub fn collection_year(table: &Table) -> Option<u16> {
    layout::collection_lines(table).map(|(year, _, _)| year)
}

/// Whether a record is the header of a file with one (of any generation).
#[must_use]
pub fn is_header(record: &[String]) -> bool {
    layout::is_header(record)
}

/// Why a file is refused whole.
#[derive(Debug, thiserror::Error)]
pub enum RplsError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(
        "{} : ce fichier n'est pas un RPLS reconnu. Colonnes indispensables absentes : {missing}. Colonnes trouvées : {found}. \
         Attendu : un fichier RPLS ouvert (2014 à aujourd'hui) ou complet avec sa ligne d'en-tête, ou un \
         fichier de collecte à 64 champs précédé de sa ligne d'organisme.",
        path.display()
    )]
    NotRpls { path: PathBuf, missing: String, found: String },
    #[error(
        "{} : ce fichier n'a pas une ligne par logement : ligne {line}, colonne « {column} », {value} logements. Ses surfaces et ses années sont alors des sommes ou des moyennes : importez le fichier qui a une ligne par logement.",
        path.display()
    )]
    Several { path: PathBuf, line: u64, column: String, value: String },
    #[error(
        "{} : ligne {line}, champ 10 : un tableur a écrit le SIRET de l'organisme « {siret} » en notation scientifique, ses derniers chiffres sont perdus et les logements n'auraient pas de bailleur. Écrivez-le en entier, au format texte, puis recommencez.",
        path.display()
    )]
    LostOrganisation { path: PathBuf, line: u64, siret: String },
    #[error(
        "{} : ligne {line} : une seconde ligne d'organisme (SIREN {siren}) : deux fichiers de collecte ont été mis bout à bout, et les logements qui suivent ne sont pas du premier bailleur. Séparez-les, puis importez-les un par un.",
        path.display()
    )]
    TwoOrganisations { path: PathBuf, line: u64, siren: String },
    #[error(
        "{} : ligne {line}, colonne « {column} » : ce sont des codes postaux, les mêmes que ceux de la colonne des codes postaux, et non des codes communes de l'Insee. Reprenez le fichier avec le code Insee de chaque commune.",
        path.display()
    )]
    Postcodes { path: PathBuf, line: u64, column: String },
    #[error("{} : ligne {line} : {}", path.display(), super::intake::ANOTHER_ORDER)]
    Reordered { path: PathBuf, line: u64 },
    #[error("{} : le fichier n'a que son en-tête, sans aucun logement", path.display())]
    NoRow { path: PathBuf },
    #[error("écriture impossible dans {} ({source})", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("table des logements : {0}")]
    Frame(#[from] PolarsError),
}

/// Reads a RPLS file and writes `logements.parquet` and `constats.csv` into `out`.
///
/// `progress` gets the bytes read from disk and the size of the file, after each block.
///
/// # Errors
/// The file is not RPLS or cannot be read, or `out` cannot be written; see [`RplsError`]. What was
/// written before the error is not a usable snapshot.
pub fn import(
    path: &Path,
    options: &RplsOptions,
    out: &Output,
    progress: &dyn Fn(u64, u64),
) -> Result<Report, RplsError> {
    import_table(Table::open(path)?, options, out, progress)
}

fn import_table(
    mut table: Table,
    options: &RplsOptions,
    out: &Output,
    progress: &dyn Fn(u64, u64),
) -> Result<Report, RplsError> {
    let path = table.text.path().to_owned();
    let layout = Layout::recognise(&mut table, options.millesime)?;
    let table = table;
    let write = |source| RplsError::Write { path: out.dir().to_owned(), source };
    let mut import = Import {
        layout: &layout,
        table: out.table("logements", &columns::schema())?,
        findings: out.findings().map_err(write)?,
        dir: out.dir().to_owned(),
        path: path.clone(),
        met: HashSet::default(),
        tally: Tally::default(),
        outside: None,
        cut: false,
        seen: Seen { bom: table.bom, ..Seen::default() },
        rules: [0; flags::RULES],
        read: 0,
        kept: 0,
        flagged: 0,
        rejected: 0,
    };
    let workers = options
        .workers
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(8));
    let size = table.text.size;
    // The fingerprint is taken on a thread of its own: the file is in the page cache either way.
    let fingerprint = std::thread::scope(|scope| {
        let fingerprint = scope.spawn(|| table.text.fingerprint());
        table.blocks(
            layout.skip,
            workers,
            || Worker::new(&layout, options.millesime),
            Worker::parse,
            |parsed, done| {
                import.take(parsed?)?;
                progress(done.min(size), size);
                Ok::<(), RplsError>(())
            },
        )?;
        fingerprint
            .join()
            .map_err(|_| TableError::Io {
                path: path.clone(),
                source: std::io::Error::other("empreinte interrompue"),
            })?
            .map_err(|e| RplsError::from(TableError::from(e)))
    })?;
    if import.read == 0 {
        return Err(RplsError::NoRow { path });
    }
    progress(size, size);
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let mut report = Report::new("rpls", &options.millesime.to_string(), &name);
    report.empreinte = fingerprint;
    report.separateur = separator::label(table.delimiter).to_owned();
    import.finish(&mut report)?;
    remarks(&mut report, &layout, &table, options.millesime);
    Ok(report)
}

/// What one import gathers over its blocks.
struct Import<'a> {
    layout: &'a Layout,
    table: TableWriter,
    findings: FindingWriter,
    dir: PathBuf,
    path: PathBuf,
    /// Identities seen so far.
    met: HashSet<u64, FxBuildHasher>,
    tally: Tally,
    /// The first line outside of the table, and its beginning.
    outside: Option<(u64, String)>,
    /// The file ends amid a line.
    cut: bool,
    seen: Seen,
    rules: [u64; flags::RULES],
    read: u64,
    kept: u64,
    flagged: u64,
    rejected: u64,
}

impl Import<'_> {
    /// Takes the next block of the file: looks for duplicates, writes rows and findings.
    fn take(&mut self, mut parsed: Parsed) -> Result<(), RplsError> {
        if let Some((line, siren)) = parsed.organisation.take() {
            return Err(RplsError::TwoOrganisations { path: self.path.clone(), line, siren });
        }
        if let Some(line) = parsed.reordered {
            return Err(RplsError::Reordered { path: self.path.clone(), line });
        }
        let by_ident = self.layout.has(Col::IDENT_REP);
        // Two equal lines of a file without flat numbers are two equal flats; with them, a repetition.
        let flats = self.layout.has(Col::NUMAPPT);
        let mut doubles = Vec::new();
        for (i, identity) in parsed.identities.iter().enumerate() {
            if *identity == 0 || self.met.insert(*identity) {
                continue;
            }
            if by_ident {
                doubles.push(i);
            } else if flats {
                parsed.tally.add(Count::Duplicate);
                parsed.rules[11] += 1;
                parsed.flags[i] |= 1 << 10;
                parsed.findings.push(Finding {
                    line: line_of(&parsed.frame, i)?,
                    column: String::new(),
                    value: String::new(),
                    rule: "R11".to_owned(),
                    level: Level::Drapeau,
                    message:
                        "La ligne est identique en tout point à une ligne précédente ; les deux sont gardées."
                            .to_owned(),
                });
            } else {
                parsed.tally.add(Count::SameFlats);
            }
        }
        self.reject_doubles(&mut parsed, &doubles)?;
        self.write(parsed)
    }

    /// Takes out the rows whose IDENT_REP was met before (rule R11).
    fn reject_doubles(&mut self, parsed: &mut Parsed, doubles: &[usize]) -> Result<(), RplsError> {
        if doubles.is_empty() {
            return Ok(());
        }
        let mut keep = vec![true; parsed.flags.len()];
        let idents = parsed.frame.column("ident_rep")?.str()?.clone();
        for &i in doubles {
            keep[i] = false;
            parsed.rules[11] += 1;
            // The row is gone: the rules that had only flagged it do not count it.
            for rule in 1..flags::RULES {
                parsed.rules[rule] -= u64::from(parsed.flags[i] >> (rule - 1) & 1);
            }
            let ident = idents.get(i).unwrap_or_default();
            parsed.findings.push(Finding {
                line: line_of(&parsed.frame, i)?,
                column: self.layout.name(Col::IDENT_REP).to_owned(),
                value: ident.to_owned(),
                rule: "R11".to_owned(),
                level: Level::Rejet,
                message: format!(
                    "L'identifiant « {ident} » est déjà porté par une ligne précédente, qui seule est gardée."
                ),
            });
        }
        let mask = BooleanChunked::from_slice("keep".into(), &keep);
        parsed.frame = parsed.frame.filter(&mask)?;
        let mut kept = keep.iter();
        parsed.flags.retain(|_| kept.next().copied().unwrap_or(true));
        parsed.rejected += doubles.len() as u64;
        Ok(())
    }

    fn write(&mut self, mut parsed: Parsed) -> Result<(), RplsError> {
        self.read += parsed.read;
        self.rejected += parsed.rejected;
        self.kept += parsed.flags.len() as u64;
        self.flagged += parsed.flags.iter().filter(|f| **f != 0).count() as u64;
        self.tally.merge(&parsed.tally);
        self.outside = self.outside.take().or(parsed.outside.take());
        self.cut |= parsed.cut;
        self.seen.merge(parsed.seen);
        for (sum, n) in self.rules.iter_mut().zip(parsed.rules) {
            *sum += n;
        }
        parsed.findings.sort_by_key(|f| f.line);
        for finding in &parsed.findings {
            self.findings
                .write(finding)
                .map_err(|source| RplsError::Write { path: self.dir.clone(), source })?;
        }
        parsed.frame.with_column(UInt32Chunked::from_vec("drapeaux".into(), parsed.flags).into_column())?;
        if parsed.frame.height() > 0 {
            self.table.write(&parsed.frame)?;
        }
        Ok(())
    }

    fn finish(self, report: &mut Report) -> Result<(), RplsError> {
        self.table.finish()?;
        self.findings.finish().map_err(|source| RplsError::Write { path: self.dir.clone(), source })?;
        report.encoding(&self.seen);
        report.remarques.extend(self.cut.then(|| super::intake::CUT.to_owned()));
        report.lignes_lues = self.read;
        report.lignes_gardees = self.kept;
        report.lignes_avec_drapeau = self.flagged;
        report.lignes_rejetees = self.rejected;
        for (rule, n) in rpls().regles.iter().zip(self.rules).filter(|(_, n)| *n > 0) {
            let niveau = if rule.niveau == "rejet" { Level::Rejet } else { Level::Drapeau };
            // Equal lines are flagged, equal identifiers rejected: one file has one or the other.
            let niveau =
                if rule.id == "R11" && !self.layout.has(Col::IDENT_REP) { Level::Drapeau } else { niveau };
            report
                .regles
                .insert(rule.id.clone(), RuleCount { libelle: rule.libelle.clone(), niveau, lignes: n });
        }
        for (key, n) in self.tally.iter() {
            report.count(key, n);
        }
        let around = report.comptes.get("lignes_hors_tableau").copied().unwrap_or(0);
        report.remarques.extend(super::intake::outside(around, self.outside.as_ref()));
        Ok(())
    }
}

fn line_of(frame: &DataFrame, row: usize) -> PolarsResult<u64> {
    Ok(frame.column("ligne")?.u64()?.get(row).unwrap_or_default())
}

/// Sentences about the whole file.
fn remarks(report: &mut Report, layout: &Layout, table: &Table, millesime: u16) {
    report.format = format!("RPLS, {} ({})", layout.label, table.text.wrapping.label());
    let mut say = |sentence: String| report.remarques.push(sentence);
    for sentence in super::intake::above(table).into_iter().chain(super::intake::ends_blank(table)) {
        say(sentence);
    }
    if !layout.unknown.is_empty() {
        say(format!("Colonnes inconnues, ignorées : {}.", layout.unknown.join(", ")));
    }
    if !layout.repeated.is_empty() {
        say(format!(
            "Colonnes présentes deux fois, la seconde est lue où la première est vide : {}.",
            layout.repeated.join(", ")
        ));
    }
    if layout.unnamed.contains(&0) {
        say("La première colonne sans nom est un numéro de ligne ajouté par un tableur ou un script : \
            ignorée."
            .to_owned());
    } else if !layout.unnamed.is_empty() {
        say("Une colonne sans nom est ignorée.".to_owned());
    }
    if layout.descriptions > 0 {
        say("La ligne de description des colonnes, sous l'en-tête, est ignorée.".to_owned());
    }
    if table.text.members.len() > 1 {
        let names: Vec<&str> = table.text.members.iter().map(|m| m.name.as_str()).collect();
        say(format!(
            "L'archive réunit {} fichiers lus à la suite, numéros de ligne compris : {}.",
            names.len(),
            names.join(", ")
        ));
    }
    if !layout.has(Col::X) && !degrees::known(layout) {
        say("Le fichier n'a pas de coordonnées : à la construction, chaque logement est cherché par son adresse dans la Base adresse nationale importée (mosaique import addresses).".to_owned());
    }
    if let Some(organisation) = &layout.organisation {
        if let Some(announced) = organisation.announced
            && announced != report.lignes_lues
        {
            report.remarques.push(format!(
                "La ligne d'organisme annonce {} logements ; le fichier en contient {}.",
                thousands(announced),
                thousands(report.lignes_lues)
            ));
        }
        if let Some(year) = organisation.year
            && year != millesime
        {
            report.remarques.push(format!(
                "La ligne d'organisme dit {year} ; le fichier est importé comme millésime {millesime}."
            ));
        }
    }
    if !layout.unnamed.is_empty() {
        report.count("colonne_index_ignoree", layout.unnamed.len() as u64);
    }
    if layout.descriptions > 0 {
        report.count("lignes_description_ignorees", layout.descriptions as u64);
    }
    if let Some(n) = report.comptes.get("lignes_identiques").copied() {
        report.remarques.push(format!(
            "{} à une autre : sans numéro d'appartement, ce sont des logements semblables, tous gardés.",
            counted(n, "ligne est identique", "lignes sont identiques")
        ));
    }
}
