//! What a page must know before it asks: indicators, scales, filters, editions, perimeters.

use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{self, Person, Scope};
use crate::desk::counter::Desk;
use crate::desk::editions::{App, Loaded};
use crate::desk::perimetres::{self, Perimetre};
use crate::desk::problem::Problem;
use crate::desk::query::{self, Asked, GENERATIONS, POPULATIONS, UNKNOWN};
use crate::reference::access::{Class, Donnees};
use crate::reference::indicators::Attribute;
use crate::reference::scales;
use crate::registers::report::Report;
use crate::stock;

/// Ce qui est chargé.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Catalogue)]
pub struct CatalogueOut {
    /// Ouest, sud, est, nord de toutes les adresses ; vide si rien n'est localisé.
    pub emprise: Vec<f64>,
    pub millesimes: Vec<Millesime>,
    /// Communes et EPCI qui ne désignent pas le même périmètre d'un millésime au suivant.
    pub perimetres: Vec<Perimetre>,
    /// Le parc du dernier millésime avec les événements depuis ; nul s'il ne s'est rien passé.
    pub a_jour: Option<ParcAJour>,
    pub echelles: Vec<Echelle>,
    pub populations: Vec<PopulationOut>,
    pub filtres: Vec<Filtre>,
    pub imports: Vec<Import>,
    /// Fichiers plus récents que les chiffres montrés : ils seront pris en compte quand « mosaique build »
    /// aura été lancé.
    pub non_construits: Vec<Import>,
    /// Millésimes dont les chiffres sont arrêtés, leur fichier étant endommagé : « mosaique build » les
    /// refait.
    pub endommages: Vec<u16>,
    /// Vrai si les données sont fictives.
    pub demonstration: bool,
    /// État de conformité que dit la déclaration d'accessibilité (« non conforme ») ; vide si elle n'en dit
    /// pas.
    pub accessibilite: String,
}

/// Un millésime du RPLS et la vague OPS qui lui est jointe.
#[derive(Debug, Serialize, ToSchema)]
pub struct Millesime {
    pub millesime: u16,
    pub vague: Option<u16>,
    pub logements: u64,
    /// Logements dont le point est utilisable.
    pub localises: u64,
    /// Ménages répondants ; nul si secret ou sans vague.
    pub repondants: Option<u64>,
    pub taux_reponse: Option<f64>,
    /// Lignes du RPLS rejetées à l'import.
    pub rejets: u64,
    /// Comptes de la construction (échelons de jointure, localisation…), par clé stable.
    pub comptes: std::collections::BTreeMap<String, u64>,
    pub remarques: Vec<String>,
}

/// Le parc à jour (`parc=a_jour`).
#[derive(Debug, Serialize, ToSchema)]
pub struct ParcAJour {
    pub millesime: u16,
    /// Jour du dernier événement, AAAA-MM-JJ.
    pub au: String,
    pub logements: u64,
    pub entrees: u64,
    pub sorties: u64,
    /// Logements passés d'un bailleur à un autre.
    pub changements_de_bailleur: u64,
    /// Logements d'événements qui ne disent pas lesquels : ils restent comme au 1er janvier.
    pub non_identifies: u64,
    /// Logements de transferts qu'un seul des deux bailleurs a déclarés : ils restent à celui du RPLS.
    pub en_attente: u64,
}

impl ParcAJour {
    pub fn of(loaded: &Loaded) -> Self {
        let meta = loaded.meta();
        let count = |key: &str| meta.rapport.comptes.get(key).copied().unwrap_or(0);
        Self {
            millesime: meta.millesime,
            au: meta.a_jour.clone().unwrap_or_default(),
            logements: count("logements"),
            entrees: count("evenements_entrees"),
            sorties: count("evenements_sorties"),
            changements_de_bailleur: count("evenements_changements_de_bailleur"),
            non_identifies: count("evenements_logements_non_identifies"),
            en_attente: count("evenements_transferts_en_attente"),
        }
    }
}

