//! Files that came by the administrators' page and wait to be imported: what each was taken for, what was
//! found in it, what it would replace. They lie in the store's quarantine, outside of what figures are made
//! from: `recu/<name>` and `attente.json`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{ArrivalError, Asked, What, judge, read};
use crate::admission::plan::Replacement;
use crate::admission::{AdmissionError, Claims};
use crate::registers::kind::{self, Couche, Kind, Verdict};
use crate::registers::output::Output;
use crate::registers::report::Report;
use crate::store::{By, Promise, Store, StoreError, Writer, quarantine, write_synced};

/// Before the name of a waiting file's folder: other folders of the quarantine are deposits.
const PREFIX: &str = "import-";
const NOTE: &str = "attente.json";

/// How far a waiting file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    Controle,
    /// It can be imported.
    Pret,
    /// A person has to say what it is.
    APreciser,
    Refuse,
}

/// What a file is taken for, in plain values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nature {
    /// `rpls`, `ops`, `zones`, `addresses`, `attributions`, `thresholds`.
    pub registre: String,
    pub annee: Option<u16>,
    pub couche: Option<String>,
    pub departements: Option<String>,
    /// Day of an extract of demands, `yyyymmdd`.
    #[serde(default)]
    pub jour: Option<u32>,
    /// In words: « RPLS, millésime 2024 ».
    pub en_mots: String,
}

impl Nature {
    fn of(kind: &Kind) -> Self {
        let mut nature = Self {
            registre: String::new(),
            annee: None,
            couche: None,
            departements: None,
            jour: None,
            en_mots: kind.words(),
        };
        nature.registre = match kind {
            Kind::Rpls { millesime: year } => {
                nature.annee = Some(*year);
                "rpls"
            }
            Kind::Ops { vague: year } => {
                nature.annee = Some(*year);
                "ops"
            }
            Kind::Attributions { annee } => {
                nature.annee = Some(*annee);
                "attributions"
            }
            Kind::Demandes { extrait } => {
                nature.annee = u16::try_from(extrait / 10_000).ok();
                nature.jour = Some(*extrait);
                "demandes"
            }
            Kind::Thresholds { annee } => {
                nature.annee = *annee;
                "thresholds"
            }
            Kind::Addresses { departements } => {
                nature.departements = Some(departements.clone());
                "addresses"
            }
            Kind::Zones { couche, generation } => {
                nature.couche = Some(couche.id().to_owned());
                nature.annee = generation.as_deref().and_then(|g| g.parse().ok());
                "zones"
            }
        }
        .to_owned();
        nature
    }

    /// The kind that these values say; `None` when they say none.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        Some(match self.registre.as_str() {
            "rpls" => Kind::Rpls { millesime: self.annee? },
            "ops" => Kind::Ops { vague: self.annee? },
            "attributions" => Kind::Attributions { annee: self.annee? },
            "demandes" => {
                let end = self.annee.map(|a| u32::from(a) * 10_000 + 1231);
                Kind::Demandes { extrait: self.jour.or(end)? }
            }
            "thresholds" => Kind::Thresholds { annee: self.annee },
            "addresses" => Kind::Addresses { departements: self.departements.clone()? },
            "zones" => Kind::Zones {
                couche: Couche::ALL.into_iter().find(|c| Some(c.id()) == self.couche.as_deref())?,
                generation: self.annee.map(|a| a.to_string()),
            },
            _ => return None,
        })
    }
}

/// A file that waits, and what is known of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Waiting {
    pub id: String,
    pub fichier: String,
    pub octets: u64,
    /// Seconds since 1970.
    pub le: i64,
    pub par: String,
    pub etat: Progress,
    pub nature: Option<Nature>,
    /// How its nature was seen, or why it is refused.
    pub pourquoi: String,
    /// What it may be, when a person has to say.
    pub choix: Vec<Nature>,
    /// The doubt was told, and is accepted.
    pub forcer: bool,
    pub rapport: Option<Report>,
    pub remplacement: Option<Replacement>,
    /// What would be lost beyond measure: to be accepted before the import.
    pub perte: Option<String>,
    /// The store has these very bytes already.
    pub deja: bool,
}

