//! `mosaique admin`, `mosaique audit`: what is done before anyone can sign in, or by who holds the server.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::out::say;
use super::{Failure, StoreArgs};
use crate::cube::Cube;
use crate::desk::editions::App;
use crate::desk::trace::Trace;
use crate::french::counted;
use crate::reference::access::{Class, Donnees, Role, access};
use crate::reference::comptes::comptes;
use crate::scoring::grid::Grille;
use crate::server::{bring, bring_up_to_date};
use crate::state::{self, NewAccount, NewConvention, Passwords, State, one_time};
use crate::store::{Store, Writer};

#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Créer le premier compte d'administration ; son mot de passe, à usage unique, est affiché
    Create(CreateArgs),
    /// Remettre un mot de passe à usage unique à un compte
    Password(AccountArgs),
    /// Créer un jeton pour un script ; il est seul sur la sortie
    Token(TokenArgs),
    /// Enregistrer les événements du parc d'un bailleur (mises en service, démolitions, ventes…), tous ou
    /// aucun
    Events(EventsArgs),
    /// Enregistrer les conventions, assiettes, droits et événements de gestion en flux d'un dossier
    Flux(FluxArgs),
    /// Créer un organisme et un compte de chaque rôle sur les données chargées (démonstration)
    Demo(DemoAccountsArgs),
}

#[derive(Debug, Args)]
pub struct CreateArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Adresse électronique du compte
    #[arg(long)]
    courriel: String,
    /// Nom de la personne
    #[arg(long, default_value = "Administration")]
    nom: String,
}

#[derive(Debug, Args)]
pub struct AccountArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Adresse électronique du compte
    #[arg(long)]
    courriel: String,
}

#[derive(Debug, Args)]
pub struct TokenArgs {
    #[command(flatten)]
    account: AccountArgs,
    /// À quoi il sert
    #[arg(long, default_value = "script")]
    nom: String,
    /// Durée en jours
    #[arg(long)]
    jours: Option<i64>,
    /// Pouvoir modifier, pas seulement lire
    #[arg(long)]
    ecriture: bool,
}

#[derive(Debug, Args)]
pub struct EventsArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// CSV aux colonnes de la page « Événements du parc »
    fichier: PathBuf,
    /// SIREN du bailleur
    #[arg(long)]
    siren: String,
}

#[derive(Debug, Args)]
pub struct FluxArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Dossier de conventions.csv, assiettes.csv, droits.csv et evenements.csv
    dossier: PathBuf,
}

#[derive(Debug, Args)]
pub struct DemoAccountsArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Écrire la liste en JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Relire tout le journal : une ligne retirée ou modifiée est nommée
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Ligne notée lors d'une vérification passée (RANG:EMPREINTE) : elle doit être encore là
    #[arg(long, value_name = "RANG:EMPREINTE")]
    temoin: Option<String>,
}

/// Runs what needs the state store.
pub(super) fn with_state<T>(
    args: &StoreArgs,
    work: impl AsyncFnOnce(&State) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        std::fs::create_dir_all(&args.data)?;
        let state = State::of_store(&args.data).await?;
        let result = work(&state).await;
        state.close().await;
        result
    })
}

/// A line of the trail for what is done here.
pub(super) async fn noted(state: &State, trace: Trace) -> Result<(), Failure> {
    Ok(state.audit(&[trace.by_holder()]).await?)
}

pub fn run(command: &AdminCommand) -> Result<(), Failure> {
    match command {
        AdminCommand::Create(args) => {
            // A server opens on it, and its page « Données » takes the first files.
            Writer::begin(&args.store.data)?;
            with_state(&args.store, async |s| create(s, args).await)
        }
        AdminCommand::Password(args) => with_state(&args.store, async |s| password(s, args).await),
        AdminCommand::Token(args) => with_state(&args.account.store, async |s| token(s, args).await),
        AdminCommand::Events(args) => with_state(&args.store, async |s| events(s, args).await),
        AdminCommand::Flux(args) => with_state(&args.store, async |s| flux(s, args).await),
        AdminCommand::Demo(args) => with_state(&args.store, async |s| demo(s, args).await),
    }
}

