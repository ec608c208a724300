//! `mosaique import DOSSIER`: every file of a folder, taken for what its content says.
//!
//! What each file is taken for, and in which order, is said before anything is imported, and asked. Each then
//! goes through the same door as a file that is imported by its own command.

use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::build::thousands;
use super::import::{Common, Done, Register, admit, finish_late};
use super::out::{note, say};
use super::{Failure, StoreArgs, build, import_report};
use crate::admission::Plan;
use crate::french::counted;
use crate::reference::pages::pages;
use crate::registers::kind::{self, Kind, Verdict};
use crate::registers::report::Report;
use crate::store::{Dataset, Manifest, Store, Writer, sum};

#[derive(Debug, Args)]
pub struct FolderArgs {
    /// Dossier à importer, ou plusieurs fichiers : chacun est reconnu par son contenu
    #[arg(value_name = "DOSSIER", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
    /// Importer sans demander
    #[arg(long)]
    oui: bool,
    /// Dire seulement pour quoi chaque fichier est pris
    #[arg(long)]
    essai: bool,
    /// Construire ensuite les chiffres, comme « mosaique build »
    #[arg(long)]
    construire: bool,
}

/// A file and what it is taken for.
struct Seen {
    path: PathBuf,
    verdict: Verdict,
}

pub fn run(args: &FolderArgs) -> Result<(), Failure> {
    let mut seen = look(args)?;
    seen.sort_by(|a, b| order(&a.verdict).cmp(&order(&b.verdict)).then_with(|| a.path.cmp(&b.path)));
    let steps: Vec<(&Path, &Kind)> = seen
        .iter()
        .filter_map(|s| match &s.verdict {
            Verdict::Known { kind, .. } => Some((s.path.as_path(), kind)),
            _ => None,
        })
        .collect();
    told(&seen, steps.len(), &args.store);
    if steps.is_empty() {
        return Err("aucun fichier n'est reconnu : rien à importer".into());
    }
    if args.essai {
        say!("Essai : rien n'a changé dans le magasin.");
        return Ok(());
    }
    if !args.oui && !agreed(steps.len())? {
        say!("Rien n'a été importé.");
        return Ok(());
    }
    let mut writer = Writer::open(&args.store.data)?;
    finish_late(&writer)?;
    let (refused, aside) = carry_out(&steps, &mut writer, &args.store)?;
    let done = steps.len() - refused.len() - aside;
    let files = counted(done as u64, "fichier importé", "fichiers importés");
    say!("\n{files} sur {}.", counted(steps.len() as u64, "reconnu", "reconnus"));
    for (path, why) in &refused {
        say!("  Refusé : {} : {why}", path.display());
    }
    missing(writer.store().manifest())?;
    build::after_change(writer, &args.store.data, args.construire, false)?;
    match refused.len() {
        0 => Ok(()),
        n => {
            let files = counted(n as u64, "fichier refusé", "fichiers refusés");
            Err(format!("{files} : les autres sont dans le magasin").into())
        }
    }
}

fn order(verdict: &Verdict) -> (u8, Option<&Kind>) {
    match verdict {
        Verdict::Known { kind, .. } => (0, Some(kind)),
        Verdict::Doubtful { .. } => (1, None),
        Verdict::Unknown { .. } => (2, None),
        Verdict::Part { .. } => (3, None),
    }
}

/// Looks at every file; the same bytes under two names are one.
fn look(args: &FolderArgs) -> Result<Vec<Seen>, Failure> {
    let mut files = Vec::new();
    for path in &args.paths {
        if !path.exists() {
            return Err(format!("« {} » n'existe pas", path.display()).into());
        }
        // The store may lie in the folder: what it holds was imported already.
        walk(path, &args.store.data, &mut files)?;
    }
    let manifest = Store::open(&args.store.data).ok().map(|s| s.manifest().clone());
    let desk = tempfile::tempdir()?;
    let (mut seen, mut met) = (Vec::new(), Vec::<(u64, String, PathBuf)>::new());
    for path in files {
        let verdict = match kind::of(&path, desk.path()) {
            Verdict::Known { kind, because } => {
                let sum = sum(&path)?;
                let same = met.iter().find(|(n, hash, _)| (*n, hash) == (sum.octets, &sum.empreinte));
                match same {
                    // A Shapefile is more than its `.shp`; two that share one are one all the same.
                    Some((_, _, other)) => {
                        Verdict::Unknown { why: format!("même contenu que « {} »", other.display()) }
                    }
                    None => {
                        let there = manifest.as_ref().and_then(|m| in_place(m, &sum.empreinte));
                        met.push((sum.octets, sum.empreinte, path.clone()));
                        let because = there.map_or(because.clone(), |there| format!("{because} ; {there}"));
                        Verdict::Known { kind, because }
                    }
                }
            }
            other => other,
        };
        seen.push(Seen { path, verdict });
    }
    Ok(seen)
}

