//! A general file on its way into the store: read as what it is said to be, judged, compared with what is
//! there. The command line and the administrators' page both come through here.

pub mod waiting;

use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::admission::{self, AdmissionError, Claims, Plan};
use crate::registers::demandes::exchange;
use crate::registers::kind::Kind;
use crate::registers::kit::recognise::recognises;
use crate::registers::output::Output;
use crate::registers::report::Report;
use crate::registers::workbook::{self, WorkbookError};
use crate::registers::{addresses, attributions, demandes, ops, rpls, thresholds, zones};
use crate::store::Store;

/// File of the store's key.
const KEY: &str = "cle-pseudonymes";

/// What a file is to be read as, with what its register needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Rpls {
        millesime: u16,
    },
    Ops {
        vague: u16,
    },
    Zones {
        /// As `--layer` names it: `commune`, `qpv`, `appartenance`, a name of one's own.
        couche: String,
        generation: Option<String>,
        epsg: Option<u16>,
        table: Option<String>,
    },
    Addresses {
        departement: String,
    },
    Attributions {
        annee: u16,
        /// File of the key of pseudonyms.
        cle: PathBuf,
    },
    Demandes {
        /// Day of the extract, `yyyymmdd`.
        extrait: u32,
        /// File of the key of pseudonyms.
        cle: PathBuf,
    },
    Thresholds {
        annee: Option<u16>,
    },
}

impl What {
    /// What a kind is read as; `root` is the store, whose own key makes pseudonyms.
    ///
    /// # Errors
    /// The key cannot be made.
    pub fn of(kind: &Kind, root: &Path) -> std::io::Result<Self> {
        Ok(match kind.clone() {
            Kind::Rpls { millesime } => Self::Rpls { millesime },
            Kind::Ops { vague } => Self::Ops { vague },
            Kind::Attributions { annee } => Self::Attributions { annee, cle: store_key(root)? },
            Kind::Demandes { extrait } => Self::Demandes { extrait, cle: store_key(root)? },
            Kind::Thresholds { annee } => Self::Thresholds { annee },
            Kind::Addresses { departements } => Self::Addresses { departement: departements },
            Kind::Zones { couche, generation } => {
                Self::Zones { couche: couche.id().to_owned(), generation, epsg: None, table: None }
            }
        })
    }

    /// The name that reports give the register.
    #[must_use]
    pub fn register(&self) -> &'static str {
        match self {
            Self::Rpls { .. } => "rpls",
            Self::Ops { .. } => "ops",
            Self::Zones { .. } => "zones",
            Self::Addresses { .. } => "addresses",
            Self::Attributions { .. } => "attributions",
            Self::Demandes { .. } => "demandes",
            Self::Thresholds { .. } => "thresholds",
        }
    }

    /// The year that it is said to be of.
    #[must_use]
    pub fn year(&self) -> Option<u16> {
        match self {
            Self::Rpls { millesime: year } | Self::Ops { vague: year } => Some(*year),
            Self::Attributions { annee, .. } => Some(*annee),
            Self::Demandes { extrait, .. } => u16::try_from(*extrait / 10_000).ok(),
            Self::Thresholds { annee } => *annee,
            Self::Zones { generation, .. } => generation.as_deref().and_then(|g| g.parse().ok()),
            Self::Addresses { .. } => None,
        }
    }
}