impl Waiting {
    /// A file that has just come.
    #[must_use]
    pub fn new(id: &str, fichier: &str, octets: u64, by: &By) -> Self {
        Self {
            id: id.to_owned(),
            fichier: fichier.to_owned(),
            octets,
            le: by.le,
            par: by.par.clone(),
            etat: Progress::Controle,
            nature: None,
            pourquoi: String::new(),
            choix: Vec::new(),
            forcer: false,
            rapport: None,
            remplacement: None,
            perte: None,
            deja: false,
        }
    }

    /// Its place in the order of imports: rows are checked against zones.
    #[must_use]
    pub fn rank(&self) -> (bool, Option<Kind>, String) {
        let kind = self.nature.as_ref().and_then(Nature::kind);
        (kind.is_none(), kind, self.fichier.clone())
    }
}

/// Folder of a waiting file.
#[must_use]
pub fn folder(root: &Path, id: &str) -> PathBuf {
    quarantine(root, &format!("{PREFIX}{id}"))
}

/// The file itself.
#[must_use]
pub fn file(root: &Path, w: &Waiting) -> PathBuf {
    folder(root, &w.id).join("recu").join(&w.fichier)
}

/// Files that wait, in the order of imports.
#[must_use]
pub fn list(root: &Path) -> Vec<Waiting> {
    let entries = std::fs::read_dir(quarantine(root, "")).into_iter().flatten().flatten();
    let ids = entries.filter_map(|e| e.file_name().to_str()?.strip_prefix(PREFIX).map(str::to_owned));
    let mut all: Vec<Waiting> = ids.filter_map(|id| get(root, &id)).collect();
    all.sort_by_cached_key(Waiting::rank);
    all
}

/// One of them.
#[must_use]
pub fn get(root: &Path, id: &str) -> Option<Waiting> {
    // An identifier is letters and digits: it leads nowhere else.
    let plain = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric());
    let text = std::fs::read_to_string(folder(root, id).join(NOTE)).ok().filter(|_| plain)?;
    serde_json::from_str(&text).ok()
}

/// Keeps what is known of it.
///
/// # Errors
/// The disk refuses.
pub fn keep(root: &Path, w: &Waiting) -> Result<(), StoreError> {
    let (note, new) = (folder(root, &w.id).join(NOTE), folder(root, &w.id).join("attente.neuf"));
    // Plain numbers and texts always serialise. Who reads meanwhile finds the old note or the new one.
    write_synced(&new, serde_json::to_string(w).unwrap_or_default().as_bytes())?;
    std::fs::rename(&new, &note).map_err(|source| StoreError::Io { path: note, source })
}

/// Puts it out of the way.
///
/// # Errors
/// The disk refuses.
pub fn discard(root: &Path, id: &str) -> std::io::Result<()> {
    std::fs::remove_dir_all(folder(root, id))
}

/// Reads a file and says what importing it would do; nothing changes in the store. Its nature is seen in its
/// content, unless a person said it.
pub fn examine(root: &Path, mut w: Waiting, today: u16, progress: &dyn Fn(u64, u64)) -> Waiting {
    (w.rapport, w.remplacement, w.perte, w.deja) = (None, None, None, false);
    if w.nature.is_none() {
        recognise(root, &mut w);
    }
    let Some(kind) = w.nature.as_ref().and_then(Nature::kind) else { return w };
    match try_it(root, &mut w, &kind, today, progress) {
        Ok(()) => w.etat = Progress::Pret,
        Err(e) => {
            w.etat = Progress::Refuse;
            w.pourquoi = for_page(root, &w, &e.to_string());
        }
    }
    w
}

