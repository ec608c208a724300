//! The flow of a year line by line, as it is and as it would be.

use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::flux::book::{Book, caps};
use crate::desk::flux::suivi::lessors;
use crate::desk::flux::view::{View, title};
use crate::desk::leases::Choix;
use crate::desk::problem::Problem;
use crate::flow::rights::{LigneConversion, converted};
use crate::flow::year::{Assiette, CalculFlux, calculated};
use crate::reference::flux::flux;

/// Le calcul d'une année.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalculAnnee {
    /// Version des règles appliquées : d'origine, ou modifiée localement, avec sa date et son empreinte.
    pub version: &'static str,
    pub bailleur: String,
    pub bailleur_nom: String,
    pub departement: String,
    pub annee: u16,
    pub annees: Vec<u16>,
    pub bailleurs: Vec<Choix>,
    /// Ce dont le calcul part.
    pub assiette: Assiette,
    pub calcul: CalculFlux,
    /// Le même calcul avec ce que vous avez changé ; nul si rien ne l'est.
    pub essai: Option<CalculFlux>,
    /// Noms des réservataires.
    pub noms: Vec<Choix>,
    /// Droits en vigueur, convertis du stock au flux.
    pub conversion: Vec<LigneConversion>,
    /// Communes où les droits dépassent ce qui se libère.
    pub communes: Vec<CommuneFlux>,
}

/// Les droits d'une commune et ce qui s'y libère.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommuneFlux {
    pub commune: String,
    pub nom: String,
    pub stock: u32,
    /// Assiette de la commune.
    pub assiette: u32,
    /// Logements dus aux droits en vigueur.
    pub dus: f64,
    /// Logements dus au-delà de l'assiette ; 0 : pas de surréservation.
    pub de_trop: f64,
}

/// What is asked; from `taux` on, what is tried.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub bailleur: Option<String>,
    pub annee: Option<u16>,
    /// In %.
    pub taux: Option<f64>,
    pub stock: Option<u32>,
    pub exclus: Option<u32>,
    /// `RESERVATAIRE=12,5`, separated by semicolons, in %.
    pub parts: Option<String>,
}

