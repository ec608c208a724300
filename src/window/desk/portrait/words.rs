//! A portrait's figures in words, as the page writes them.

use super::asking::Asking;
use crate::desk::cotation::pression::LignePression;
use crate::desk::mesure::Mesure;
use crate::disclosure::figure::Figure;
use crate::french::{number, thousands};
use crate::publish::portrait::Edition;
use crate::publish::report::fact;
use crate::reference::indicators::Indicator;
use crate::reference::portrait::portrait as data;
use crate::reference::publication::publication;

/// What stands where there is nothing to tell.
const NOTHING: &str = "—";
const SECRET: &str = "secret";

/// A figure of an answer.
pub(super) fn figure<'m>(mesure: &'m Mesure, id: &str) -> Option<&'m Figure> {
    mesure.chiffres.iter().find(|f| f.indicateur == id)
}

/// A value with its unit; a no-break space between them.
fn valued(value: f64, unit: &str, decimals: u8) -> String {
    let number = number(value, decimals.min(1));
    if unit.is_empty() || unit == "nombre" { number } else { format!("{number}\u{a0}{unit}") }
}

/// A figure in a table.
pub(super) fn cell(figure: Option<&Figure>) -> String {
    match figure {
        Some(f) if f.secret => SECRET.to_owned(),
        Some(f) => f.valeur.map_or_else(|| NOTHING.to_owned(), |v| valued(v, f.unite, f.decimales)),
        None => NOTHING.to_owned(),
    }
}

pub(super) fn count(n: u64) -> String {
    thousands(n)
}

/// « OPS 2024 × RPLS au 1er janvier 2024 ».
pub(super) fn source(whole: &Mesure, households: bool) -> String {
    let wave = whole.vague.filter(|_| households).map(|v| format!("OPS {v} × ")).unwrap_or_default();
    format!("{wave}{}", whole.parc)
}

/// Large numbers and what they count.
pub(super) fn facts(whole: &Mesure, households: bool) -> Vec<(String, String)> {
    let c = &whole.couverture;
    let without = match c.logements_sans_point {
        0 => String::new(),
        n => format!(", dont {} sans point", count(n)),
    };
    let (number, dwellings) = fact(c.logements, "logement social", "logements sociaux");
    let mut out =
        vec![(number, format!("{dwellings}{without}")), fact(c.residences, "résidence", "résidences")];
    if households {
        let of = |n: Option<u64>| n.map_or_else(|| SECRET.to_owned(), count);
        let rate = c.taux_reponse.map_or_else(|| NOTHING.to_owned(), |r| valued(r * 100.0, "%", 0));
        let badge = c.badge.map(|b| format!(", fiabilité {b}")).unwrap_or_default();
        out.push((of(c.repondants), "ménages répondants".to_owned()));
        out.push((rate, format!("de réponse{badge}")));
    }
    out
}

/// What stands out against the territory around, in a sentence; empty if nothing does.
pub(super) fn salient(asking: &Asking<'_>, known: &[&'static Indicator]) -> String {
    let Some((place, there)) = asking.around.first() else { return String::new() };
    let gap = |i: &&'static Indicator| {
        let (here, there) = (figure(&asking.whole, &i.id)?, figure(there, &i.id)?);
        let gap = here.valeur? - there.valeur?;
        (i.unite == "%" && gap.abs() >= data().ecart_min).then_some((*i, here, gap))
    };
    let mut gaps: Vec<_> = known.iter().filter_map(gap).collect();
    gaps.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()));
    gaps.truncate(data().ecarts_max);
    if gaps.is_empty() {
        return String::new();
    }
    let told = gaps.iter().map(|(i, here, gap)| {
        let sign = if *gap > 0.0 { "+" } else { "" };
        format!("{} : {} ({sign}{}\u{a0}points)", i.libelle, cell(Some(here)), number(*gap, 1))
    });
    format!("{}, par rapport à {}.", told.collect::<Vec<_>>().join(" ; "), place.nom)
}