/// What is said of bytes that the store has already.
fn in_place(manifest: &Manifest, mark: &str) -> Option<String> {
    let has = |d: &&Dataset| d.rapport.empreinte == mark || d.pieces.iter().any(|p| p.empreinte == mark);
    let there = manifest.jeux.iter().find(has)?;
    Some(format!("ces mêmes octets sont déjà en place : {} {}", there.rapport.registre, there.rapport.cle))
}

fn walk(path: &Path, store: &Path, out: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if !path.is_dir() {
        out.push(path.to_owned());
        return Ok(());
    }
    let same =
        |a: &Path, b: &Path| a.canonicalize().ok().is_some_and(|a| b.canonicalize().is_ok_and(|b| a == b));
    if same(path, store) {
        return Ok(());
    }
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(path)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for entry in entries {
        let hidden = entry.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if !hidden {
            walk(&entry, store, out)?;
        }
    }
    Ok(())
}

/// Says what each file is taken for, then those that are not.
fn told(seen: &[Seen], known: usize, store: &StoreArgs) {
    let mut n = 0;
    for s in seen {
        let path = s.path.display();
        match &s.verdict {
            Verdict::Known { kind, because } => {
                if n == 0 {
                    say!("Fichiers reconnus, dans l'ordre de l'import :");
                }
                n += 1;
                say!("  {n:>2}. {path} : {} ({because})", kind.words());
            }
            Verdict::Doubtful { kinds, why } => {
                say!("À dire vous-même : {path} : {why}. Écrivez la commande qui convient :");
                for kind in kinds {
                    say!("      {}", command(&s.path, kind, store));
                }
            }
            Verdict::Unknown { why } => say!("Pas reconnu : {path} : {why}"),
            Verdict::Part { .. } => {}
        }
    }
    let of = |wanted: fn(&Verdict) -> bool| seen.iter().filter(|s| wanted(&s.verdict)).count();
    let n = |n: usize, one: &str, many: &str| counted(n as u64, one, many);
    say!(
        "{} : {}, {} à dire, {}, {} d'un autre.",
        n(seen.len(), "fichier", "fichiers"),
        n(known, "reconnu", "reconnus"),
        of(|v| matches!(v, Verdict::Doubtful { .. })),
        n(of(|v| matches!(v, Verdict::Unknown { .. })), "pas reconnu", "pas reconnus"),
        n(of(|v| matches!(v, Verdict::Part { .. })), "morceau", "morceaux")
    );
}

/// Asks before it goes on; without a terminal nobody can answer.
fn agreed(files: usize) -> Result<bool, Failure> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        return Err(
            "rien n'a été importé : sans terminal, personne ne peut répondre. Relisez la liste, puis \
                    ajoutez --oui pour importer"
                .into(),
        );
    }
    note!("Importer ces {files} fichiers ? [o/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    input.lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "o" | "oui"))
}

