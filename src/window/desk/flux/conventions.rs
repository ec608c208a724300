//! Conventions of gestion en flux as they are listed: the version in force, those before.

use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::editions::App;
use crate::desk::flux::view::View;
use crate::desk::leases::{Choix, reservataires};
use crate::desk::problem::Problem;
use crate::flow::convention::ConventionFlux;
use crate::flow::rights::Droit;
use crate::flow::year::Assiette;

/// Les conventions, droits et assiettes que vous pouvez lire.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConventionsFlux {
    /// Vous pouvez en enregistrer.
    pub modifiable: bool,
    pub conventions: Vec<ConventionListee>,
    /// Droits de réservation, programme par programme (état des lieux).
    pub droits: Vec<Droit>,
    pub assiettes: Vec<Assiette>,
    pub listes: ListesFlux,
}

/// De quoi remplir un formulaire.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListesFlux {
    pub bailleurs: Vec<Choix>,
    /// Genres de réservataires.
    pub reservataires: Vec<Choix>,
    pub epcis: Vec<Choix>,
    pub communes: Vec<Choix>,
    pub departements: Vec<String>,
}

/// Une convention, sa version et les noms de ses signataires.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConventionListee {
    pub version: i64,
    pub bailleur_nom: String,
    pub reservataire_nom: String,
    /// Dernier jour d'une convention dénoncée, AAAA-MM-JJ.
    pub fin: Option<String>,
    #[serde(flatten)]
    pub convention: ConventionFlux,
}

/// Une version d'une convention.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionConvention {
    pub version: i64,
    /// AAAA-MM-JJ.
    pub jour: String,
    pub convention: ConventionFlux,
}

pub fn visible(view: &View, c: &ConventionFlux) -> bool {
    view.opens(&c.bailleur, &c.departement) && view.holds(&c.reservataire)
}

pub fn lists(app: &App, view: &View) -> Result<ListesFlux, Problem> {
    let checker = app.checker().map_err(|e| Problem::internal(&e))?;
    let choice = |(code, nom): (&str, &str)| Choix { code: code.to_owned(), nom: nom.to_owned() };
    let own = |siren: &str| view.bailleur.as_deref().is_none_or(|b| b == siren);
    let open = |c: &str| view.communes.as_ref().is_none_or(|list| list.contains(c));
    let mut communes: Vec<Choix> = checker.communes().filter(|(c, _)| open(c)).map(choice).collect();
    communes.sort_by(|a, b| a.nom.cmp(&b.nom));
    let epcis: std::collections::BTreeSet<String> =
        communes.iter().filter_map(|c| checker.epci_of(&c.code)).collect();
    let departements: std::collections::BTreeSet<&str> =
        communes.iter().map(|c| crate::desk::flux::book::departement(&c.code)).collect();
    Ok(ListesFlux {
        bailleurs: checker.parc.owners().filter(|(siren, _)| own(siren)).map(choice).collect(),
        reservataires: reservataires()
            .iter()
            .map(|v| Choix { code: v.id.clone(), nom: v.libelle.clone() })
            .collect(),
        departements: departements.into_iter().map(str::to_owned).collect(),
        epcis: epcis.into_iter().map(|e| Choix { nom: checker.epci_title(&e), code: e }).collect(),
        communes,
    })
}