/// Une échelle de lecture.
#[derive(Debug, Serialize, ToSchema)]
pub struct Echelle {
    pub id: String,
    pub libelle: String,
    pub zones: u64,
    /// Couche de tuiles.
    pub couche: String,
    /// Zooms entre lesquels la carte propose cette échelle.
    pub zoom_min: u8,
    pub zoom_max: u8,
    /// Vrai si les zones ont un contour ou un point sur la carte.
    pub carte: bool,
    /// Vrai si des chiffres du parc, et des ménages, vous sont ouverts à cette échelle.
    pub parc: bool,
    pub occupation: bool,
    /// Pourquoi, sinon.
    pub motif: Option<String>,
}

/// Une population de ménages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PopulationDescription)]
pub struct PopulationOut {
    pub id: &'static str,
    pub libelle: &'static str,
}

/// Un filtre et ses modalités.
#[derive(Debug, Serialize, ToSchema)]
pub struct Filtre {
    pub id: String,
    pub libelle: String,
    pub modalites: Vec<Modalite>,
}

/// Une modalité d'un filtre.
#[derive(Debug, Serialize, ToSchema)]
pub struct Modalite {
    pub code: String,
    pub libelle: String,
    /// Logements du dernier millésime.
    pub logements: u64,
}

/// Un fichier importé.
#[derive(Debug, Serialize, ToSchema)]
pub struct Import {
    pub registre: String,
    pub cle: String,
    pub fichier: String,
    pub lignes_lues: u64,
    pub lignes_rejetees: u64,
    pub lignes_avec_drapeau: u64,
}

impl Import {
    pub fn of(r: &Report) -> Self {
        Self {
            registre: r.registre.clone(),
            cle: r.cle.clone(),
            fichier: r.fichier.clone(),
            lignes_lues: r.lignes_lues,
            lignes_rejetees: r.lignes_rejetees,
            lignes_avec_drapeau: r.lignes_avec_drapeau,
        }
    }
}

pub fn made(app: &App, person: &Person, accessibilite: String) -> Result<CatalogueOut, Problem> {
    let latest = app.millesimes.last();
    // Names of files and counts of rows are for those who work with them.
    let insider = person.compte.is_some();
    Ok(CatalogueOut {
        emprise: latest.and_then(|l| l.cube().tree().extent()).map(|b| b.to_vec()).unwrap_or_default(),
        millesimes: app.millesimes.iter().map(|l| millesime(app, l, person)).collect::<Result<_, _>>()?,
        perimetres: perimetres::between(app.millesimes.iter().map(|l| &**l)),
        a_jour: app.a_jour.as_deref().map(ParcAJour::of),
        echelles: latest.map(|l| echelles(l, person)).unwrap_or_default(),
        populations: POPULATIONS.map(|(id, _, libelle)| PopulationOut { id, libelle }).into(),
        filtres: latest.map(|l| filtres(app, l)).unwrap_or_default(),
        imports: app.imports.iter().filter(|_| insider).map(Import::of).collect(),
        non_construits: app.not_built.iter().filter(|_| insider).map(Import::of).collect(),
        endommages: app.damaged.iter().map(|(year, _)| *year).collect(),
        demonstration: app.demonstration,
        accessibilite,
    })
}

/// Questions about a millésime as filed.
pub fn january<'a>(app: &'a App, loaded: &Loaded, person: &'a Person) -> Result<Desk<'a>, Problem> {
    let asked = Asked { millesime: Some(loaded.meta().millesime), ..Asked::default() };
    Desk::new(app, person, asked, Vec::new())
}

fn millesime(app: &App, loaded: &Loaded, person: &Person) -> Result<Millesime, Problem> {
    let meta = loaded.meta();
    let located = u32::try_from(meta.localisees).unwrap_or(u32::MAX);
    let desk = january(app, loaded, person)?;
    let whole = desk.counter(Class::Large)?.answer(Some("departement"), &loaded.everything())?;
    let insider = person.compte.is_some();
    let year = meta.millesime.to_string();
    let latest = app.millesimes.last().is_some_and(|l| l.meta().millesime == meta.millesime);
    let unjoined = if latest { stock::unjoined_words(app.store()) } else { Ok(Vec::new()) };
    let unjoined = unjoined.map_err(|e| Problem::internal(&e))?;
    Ok(Millesime {
        millesime: meta.millesime,
        vague: meta.vague,
        logements: whole.couverture.logements,
        localises: loaded.count(std::iter::once((0, located)), None),
        repondants: whole.couverture.repondants,
        taux_reponse: whole.couverture.taux_reponse,
        rejets: app
            .imports
            .iter()
            .filter(|r| r.registre == "rpls" && r.cle == year)
            .map(|r| r.lignes_rejetees)
            .sum(),
        comptes: if insider { meta.rapport.comptes.clone() } else { std::collections::BTreeMap::new() },
        remarques: if insider { [meta.rapport.remarques.clone(), unjoined].concat() } else { Vec::new() },
    })
}

