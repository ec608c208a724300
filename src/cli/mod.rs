//! The command line: one sub-module a command; each reads its arguments, calls the library and prints.

mod admin;
mod bench;
mod bench_cotation;
mod bench_geocoder;
mod build;
mod config;
mod etat;
mod export;
mod french;
mod geocode;
mod import;
mod import_folder;
mod import_report;
mod imports;
mod maintenance;
mod measure;
mod out;
mod papiers;
mod plafonds;
mod progress;
mod reglages;
mod sauvegarde;
mod verifier;

pub use self::french::parse;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};

use self::out::{note, say};
use crate::reference::fonds::{Basemap, origin};
use crate::{demo, server};

/// Qui habite le parc social, et les attributions gardent-elles les quartiers mixtes ?
#[derive(Debug, Parser)]
#[command(name = "mosaique", version, max_term_width = 110)]
pub struct Cli {
    /// Fichier de réglages (ou MOSAIQUE_CONFIG) ; à défaut mosaique.toml, puis /etc/mosaique/mosaique.toml
    #[arg(long, value_name = "FICHIER", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
    /// The store that the command names, found by `parse`.
    #[arg(skip)]
    store: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lire un fichier (RPLS, OPS, contours…) et le ranger dans le magasin
    Import(import::ImportArgs),
    /// Lister ce qui a été importé, le retirer, remettre ce qui a été remplacé
    Imports(imports::ImportsArgs),
    /// Construire les cubes à partir de ce que contient le magasin
    Build(build::BuildArgs),
    /// Calculer les chiffres d'une zone dessinée (GeoJSON) ou d'un code
    Measure(measure::MeasureArgs),
    /// Écrire les chiffres de toutes les zones d'une échelle : classeur, CSV, GeoJSON, GeoPackage
    Export(export::ExportArgs),
    /// Trouver les adresses d'un fichier CSV dans la Base adresse nationale importée
    Geocode(geocode::GeocodeArgs),
    /// Servir la carte et l'interface HTTP
    Serve(ServeArgs),
    /// Écrire les fichiers d'un territoire fictif de démonstration
    DemoData(DemoArgs),
    /// Comptes : premier compte d'administration, mots de passe, jetons
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// Journal d'audit
    #[command(subcommand)]
    Audit(admin::AuditCommand),
    /// Règles du programme que le magasin change : poids, plafonds, seuils, limites
    #[command(subcommand, after_help = reglages::EXAMPLES)]
    Reglages(reglages::ReglagesCommand),
    /// Retirer ce qui a dépassé sa durée de conservation (à lancer chaque jour)
    Maintenance(maintenance::MaintenanceArgs),
    /// Copier le magasin, les comptes et le journal ailleurs, pendant que le serveur sert
    Sauvegarde(sauvegarde::SauvegardeArgs),
    /// Refaire un magasin d'une sauvegarde, dans un dossier vide
    Restauration(sauvegarde::RestaurationArgs),
    /// Base des comptes, des corrections et du journal
    #[command(subcommand)]
    State(etat::StateCommand),
    /// Vérifier que les fichiers du magasin sont ceux qui ont été écrits
    Verifier(verifier::VerifierArgs),
    /// Écrire la complétion d'un interpréteur de commandes (bash, zsh, fish…)
    #[command(hide = true)]
    Completions(papiers::CompletionArgs),
    /// Écrire les pages de manuel
    #[command(hide = true)]
    Man(papiers::ManArgs),
    /// Mesurer le moteur seul (pour « make bench »)
    #[command(hide = true)]
    BenchEngine(bench::BenchArgs),
    /// Mesurer le géocodeur sur les adresses du magasin, abîmées (pour « make bench-geocoder »)
    #[command(hide = true)]
    BenchGeocoder(bench_geocoder::BenchGeocoderArgs),
    /// Mesurer le contrôle d'attributions, sur un cœur et sans HTTP
    #[command(hide = true)]
    BenchControle(bench::ChecksArgs),
    /// Mesurer la cotation, sur un cœur et sans HTTP
    #[command(hide = true)]
    BenchCotation(bench_cotation::ScoringArgs),
}

/// Where the store is.
#[derive(Debug, Clone, Args)]
pub struct StoreArgs {
    /// Dossier du magasin
    #[arg(long, value_name = "DOSSIER", default_value = "magasin")]
    data: PathBuf,
}