/// Imports one after the other; a file that is refused does not keep the next ones out. Those that are, and
/// how many were left aside because another one has the same rows.
fn carry_out<'a>(
    steps: &[(&'a Path, &Kind)],
    writer: &mut Writer,
    store: &StoreArgs,
) -> Result<(Vec<(&'a Path, String)>, usize), Failure> {
    let mut brought: BTreeSet<String> = BTreeSet::new();
    let (mut refused, mut aside) = (Vec::new(), 0);
    for (path, kind) in steps {
        let register = register(path, kind, store);
        let done = admit(&register, writer, &mut |report, plan| alone(report, plan, &brought));
        match done {
            Ok(Done::Published { empreinte, .. }) => {
                brought.insert(empreinte);
            }
            Ok(Done::Already { empreinte }) => {
                brought.insert(empreinte);
                say!("  déjà dans le magasin : rien n'a changé");
            }
            Ok(Done::Tried) => {}
            Err(e) if e.is::<Same>() => {
                say!("  {e}");
                aside += 1;
            }
            Err(e) => {
                note!("  Refusé : {e}");
                refused.push((*path, e.to_string()));
            }
        }
    }
    Ok((refused, aside))
}

/// A file that has what another file of the same run brought.
#[derive(Debug, thiserror::Error)]
#[error("laissé de côté : il a les mêmes {unite} que {of}")]
struct Same {
    unite: String,
    of: String,
}

/// Says what was kept. Two files of one run never replace each other: nobody said which one counts.
fn alone(report: &Report, plan: &Plan, brought: &BTreeSet<String>) -> Result<(), Failure> {
    say!(
        "{} : {} {}, {} lignes gardées sur {} ({} rejetées)",
        report.fichier,
        report.registre,
        report.cle,
        thousands(report.lignes_gardees),
        thousands(report.lignes_lues),
        thousands(report.lignes_rejetees)
    );
    let Some(replaced) = plan.replacement() else { return Ok(()) };
    let from_here = replaced.fichiers.iter().all(|p| brought.contains(&p.empreinte));
    if from_here && replaced.lignes_remplacees > 0 {
        let others: Vec<String> = replaced.fichiers.iter().map(|p| format!("« {} »", p.fichier)).collect();
        // One register in two forms: the same rows, none more, none less, none in another commune.
        let alike = replaced.lignes_perdues == 0
            && replaced.lignes_avant == replaced.lignes_apres
            && replaced.lignes_remplacees == replaced.lignes_avant
            && replaced.communes.is_empty();
        if alike {
            return Err(Same { unite: replaced.unite.clone(), of: others.join(", ") }.into());
        }
        return Err(format!(
            "il remplacerait {} {} que {} vient d'apporter. Gardez dans le dossier celui qui compte, ou importez-le par sa \
             propre commande",
            thousands(replaced.lignes_remplacees),
            replaced.unite,
            others.join(", ")
        )
        .into());
    }
    import_report::replaced(replaced);
    Ok(())
}

fn register(path: &Path, kind: &Kind, store: &StoreArgs) -> Register {
    let common = Common::plain(path, store);
    match kind.clone() {
        Kind::Rpls { millesime } => Register::Rpls { common, millesime, bailleur: None },
        Kind::Ops { vague } => Register::Ops { common, wave: vague, bailleur: None },
        Kind::Attributions { annee } => Register::Attributions { common, year: annee, cle: None },
        Kind::Demandes { extrait } => Register::Demandes { common, date: Some(extrait), cle: None },
        Kind::Thresholds { annee } => Register::Thresholds { common, year: annee },
        Kind::Addresses { departements } => Register::Addresses { common, departement: Some(departements) },
        Kind::Zones { couche, generation } => {
            Register::Zones { common, layer: couche.id().to_owned(), generation, epsg: None, table: None }
        }
    }
}

/// The command that imports a file as this kind, to be copied.
fn command(path: &Path, kind: &Kind, store: &StoreArgs) -> String {
    let register = match kind {
        Kind::Rpls { millesime } => format!("rpls {} --millesime {millesime}", quoted(path)),
        Kind::Ops { vague } => format!("ops {} --wave {vague}", quoted(path)),
        Kind::Attributions { annee } => format!("attributions {} --year {annee}", quoted(path)),
        Kind::Demandes { extrait } => {
            let (year, month, day) = (extrait / 10_000, extrait / 100 % 100, extrait % 100);
            format!("demandes {} --date {year}-{month:02}-{day:02}", quoted(path))
        }
        Kind::Thresholds { annee: Some(annee) } => format!("thresholds {} --year {annee}", quoted(path)),
        Kind::Thresholds { annee: None } => format!("thresholds {}", quoted(path)),
        Kind::Addresses { departements } => {
            format!("addresses {} --departement {departements}", quoted(path))
        }
        Kind::Zones { couche, generation } => {
            let generation = generation.as_ref().map(|g| format!(" --generation {g}")).unwrap_or_default();
            format!("zones {} --layer {}{generation}", quoted(path), couche.id())
        }
    };
    format!("mosaique import {register} --data {}", quoted(&store.data))
}

/// A path as a shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// What the pages still lack.
fn missing(manifest: &Manifest) -> Result<(), Failure> {
    let there = |registre: &str, cle: &str| {
        manifest.jeux.iter().any(|d| {
            d.rapport.registre.trim_start_matches("depot_") == registre && d.rapport.cle.starts_with(cle)
        })
    };
    for page in pages()? {
        let lacks: Vec<_> = page.besoins.iter().filter(|b| !there(&b.registre, &b.cle)).collect();
        if lacks.is_empty() {
            say!("Page « {} » : tout est là.", page.page);
            continue;
        }
        say!("Page « {} », il manque :", page.page);
        for b in lacks {
            say!("  {} : {}", b.quoi, b.sans);
        }
    }
    Ok(())
}
