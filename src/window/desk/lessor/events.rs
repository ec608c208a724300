//! Deliveries, demolitions, sales, transfers: checked against the stock, reconciled with the register.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::desk::editions::{App, Loaded};
use crate::desk::error::DeskError;
use crate::desk::lessor::counts;
use crate::desk::lessor::told::Told;
use crate::desk::params::{day as date, words};
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::geocode::{Geocoder, Kind, Query, SURE};
use crate::policy::dossier::Checker;
use crate::reference::communes::city_of;
use crate::reference::indicators::Catalogue;
use crate::reference::registre::mot;
use crate::registers::fields;
use crate::registers::kit::small::SmallTable;
use crate::state::{self, Caracteristiques, Evenement, GenreEvenement, Lieu, NewEvent, State};
use crate::stock::table::hash;
use crate::territory::layer::Zone;

pub const AWAITS: &str = "En attente : l'autre bailleur n'a pas déclaré ce transfert, ou pas pour tous ces logements. \
                      Jusque-là, ou jusqu'au prochain RPLS, ils restent comptés chez celui qui les a au RPLS.";

/// Un événement à enregistrer.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NouvelEvenement {
    pub genre: GenreEvenement,
    /// AAAA-MM-JJ, pas dans l'avenir ; d'un congé, le jour où le logement sera libre.
    pub date: String,
    /// Code Insee.
    pub commune: String,
    #[serde(default)]
    pub adresse: String,
    /// Code du QPV de 2024 ; vide hors QPV.
    #[serde(default)]
    pub qpv: String,
    pub logements: u64,
    /// Numéros nationaux, s'ils sont connus : autant que de logements.
    #[serde(default)]
    pub ident_rep: Vec<String>,
    /// SIREN de l'autre bailleur (cession, acquisition) ou nouvel usage.
    #[serde(default)]
    pub autre: String,
    #[serde(default)]
    pub commentaire: String,
    /// De logements qui arrivent : ce qu'ils sont tous.
    #[serde(default)]
    pub caracteristiques: Caracteristiques,
}

/// Les événements d'un bailleur, et ce que le dernier RPLS en dit.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListeEvenements {
    /// 1er janvier du dernier RPLS, AAAA-MM-JJ.
    pub rpls_au: String,
    /// Le plus récent d'abord, ceux qui ont été annulés compris.
    pub evenements: Vec<EvenementSuivi>,
    /// Événements d'avant ce RPLS qui ne s'y retrouvent pas.
    pub a_rapprocher: usize,
}

/// Un événement et son rapprochement.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvenementSuivi {
    #[serde(flatten)]
    pub evenement: Evenement,
    pub rapprochement: Rapprochement,
    /// Ce qui ne va pas, en une phrase.
    pub detail: Option<String>,
}

/// Ce que le dernier RPLS dit d'un événement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rapprochement {
    /// Postérieur au dernier RPLS : il compte dans le parc à jour.
    AVenir,
    /// Le RPLS le confirme.
    Confirme,
    /// Le RPLS dit autre chose.
    Discordant,
    /// Sans numéro national, le RPLS ne peut pas le dire : à vérifier.
    AVerifier,
    /// Congé : le parc ne change pas, le logement est proposé au contrôle avant CALEOL.
    Annonce,
    Annule,
}

/// What is imported or was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvenementsFaits {
    pub ids: Vec<String>,
    /// Nom du lot importé, à donner pour l'annuler ; vide pour une saisie.
    pub lot: String,
    /// Numéro de la modification, que `/api/travaux` dit faite quand les chiffres la montrent.
    pub demande: u64,
}

/// National numbers of a bailleur's dwellings in the register of a year, hashed.
pub fn own(app: &App, year: u16, siren: &str) -> Result<BTreeSet<u64>, DeskError> {
    let Some(t) = app.rows_of(year, siren, &["ident_rep"])? else { return Ok(BTreeSet::new()) };
    Ok(t.hashes("ident_rep")?.into_iter().filter(|number| *number != 0).collect())
}

/// The latest year of the register, and the numbers of a bailleur in it.
pub async fn idents(app: &Arc<App>, siren: &str) -> Result<(u16, BTreeSet<u64>), Problem> {
    let year = latest(app)?.meta().millesime;
    let (held, owner) = (Arc::clone(app), siren.to_owned());
    let found = tokio::task::spawn_blocking(move || own(&held, year, &owner))
        .await
        .map_err(|e| Problem::internal(&e))?;
    Ok((year, found.map_err(|e| Problem::internal(&e))?))
}

