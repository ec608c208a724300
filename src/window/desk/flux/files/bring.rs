//! A folder of files of gestion en flux, as who holds the store brings it.

use std::collections::{BTreeMap, BTreeSet};

use crate::desk::flux::files::{LigneRefusee, events, in_order, lines};
use crate::desk::problem::Problem;
use crate::desk::trace::Trace;
use crate::flow::convention::ConventionFlux;
use crate::flow::event::EvenementFlux;
use crate::flow::rights::Droit;
use crate::flow::year::Assiette;
use crate::state::{self, State};

/// Keeps the files of a folder (`conventions.csv`, `assiettes.csv`, `droits.csv`, `evenements.csv`), as who
/// holds the store may: those that are there, each whole or not at all.
pub async fn bring(state: &State, folder: &std::path::Path) -> Result<Trace, Problem> {
    let bytes = |name: &str| std::fs::read(folder.join(name)).ok();
    let sound = |refused: &[LigneRefusee], name: &str| match refused.first() {
        None => Ok(()),
        Some(r) => Err(Problem::body(format!(
            "{name}, ligne {}, colonne {}, « {} » ({}) : {}",
            r.ligne, r.colonne, r.valeur, r.regle, r.message
        ))),
    };
    let now = state::now();
    let mut trace = Trace::new("flux_importe", "dossier");
    let mut rows = 0;
    if let Some(b) = bytes("conventions.csv") {
        let read = lines::<ConventionFlux>(&b)?;
        sound(&read.refused, "conventions.csv")?;
        let list: Vec<_> = read.rows.into_iter().map(|r| r.1).collect();
        rows += list.len();
        trace = trace.with("conventions", state.put_flux(&list, "", now).await?);
    }
    if let Some(b) = bytes("assiettes.csv") {
        let read = lines::<Assiette>(&b)?;
        sound(&read.refused, "assiettes.csv")?;
        let list: Vec<_> = read.rows.into_iter().map(|r| r.1).collect();
        rows += list.len();
        trace = trace.with("assiettes", state.put_flux(&list, "", now).await?);
    }
    if let Some(b) = bytes("droits.csv") {
        let read = lines::<Droit>(&b)?;
        sound(&read.refused, "droits.csv")?;
        let list: Vec<_> = read.rows.into_iter().map(|r| r.1).collect();
        rows += list.len();
        trace = trace.with("droits", state.put_flux(&list, "", now).await?);
    }
    if let Some(b) = bytes("evenements.csv") {
        let read = events(&b, None)?;
        sound(&read.refused, "evenements.csv")?;
        let siren: BTreeSet<&str> = read.rows.iter().map(|(_, e)| e.bailleur.as_str()).collect();
        let mut former = Vec::new();
        for b in siren {
            former.extend(state.flux_events(b).await?);
        }
        sound(&in_order(&read.rows, &former), "evenements.csv")?;
        let mut by: BTreeMap<String, Vec<EvenementFlux>> = BTreeMap::new();
        for (_, e) in read.rows {
            by.entry(e.bailleur.clone()).or_default().push(e);
        }
        for list in by.values() {
            let told = state.add_flux_events(list, None, "", now).await?;
            rows += told.nouveaux;
        }
    }
    Ok(trace.rows(rows, false))
}