/// Layers of the cube: those with an entry of their own in its order, then the others.
fn echelles(loaded: &Loaded, person: &Person) -> Vec<Echelle> {
    let rank = |id: &str| scales::scales().iter().position(|s| s.id == id).unwrap_or(usize::MAX);
    let mut layers: Vec<_> = loaded.meta().couches.iter().collect();
    layers.sort_by_key(|l| rank(&l.id));
    layers
        .into_iter()
        .map(|l| {
            let scale = scales::scale(&l.id);
            let why = |data| match access::scope(person, scale.acces, data) {
                Scope::Nowhere(why) => Some(why.to_owned()),
                _ => None,
            };
            let (parc, occupation) = (why(Donnees::Rpls), why(Donnees::Ops));
            let libelle = if scale.id == "*" { l.libelle.clone() } else { scale.libelle.clone() };
            Echelle {
                id: l.id.clone(),
                libelle,
                zones: l.zones as u64,
                couche: l.id.clone(),
                zoom_min: scale.zoom_min,
                zoom_max: scale.zoom_max,
                carte: scale.genre != scales::Genre::Zones || loaded.zones.contains_key(&l.id),
                parc: parc.is_none(),
                occupation: occupation.is_none(),
                motif: parc.or(occupation),
            }
        })
        .collect()
}

fn filtres(app: &App, loaded: &Loaded) -> Vec<Filtre> {
    let (cube, registered) = (loaded.cube(), loaded.registered());
    let classes = |a: &Attribute, unknown: bool| -> Vec<Modalite> {
        let mut counts = [0u64; 256];
        let column = cube.attribute(&a.id);
        registered.each(0..column.len(), |i| counts[column[i] as usize] += 1);
        let known =
            a.classes.iter().zip(&counts[1..]).map(|(c, &n)| (c.code.as_str(), c.libelle.as_str(), n));
        let none = (unknown && counts[0] > 0).then_some((UNKNOWN, "Non connu", counts[0]));
        known
            .chain(none)
            .map(|(code, libelle, logements)| Modalite {
                code: code.into(),
                libelle: libelle.into(),
                logements,
            })
            .collect()
    };
    let mut out: Vec<Filtre> = query::filters(app.catalogue)
        .map(|a| Filtre { id: a.id.clone(), libelle: a.libelle.clone(), modalites: classes(a, true) })
        .collect();
    for (name, libelle) in query::BY_GENERATION {
        // A cube built before this attribute existed has no column of it.
        let known = app
            .catalogue
            .attribute(&format!("{name}{}", GENERATIONS[0]))
            .filter(|a| !cube.attribute(&a.id).is_empty());
        if let Some(a) = known {
            out.push(Filtre {
                id: name.into(),
                libelle: libelle.into(),
                modalites: classes(a, name != "qpv"),
            });
        }
    }
    let bailleurs = cube.bailleurs();
    let mut counts = vec![0u64; bailleurs.len()];
    let bailleur_of = cube.bailleur_of();
    registered.each(0..bailleur_of.len(), |i| {
        if let Some(n) = counts.get_mut(bailleur_of[i] as usize) {
            *n += 1;
        }
    });
    let modalites = bailleurs
        .iter()
        .zip(counts)
        .map(|((code, nom), logements)| Modalite { code: (*code).into(), libelle: (*nom).into(), logements })
        .collect();
    out.push(Filtre { id: "bailleur".into(), libelle: "Bailleur".into(), modalites });
    out
}