/// The latest millésime.
pub fn latest(app: &App) -> Result<Arc<Loaded>, Problem> {
    app.millesimes.last().cloned().ok_or_else(Problem::nothing_loaded)
}

/// What events are checked against.
pub struct Ground {
    loaded: Arc<Loaded>,
    /// National numbers of the bailleur's dwellings in the register, hashed.
    own: BTreeSet<u64>,
    /// What it told before.
    told: Told,
    checker: Arc<Checker>,
    geocoder: Option<Arc<Geocoder>>,
}

impl Ground {
    /// Reads the numbers of the bailleur and what it told, and opens the addresses, if they were imported.
    pub async fn of(app: &Arc<App>, state: &State, siren: &str) -> Result<Self, Problem> {
        let (loaded, (year, own)) = (latest(app)?, idents(app, siren).await?);
        let events = state.events(Some(siren)).await?;
        let counting = counts::since(events.clone(), year);
        let communes = counts::zones(&loaded, siren, "commune", |e| e.commune.clone(), &counting);
        let told = Told::of(events, year, communes);
        // Without imported addresses, dwellings that arrive count for their commune.
        let held = Arc::clone(app);
        let (geocoder, checker) = tokio::task::spawn_blocking(move || (held.geocoder().ok(), held.checker()))
            .await
            .map_err(|e| Problem::internal(&e))?;
        let checker = checker.map_err(|e| Problem::internal(&e))?;
        Ok(Self { loaded, own, told, checker, geocoder })
    }

    /// The zone of a layer that holds a dwelling of the register; None if its number or point is not known.
    fn zone_of(&self, layer: &str, ident: &str) -> Option<Option<&Zone>> {
        let [lon, lat] = self.checker.parc.by_ident(ident)?.point?;
        let layer = &self.loaded.zones.get(layer)?.layer;
        Some(layer.locate(lon, lat).and_then(|z| layer.zones.get(z as usize)))
    }

    /// The QPV of dwellings of the register that leave, where all are in the same one or outside: it is known
    /// by their numbers, whatever was told.
    fn qpv_of(&self, idents: &[String]) -> Option<String> {
        let each: Option<BTreeSet<String>> = idents
            .iter()
            .map(|i| Some(self.zone_of("qpv2024", i)?.map(|z| z.code.clone()).unwrap_or_default()))
            .collect();
        each.filter(|all| all.len() == 1)?.into_iter().next()
    }

    /// Where an address of a commune is, if that is sure enough.
    fn place(&self, commune: &str, adresse: &str) -> Option<Lieu> {
        let parsed = crate::address::key(commune, "", "", "", adresse, "");
        let hit =
            self.geocoder.as_ref()?.search(&Query::of_dwelling(commune, &parsed, 1)).into_iter().next()?;
        let qualite = match hit.kind {
            _ if hit.score < SURE => return None,
            Kind::HouseNumber => 11,
            Kind::Street if hit.interpolated => 11,
            Kind::Street => 12,
            _ => return None,
        };
        Some(Lieu {
            lon: Some(hit.lon),
            lat: Some(hit.lat),
            libelle: hit.label,
            qualite,
            ban: hit.id,
            score: Some(hit.score),
            ..Lieu::default()
        })
    }
}

/// Checks what dwellings that arrive are said to be.
fn described(name: &impl Fn(&str) -> String, c: &Caracteristiques) -> Result<(), Problem> {
    let catalogue = Catalogue::embedded().map_err(|e| Problem::internal(&e))?;
    for (id, code) in [("financement", &c.financement), ("dpe", &c.dpe)] {
        if let Some(a) = catalogue.attribute(id).filter(|a| !code.is_empty() && a.class(code).is_none()) {
            return Err(Problem::unknown(&name(id), code, a.classes.iter().map(|c| c.code.as_str())));
        }
    }
    if let Some(n) = c.pieces.filter(|n| !(1..=20).contains(n)) {
        return Err(Problem::value(&name("pieces"), &n.to_string(), "Un logement a de 1 à 20 pièces."));
    }
    if let Some(n) = c.surface.filter(|n| !(5..=500).contains(n)) {
        return Err(Problem::value(&name("surface"), &n.to_string(), "Un logement a de 5 à 500 m²."));
    }
    Ok(())
}

/// A commune, or the city that an arrondissement is of.
fn municipality(commune: &str) -> &str {
    city_of(commune).map_or(commune, |c| c.commune.as_str())
}