#[derive(Debug, Args)]
struct ServeArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Adresse et port
    #[arg(long, default_value = "127.0.0.1:8080")]
    bind: std::net::SocketAddr,
    /// Dossier d'une application web construite, à servir à la place de celle du programme
    #[arg(long, value_name = "DOSSIER")]
    web: Option<PathBuf>,
    /// Accepter une adresse qui n'est pas locale et tout nom d'hôte ; le chiffrement (TLS) est à la charge
    /// d'un relais
    #[arg(long)]
    ouvrir_au_reseau: bool,
    /// Un relais se tient devant ce serveur : lire l'adresse des visiteurs dans X-Forwarded-For
    #[arg(long)]
    derriere_un_relais: bool,
    /// Adresse par laquelle les autres connaissent ce serveur, par exemple https://mosaique.exemple.fr :
    /// elle commence les liens qu'il donne aux logiciels de cartographie
    #[arg(long, value_name = "SITE", value_parser = origin)]
    adresse_publique: Option<String>,
    /// Relais de courriel des avis (placements DALO, dépôts) : smtp://hôte[:port] (chiffré par STARTTLS,
    /// sauf sur cette machine) ou smtps://hôte[:port] ; demande --smtp-expediteur et --adresse-publique. Le
    /// compte et son mot de passe, s'il en faut : MOSAIQUE_SMTP_COMPTE et MOSAIQUE_SMTP_MOT_DE_PASSE
    #[arg(long, value_name = "RELAIS", requires_all = ["smtp_expediteur", "adresse_publique"])]
    smtp: Option<String>,
    /// Adresse électronique d'où viennent les avis
    #[arg(long, value_name = "COURRIEL")]
    smtp_expediteur: Option<String>,
    /// Adresse où un outil de surveillance (Prometheus) lit les mesures du serveur, page /metrics
    #[arg(long, value_name = "ADRESSE")]
    metriques: Option<std::net::SocketAddr>,
    /// Dossier où la page d'administration fait des sauvegardes du service, hors du magasin ; sans lui, elles
    /// se font par « mosaique sauvegarde » seulement
    #[arg(long, value_name = "DOSSIER")]
    sauvegardes: Option<PathBuf>,
    /// Fond de carte d'un autre hôte : ign-plan, ign-photo Nom=https://…/{z}/{x}/{y}.png ou
    /// Nom=https://…/fond.pmtiles (plusieurs fois au besoin)
    #[arg(long, value_name = "FOND")]
    fond: Vec<Basemap>,
    /// Site qui peut intégrer la carte (page /integre), par exemple https://intranet.exemple.fr (plusieurs
    /// fois au besoin)
    #[arg(long, value_name = "SITE", value_parser = origin)]
    integrer: Vec<String>,
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// Nombre de logements ; par défaut 20 000, 8 000 avec --territoire, 5 400 000 avec --national
    #[arg(long)]
    dwellings: Option<u32>,
    /// Graine : la même donne les mêmes fichiers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Dossier des fichiers
    #[arg(long, value_name = "DOSSIER", default_value = "demo/fichiers")]
    out: PathBuf,
    /// Un fichier de la taille de la France
    #[arg(long)]
    national: bool,
    /// Un autre territoire fictif : idf (Paris par arrondissements, EPT), outre-mer (La Réunion, Mayotte),
    /// fusion (communes fusionnées et rétablies entre deux millésimes)
    #[arg(long, value_name = "TERRITOIRE", value_parser = ["idf", "outre-mer", "fusion"], conflicts_with = "national")]
    territoire: Option<String>,
}

/// A fault that ends the command, said in one sentence.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command of the arguments.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    // What is written is about people: it is its owner's alone.
    // SAFETY: changes one number of the process, before it has other threads.
    unsafe { libc::umask(0o077) };
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    // What checks and mends the settings must run when they are faulty.
    if let Some(root) = cli.store.as_ref().filter(|_| !matches!(cli.command, Command::Reglages(_)))
        && let Err(e) = crate::store::reglages::take_up(root, crate::days::today())
    {
        note!("Erreur : {e} (corrigez ce fichier du magasin, ou retirez-le)");
        return ExitCode::FAILURE;
    }
    let result = match cli.command {
        Command::Import(args) => import::run(&args),
        Command::Imports(args) => imports::run(&args),
        Command::Build(args) => build::run(&args),
        Command::Measure(args) => measure::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Geocode(args) => geocode::run(&args),
        Command::Serve(args) => serve(args),
        Command::DemoData(args) => demo_data(&args),
        Command::Admin(command) => admin::run(&command),
        Command::Audit(command) => admin::audit(&command),
        Command::Reglages(command) => reglages::run(&command),
        Command::Maintenance(args) => maintenance::run(&args),
        Command::Sauvegarde(args) => sauvegarde::save(&args),
        Command::Restauration(args) => sauvegarde::restore(&args),
        Command::State(command) => etat::run(&command),
        Command::Verifier(args) => verifier::run(&args),
        Command::Completions(args) => papiers::completions(&args),
        Command::Man(args) => papiers::man(&args),
        Command::BenchEngine(args) => bench::run(&args),
        Command::BenchGeocoder(args) => bench_geocoder::run(&args),
        Command::BenchControle(args) => bench::checks(&args),
        Command::BenchCotation(args) => bench_cotation::run(&args),
    };
    match result {
        Ok(()) if out::is_whole() => ExitCode::SUCCESS,
        Ok(()) => {
            note!("Erreur : la sortie n'a pas pu être écrite en entier");
            ExitCode::FAILURE
        }
        Err(e) => {
            out::is_whole();
            note!("Erreur : {}", crate::french::system(&e.to_string()));
            ExitCode::FAILURE
        }
    }
}