pub fn audit(command: &AuditCommand) -> Result<(), Failure> {
    let AuditCommand::Verify(args) = command;
    let witness = match &args.temoin {
        None => None,
        Some(text) => {
            let parts = text.split_once(':').and_then(|(rank, mark)| Some((rank.parse::<i64>().ok()?, mark)));
            Some(parts.ok_or_else(|| format!("« {text} » : un témoin s'écrit RANG:EMPREINTE"))?)
        }
    };
    let verdict = with_state(&args.store, async |s| {
        let verdict = s.verify_audit(witness).await?;
        if verdict.faute.is_none() {
            s.note_head().await?;
        }
        Ok(verdict)
    })?;
    if let Some(fault) = verdict.faute {
        return Err(format!("journal altéré : {fault}").into());
    }
    if verdict.inverifiable.is_some() && verdict.tetes == 0 && verdict.premier == 1 {
        // The first verification of a store that no server has served.
        say!(
            "Journal cohérent : {} lignes. Aucune tête n'était encore notée hors de la base : une chaîne refaite avant aujourd'hui ne \
             se verrait pas. La dernière l'est maintenant : {}:{}",
            verdict.lignes,
            verdict.dernier,
            verdict.empreinte
        );
        return Ok(());
    }
    if let Some(what) = verdict.inverifiable {
        return Err(format!(
            "le journal ne peut plus être vérifié en entier : {what}. Ce qui reste est cohérent : {} lignes, du rang {} au rang {}",
            verdict.lignes, verdict.premier, verdict.dernier
        )
        .into());
    }
    say!(
        "Journal intact : {} lignes, du rang {} au rang {}.",
        verdict.lignes,
        verdict.premier,
        verdict.dernier
    );
    say!("À noter ailleurs pour une vérification future : {}:{}", verdict.dernier, verdict.empreinte);
    Ok(())
}

/// The organisation of a role and code, made if it is not there.
async fn organisation(state: &State, role: Role, code: &str, nom: &str) -> Result<String, Failure> {
    let known = state.organisations().await?;
    match known.into_iter().find(|o| o.role == role && o.code == code) {
        Some(o) => Ok(o.id),
        None => Ok(state.add_organisation(role, code, nom, state::now()).await?),
    }
}

async fn create(state: &State, args: &CreateArgs) -> Result<(), Failure> {
    let password = one_time()?;
    let hash = Passwords::new()?.hash(password.clone()).await?;
    let organisation = organisation(state, Role::Administrateur, "", "Administration du service").await?;
    let new = NewAccount {
        courriel: &args.courriel,
        nom: &args.nom,
        organisation: &organisation,
        gestionnaire: true,
        mot_de_passe: &hash,
    };
    let compte = state.add_account(&new, state::now()).await?;
    noted(
        state,
        Trace::new("compte_cree", compte)
            .with("courriel", args.courriel.as_str())
            .with("role", "administrateur"),
    )
    .await?;
    say!("Compte d'administration créé : {}", args.courriel);
    say!("Mot de passe, à changer à la première connexion : {password}");
    Ok(())
}

async fn account(state: &State, courriel: &str) -> Result<String, Failure> {
    let found = state.account_of(courriel).await?;
    Ok(found.map(|a| a.id).ok_or_else(|| format!("aucun compte n'a l'adresse « {courriel} »"))?)
}

async fn password(state: &State, args: &AccountArgs) -> Result<(), Failure> {
    let compte = account(state, &args.courriel).await?;
    let password = one_time()?;
    let hash = Passwords::new()?.hash(password.clone()).await?;
    state.set_password(&compte, &hash, Some(state::now()), None).await?;
    noted(state, Trace::new("mot_de_passe_remis", compte)).await?;
    say!("Mot de passe, à changer à la première connexion : {password}");
    Ok(())
}

async fn token(state: &State, args: &TokenArgs) -> Result<(), Failure> {
    let compte = account(state, &args.account.courriel).await?;
    let days = args.jours.unwrap_or(comptes().jeton.duree_defaut_j);
    let token = state.add_token(&compte, &args.nom, args.ecriture, days, state::now()).await?;
    let trace =
        Trace::new("jeton_cree", token.id).with("nom", args.nom.as_str()).with("ecriture", args.ecriture);
    noted(state, trace).await?;
    say!("{}", token.secret);
    Ok(())
}