/// Checks an event as it is asked; `at` names the line of a file in messages.
pub fn checked(ground: &Ground, asked: NouvelEvenement, at: &str) -> Result<NewEvent, Problem> {
    let Ground { loaded, own, told, .. } = ground;
    let name = |champ: &str| if at.is_empty() { champ.to_owned() } else { format!("{at}, {champ}") };
    let day = date(&name("date"), &asked.date)?.to_string();
    let notice = asked.genre == GenreEvenement::Conge;
    if notice && asked.ident_rep.is_empty() {
        return Err(Problem::missing(
            &name("ident_rep"),
            "un congé porte sur des logements connus par leur numéro national",
        ));
    }
    if !notice && day > state::day(state::now()) {
        return Err(Problem::value(
            &name("date"),
            &day,
            "Un événement à venir ne compte pas encore : enregistrez-le quand il a eu lieu.",
        ));
    }
    let known = |layer: &str, code: &str| {
        loaded.cube().layer(layer).is_some_and(|l| l.zone(code).is_some())
            || loaded.zones.get(layer).is_some_and(|g| g.layer.zone(code).is_some())
    };
    if !known("commune", &asked.commune) {
        return Err(Problem::value(&name("commune"), &asked.commune, "Aucune commune n'a ce code Insee."));
    }
    if !asked.qpv.is_empty() && !known("qpv2024", &asked.qpv) {
        return Err(Problem::value(&name("qpv"), &asked.qpv, "Aucun QPV de 2024 n'a ce code."));
    }
    if asked.logements == 0 || asked.logements > 100_000 {
        return Err(Problem::value(
            &name("logements"),
            &asked.logements.to_string(),
            "Un événement porte sur un logement au moins.",
        ));
    }
    let named: BTreeSet<&String> = asked.ident_rep.iter().collect();
    if !asked.ident_rep.is_empty()
        && (named.len() as u64 != asked.logements || named.len() != asked.ident_rep.len())
    {
        let n = named.len().to_string();
        return Err(Problem::value(
            &name("ident_rep"),
            &n,
            "Donnez autant de numéros différents que de logements, ou aucun.",
        ));
    }
    if asked.genre.sign() <= 0
        && let Some(unknown) = asked.ident_rep.iter().find(|i| !own.contains(&hash(i)) && !told.brought(i))
    {
        return Err(Problem::value(
            &name("ident_rep"),
            unknown,
            "Ce logement n'est pas dans votre parc au dernier RPLS, et aucun événement ne l'y a fait entrer.",
        ));
    }
    let leaves = asked.genre.sign() <= 0;
    for ident in asked.ident_rep.iter().filter(|_| leaves) {
        if let Some(Some(there)) = ground.zone_of("commune", ident)
            && municipality(&there.code) != municipality(&asked.commune)
        {
            return Err(Problem::value(
                &name("commune"),
                &asked.commune,
                format!(
                    "Le logement {ident} est dans une autre commune au RPLS : {} ({}). Corrigez la commune ou le numéro.",
                    there.nom, there.code
                ),
            ));
        }
    }
    let transfer = matches!(asked.genre, GenreEvenement::Cession | GenreEvenement::Acquisition);
    if transfer && asked.autre.trim().is_empty() {
        return Err(Problem::missing(
            &name("autre"),
            "une cession ou une acquisition dit l'autre bailleur, par son SIREN",
        ));
    }
    let qpv = if leaves { ground.qpv_of(&asked.ident_rep) } else { None }.unwrap_or(asked.qpv);
    let adresse = words(&name("adresse"), &asked.adresse, 200)?;
    let arrives = asked.genre.sign() > 0;
    if arrives {
        described(&name, &asked.caracteristiques)?;
    }
    let event = NewEvent {
        lieu: if arrives { ground.place(&asked.commune, &adresse) } else { None },
        caracteristiques: if arrives { asked.caracteristiques } else { Caracteristiques::default() },
        genre: asked.genre,
        date: day,
        commune: asked.commune,
        adresse,
        qpv,
        logements: asked.logements,
        ident_rep: asked.ident_rep,
        autre: words(&name("autre"), &asked.autre, 120)?,
        commentaire: words(&name("commentaire"), &asked.commentaire, 1_000)?,
    };
    told.check(&event, &name)?;
    Ok(event)
}

