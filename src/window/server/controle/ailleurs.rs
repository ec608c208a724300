//! The vacant dwellings elsewhere, as far as their addresses are open to who asks; the others are counted by
//! commune.

use std::collections::BTreeMap;

use super::answer::{Ailleurs, CommuneAilleurs, LogementAilleurs};
use super::desk::{Checked, Checks};
use crate::access::Scope;
use crate::days;
use crate::policy::dossier::Dossier;
use crate::policy::elsewhere::{Candidate, Wanted, search};
use crate::policy::why;
use crate::reference::indicators::Catalogue;
use crate::stock::places::label;

/// Libellé of a class of financing, from 1.
pub fn financing(class: u8) -> String {
    let classes = Catalogue::embedded().ok().and_then(|c| c.attribute("financement"));
    let at = usize::from(class).checked_sub(1);
    classes
        .zip(at)
        .and_then(|(a, i)| a.classes.get(i))
        .map_or_else(|| "non connu".to_owned(), |c| c.libelle.clone())
}

/// Finds where else the household of a checked file could be housed. `enjeu`: see [`search`].
pub fn elsewhere(
    checks: &Checks<'_>,
    d: &Dossier,
    done: &Checked<'_>,
    enjeu: Option<&dyn Fn(u32) -> bool>,
) -> Ailleurs {
    let checker = checks.checker;
    let wanted = Wanted {
        persons: d.nb_personnes,
        pct: done.facts.pct,
        typologie: d.typologie_souhaitee,
        commune: d.commune_souhaitee.clone(),
        day: d.jour,
        but: done.site.home.filter(|_| done.site.exact).map(|h| h.row),
    };
    let asked = Some(d.commune_souhaitee.as_str()).filter(|c| !c.is_empty()).and_then(|c| checker.epci_of(c));
    let epci = asked.or_else(|| done.site.epci.clone());
    let found = epci.as_deref().map_or_else(Vec::new, |e| search(checker, e, &wanted, enjeu));
    let mut communes: BTreeMap<&str, usize> = BTreeMap::new();
    for c in &found {
        *communes.entry(c.vacant.commune.as_str()).or_default() += 1;
    }
    let mut communes: Vec<CommuneAilleurs> = communes
        .into_iter()
        .map(|(code, logements)| CommuneAilleurs {
            code: code.to_owned(),
            nom: checker.commune_title(code),
            logements,
        })
        .collect();
    communes.sort_by(|a, b| b.logements.cmp(&a.logements).then_with(|| a.nom.cmp(&b.nom)));
    let open = found
        .iter()
        .enumerate()
        .filter(|(_, c)| checks.sees(c.home.siren, &c.vacant.commune, epci.as_deref()));
    let logements =
        open.take(checker.rules.ailleurs.nombre).filter_map(|(i, c)| listed(checks, &wanted, i, c)).collect();
    Ailleurs {
        millesime: checker.parc.millesime,
        epci_nom: epci.as_deref().map(|e| checker.epci_title(e)),
        total: found.len(),
        logements,
        communes,
        residences_a_enjeu_ecartees: enjeu.is_some(),
        criteres: criteria(checks, &wanted),
        epci,
    }
}

fn listed(checks: &Checks<'_>, wanted: &Wanted, index: usize, c: &Candidate<'_>) -> Option<LogementAilleurs> {
    let ([lon, lat], checker) = (c.home.point?, checks.checker);
    let own = matches!(&checks.addresses, Scope::Stock(own) if own == c.home.siren)
        || checks.addresses == Scope::Everywhere;
    let financement = financing(c.home.financing);
    Some(LogementAilleurs {
        rang: index + 1,
        ident_rep: own.then(|| c.vacant.ident.clone()),
        bailleur_nom: checker.parc.owner(c.home.siren).to_owned(),
        commune: c.vacant.commune.clone(),
        commune_nom: checker.commune_title(&c.vacant.commune),
        adresse: label(c.home.adresse),
        lon,
        lat,
        pieces: c.home.rooms,
        surface: Some(c.home.surface).filter(|s| *s != 0),
        libre_le: c.vacant.free.map(days::iso),
        vacance_mois: Some(c.home.vacancy).filter(|m| *m != 0),
        distance_qpv_m: c.placed.metres.map(|m| (m * 10.0).round() / 10.0),
        motifs: c.merits.words(wanted, c.home.rooms, &financement),
        financement,
    })
}

/// What was asked of them, in words.
fn criteria(checks: &Checks<'_>, wanted: &Wanted) -> Vec<String> {
    let sizes = &checks.checker.rules.taille;
    let mut out = vec!["hors QPV, à coup sûr".to_owned()];
    out.push(match wanted.persons {
        Some(n) => {
            let (least, most) = sizes.rooms(n);
            format!(
                "de T{least} à T{most}, {} m² au moins, pour {n} personne{}",
                sizes.surface(n),
                if n > 1 { "s" } else { "" }
            )
        }
        None => "toutes tailles : le nombre de personnes n'est pas donné".to_owned(),
    });
    out.push(match wanted.pct {
        Some(pct) => format!("financement qui admet {} % du plafond PLUS", why::decimal(pct)),
        None => "plafond à vérifier : les ressources en % du plafond ne sont pas données".to_owned(),
    });
    out
}