async fn events(state: &State, args: &EventsArgs) -> Result<(), Failure> {
    let root = &args.store.data;
    let app = Arc::new(App::load(&Store::open(root)?, None)?);
    let bytes = std::fs::read(&args.fichier).map_err(|e| format!("« {} » : {e}", args.fichier.display()))?;
    let told = bring(&app, state, &args.siren, &bytes, "").await;
    let (ids, _, trace) = told.map_err(|p| format!("« {} » : {}", args.fichier.display(), p.told()))?;
    noted(state, trace.with("siren", args.siren.as_str())).await?;
    bring_up_to_date(root, state).await?;
    let told = counted(ids.len() as u64, "événement enregistré", "événements enregistrés");
    say!("{told} ; le parc à jour en tient compte.");
    Ok(())
}

async fn flux(state: &State, args: &FluxArgs) -> Result<(), Failure> {
    let told = crate::desk::flux::files::bring(state, &args.dossier).await;
    let trace = told.map_err(|p| format!("« {} » : {}", args.dossier.display(), p.told()))?;
    noted(state, trace).await?;
    say!("gestion en flux de « {} » enregistrée.", args.dossier.display());
    Ok(())
}

/// What the demonstration's accounts are about: places and a bailleur that the data has.
struct Places {
    departement: String,
    region: String,
    epci: (String, String),
    commune: (String, String),
    bailleur: (String, String),
}

fn places(cube: &Cube) -> Option<Places> {
    let first = |id: &str| {
        let layer = cube.layer(id)?;
        // The zone with the most addresses: the one that there is something to see of.
        let n = u32::try_from(layer.codes.len()).ok()?;
        let zone = (0..n).max_by_key(|z| (layer.addresses(*z).len(), std::cmp::Reverse(*z)))?;
        let (code, nom) = (layer.codes.get(zone as usize), layer.names.get(zone as usize));
        Some((code.to_owned(), if nom.is_empty() { code } else { nom }.to_owned()))
    };
    let departement = first("departement")?.0;
    let region = access()
        .regions
        .iter()
        .find(|(_, list)| list.contains(&departement))
        .map(|(r, _)| r.clone())
        .unwrap_or_default();
    let owner = cube.bailleur_of();
    let mut counts = vec![0u64; cube.bailleurs().len()];
    for b in owner {
        if let Some(n) = counts.get_mut(usize::from(*b)) {
            *n += 1;
        }
    }
    let largest = counts.iter().enumerate().max_by_key(|(i, n)| (**n, std::cmp::Reverse(*i)))?.0;
    let (siren, nom) = *cube.bailleurs().get(largest)?;
    let bailleur = (siren.to_owned(), if nom.is_empty() { siren } else { nom }.to_owned());
    Some(Places { departement, region, epci: first("epci")?, commune: first("commune")?, bailleur })
}

/// The grids of the demonstration for an EPCI that has none: one adopted for first demands and one for
/// mutations, two drafts.
async fn grids(state: &State, epci: &str, now: i64) -> Result<(), Failure> {
    if state.grids().await?.iter().any(|g| g.epci == epci) {
        return Ok(());
    }
    for (name, text) in crate::demo::demands::GRIDS {
        let grid: Grille = serde_json::from_str(&text.replace("{EPCI}", epci))?;
        let id = state.add_grid(epci, grid.genre.id(), &serde_json::to_string(&grid)?, "", now).await?;
        noted(state, Trace::new("grille_ajoutee", id.as_str()).with("epci", epci)).await?;
        if matches!(name, "rubriques" | "mutation") {
            let today = state::day(now);
            let version = state.adopt_grid(&id, &today, "", now).await?;
            let trace = Trace::new("grille_adoptee", id).with("epci", epci).with("version", version);
            noted(state, trace).await?;
        }
    }
    Ok(())
}