/// What the register of `year` says of an event.
pub fn reconciled(e: &Evenement, year: u16, own: &BTreeSet<u64>) -> (Rapprochement, Option<String>) {
    if e.annule.is_some() {
        return (Rapprochement::Annule, None);
    }
    if e.genre == GenreEvenement::Conge {
        return (Rapprochement::Annonce, None);
    }
    if e.date > format!("{year}-01-01") {
        return (Rapprochement::AVenir, None);
    }
    if e.ident_rep.is_empty() {
        return (
            Rapprochement::AVerifier,
            Some("Sans numéro national, le RPLS ne peut pas le confirmer.".to_owned()),
        );
    }
    let present = e.ident_rep.iter().filter(|i| own.contains(&hash(i))).count();
    let expected = if e.genre.sign() > 0 { e.ident_rep.len() } else { 0 };
    if present == expected {
        return (Rapprochement::Confirme, None);
    }
    let words = if e.genre.sign() > 0 {
        match e.ident_rep.len() - present {
            1 => format!("Un logement sur {} n'est pas dans votre RPLS {year}.", e.ident_rep.len()),
            absent => {
                format!("{absent} logements sur {} ne sont pas dans votre RPLS {year}.", e.ident_rep.len())
            }
        }
    } else {
        match present {
            1 => format!("Un logement sur {} est encore dans votre RPLS {year}.", e.ident_rep.len()),
            _ => format!("{present} logements sur {} sont encore dans votre RPLS {year}.", e.ident_rep.len()),
        }
    };
    (Rapprochement::Discordant, Some(words))
}

/// Keeps the events of a bailleur's file, all or none: their ids, the name of the lot, the line of the audit
/// trail.
///
/// # Errors
/// A line does not hold; the problem names it.
pub async fn bring(
    app: &Arc<App>,
    state: &State,
    siren: &str,
    bytes: &[u8],
    compte: &str,
) -> Result<(Vec<String>, String, Trace), Problem> {
    let mut ground = Ground::of(app, state, siren).await?;
    let mut list = Vec::new();
    for (line, asked) in parsed(bytes)? {
        let event = checked(&ground, asked, &format!("ligne {line}"))?;
        ground.told.add(&event);
        list.push(event);
    }
    if list.is_empty() {
        return Err(Problem::body("Ce fichier n'a aucune ligne sous son en-tête."));
    }
    let lot = State::deposit_id()?;
    let trace = Trace::new("evenements_importes", lot.clone()).with("evenements", list.len());
    let ids = state.add_events(siren, &list, &lot, compte, state::now()).await?;
    Ok((ids, lot, trace))
}

/// The code of a commune, whatever a spreadsheet made of it; else the cell.
pub fn commune(cell: &str) -> String {
    fields::commune(cell.as_bytes())
        .map_or_else(|_| cell.to_owned(), |(code, _)| String::from_utf8_lossy(&code).into_owned())
}

/// A kind of event by its name, or as the page calls it.
fn named(cell: &str) -> Option<GenreEvenement> {
    // « Changement d'usage ».
    let word = mot(cell).replace("_D_", "_");
    GenreEvenement::ALL.into_iter().find(|(_, id)| mot(id) == word).map(|(genre, _)| genre)
}

/// A whole number as spreadsheets write it: `24.0`, `1 200`.
fn whole<T: TryFrom<i64>>(cell: &str) -> Option<T> {
    fields::integer(cell.as_bytes()).ok().and_then(|n| T::try_from(n).ok())
}

/// National numbers, whatever parts them, each as its ten signs.
fn numbers(cell: &str) -> Vec<String> {
    let parts = cell
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '/'))
        .filter(|p| !p.is_empty());
    parts.map(|p| String::from_utf8_lossy(&fields::ident_rep(p.as_bytes()).0).into_owned()).collect()
}