/// Dwellings in no point of the map: neither in a QPV nor out of it.
pub(super) fn unplaced(n: u64) -> Option<String> {
    match n {
        0 => None,
        1 => Some("1 logement sans point n’est compté ni en QPV ni hors QPV.".to_owned()),
        n => Some(format!("{} logements sans point ne sont comptés ni en QPV ni hors QPV.", count(n))),
    }
}

/// A label under « Part des logements »: « Part de T1 » is « T1 ».
pub(super) fn share(label: &str) -> String {
    let short = ["Part de logements construits ", "Part de logements ", "Part des ", "Part de ", "Part d'"]
        .iter()
        .find_map(|p| label.strip_prefix(p))
        .unwrap_or(label);
    capital(short)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

/// What no figure tells.
pub(super) fn secrecy(k: u32) -> String {
    format!(
        "aucun chiffre ne décrit de 1 à {} ménages répondants, ni ne se retrouve par différence ; un chiffre secret n’est pas un zéro.",
        k - 1
    )
}

fn counted(n: Option<u32>) -> String {
    n.map_or_else(|| SECRET.to_owned(), |n| count(u64::from(n)))
}

/// Lines of the table of demands.
pub(super) fn demand(line: &LignePression, year: u16) -> Vec<(String, Vec<String>)> {
    let ratio = |r: Option<f64>| r.map_or_else(|| NOTHING.to_owned(), |r| number(r, 1));
    vec![
        (
            "Demandes en attente".to_owned(),
            vec![counted(line.demandes), counted(line.demandes_hors_mutations)],
        ),
        (
            format!("Baux de {year}"),
            vec![counted(line.attributions), counted(line.attributions_hors_mutations)],
        ),
        ("Demandes pour un bail".to_owned(), vec![ratio(line.tension), ratio(line.tension_hors_mutations)]),
    ]
}

/// What is said of the waiting time.
pub(super) fn waiting(line: &LignePression, months: u32) -> Vec<String> {
    let wait = line.delai.as_ref().map(|d| {
        let everywhere = if d.de_l_epci { ", dans toute l’intercommunalité" } else { "" };
        let median = d.median.map(|m| {
            format!(" ; {} mois en médiane si l’on compte aussi celles qui attendent encore", number(m, 0))
        });
        format!(
            "Attente : {} mois en moyenne pour les demandes satisfaites depuis {months} mois{everywhere}{}.",
            number(d.moyen, 0),
            median.unwrap_or_default()
        )
    });
    let several = "Une demande qui nomme plusieurs communes compte dans chacune, et une fois dans leur intercommunalité.";
    wait.into_iter().chain([several.to_owned()]).collect()
}

/// What one must know to read the paper.
pub(super) fn method(asking: &Asking<'_>, source: &str) -> Vec<(String, String)> {
    let poor = asking.indicator("I02");
    let mut method = "Un logement compte dans la zone qui contient le point de son adresse.".to_owned();
    if let Some(i) = poor {
        method += &format!(
            " {} Emménagés récents : bail signé dans les deux ans qui précèdent l’enquête. Fiabilité : A au moins 70\u{a0}% de réponses, B 50 à 70, C 30 à 50, D moins de 30.",
            i.definition
        );
    }
    let rights = publication();
    let edition = asking.question.edition;
    let licence = match edition {
        Edition::Publique => {
            format!("{} {}", rights.droit("parc").licence, rights.droit("parc_restreint").publique)
        }
        Edition::Restreinte => {
            format!("{} {}", rights.droit("parc_restreint").licence, rights.droit("occupation").licence)
        }
    };
    let mut out = vec![
        ("Méthode".to_owned(), method),
        ("Sources".to_owned(), format!("{source}. {} Contours IGN et ANCT.", rights.droit("parc").source)),
        ("Usage".to_owned(), format!("{} : {}. {licence}", edition.words(), edition.rule())),
        ("Secret statistique".to_owned(), capital(&secrecy(asking.app.secrecy.k))),
    ];
    if poor.is_some() {
        out[1].1 = format!(
            "{source}. {} {} Contours IGN et ANCT.",
            rights.droit("parc").source,
            rights.droit("occupation").source
        );
    }
    out
}
