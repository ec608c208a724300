//! What two millésimes do not mean alike by one name: communes that merged or came back between them, EPCI
//! that gained or lost some. Two years never stand side by side without it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::editions::Loaded;
use crate::reference::communes::{group, is_city, successor};
use crate::stock::facts::NONE;

/// Un territoire dont le périmètre n'est pas le même à deux millésimes qui se suivent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Perimetre {
    /// `commune` ou `epci`.
    pub echelle: &'static str,
    pub code: String,
    pub nom: String,
    /// Millésime de l'ancien périmètre.
    pub de: u16,
    /// Millésime du nouveau.
    pub a: u16,
    /// Les deux périmètres, en une phrase.
    pub dit: String,
}

/// Communes of a millésime: name, and EPCI with its name.
#[derive(Debug, Default)]
struct Year {
    millesime: u16,
    communes: BTreeMap<String, (String, Option<String>)>,
    epcis: BTreeMap<String, String>,
    /// Every commune that has a contour, dwellings or not.
    known: BTreeSet<String>,
}

impl Year {
    fn of(loaded: &Loaded) -> Self {
        let mut out = Self { millesime: loaded.meta().millesime, ..Self::default() };
        let Some(layer) = loaded.cube().layer("commune") else { return out };
        let epcis = loaded.cube().layer("epci");
        for zone in (0_u32..).take(layer.codes.len()) {
            let first = layer.runs_of(zone).next().map(|(start, _)| start as usize);
            let epci = epcis.zip(first).map(|(l, a)| (l, l.of[a])).filter(|(_, z)| *z != NONE);
            let epci = epci.map(|(l, z)| {
                let code = l.codes.get(z as usize).to_owned();
                out.epcis.insert(code.clone(), l.title(z));
                code
            });
            out.communes.insert(layer.codes.get(zone as usize).to_owned(), (layer.title(zone), epci));
        }
        let contours = loaded.zones.get("commune").into_iter().flat_map(|g| &g.layer.zones);
        out.known = contours.map(|z| z.code.clone()).chain(out.communes.keys().cloned()).collect();
        out
    }

    fn name(&self, commune: &str) -> String {
        self.communes.get(commune).map_or_else(|| commune.to_owned(), |(nom, _)| nom.clone())
    }

    /// Communes of an EPCI, each as the one that it was or is part of.
    fn members(&self, epci: &str) -> BTreeMap<&str, Vec<String>> {
        let mut out: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (code, (nom, of)) in &self.communes {
            if of.as_deref() == Some(epci) {
                out.entry(group(code)).or_default().push(nom.clone());
            }
        }
        out
    }
}

/// What changed between each millésime and the next.
#[must_use]
pub fn between<'a>(loaded: impl Iterator<Item = &'a Loaded>) -> Vec<Perimetre> {
    let years: Vec<Year> = loaded.map(Year::of).collect();
    years.windows(2).flat_map(|pair| changes(&pair[0], &pair[1])).collect()
}

fn changes(before: &Year, after: &Year) -> Vec<Perimetre> {
    let (de, a) = (before.millesime, after.millesime);
    let told =
        |echelle, code: &str, nom: String, dit| Perimetre { echelle, code: code.to_owned(), nom, de, a, dit };
    let mut out = Vec::new();
    let mut merged: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut restored: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for old in before.communes.keys().filter(|c| !after.known.contains(*c)) {
        if let Some(whole) = successor(old).filter(|w| after.communes.contains_key(*w) && !is_city(w)) {
            merged.entry(whole).or_default().push(old.as_str());
        }
    }
    for new in after.communes.keys().filter(|c| !before.known.contains(*c)) {
        let whole = group(new);
        if whole != new && before.communes.contains_key(whole) {
            restored.entry(whole).or_default().push(new.as_str());
        }
    }
    for (whole, parts) in merged {
        let nom = after.name(whole);
        let names: Vec<String> = parts.iter().map(|p| before.name(p)).collect();
        let (list, united) = (listed(&names), if names.len() > 1 { "réunies" } else { "réunie" });
        let dit = if before.known.contains(whole) {
            format!(
                "En {de}, la commune {nom} n'avait pas encore {list}, {united} depuis : les chiffres de {de} portent sur {nom} seule, ceux de {a} sur l'ensemble."
            )
        } else {
            format!(
                "En {de}, la commune {nom} n'existait pas : elle réunit depuis {list}, et ses chiffres commencent en {a}."
            )
        };
        out.push(told("commune", whole, nom.clone(), dit));
        for (part, name) in parts.iter().zip(names) {
            let dit = format!(
                "Depuis {de}, la commune {name} est réunie à {nom} : ses chiffres s'arrêtent à {de}, et sont en {a} dans ceux de {nom}."
            );
            out.push(told("commune", part, name, dit));
        }
    }
    for (whole, parts) in restored {
        let (was, nom) = (before.name(whole), after.name(whole));
        let names: Vec<String> = parts.iter().map(|p| after.name(p)).collect();
        let (list, back) = (listed(&names), if names.len() > 1 { "rétablies" } else { "rétablie" });
        let dit = format!(
            "En {de}, la commune {was} comprenait encore {list}, {back} depuis : les chiffres de {de} portent sur l'ensemble, ceux de {a} sur {nom} seule."
        );
        out.push(told("commune", whole, nom, dit));
        for (part, name) in parts.iter().zip(names) {
            let dit = format!(
                "En {de}, la commune {name} était dans {was}, et n'a pas de chiffres à elle : les siens commencent en {a}."
            );
            out.push(told("commune", part, name, dit));
        }
    }
    out.extend(after.epcis.iter().filter(|(code, _)| before.epcis.contains_key(*code)).filter_map(
        |(code, nom)| Some(told("epci", code, nom.clone(), membership(before, after, code, nom)?)),
    ));
    out
}

