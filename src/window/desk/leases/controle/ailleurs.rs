//! The vacant dwellings elsewhere, as far as their addresses are open to who asks; the others are counted by
//! commune.

use std::collections::BTreeMap;

use crate::access::Scope;
use crate::days;
use crate::desk::leases::controle::answer::{Ailleurs, CommuneAilleurs, LogementAilleurs};
use crate::desk::leases::controle::level::{Checked, Checks};
use crate::desk::leases::controle::question::reponse as answer;
use crate::policy::dossier::Dossier;
use crate::policy::elsewhere::{Among, Candidate, Wanted, search};
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

/// Whether the dwelling of a row is in a residence « à enjeu ».
type Listed<'a> = Option<&'a dyn Fn(u32) -> bool>;

/// Finds where else the household of a checked file could be housed: outside of QPV, and outside of the
/// listed residences. `listed`: None while there is no list.
pub fn elsewhere(checks: &Checks<'_>, d: &Dossier, done: &Checked<'_>, listed: Listed<'_>) -> [Ailleurs; 2] {
    let checker = checks.checker;
    let wanted = Wanted {
        persons: d.nb_personnes,
        size: done.facts.size,
        pct: done.facts.pct,
        typologie: d.typologie_souhaitee,
        commune: d.commune_souhaitee.clone(),
        day: d.jour,
        but: done.site.home.filter(|_| done.site.exact).map(|h| h.row),
    };
    let asked = Some(d.commune_souhaitee.as_str()).filter(|c| !c.is_empty()).and_then(|c| checker.epci_of(c));
    let own = done.site.epci.clone();
    [
        one(checks, &wanted, asked.or_else(|| own.clone()), Among::HorsQpv, listed),
        // In the perimeter of the CIA that the residence is listed by.
        one(checks, &wanted, own, Among::HorsEnjeu(listed), listed),
    ]
}

fn one(
    checks: &Checks<'_>,
    wanted: &Wanted,
    epci: Option<String>,
    among: Among<'_>,
    enjeu: Listed<'_>,
) -> Ailleurs {
    let checker = checks.checker;
    let found = epci.as_deref().map_or_else(Vec::new, |e| search(checker, e, wanted, among));
    let hors_qpv = matches!(among, Among::HorsQpv);
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
    let logements = open
        .take(checker.rules.ailleurs.nombre)
        .filter_map(|(i, c)| listed(checks, wanted, i, c, enjeu))
        .collect();
    Ailleurs {
        millesime: checker.parc.millesime,
        epci_nom: epci.as_deref().map(|e| checker.epci_title(e)),
        total: found.len(),
        vacants: found.iter().filter(|c| c.merits.free.is_none()).count(),
        libres_plus_tard: found.iter().filter(|c| c.merits.free.is_some()).count(),
        logements,
        communes,
        qpv_ecartes: hors_qpv,
        residences_a_enjeu_ecartees: !hors_qpv && enjeu.is_some(),
        criteres: criteria(checks, wanted, hors_qpv, enjeu.is_some()),
        epci,
    }
}

fn listed(
    checks: &Checks<'_>,
    wanted: &Wanted,
    index: usize,
    c: &Candidate<'_>,
    enjeu: Listed<'_>,
) -> Option<LogementAilleurs> {
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
        qpv: answer(c.placed),
        distance_qpv_m: c.placed.and_then(|p| p.metres).map(|m| (m * 10.0).round() / 10.0),
        residence_a_enjeu: enjeu.is_some_and(|listed| listed(c.vacant.row)),
        motifs: c.merits.words(wanted, c.home.rooms, &financement),
        financement,
    })
}

/// What was asked of them, in words.
fn criteria(checks: &Checks<'_>, wanted: &Wanted, hors_qpv: bool, has_list: bool) -> Vec<String> {
    let sizes = &checks.checker.rules.taille;
    let among = match (hors_qpv, has_list) {
        (true, _) => "hors QPV, à coup sûr (résidences à enjeu comprises)",
        (false, true) => "hors des résidences à enjeu, en QPV ou non ; les vacants d'abord",
        (false, false) => "aucune résidence n'est listée à enjeu : en QPV ou non ; les vacants d'abord",
    };
    let mut out = vec![among.to_owned()];
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