/// An option of a command as it is typed, `--millesime`: messages cannot name one that is not.
fn option_of(path: &[&str], id: &str) -> String {
    let mut command = Cli::command();
    for name in path {
        match command.find_subcommand(name) {
            Some(found) => command = found.clone(),
            None => break,
        }
    }
    let long = command.get_arguments().find(|a| a.get_id() == id).and_then(clap::Arg::get_long);
    format!("--{}", long.unwrap_or(id))
}

/// Filters as they are typed, `filtre=codes`.
fn filters(typed: &[String]) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let mut all = BTreeMap::new();
    for text in typed {
        let (id, codes) = text.split_once('=').ok_or_else(|| format!("« {text} » : écrivez filtre=codes"))?;
        all.insert(id.to_owned(), codes.split(',').map(str::to_owned).collect());
    }
    Ok(all)
}

/// Who runs the command, for what is written down.
fn holder() -> String {
    let name = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|v| std::env::var(v).ok());
    match name.filter(|n| !n.is_empty()) {
        Some(name) => format!("la ligne de commande ({name})"),
        None => "la ligne de commande".to_owned(),
    }
}

fn serve(args: ServeArgs) -> Result<(), Failure> {
    build::before_serving(&args.store.data, &|told| say!("{told}"))?;
    let store = crate::store::Store::open(&args.store.data)?;
    let options = server::ServeOptions {
        web: args.web,
        allow_remote: args.ouvrir_au_reseau,
        behind_proxy: args.derriere_un_relais,
        ban: server::remote_ban(),
        adresse_publique: args.adresse_publique,
        metrics: args.metriques,
        smtp: args.smtp.zip(args.smtp_expediteur).map(|(relay, from)| server::Smtp::from_env(relay, from)),
        sauvegardes: args.sauvegardes.map(|f| sauvegarde::apart(&f, &args.store.data)).transpose()?,
        fonds: args.fond,
        integration: args.integrer,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(server::serve(store, args.bind, options))?)
}

fn demo_data(args: &DemoArgs) -> Result<(), Failure> {
    let bars = progress::Steps::new();
    let territory = args.territoire.as_deref().and_then(demo::Territory::from_name).unwrap_or_default();
    let dwellings = args.dwellings.unwrap_or(match territory {
        _ if args.national => 5_400_000,
        demo::Territory::Agglomeration => demo::DEFAULT_DWELLINGS,
        _ => demo::TERRITORY_DWELLINGS,
    });
    let options = demo::DemoOptions { dwellings, seed: args.seed, national: args.national, territory };
    let summary = demo::write(&options, &args.out, &|step, done, total| bars.show(step, done, total))?;
    bars.finish();
    say!("Territoire fictif écrit dans {} (graine {}) :", args.out.display(), args.seed);
    for (file, rows) in &summary.files {
        say!("  {file:<28} {rows:>10} lignes");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn options(command: &clap::Command, out: &mut BTreeSet<String>) {
        out.extend(command.get_arguments().filter_map(|a| a.get_long()).map(|l| format!("--{l}")));
        command.get_subcommands().for_each(|c| options(c, out));
    }

    /// Options that a line of code names, in messages: comments and tests may name those of others.
    fn named(line: &str) -> Vec<String> {
        let code = line.trim_start();
        if code.starts_with("//") {
            return Vec::new();
        }
        let part = |rest: &str| -> String {
            let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(rest.len());
            format!("--{}", rest[..end].trim_end_matches('-'))
        };
        code.match_indices("--").map(|(at, _)| part(&code[at + 2..])).filter(|o| o.len() > 3).collect()
    }

    /// « l'option --annee » where the option is `--year` sends people looking for what is not there.
    #[test]
    fn every_option_that_a_message_names_is_one() {
        let mut known = BTreeSet::from(["--help".to_owned()]);
        options(&Cli::command(), &mut known);
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    for line in text.split("#[cfg(test)]").next().unwrap_or_default().lines() {
                        for option in named(line) {
                            seen += 1;
                            assert!(known.contains(&option), "{option} in {}: {line}", path.display());
                        }
                    }
                }
            }
        }
        assert!(seen > 10, "options are named somewhere");
    }
}
