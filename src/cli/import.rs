//! `mosaique import`: one file into the store, or a folder ([`super::import_folder`]). Its report, what it
//! replaces and what it would lose are said before anything changes.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::out::{note, say};
use super::{Failure, StoreArgs, build, import_folder, import_report, option_of, plafonds, progress};
use crate::admission::{Claims, Plan};
use crate::arrival::{self, Asked, What};
use crate::days;
use crate::desk::trace::Trace;
use crate::registers::demandes::exchange;
use crate::registers::deposit::{self, Kind};
use crate::registers::mend::Corrections;
use crate::registers::output::Output;
use crate::registers::report::Report;
use crate::registers::zones;
use crate::server::{Imported, note_imports};
use crate::state::{self, State};
use crate::store::{By, Promise, Writer};

/// Arguments of `import`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ImportArgs {
    #[command(subcommand)]
    what: Option<Wanted>,
    #[command(flatten)]
    folder: import_folder::FolderArgs,
}

#[derive(Debug, Subcommand)]
enum Wanted {
    #[command(flatten)]
    Register(Box<Register>),
    /// Plafonds de ressources d'une nouvelle année (réglage du magasin)
    #[command(after_help = plafonds::EXAMPLE)]
    Plafonds(plafonds::PlafondsArgs),
}

#[derive(Debug, Args)]
pub(super) struct Common {
    /// Fichier à lire (CSV, XLSX, ODS, XLS, échange XML du SNE, GeoJSON, GeoPackage, Shapefile ; .gz et .zip)
    pub file: PathBuf,
    /// Les autres morceaux du même Shapefile (.dbf, .shx, .prj, .cpg), si vous les donnez tous
    #[arg(value_name = "MORCEAU")]
    pub parts: Vec<PathBuf>,
    #[command(flatten)]
    pub store: StoreArgs,
    /// Dire ce que l'import changerait, sans rien changer
    #[arg(long)]
    pub essai: bool,
    /// Accepter de perdre ce que le fichier n'a pas et qu'il remplace
    #[arg(long)]
    pub remplacer: bool,
    /// Le fichier complète ce qui est en place : ne remplacer que ce qu'il contient
    #[arg(long)]
    pub completer: bool,
    /// Importer malgré un doute sur l'année, la couche ou le nombre de lignes gardées
    #[arg(long)]
    pub forcer: bool,
    /// Feuille du classeur à lire ; à défaut, la première qui a les colonnes attendues
    #[arg(long, value_name = "NOM")]
    pub feuille: Option<String>,
    /// Construire ensuite les chiffres, comme « mosaique build »
    #[arg(long)]
    pub construire: bool,
    /// Écrire le compte rendu en JSON
    #[arg(long)]
    pub json: bool,
}