/// Communes that an EPCI gained and lost; one that has no dwelling in one of the two years changes nothing.
fn membership(before: &Year, after: &Year, epci: &str, nom: &str) -> Option<String> {
    let (de, a) = (before.millesime, after.millesime);
    let (old, new) = (before.members(epci), after.members(epci));
    let there = |year: &Year, g: &str| year.communes.keys().any(|c| group(c) == g);
    let gained: Vec<String> = new
        .iter()
        .filter(|(g, _)| !old.contains_key(*g) && there(before, g))
        .flat_map(|(_, names)| names.clone())
        .collect();
    let lost: Vec<String> = old
        .iter()
        .filter(|(g, _)| !new.contains_key(*g) && there(after, g))
        .flat_map(|(_, names)| names.clone())
        .collect();
    let what = match (gained.is_empty(), lost.is_empty()) {
        (true, true) => return None,
        (false, true) => format!("n'avait pas encore {}", listed(&gained)),
        (true, false) => format!("avait encore {}", listed(&lost)),
        (false, false) => format!("n'avait pas encore {} et avait encore {}", listed(&gained), listed(&lost)),
    };
    Some(format!(
        "En {de}, l'intercommunalité {nom} {what} : ses chiffres de {de} et de {a} ne portent pas sur le même périmètre."
    ))
}

/// « Seynod », « Cran-Gevrier et Seynod », « Celles, Chavagnac et 3 autres ».
fn listed(names: &[String]) -> String {
    const MOST: usize = 8;
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] if names.len() <= MOST => format!("{} et {last}", most.join(", ")),
        _ => format!("{} et {} autres", names[..MOST - 1].join(", "), names.len() - MOST + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn year(millesime: u16, communes: &[(&str, &str, &str)]) -> Year {
        let of = |(code, nom, epci): &(&str, &str, &str)| {
            ((*code).to_owned(), ((*nom).to_owned(), Some((*epci).to_owned())))
        };
        let communes: BTreeMap<_, _> = communes.iter().map(of).collect();
        let epcis = communes.values().filter_map(|(_, e)| e.clone()).map(|e| (e.clone(), e)).collect();
        Year { millesime, known: communes.keys().cloned().collect(), epcis, communes }
    }

    fn said(before: &Year, after: &Year) -> BTreeMap<String, String> {
        changes(before, after).into_iter().map(|p| (p.code, p.dit)).collect()
    }

    #[test]
    fn a_merger_gives_both_perimeters_in_one_sentence() {
        let before =
            year(2022, &[("74010", "Annecy", "A"), ("74268", "Seynod", "A"), ("74093", "Cran-Gevrier", "A")]);
        let after = year(2024, &[("74010", "Annecy", "A")]);
        let told = said(&before, &after);
        assert_eq!(
            told["74010"],
            "En 2022, la commune Annecy n'avait pas encore Cran-Gevrier et Seynod, réunies depuis : les chiffres de 2022 portent sur Annecy seule, ceux de 2024 sur l'ensemble."
        );
        assert!(told["74268"].starts_with("Depuis 2022, la commune Seynod est réunie à Annecy"));
        assert_eq!(told.len(), 3, "the EPCI is the same: {told:?}");
        assert!(changes(&after, &after).is_empty());
    }

    #[test]
    fn a_split_gives_both_perimeters_and_a_commune_without_dwellings_is_none() {
        let before = year(2022, &[("15141", "Neussargues en Pinatelle", "B"), ("74256", "Sallanches", "C")]);
        let mut after = year(2024, &[("15141", "Neussargues-Moissac", "B"), ("15031", "Celles", "B")]);
        after.known.insert("74256".into());
        let told = said(&before, &after);
        assert!(told["15141"].contains("comprenait encore Celles, rétablie depuis"), "{told:?}");
        assert!(told["15031"].contains("était dans Neussargues en Pinatelle"));
        assert_eq!(told.len(), 2, "{told:?}");
    }

    #[test]
    fn an_epci_says_which_communes_it_gained_and_lost() {
        let before = year(2022, &[("74256", "Sallanches", "C"), ("74042", "Bonneville", "D")]);
        let after = year(2024, &[("74256", "Sallanches", "D"), ("74042", "Bonneville", "D")]);
        let told = said(&before, &after);
        assert_eq!(
            told["D"],
            "En 2022, l'intercommunalité D n'avait pas encore Sallanches : ses chiffres de 2022 et de 2024 ne portent pas sur le même périmètre."
        );
        assert_eq!(told.len(), 1);
    }
}