/// The flow of a year, and what it would become with what is tried.
///
/// # Errors
/// What is asked does not exist, or nothing is kept of it.
pub fn answer(book: &Book, view: &View, asked: Asked) -> Result<CalculAnnee, Problem> {
    let Asked { bailleur, annee, taux, stock, exclus, parts } = asked;
    let bailleurs = lessors(book, view);
    let chosen = match bailleur {
        Some(b) if bailleurs.iter().any(|c| c.code == b) => b,
        Some(b) => return Err(Problem::unknown("bailleur", &b, bailleurs.iter().map(|c| c.code.as_str()))),
        None => bailleurs.first().map(|c| c.code.clone()).ok_or_else(|| {
            Problem::not_found(
                "flux",
                "",
                "Aucune assiette de flux n'est enregistrée pour ce que vous pouvez voir.",
            )
        })?,
    };
    let mut bases: Vec<&Assiette> = book
        .bases
        .iter()
        .filter(|b| b.bailleur == chosen && b.commune.is_empty() && view.opens(&b.bailleur, &b.departement))
        .collect();
    bases.sort_by_key(|b| b.annee);
    let annees: Vec<u16> = bases.iter().map(|b| b.annee).collect();
    let base = match annee {
        None => bases.last(),
        Some(y) => bases.iter().find(|b| b.annee == y),
    };
    let base = *base.ok_or_else(|| {
        Problem::unknown("annee", &annee.unwrap_or(0).to_string(), annees.iter().map(ToString::to_string))
    })?;
    let d = base.departement.as_str();
    let mut list = book.of(&chosen, d, base.annee);
    let carried = book.carried(&chosen, d, base.annee)?;
    let no_rate = || {
        Problem::value("taux", "", "Ni taux déclaré ni années passées : le taux de relocation est inconnu.")
    };
    let mut found = calculated(base, &list, &carried, caps()?).ok_or_else(no_rate)?;
    found.alertes.extend(book.drafts(&chosen, d, base.annee));
    let named =
        |flow: &mut CalculFlux| flow.alertes.iter_mut().for_each(|a| a.name(|code| title(view, code)));
    named(&mut found);

    let tried = taux.is_some() || stock.is_some() || exclus.is_some() || parts.is_some();
    let mut what_if = base.clone();
    what_if.taux = taux.or(base.taux);
    what_if.stock = stock.unwrap_or(base.stock);
    if let Some(n) = exclus {
        // What is tried changes mutations; other motives give way only where they are more than all of it.
        let mut left = n;
        for motive in [&mut what_if.anru, &mut what_if.orcod, &mut what_if.insalubrite, &mut what_if.vente] {
            *motive = (*motive).min(left);
            left -= *motive;
        }
        what_if.mutations = left;
    }
    if what_if.taux.is_some_and(|t| !(0.0..=100.0).contains(&t)) {
        return Err(Problem::value(
            "taux",
            &what_if.taux.unwrap_or(0.0).to_string(),
            "Un taux est un pourcentage, de 0 à 100.",
        ));
    }
    for one in parts.iter().flat_map(|p| p.split(';')).filter(|p| !p.trim().is_empty()) {
        let read = one
            .split_once('=')
            .and_then(|(r, v)| Some((r.trim(), v.trim().replace(',', ".").parse::<f64>().ok()?)));
        let Some((r, v)) = read.filter(|(_, v)| (0.0..=100.0).contains(v)) else {
            return Err(Problem::value("parts", one, "Une part s'écrit RESERVATAIRE=12,5, de 0 à 100 %."));
        };
        match list.iter_mut().find(|c| c.reservataire == r) {
            Some(c) => c.part = v,
            None if r == "BAILLEUR" => {}
            None => {
                let known: Vec<String> = list.iter().map(|c| c.reservataire.clone()).collect();
                return Err(Problem::unknown("parts", r, known));
            }
        }
    }
    let mut essai =
        if tried { Some(calculated(&what_if, &list, &carried, caps()?).ok_or_else(no_rate)?) } else { None };
    essai.iter_mut().for_each(named);
    let rights: Vec<_> = book
        .rights
        .iter()
        .filter(|r| r.bailleur == chosen && r.departement == d && view.holds(&r.reservataire))
        .cloned()
        .collect();
    let mut noms: Vec<Choix> = Vec::new();
    let parts = found.parts.iter().chain(essai.iter().flat_map(|e| &e.parts)).map(|p| &p.reservataire);
    // Who has a right without a convention is in its conversion.
    for holder in parts.chain(rights.iter().map(|r| &r.reservataire)) {
        if !noms.iter().any(|n| n.code == *holder) {
            noms.push(Choix { code: holder.clone(), nom: title(view, holder) });
        }
    }
    let communes = book
        .bases
        .iter()
        .filter(|b| b.bailleur == chosen && b.annee == base.annee && !b.commune.is_empty())
        .filter(|b| view.communes.as_ref().is_none_or(|c| c.contains(&b.commune)))
        .filter_map(|b| {
            let a = u32::try_from(b.base()?.2.max(0)).ok()?;
            let here: Vec<_> = book
                .rights
                .iter()
                .filter(|r| r.bailleur == b.bailleur && r.commune == b.commune)
                .cloned()
                .collect();
            let dus: f64 = converted(&here, b.annee, b.stock, a).iter().map(|l| l.logements).sum();
            Some(CommuneFlux {
                commune: b.commune.clone(),
                nom: view.name(&b.commune),
                stock: b.stock,
                assiette: a,
                dus,
                de_trop: (dus - f64::from(a)).max(0.0),
            })
        })
        .collect();
    Ok(CalculAnnee {
        version: &flux().map_err(|e| Problem::internal(&e))?.version,
        bailleur_nom: view.name(&chosen),
        departement: d.to_owned(),
        annee: base.annee,
        annees,
        bailleurs,
        conversion: converted(&rights, base.annee, base.stock, found.assiette),
        assiette: base.clone(),
        calcul: found,
        essai,
        noms,
        communes,
        bailleur: chosen,
    })
}