impl Common {
    /// A file with no option but where the store is.
    pub fn plain(file: &Path, store: &StoreArgs) -> Self {
        Self {
            file: file.to_owned(),
            parts: Vec::new(),
            store: store.clone(),
            essai: false,
            remplacer: false,
            completer: false,
            forcer: false,
            feuille: None,
            construire: false,
            json: false,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Register {
    /// Répertoire des logements locatifs sociaux
    Rpls {
        #[command(flatten)]
        common: Common,
        /// Année du 1er janvier décrit
        #[arg(long)]
        millesime: u16,
        /// SIREN du bailleur dont c'est le dépôt : ses lignes prennent la place des siennes dans le fichier
        /// général
        #[arg(long, value_name = "SIREN")]
        bailleur: Option<String>,
    },
    /// Enquête sur l'occupation du parc social (par logement, ou agrégats des anciennes vagues)
    Ops {
        #[command(flatten)]
        common: Common,
        /// Année de la vague
        #[arg(long)]
        wave: u16,
        /// SIREN du bailleur dont c'est le dépôt : ses lignes prennent la place des siennes dans le fichier
        /// général
        #[arg(long, value_name = "SIREN")]
        bailleur: Option<String>,
    },
    /// Contours (communes, EPCI, IRIS, QPV, tout autre zonage) ou appartenance des communes aux EPCI
    Zones {
        #[command(flatten)]
        common: Common,
        /// commune, epci, departement, iris, qpv, appartenance ou un nom à vous
        #[arg(long)]
        layer: String,
        /// Génération : 2015 ou 2024 pour les QPV, année pour les autres
        #[arg(long)]
        generation: Option<String>,
        /// Système de coordonnées, s'il faut passer outre ce que le fichier déclare
        #[arg(long)]
        epsg: Option<u16>,
        /// Table d'un GeoPackage qui en a plusieurs
        #[arg(long)]
        table: Option<String>,
    },
    /// Base adresse nationale d'un département
    Addresses {
        #[command(flatten)]
        common: Common,
        /// Département ; à défaut, lu dans le nom du fichier (adresses-73.csv.gz)
        #[arg(long)]
        departement: Option<String>,
    },
    /// Attributions (extrait du SNE)
    Attributions {
        #[command(flatten)]
        common: Common,
        /// Année de l'extrait
        #[arg(long)]
        year: u16,
        /// Fichier de la clé qui pseudonymise les numéros uniques ; à défaut, celle du magasin
        #[arg(long)]
        cle: Option<PathBuf>,
    },
    /// Demandes de logement (extrait du SNE)
    Demandes {
        #[command(flatten)]
        common: Common,
        /// Jour de l'extraction, AAAA-MM-JJ : anciennetés et délais courent jusqu'à lui ; à défaut, celui que
        /// dit un échange XML du SNE (« dateFichier »)
        #[arg(long, value_parser = day)]
        date: Option<u32>,
        /// Fichier de la clé qui pseudonymise les numéros uniques ; à défaut, celle du magasin
        #[arg(long)]
        cle: Option<PathBuf>,
    },
    /// Seuils du premier quartile par EPCI
    Thresholds {
        #[command(flatten)]
        common: Common,
        /// Année, si le fichier ne la donne pas
        #[arg(long)]
        year: Option<u16>,
    },
}

impl Register {
    pub fn common(&self) -> &Common {
        match self {
            Self::Rpls { common, .. }
            | Self::Ops { common, .. }
            | Self::Zones { common, .. }
            | Self::Addresses { common, .. }
            | Self::Attributions { common, .. }
            | Self::Demandes { common, .. }
            | Self::Thresholds { common, .. } => common,
        }
    }

    /// The year that the user says, and the option that says it.
    fn claims(&self) -> Claims {
        let (annee, command, option) = match self {
            Self::Rpls { millesime, .. } => (Some(*millesime), "rpls", "millesime"),
            Self::Ops { wave, .. } => (Some(*wave), "ops", "wave"),
            Self::Attributions { year, .. } => (Some(*year), "attributions", "year"),
            Self::Demandes { date, .. } => {
                (date.and_then(|d| u16::try_from(d / 10_000).ok()), "demandes", "date")
            }
            Self::Thresholds { year, .. } => (*year, "thresholds", "year"),
            Self::Zones { generation, .. } => {
                (generation.as_deref().and_then(|g| g.parse().ok()), "zones", "generation")
            }
            Self::Addresses { .. } => (None, "addresses", "departement"),
        };
        Claims {
            annee,
            option: option_of(&["import", command], option),
            forcer: self.common().forcer,
            aujourdhui: state::this_year(),
        }
    }

    /// What the file is to be read as; `data` is the store.
    fn what(&self, data: &Path) -> Result<What, Failure> {
        Ok(match self {
            Self::Rpls { millesime, .. } => What::Rpls { millesime: *millesime },
            Self::Ops { wave, .. } => What::Ops { vague: *wave },
            Self::Zones { layer, generation, epsg, table, .. } => What::Zones {
                couche: layer.clone(),
                generation: generation.clone(),
                epsg: *epsg,
                table: table.clone(),
            },
            Self::Addresses { common, departement } => {
                let option = option_of(&["import", "addresses"], "departement");
                let said = departement.clone().or_else(|| department_of(&common.file));
                let departement =
                    said.ok_or_else(|| format!("dites le département des adresses : {option} 73"))?;
                What::Addresses { departement }
            }
            Self::Attributions { year, cle, .. } => {
                let cle = cle.clone().map_or_else(|| arrival::store_key(data), Ok)?;
                What::Attributions { annee: *year, cle }
            }
            Self::Demandes { date, cle, common } => {
                let extrait = match date {
                    Some(date) => *date,
                    None => said_day(&common.file)?,
                };
                let cle = cle.clone().map_or_else(|| arrival::store_key(data), Ok)?;
                What::Demandes { extrait, cle }
            }
            Self::Thresholds { year, .. } => What::Thresholds { annee: *year },
        })
    }
}

/// Reads the file, says what it would change, publishes it; a folder is looked at first.
pub fn run(args: &ImportArgs) -> Result<(), Failure> {
    let register = match &args.what {
        Some(Wanted::Register(register)) => register,
        Some(Wanted::Plafonds(args)) => return plafonds::run(args),
        None => return import_folder::run(&args.folder),
    };
    let common = register.common();
    one_file(common)?;
    let mut writer = Writer::open(&common.store.data)?;
    finish_late(&writer)?;
    let tell = |text: String| {
        if !common.json {
            say!("{text}");
        }
    };
    let done = admit(register, &mut writer, &mut |report, plan| {
        if common.json {
            return import_report::json(report, plan.replacement());
        }
        import_report::print(report);
        if let Some(replaced) = plan.replacement() {
            import_report::replaced(replaced);
        }
        Ok(())
    })?;
    match done {
        Done::Already { .. } => tell("Ce fichier était déjà dans le magasin : rien n'a changé.".to_owned()),
        Done::Tried => {
            tell("Essai : rien n'a changé dans le magasin.".to_owned());
            return Ok(());
        }
        Done::Published { registre, empreinte } => {
            let now = writer.store().manifest().of_register(&registre);
            if let Some(d) = now.into_iter().find(|d| d.rapport.empreinte == empreinte) {
                let findings = writer.store().folder(d).join("constats.csv");
                if findings.exists() {
                    tell(format!("Constats, ligne par ligne : {}", findings.display()));
                }
            }
        }
    }
    build::after_change(writer, &common.store.data, common.construire, common.json)
}

/// Several files are the pieces of one Shapefile, or are given as a folder.
fn one_file(common: &Common) -> Result<(), Failure> {
    let all = || std::iter::once(&common.file).chain(&common.parts);
    let stem = common.file.with_extension("");
    let piece = |p: &PathBuf| {
        let ending = p.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        p.with_extension("") == stem && zones::SHAPEFILE.contains(&ending.as_str())
    };
    if common.parts.is_empty() || all().all(piece) {
        return Ok(());
    }
    Err("un import lit un fichier à la fois (ou les morceaux d'un même Shapefile) ; pour plusieurs, mettez-les dans \
         un dossier : mosaique import DOSSIER"
        .into())
}

/// What became of a file.
pub(super) enum Done {
    /// It was the last one already.
    Already {
        empreinte: String,
    },
    /// Only a trial was asked for.
    Tried,
    Published {
        registre: String,
        empreinte: String,
    },
}

/// Reads a file and publishes it, if it may enter. `look` sees its report and what it would change before
/// anything does, and may refuse.
pub(super) fn admit(
    register: &Register,
    writer: &mut Writer,
    look: &mut dyn FnMut(&Report, &Plan) -> Result<(), Failure>,
) -> Result<Done, Failure> {
    let common = register.common();
    let (folder, desk) = (writer.temporary()?, writer.temporary()?);
    let out = Output::new(folder.path());
    let bar = progress::bytes(
        &common.file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
    );
    let read = read(register, common, &out, desk.path(), &|done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let (report, text) = read?;
    let claims = register.claims();
    let mut plan = arrival::judge(writer.store(), &report, &text, folder.path(), &claims, common.completer)?;
    look(&report, &plan)?;
    if !common.remplacer {
        plan.refuse_loss()?;
    }
    if plan.is_done() {
        return Ok(Done::Already { empreinte: report.empreinte });
    }
    if common.essai {
        return Ok(Done::Tried);
    }
    let (registre, empreinte) = (report.registre.clone(), report.empreinte.clone());
    let by = By::now(&super::holder());
    let import = Imported::of(&report, &by);
    // Who is killed between the manifest and the line leaves the promise of it.
    let promise = import.promise(writer.store())?;
    plan.carry_out(writer, folder, report, &by)?;
    noted(&common.store.data, [import.trace()])?;
    promise.kept()?;
    Ok(Done::Published { registre, empreinte })
}

/// Writes the lines of imports that were killed before theirs.
pub(super) fn finish_late(held: &Writer) -> Result<(), Failure> {
    let root = held.store().root();
    if Promise::left(root).is_empty() {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let state = State::of_store(root).await?;
        let written = note_imports(held, &state).await?;
        state.note_head().await?;
        state.close().await;
        if written > 0 {
            note!("{written} import(s) d'avant un arrêt ont maintenant leur ligne au journal d'audit.");
        }
        Ok(())
    })
}

/// Writes lines of the audit trail.
pub(super) fn noted(root: &Path, traces: impl IntoIterator<Item = Trace>) -> Result<(), Failure> {
    let lines: Vec<_> = traces.into_iter().map(Trace::by_holder).collect();
    if lines.is_empty() {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let state = State::of_store(root).await?;
        state.audit(&lines).await?;
        state.note_head().await?;
        state.close().await;
        Ok(())
    })
}

/// The report, and the file that was read (for a workbook, what it became). `desk` is for files on the way.
fn read(
    register: &Register,
    common: &Common,
    out: &Output,
    desk: &Path,
    progress: &dyn Fn(u64, u64),
) -> Result<(Report, PathBuf), Failure> {
    let name = common.file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let deposit = match register {
        Register::Rpls { millesime: year, bailleur: Some(siren), .. } => Some(("rpls", *year, siren)),
        Register::Ops { wave: year, bailleur: Some(siren), .. } => Some(("ops", *year, siren)),
        _ => None,
    };
    if let Some((register, year, siren)) = deposit {
        let kind = Kind { register: register.to_owned(), year, siren: siren.clone(), name: name.clone() };
        return Ok((deposited(common, &kind, desk, out, progress)?, common.file.clone()));
    }
    let what = register.what(&common.store.data)?;
    let asked =
        Asked { file: &common.file, what: &what, feuille: common.feuille.as_deref(), forcer: common.forcer };
    Ok(arrival::read(&asked, out, desk, progress)?)
}

/// Reads a file as the deposit of a bailleur: its own rows only.
fn deposited(
    common: &Common,
    kind: &Kind,
    desk: &Path,
    out: &Output,
    progress: &dyn Fn(u64, u64),
) -> Result<Report, Failure> {
    let siren = &kind.siren;
    if siren.len() != 9 || !siren.bytes().all(|b| b.is_ascii_digit()) {
        let option = option_of(&["import", &kind.register], "bailleur");
        return Err(format!("un SIREN a neuf chiffres : {option} 123456789").into());
    }
    std::fs::copy(&common.file, desk.join("recu"))?;
    let report = deposit::check(desk, kind, &Corrections::new(), progress)
        .map_err(|e| deposit::plain(&e.to_string(), desk, &kind.name))?;
    for entry in std::fs::read_dir(desk.join("controle"))? {
        let entry = entry?;
        if entry.file_name() != "lignes.csv" {
            std::fs::copy(entry.path(), out.dir().join(entry.file_name()))?;
        }
    }
    Ok(report)
}

/// The day that an exchange of the SNE says it is of.
fn said_day(file: &Path) -> Result<u32, Failure> {
    let said = if exchange::is_xml(file) { exchange::day(file)? } else { None };
    said.ok_or_else(|| {
        let why = "rien dans le fichier ne dit le jour de l'extraction : ajoutez --date AAAA-MM-JJ";
        format!("{}: {why}", file.display()).into()
    })
}

/// A day of the command line, `yyyymmdd`.
fn day(text: &str) -> Result<u32, String> {
    let read = text.replace('-', "").parse().ok();
    let sound = |d: &u32| days::civil(*d).is_some() && days::iso(*d) == text;
    read.filter(sound).ok_or_else(|| "une date AAAA-MM-JJ est attendue".to_owned())
}

/// The département in a name such as `adresses-73.csv.gz`.
fn department_of(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?;
    let code: String = name.split_once('-')?.1.chars().take_while(char::is_ascii_alphanumeric).collect();
    (2..=3).contains(&code.len()).then_some(code)
}