async fn demo(state: &State, args: &DemoAccountsArgs) -> Result<(), Failure> {
    let app = App::load(&Store::open(&args.store.data)?, None)?;
    if !app.demonstration {
        return Err(format!(
            "« {} » n'est pas un magasin de démonstration : des comptes que tout le monde connaît ouvriraient de vraies données. \
             Créez le premier compte avec « mosaique admin create ».",
            args.store.data.display()
        )
        .into());
    }
    let cube = app.millesimes.last().and_then(|l| places(l.cube()));
    let p = cube.ok_or("le magasin n'a pas de cube : importez des données puis lancez « mosaique build »")?;
    let list = [
        (Role::Administrateur, String::new(), "Administration du service".to_owned()),
        (Role::Bailleur, p.bailleur.0, p.bailleur.1),
        (Role::Epci, p.epci.0.clone(), p.epci.1.clone()),
        (Role::Commune, p.commune.0, p.commune.1),
        (Role::Ddets, p.departement.clone(), format!("DDETS {}", p.departement)),
        (Role::Dreal, p.region.clone(), format!("DREAL de la région {}", p.region)),
        (Role::ActionLogement, String::new(), "Action Logement".to_owned()),
        (Role::Agence, String::new(), "Agence d'urbanisme".to_owned()),
    ];
    let (passwords, now) = (Passwords::new()?, state::now());
    let mut rows = Vec::new();
    let mut parties = Vec::new();
    for (role, code, nom) in list {
        let organisation = organisation(state, role, &code, &nom).await?;
        if matches!(role, Role::Epci | Role::Commune | Role::Agence) {
            parties.push(organisation.clone());
        }
        let courriel = format!("{}@demonstration.example", role.id().replace('_', "-"));
        let password = one_time()?;
        let hash = passwords.hash(password.clone()).await?;
        let shown = match state.account_of(&courriel).await? {
            None => {
                let title = &access().rights(role).libelle;
                let new = NewAccount {
                    courriel: &courriel,
                    nom: title,
                    organisation: &organisation,
                    gestionnaire: true,
                    mot_de_passe: &hash,
                };
                let compte = state.add_account(&new, now).await?;
                noted(state, Trace::new("compte_cree", compte).with("courriel", courriel.as_str())).await?;
                Some(password)
            }
            // Never used: the one that was printed may be lost.
            Some(a) if a.provisoire => {
                state.set_password(&a.id, &hash, Some(state::now()), None).await?;
                noted(state, Trace::new("mot_de_passe_remis", a.id)).await?;
                Some(password)
            }
            Some(_) => None,
        };
        if role == Role::Epci {
            grids(state, &code, now).await?;
        }
        rows.push((role, nom, courriel, shown));
    }
    agree(state, &p.epci, parties, now).await?;
    let mut out = super::out::stdout();
    if args.json {
        let list: Vec<_> = rows
            .iter()
            .map(|(r, o, c, m)| serde_json::json!({"role": r, "organisme": o, "courriel": c, "mot_de_passe": m}))
            .collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&list)?)?;
        return Ok(());
    }
    writeln!(out, "Comptes de démonstration (mots de passe à usage unique) :")?;
    for (_, nom, courriel, password) in &rows {
        let password = password.as_deref().unwrap_or("mot de passe déjà choisi");
        writeln!(out, "  {courriel:<42} {password:<26} {nom}")?;
    }
    Ok(())
}

/// A convention of one year over the EPCI, unless one is in force.
async fn agree(
    state: &State,
    epci: &(String, String),
    parties: Vec<String>,
    now: i64,
) -> Result<(), Failure> {
    let (today, place) = (state::day(now), format!("epci:{}", epci.0));
    let known = state.conventions(None).await?;
    if known.iter().any(|c| c.au >= today && c.territoire.contains(&place)) {
        return Ok(());
    }
    let new = NewConvention {
        titre: format!("Convention de démonstration, {}", epci.1),
        territoire: vec![place],
        classes: vec![Class::Fine, Class::Zone, Class::Proche],
        donnees: vec![Donnees::Rpls, Donnees::Ops],
        du: today,
        au: state::day(now + 365 * 86_400),
        parties,
    };
    let id = state.add_convention(&new, now).await?;
    noted(state, Trace::new("convention_creee", id).with("titre", new.titre)).await
}
