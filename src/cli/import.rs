//! `mosaique import`: one file into the store, and its report in French or JSON.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{Failure, StoreArgs, progress};
use crate::registers::deposit::{self, Kind};
use crate::registers::kit::recognise::recognises;
use crate::registers::mend::Corrections;
use crate::registers::output::Output;
use crate::registers::report::{Level, Report};
use crate::registers::{addresses, attributions, ops, rpls, thresholds, workbook, zones};
use crate::server::Trace;
use crate::state::State;
use crate::store::Writer;

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(subcommand)]
    register: Register,
}

#[derive(Debug, Args)]
struct Common {
    /// Fichier à lire (CSV, classeur XLSX, GeoJSON, GeoPackage, Shapefile ; .gz et .zip acceptés)
    file: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
    /// Écrire le compte rendu en JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Register {
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
    /// The name that reports give it.
    fn name(&self) -> &'static str {
        match self {
            Self::Rpls { .. } => "rpls",
            Self::Ops { .. } => "ops",
            Self::Zones { .. } => "zones",
            Self::Addresses { .. } => "addresses",
            Self::Attributions { .. } => "attributions",
            Self::Thresholds { .. } => "thresholds",
        }
    }
}

/// Imports the file, publishes it and prints the report.
pub fn run(args: &ImportArgs) -> Result<(), Failure> {
    let common = match &args.register {
        Register::Rpls { common, .. }
        | Register::Ops { common, .. }
        | Register::Zones { common, .. }
        | Register::Addresses { common, .. }
        | Register::Attributions { common, .. }
        | Register::Thresholds { common, .. } => common,
    };
    let mut writer = Writer::open(&common.store.data)?;
    let folder = writer.temporary()?;
    let out = Output::new(folder.path());
    let bar = progress::bytes(
        &common.file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
    );
    let report = read(&args.register, common, &out, &|done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let report = report?;
    let changed = writer.publish(folder, report.clone())?;
    if changed {
        note(&common.store.data, &report)?;
    }
    if common.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    print(&report);
    if !changed {
        println!("Ce fichier était déjà dans le magasin : rien n'a changé.");
    } else if let Some(d) = writer.store().manifest().dataset(&report.registre, &report.cle) {
        let findings = writer.store().folder(d).join("constats.csv");
        if findings.exists() {
            println!("Constats, ligne par ligne : {}", findings.display());
        }
    }
    Ok(())
}

/// Writes the import down in the audit trail (domain §9.4).
fn note(root: &Path, report: &Report) -> Result<(), Failure> {
    let trace = Trace::new("import", format!("{} {}", report.registre, report.cle))
        .with("fichier", report.fichier.as_str())
        .with("empreinte", report.empreinte.as_str())
        .with("gardees", report.lignes_gardees)
        .with("rejetees", report.lignes_rejetees);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let state = State::of_store(root).await?;
        state.audit(&[trace.by_holder()]).await?;
        state.close().await;
        Ok(())
    })
}

fn read(
    register: &Register,
    common: &Common,
    out: &Output,
    progress: &dyn Fn(u64, u64),
) -> Result<Report, Failure> {
    let name = common.file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    match register {
        Register::Rpls { millesime: year, bailleur: Some(siren), .. } => {
            return deposited(common, "rpls", *year, siren, &name, out, progress);
        }
        Register::Ops { wave: year, bailleur: Some(siren), .. } => {
            return deposited(common, "ops", *year, siren, &name, out, progress);
        }
        _ => {}
    }
    if workbook::is_workbook(&common.file) {
        let dir = tempfile::tempdir_in(&common.store.data)?;
        let file = dir.path().join("classeur.csv");
        let sheet = workbook::to_csv(&common.file, &file, &|head| recognises(register.name(), head))?;
        let mut report = read_text(register, &common.store.data, &file, out, progress)?;
        report.fichier = name;
        report.remarques.push(sheet.remark());
        return Ok(report);
    }
    read_text(register, &common.store.data, &common.file, out, progress)
}