/// One file to be read.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    pub file: &'a Path,
    pub what: &'a What,
    /// Sheet of a workbook; else the first that has the columns of the register.
    pub feuille: Option<&'a str>,
    /// Layers of which several features share a code are united all the same.
    pub forcer: bool,
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum ArrivalError {
    #[error(transparent)]
    Rpls(#[from] rpls::RplsError),
    #[error(transparent)]
    Ops(#[from] ops::OpsError),
    #[error(transparent)]
    Zones(#[from] zones::ZonesError),
    #[error(transparent)]
    Addresses(#[from] addresses::AddressesError),
    #[error(transparent)]
    Attributions(#[from] attributions::AttributionsError),
    #[error(transparent)]
    Demandes(#[from] demandes::DemandesError),
    #[error(transparent)]
    Exchange(#[from] exchange::ExchangeError),
    #[error(transparent)]
    Thresholds(#[from] thresholds::ThresholdsError),
    #[error(transparent)]
    Workbook(#[from] WorkbookError),
    #[error(transparent)]
    Admission(#[from] AdmissionError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Of a workbook: the words of its register, with the name that the user knows.
    #[error("{0}")]
    Told(String),
}

/// The report, and the file that was read (for a workbook, what it became). Tables are written to `out`;
/// `desk` is a folder for files on the way. Progress: bytes read, and their total.
///
/// # Errors
/// The file cannot be read as what it is said to be.
pub fn read(
    asked: &Asked<'_>,
    out: &Output,
    desk: &Path,
    progress: &dyn Fn(u64, u64),
) -> Result<(Report, PathBuf), ArrivalError> {
    if let What::Demandes { extrait, .. } = asked.what
        && exchange::is_xml(asked.file)
    {
        return exchanged(asked, *extrait, out, desk, progress);
    }
    let unpacked = workbook::packed(asked.file, desk)?;
    let book = unpacked.as_deref().unwrap_or(asked.file);
    if !workbook::is_workbook(book) {
        return Ok((read_as(asked, asked.file, out, progress)?, asked.file.to_owned()));
    }
    let file = desk.join("classeur.csv");
    let register = asked.what.register();
    let sheet = workbook::to_csv(book, &file, asked.feuille, &|head| recognises(register, head))?;
    let name = asked.file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let mut report = read_as(asked, &file, out, progress).map_err(|e| {
        // The user knows the workbook, not what it became.
        let (came, became) = (asked.file.display().to_string(), file.display().to_string());
        ArrivalError::Told(e.to_string().replace(&became, &came).replace("classeur.csv", &name))
    })?;
    report.fichier = name;
    report.remarques.push(sheet.remark());
    Ok((report, file))
}

/// The store's own key of pseudonyms, as far as it has one: what was made with another cannot be compared.
#[must_use]
pub fn kept_key(root: &Path) -> Option<[u8; 32]> {
    attributions::read_key(&root.join(KEY)).ok()
}

/// The exchange of the SNE: its demands become the table that the register reads, in a file of their own.
fn exchanged(
    asked: &Asked<'_>,
    extrait: u32,
    out: &Output,
    desk: &Path,
    progress: &dyn Fn(u64, u64),
) -> Result<(Report, PathBuf), ArrivalError> {
    let file = desk.join("echange.csv");
    let told = exchange::to_csv(asked.file, &file, extrait, &|_| ())?;
    let name = asked.file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let mut report = read_as(asked, &file, out, progress).map_err(|e| {
        let (came, became) = (asked.file.display().to_string(), file.display().to_string());
        ArrivalError::Told(e.to_string().replace(&became, &came))
    })?;
    report.fichier = name;
    report.format = format!("Échange XML du SNE, version {}", told.version);
    report.empreinte = hashed(asked.file)?;
    report.separateur = String::new();
    report.remarques.extend(told.remarks(extrait));
    Ok((report, file))
}

/// BLAKE3 of a file, in hexadecimal.
fn hashed(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    std::io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn read_as(
    asked: &Asked<'_>,
    file: &Path,
    out: &Output,
    progress: &dyn Fn(u64, u64),
) -> Result<Report, ArrivalError> {
    Ok(match asked.what.clone() {
        What::Rpls { millesime } => {
            rpls::import(file, &rpls::RplsOptions { millesime, workers: None }, out, progress)?
        }
        What::Ops { vague } => ops::import(file, &ops::Options { vague }, out, progress)?,
        What::Zones { couche, generation, epsg, table } => {
            let layer = couche.clone();
            let options = zones::ZonesOptions {
                couche,
                generation: generation.clone(),
                epsg,
                table,
                forcer: asked.forcer,
            };
            let mut report = zones::import(file, &options, out, progress)?;
            // QPV carry their generation in their name; other layers have one for each year that the user
            // gives.
            if layer == "appartenance" && report.cle != "appartenance" {
                report.cle = format!("appartenance-{}", report.cle);
            } else if let Some(year) = generation.filter(|g| !report.cle.contains(g.as_str())) {
                report.cle = format!("{}-{year}", report.cle);
            }
            report
        }
        What::Addresses { departement } => {
            addresses::import(file, &addresses::Options { departement }, out, progress)?
        }
        What::Attributions { annee, cle } => {
            attributions::import(file, &attributions::Options { annee, cle: Some(cle) }, out, progress)?
        }
        What::Demandes { extrait, cle } => {
            demandes::import(file, &demandes::Options { extrait, cle }, out, progress)?
        }
        What::Thresholds { annee } => {
            thresholds::import(file, &thresholds::Options { annee }, out, progress)?
        }
    })
}

/// Judges what was read and compares it with the store. `folder` holds its tables.
///
/// # Errors
/// It is not fit to be published; a table cannot be read.
pub fn judge(
    store: &Store,
    report: &Report,
    text: &Path,
    folder: &Path,
    claims: &Claims,
    complete: bool,
) -> Result<Plan, AdmissionError> {
    admission::check(report, folder, text, claims)?;
    admission::check_twin(store, report, claims)?;
    Plan::new(store, report, folder, complete)
}

/// The store's own key for pseudonyms, made at the first need and readable by its owner only.
///
/// # Errors
/// The disk refuses.
pub fn store_key(root: &Path) -> std::io::Result<PathBuf> {
    let path = root.join(KEY);
    if !path.exists() {
        let mut secret = [0u8; 32];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut secret)?;
        let text: String = secret.iter().map(|b| format!("{b:02x}")).collect();
        let mut file = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
    }
    Ok(path)
}