fn recognise(root: &Path, w: &mut Waiting) {
    let desk = folder(root, &w.id).join("tri");
    let seen = std::fs::create_dir_all(&desk).map(|()| kind::of(&file(root, w), &desk));
    let _ = std::fs::remove_dir_all(&desk);
    let (etat, nature, pourquoi) = match seen {
        Ok(Verdict::Known { kind, because }) => (Progress::Controle, Some(Nature::of(&kind)), because),
        Ok(Verdict::Doubtful { kinds, why }) => {
            w.choix = kinds.iter().map(Nature::of).collect();
            (Progress::APreciser, None, why)
        }
        Ok(Verdict::Part { of }) => {
            let why = format!(
                "morceau de « {of} » : ses morceaux s'envoient ensemble, tels quels ou dans une archive zip"
            );
            (Progress::Refuse, None, why)
        }
        Ok(Verdict::Unknown { why }) => (Progress::APreciser, None, why),
        Err(e) => (Progress::Refuse, None, e.to_string()),
    };
    (w.etat, w.nature, w.pourquoi) = (etat, nature, for_page(root, w, &pourquoi));
}

fn claims(what: &What, forcer: bool, today: u16) -> Claims {
    Claims { annee: what.year(), option: "l'année".to_owned(), forcer, aujourdhui: today }
}

fn try_it(
    root: &Path,
    w: &mut Waiting,
    kind: &Kind,
    today: u16,
    progress: &dyn Fn(u64, u64),
) -> Result<(), ArrivalError> {
    let what = What::of(kind, root)?;
    let here = folder(root, &w.id);
    let trial = tempfile::tempdir_in(&here)?;
    let (tables, desk) = (trial.path().join("tables"), trial.path().join("bureau"));
    std::fs::create_dir_all(&tables)?;
    std::fs::create_dir_all(&desk)?;
    let path = file(root, w);
    let asked = Asked { file: &path, what: &what, feuille: None, forcer: w.forcer };
    let (report, text) = read(&asked, &Output::new(&tables), &desk, progress)?;
    w.rapport = Some(report.clone());
    let store = Store::open(root).map_err(AdmissionError::from)?;
    let mut plan = judge(&store, &report, &text, &tables, &claims(&what, w.forcer, today), false)?;
    w.deja = plan.is_done();
    w.remplacement = plan.replacement().cloned();
    w.perte = plan.refuse_loss().err().map(|e| for_page(root, w, &e.to_string()));
    Ok(())
}