/// The rows of a file of events, each with its line.
fn parsed(bytes: &[u8]) -> Result<Vec<(u64, NouvelEvenement)>, Problem> {
    let table = SmallTable::read(bytes, &["genre", "date", "commune", "logements"])
        .map_err(|e| Problem::body(format!("Fichier d'événements : {e}.")))?;
    let mut out = Vec::new();
    for row in &table.rows {
        let line = row.line;
        let cell = |name: &str| table.cell(row, name).to_owned();
        let number = |name: &str| -> Result<Option<u16>, Problem> {
            let text = cell(name);
            let wrong =
                |()| Problem::value(&format!("ligne {line}, {name}"), &text, "Un nombre entier est attendu.");
            if text.is_empty() { Ok(None) } else { whole(&text).map(Some).ok_or_else(|| wrong(())) }
        };
        let genre = cell("genre");
        let logements = cell("logements");
        let event = NouvelEvenement {
            genre: named(&genre).ok_or_else(|| {
                Problem::unknown(&format!("ligne {line}, genre"), &genre, GenreEvenement::ALL.map(|g| g.1))
            })?,
            logements: whole(&logements).ok_or_else(|| {
                Problem::value(
                    &format!("ligne {line}, logements"),
                    &logements,
                    "Un nombre entier est attendu.",
                )
            })?,
            date: table.day(row, "date"),
            commune: commune(&cell("commune")),
            adresse: cell("adresse"),
            qpv: cell("qpv"),
            ident_rep: numbers(&cell("ident_rep")),
            autre: cell("autre"),
            commentaire: cell("commentaire"),
            caracteristiques: Caracteristiques {
                financement: cell("financement"),
                pieces: number("pieces")?.map(|n| u8::try_from(n).unwrap_or(u8::MAX)),
                dpe: cell("dpe"),
                surface: number("surface")?,
            },
        };
        out.push((line, event));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(genre: GenreEvenement, date: &str, idents: &[&str]) -> Evenement {
        Evenement {
            id: String::new(),
            siren: String::new(),
            genre,
            date: date.into(),
            commune: String::new(),
            adresse: String::new(),
            qpv: String::new(),
            logements: 2,
            ident_rep: idents.iter().map(|i| (*i).to_owned()).collect(),
            autre: String::new(),
            commentaire: String::new(),
            caracteristiques: Caracteristiques::default(),
            lieu: None,
            lot: String::new(),
            qui: String::new(),
            quand: 0,
            annule: None,
        }
    }

    #[test]
    fn an_event_before_the_register_must_show_in_it() {
        let own: BTreeSet<u64> = ["a", "b"].map(hash).into();
        let says = |e: &Evenement| reconciled(e, 2024, &own).0;
        use GenreEvenement::{Demolition, MiseEnService};
        assert_eq!(says(&event(MiseEnService, "2023-06-01", &["a", "b"])), Rapprochement::Confirme);
        assert_eq!(says(&event(MiseEnService, "2023-06-01", &["a", "c"])), Rapprochement::Discordant);
        assert_eq!(says(&event(Demolition, "2023-06-01", &["c", "d"])), Rapprochement::Confirme);
        assert_eq!(says(&event(Demolition, "2023-06-01", &["a", "d"])), Rapprochement::Discordant);
        assert_eq!(says(&event(Demolition, "2023-06-01", &[])), Rapprochement::AVerifier);
        assert_eq!(
            says(&event(Demolition, "2024-01-01", &[])),
            Rapprochement::AVerifier,
            "the register describes that day"
        );
        assert_eq!(says(&event(Demolition, "2024-01-02", &["a"])), Rapprochement::AVenir);
        let undone = Evenement { annule: Some(1), ..event(Demolition, "2023-06-01", &["a"]) };
        assert_eq!(says(&undone), Rapprochement::Annule);
    }

    #[test]
    fn a_file_of_events_names_the_line_that_does_not_hold() {
        let good =
            parsed("genre;date;commune;logements;ident_rep\nvente;2025-01-03;73065;2;a b\n".as_bytes())
                .unwrap();
        assert_eq!((good[0].1.genre, good[0].1.ident_rep.len()), (GenreEvenement::Vente, 2));
        let written = "genre;date;commune;logements;ident_rep\nMise en service;30/06/2025;1911;2.0;100000001,0100000002\n\
                       Changement d'usage;2025-01-03;73065;1 200;\nDÉMOLITION;2025-01-03;73065;1;\n";
        let read = parsed(written.as_bytes()).expect("as a spreadsheet writes it");
        assert_eq!(
            read.iter().map(|(_, e)| (e.genre, e.logements)).collect::<Vec<_>>(),
            [
                (GenreEvenement::MiseEnService, 2),
                (GenreEvenement::ChangementUsage, 1_200),
                (GenreEvenement::Demolition, 1)
            ]
        );
        assert_eq!(read[0].1.ident_rep, ["0100000001", "0100000002"]);
        let wrong =
            parsed("genre;date;commune;logements\nvente;2025-01-03;73065;2\nvol;2025;73065;1\n".as_bytes())
                .unwrap_err();
        assert!(
            wrong.detail.contains("ligne 3, genre") && wrong.detail.contains("mise_en_service"),
            "{}",
            wrong.detail
        );
    }
}