/// Reads a file as the deposit of a bailleur: its own rows only.
fn deposited(
    common: &Common,
    register: &str,
    year: u16,
    siren: &str,
    name: &str,
    out: &Output,
    progress: &dyn Fn(u64, u64),
) -> Result<Report, Failure> {
    if siren.len() != 9 || !siren.bytes().all(|b| b.is_ascii_digit()) {
        return Err("un SIREN a neuf chiffres : --bailleur 123456789".into());
    }
    let dir = tempfile::tempdir_in(&common.store.data)?;
    std::fs::copy(&common.file, dir.path().join("recu"))?;
    let kind = Kind { register: register.to_owned(), year, siren: siren.to_owned(), name: name.to_owned() };
    let report = deposit::check(dir.path(), &kind, &Corrections::new(), progress)?;
    for entry in std::fs::read_dir(dir.path().join("controle"))? {
        let entry = entry?;
        if entry.file_name() != "lignes.csv" {
            std::fs::copy(entry.path(), out.dir().join(entry.file_name()))?;
        }
    }
    Ok(report)
}

fn read_text(
    register: &Register,
    data: &Path,
    file: &Path,
    out: &Output,
    progress: &dyn Fn(u64, u64),
) -> Result<Report, Failure> {
    Ok(match register {
        Register::Rpls { millesime, .. } => {
            rpls::import(file, &rpls::RplsOptions { millesime: *millesime, workers: None }, out, progress)?
        }
        Register::Ops { wave, .. } => ops::import(file, &ops::Options { vague: *wave }, out, progress)?,
        Register::Zones { layer, generation, epsg, table, .. } => {
            let options = zones::ZonesOptions {
                couche: layer.clone(),
                generation: generation.clone(),
                epsg: *epsg,
                table: table.clone(),
            };
            let mut report = zones::import(file, &options, out, progress)?;
            // QPV carry their generation in their name; other layers have one for each year that the user
            // gives.
            if layer == "appartenance" && report.cle != "appartenance" {
                report.cle = format!("appartenance-{}", report.cle);
            } else if let Some(year) = generation.as_ref().filter(|g| !report.cle.contains(g.as_str())) {
                report.cle = format!("{}-{year}", report.cle);
            }
            report
        }
        Register::Addresses { departement, .. } => {
            let departement = departement
                .clone()
                .or_else(|| department_of(file))
                .ok_or("dites le département des adresses : --departement 73")?;
            addresses::import(file, &addresses::Options { departement }, out, progress)?
        }
        Register::Attributions { year, cle, .. } => {
            let key = match cle {
                Some(path) => path.clone(),
                None => store_key(data)?,
            };
            attributions::import(
                file,
                &attributions::Options { annee: *year, cle: Some(key) },
                out,
                progress,
            )?
        }
        Register::Thresholds { year, .. } => {
            thresholds::import(file, &thresholds::Options { annee: *year }, out, progress)?
        }
    })
}

/// The département in a name such as `adresses-73.csv.gz`.
fn department_of(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?;
    let code: String = name.split_once('-')?.1.chars().take_while(char::is_ascii_alphanumeric).collect();
    (2..=3).contains(&code.len()).then_some(code)
}

/// The store's own key for pseudonyms, made at the first need and readable by its owner only.
fn store_key(root: &Path) -> Result<PathBuf, Failure> {
    use std::io::{Read, Write};
    use std::os::unix::fs::OpenOptionsExt;
    let path = root.join("cle-pseudonymes");
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

/// The report in French.
fn print(report: &Report) {
    let thousands = super::build::thousands;
    println!("{} {} — {}", report.registre, report.cle, report.fichier);
    println!("  Format reconnu : {}", report.format);
    if !report.separateur.is_empty() {
        println!("  Encodage {}, séparateur « {} »", report.encodage, report.separateur);
    }
    println!(
        "  {} lignes lues : {} gardées (dont {} avec drapeau), {} rejetées",
        thousands(report.lignes_lues),
        thousands(report.lignes_gardees),
        thousands(report.lignes_avec_drapeau),
        thousands(report.lignes_rejetees)
    );
    for (title, level) in [("Rejets", Level::Rejet), ("Drapeaux", Level::Drapeau)] {
        let mut first = true;
        for (id, rule) in report.regles.iter().filter(|(_, r)| r.niveau == level) {
            if std::mem::take(&mut first) {
                println!("  {title} :");
            }
            println!("    {:>10}  {id:<4} {}", thousands(rule.lignes), rule.libelle);
        }
    }
    if !report.comptes.is_empty() {
        println!("  Comptes :");
        for (key, n) in &report.comptes {
            println!("    {:>10}  {}", thousands(*n), key.replace('_', " "));
        }
    }
    for remark in &report.remarques {
        println!("  • {remark}");
    }
}