/// Why a file that waited is not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("ce fichier n'est pas prêt : {0}")]
    NotReady(String),
    #[error(transparent)]
    Arrival(#[from] ArrivalError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Imports a file that was examined; its report. It is compared anew with the store, which may have changed
/// since. `promised` is called before the store changes, so that who is killed leaves a trace.
///
/// # Errors
/// It cannot be read any more, or would lose more than was accepted.
pub fn carry_out(
    writer: &mut Writer,
    w: &Waiting,
    accept_loss: bool,
    by: &By,
    today: u16,
    promised: &dyn Fn(&Report, &Store) -> Result<Promise, StoreError>,
) -> Result<(Report, Promise), ImportError> {
    let root = writer.store().root().to_owned();
    let plain = |e: ArrivalError| ArrivalError::Told(for_page(&root, w, &e.to_string()));
    let ready = w.nature.as_ref().and_then(Nature::kind).filter(|_| w.etat == Progress::Pret);
    let kind = ready.ok_or_else(|| ImportError::NotReady(w.pourquoi.clone()))?;
    let what = What::of(&kind, &root).map_err(ArrivalError::from)?;
    let (tables, desk) = (writer.temporary()?, writer.temporary()?);
    let path = file(&root, w);
    let asked = Asked { file: &path, what: &what, feuille: None, forcer: w.forcer };
    let (report, text) = read(&asked, &Output::new(tables.path()), desk.path(), &|_, _| {}).map_err(plain)?;
    let claims = claims(&what, w.forcer, today);
    let told = |e: AdmissionError| plain(ArrivalError::from(e));
    let mut plan = judge(writer.store(), &report, &text, tables.path(), &claims, false).map_err(told)?;
    if !accept_loss {
        plan.refuse_loss().map_err(told)?;
    }
    let promise = promised(&report, writer.store())?;
    if !plan.is_done() {
        plan.carry_out(writer, tables, report.clone(), by).map_err(told)?;
    }
    Ok((report, promise))
}

/// A message as the page says it: the file by its name, boxes to tick instead of options.
fn for_page(root: &Path, w: &Waiting, text: &str) -> String {
    let here = format!("{}/", folder(root, &w.id).join("recu").display());
    let mut text = crate::french::system(&text.replace(&here, ""));
    for (option, words) in [
        (" ; précisez laquelle avec --table", " ; enregistrez la bonne seule dans un fichier"),
        (", ou passez outre avec --forcer", ", ou cochez « Importer malgré ce doute »"),
        (", ou gardez ce qui peut l'être avec --forcer", ", ou cochez « Importer malgré ce doute »"),
        (", ou réunissez-les quand même avec --forcer", ", ou cochez « Importer malgré ce doute »"),
        ("Corrigez --layer", "Choisissez une autre couche"),
        ("Corrigez --generation", "Choisissez une autre génération"),
        ("Corrigez l'année", "Choisissez une autre année"),
        ("Écrivez l'année", "Choisissez l'année"),
    ] {
        text = text.replace(option, words);
    }
    // The way of the command line to accept a loss; the page has its own box and its own button.
    match text.split_once(" Le magasin n'a pas changé. Si c'est voulu : --remplacer") {
        Some((said, _)) => said.replacen("l'import", "L'import", 1),
        None => text,
    }
}

/// Makes the folder of a file that comes, readable by its owner only; where its bytes go.
///
/// # Errors
/// The disk refuses.
pub fn receive(root: &Path, id: &str, name: &str) -> std::io::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt;
    let here = folder(root, id).join("recu");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&here)?;
    Ok(here.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(root: &Path, name: &str, bytes: &[u8]) -> Waiting {
        let w = Waiting::new("a1", name, bytes.len() as u64, &By::now("essai"));
        std::fs::write(receive(root, "a1", name).unwrap(), bytes).unwrap();
        keep(root, &w).unwrap();
        w
    }

    fn promise(r: &Report, s: &Store) -> Result<Promise, StoreError> {
        Promise::make(s.root(), &r.empreinte)
    }

    #[test]
    fn a_file_is_imported_and_its_second_coming_recognised() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let csv = "commune;epci;nom\n73065;200069110;CA Grand Chambéry\n73179;200069110;CA Grand Chambéry\n";
        let first = waiting(root, "appartenance_2024.csv", csv.as_bytes());
        let nature = Nature {
            registre: "zones".to_owned(),
            annee: Some(2024),
            couche: Some("appartenance".to_owned()),
            departements: None,
            jour: None,
            en_mots: "appartenance des communes aux EPCI, 2024".to_owned(),
        };
        let by = By::now("essai");
        let mut writer = Writer::open(root).unwrap();
        let early = carry_out(&mut writer, &first, false, &by, 2026, &promise).unwrap_err();
        assert!(matches!(early, ImportError::NotReady(_)));
        let ready = Waiting { nature: Some(nature.clone()), etat: Progress::Pret, ..first.clone() };
        let (report, promised) = carry_out(&mut writer, &ready, false, &by, 2026, &promise).unwrap();
        promised.kept().unwrap();
        assert_eq!(report.lignes_gardees, 2);
        drop(writer);
        let again = examine(root, first, 2026, &|_, _| {});
        assert_eq!((again.etat, again.deja), (Progress::Pret, true), "{}", again.pourquoi);
        assert_eq!(again.nature, Some(nature));
        assert_eq!(list(root).len(), 1);
        discard(root, "a1").unwrap();
        assert!(list(root).is_empty() && get(root, "../a1").is_none());
    }

    #[test]
    fn what_is_not_known_is_asked_and_what_is_wrong_is_refused_in_the_words_of_the_page() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let w = examine(root, waiting(root, "notes.csv", b"a;b\n1;2\n"), 2026, &|_, _| {});
        assert_eq!(w.etat, Progress::APreciser);
        let said = Nature {
            registre: "rpls".to_owned(),
            annee: Some(2024),
            couche: None,
            departements: None,
            jour: None,
            en_mots: String::new(),
        };
        let w = examine(root, Waiting { nature: Some(said), ..w }, 2026, &|_, _| {});
        assert_eq!(w.etat, Progress::Refuse);
        assert!(w.pourquoi.starts_with("notes.csv") && !w.pourquoi.contains("quarantaine"), "{}", w.pourquoi);
    }
}
