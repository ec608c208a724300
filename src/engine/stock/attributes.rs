//! The classes and quantities of `data/attributs.toml`, computed for each dwelling row.

use std::collections::BTreeMap;

use super::dwellings::Dwellings;
use super::facts::NONE;
use super::households::Households;
use super::join::Matches;
use super::places::Places;
use crate::arrays::narrow;
use crate::reference::generations;
use crate::reference::indicators::{Attribute, Catalogue};
use crate::reference::survey::Survey;

/// What attributes are computed from.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    pub millesime: u16,
    pub wave: Option<u16>,
    pub dwellings: &'a Dwellings,
    pub households: Option<&'a Households>,
    pub matches: Option<&'a Matches>,
    pub places: &'a Places,
}

/// Columns by dwelling row.
#[derive(Debug, Default)]
pub struct Columns {
    pub attributes: BTreeMap<String, Vec<u8>>,
    pub quantities: BTreeMap<String, Vec<u32>>,
    pub bailleur_of: Vec<u16>,
    pub bailleurs: Vec<(String, String)>,
}

/// Computes every attribute and quantity of the catalogue.
#[must_use]
pub fn columns(inputs: &Inputs<'_>, catalogue: &Catalogue, survey: &Survey) -> Columns {
    let mut columns = Columns::default();
    stock(inputs, catalogue, &mut columns);
    if let (Some(h), Some(m), Some(wave)) = (inputs.households, inputs.matches, inputs.wave) {
        occupancy(inputs, &Answers { households: h, matches: m, wave }, catalogue, survey, &mut columns);
    }
    bailleurs(inputs.dwellings, &mut columns);
    // An attribute that nothing filled (no survey) is unknown everywhere.
    let n = inputs.dwellings.len();
    for a in &catalogue.attributes {
        columns.attributes.entry(a.id.clone()).or_insert_with(|| vec![0; n]);
    }
    columns
}

/// Adds an attribute computed row by row.
fn put(columns: &mut Columns, id: &str, n: usize, class: impl FnMut(usize) -> u8) {
    columns.attributes.insert(id.to_owned(), (0..n).map(class).collect());
}

/// A code that is its own class number, if the attribute has it.
fn code(attribute: Option<&Attribute>, value: u8) -> u8 {
    if attribute.is_some_and(|a| usize::from(value) <= a.classes.len()) { value } else { 0 }
}

/// Whether a dwelling is in a département that is wholly a QPV of this layer on 1 January, wherever it
/// stands.
fn whole<'a>(inputs: &Inputs<'a>, layer: &str) -> impl Fn(usize) -> bool + Sync + use<'a> {
    let communes = &inputs.dwellings.commune;
    let in_force = |c: &String| generations::of_millesime(inputs.millesime, c);
    let list: Vec<bool> =
        communes.list.iter().map(in_force).map(|g| g.whole.is_some() && g.layer() == layer).collect();
    move |row| list.get(communes.of[row] as usize).copied().unwrap_or(false)
}

fn stock(inputs: &Inputs<'_>, catalogue: &Catalogue, columns: &mut Columns) {
    let d = inputs.dwellings;
    let n = d.len();
    let year = inputs.millesime;
    let attribute = |id: &str| catalogue.attribute(id);

    put(columns, "repertoire", n, |r| u8::from(r < d.registered()));
    // Rows come in order.
    let moved = |r: usize| u32::try_from(r).is_ok_and(|r| d.moved.binary_search(&r).is_ok());
    put(columns, "point_depose", n, |r| u8::from(r < d.registered() && !moved(r)));
    let mode = attribute("mode");
    put(columns, "mode", n, |r| code(mode, d.mode[r]));
    for id in ["financement", "categorie_cus"] {
        let a = attribute(id);
        put(columns, id, n, |r| a.map_or(0, |a| a.of_financing(d.cus[r], d.finan[r])));
    }
    put(columns, "typologie", n, |r| d.nbpiece[r].min(5));
    let period = attribute("periode");
    put(columns, "periode", n, |r| match d.construct[r] {
        0 => 0,
        y => period.map_or(0, |p| p.class_of_number(y)),
    });
    let dpe = attribute("dpe");
    put(columns, "dpe", n, |r| code(dpe, d.dpe[r]));
    let construction = attribute("construction");
    put(columns, "construction", n, |r| code(construction, d.typeconst[r]));
    for id in ["qpv2015", "qpv2024"] {
        let layer = inputs.places.layer(id);
        let drawn = layer.is_some_and(|l| !l.codes.is_empty());
        let whole = whole(inputs, id);
        put(columns, id, n, |r| {
            let a = inputs.places.address_of[r] as usize;
            match layer {
                _ if whole(r) => 1,
                Some(l) if drawn && inputs.places.addresses[a].is_located() => {
                    if l.of_address[a] == NONE {
                        2
                    } else {
                        1
                    }
                }
                _ => 0,
            }
        });
    }
    for (id, of_address) in &inputs.places.bands {
        let whole = whole(inputs, &id.replace("bande", "qpv"));
        put(columns, id, n, |r| if whole(r) { 1 } else { of_address[inputs.places.address_of[r] as usize] });
    }
    put(columns, "vacance", n, |r| match (d.mode[r], d.vacance_mois[r]) {
        (2, m) if m > 3 => 2,
        (2, m) if m > 0 => 1,
        _ => 0,
    });
    put(columns, "rotation", n, |r| {
        let settled = d.locat[r] > 0 && d.locat[r] < year - 1 && matches!(d.mode[r], 1 | 2);
        // A lease that begins after the photograph is no date (R06).
        let sound = d.bail[r] <= u32::from(year) * 100 + 1;
        if settled && sound { 1 + u8::from(d.bail[r] / 100 >= u32::from(year - 1)) } else { 0 }
    });
    put(columns, "mise_en_service", n, |r| match d.locat[r] {
        0 => 0,
        y => 1 + u8::from(year.saturating_sub(y) > 5),
    });
    // A file that tells no term at all has not the column; in one that has it, an empty cell is « none ».
    let told = d.sru_expir.iter().any(|y| *y > 0);
    let term = attribute("fin_sru");
    let class = |code: &str| term.and_then(|a| a.class(code)).unwrap_or(0);
    put(columns, "fin_sru", n, |r| match d.sru_expir[r] {
        0 if told && r < d.registered() => class("SANS"),
        0 => 0,
        y if y < year => class("ECHUE"),
        y => term.map_or(0, |a| a.class_of_number(y - year)),
    });
    put(columns, "surface_connue", n, |r| u8::from(d.surfhab[r] > 0));
    put(columns, "loyer_connu", n, |r| u8::from(d.mode[r] == 1 && d.loyer[r] > 0.0 && d.surfhab[r] > 0));
    columns.quantities.insert("surface".into(), d.surfhab.iter().map(|s| u32::from(*s)).collect());
    columns.quantities.insert(
        "loyer".into(),
        d.loyer.iter().map(|l| if l.is_finite() { (l * 100.0).round() as u32 } else { 0 }).collect(),
    );
}

/// Households as found by the join.
struct Answers<'a> {
    households: &'a Households,
    matches: &'a Matches,
    wave: u16,
}

fn occupancy(
    inputs: &Inputs<'_>,
    answers: &Answers<'_>,
    catalogue: &Catalogue,
    survey: &Survey,
    columns: &mut Columns,
) {
    let (h, n) = (answers.households, inputs.dwellings.len());
    let of = |r: usize| -> Option<usize> {
        let row = answers.matches.household_of[r];
        (row != u32::MAX).then_some(row as usize)
    };
    // Only answers of responding households count.
    let answered: Vec<u32> =
        (0..n).map(|r| of(r).filter(|&i| h.answered(i)).map_or(u32::MAX, narrow)).collect();
    let answer = |r: usize| Some(answered[r] as usize).filter(|i| *i != u32::MAX as usize);
    put(columns, "interroge", n, |r| u8::from(of(r).is_some_and(|i| h.asked(i))));
    put(columns, "repondant", n, |r| u8::from(answer(r).is_some()));
    let surveyed: std::collections::BTreeSet<&str> = h.siren.list.iter().map(String::as_str).collect();
    put(columns, "couverture", n, |r| {
        u8::from(of(r).is_some() || surveyed.contains(inputs.dwellings.siren.get(r)))
    });
    let coded = |columns: &mut Columns, id: &str, values: &[u8]| {
        let attribute = catalogue.attribute(id);
        put(columns, id, n, |r| answer(r).map_or(0, |i| code(attribute, values[i])));
    };
    coded(columns, "plafond", &h.plafond);
    coded(columns, "aide", &h.aide);
    coded(columns, "menage", &h.type_menage);
    put(columns, "mineurs", n, |r| {
        answer(r).map_or(0, |i| if h.nb_mineurs[i] == 255 { 0 } else { h.nb_mineurs[i].min(3) + 1 })
    });
    let age = catalogue.attribute("age");
    put(columns, "age", n, |r| match answer(r).map_or(0, |i| h.age_titulaire[i]) {
        0 => 0,
        years => age.map_or(0, |a| a.class_of_number(u16::from(years))),
    });

    let reference = i32::from(answers.wave) * 12;
    let months = |i: usize| -> Option<i32> {
        let (y, m) = (h.entree[i] / 100, h.entree[i] % 100);
        // Who moved in after the day of the survey is none of those that it counts as recent.
        (y > 0).then(|| reference - (y * 12 + m.max(1) - 1) as i32).filter(|months| *months >= 0)
    };
    let recent = i32::from(survey.recent_months(answers.wave));
    put(columns, "entree_connue", n, |r| u8::from(answer(r).is_some_and(|i| months(i).is_some())));
    put(columns, "emmenagement", n, |r| {
        answer(r).map_or(0, |i| if months(i).is_some_and(|m| m <= recent) { 1 } else { 2 })
    });
    let (seniority, size) = (catalogue.attribute("anciennete"), catalogue.attribute("taille"));
    let class = |a: Option<&Attribute>, value: u16| a.map_or(0, |a| a.class_of_number(value));
    put(columns, "anciennete", n, |r| {
        answer(r).and_then(months).map_or(0, |m| class(seniority, u16::try_from(m).unwrap_or(u16::MAX)))
    });
    put(columns, "taille", n, |r| match answer(r).map_or(0, |i| h.nb_personnes[i]) {
        0 => 0,
        persons => class(size, persons.into()),
    });
    put(columns, "peuplement", n, |r| {
        let (rooms, persons) = (inputs.dwellings.nbpiece[r], answer(r).map_or(0, |i| h.nb_personnes[i]));
        if rooms == 0 || persons == 0 { 0 } else { crowding(rooms, persons) }
    });
    put(columns, "personnes_connues", n, |r| {
        u8::from(answer(r).is_some_and(|i| h.nb_personnes[i] > 0 && h.nb_mineurs[i] != 255))
    });
    let activity: Vec<Option<Activity>> =
        (0..n).map(|r| answer(r).and_then(|i| Activity::of(h, i))).collect();
    put(columns, "activite_connue", n, |r| u8::from(activity[r].is_some()));

    let mut quantity = |id: &str, value: &dyn Fn(usize) -> u32| {
        columns.quantities.insert(id.to_owned(), (0..n).map(value).collect());
    };
    quantity("personnes", &|r| answer(r).map_or(0, |i| u32::from(h.nb_personnes[i])));
    quantity("mineurs", &|r| {
        answer(r).map_or(0, |i| if h.nb_mineurs[i] == 255 { 0 } else { u32::from(h.nb_mineurs[i]) })
    });
    quantity("majeurs", &|r| activity[r].map_or(0, |a| a.known));
    quantity("sans_emploi", &|r| activity[r].map_or(0, |a| a.jobless));
    quantity("actifs", &|r| activity[r].map_or(0, |a| a.stable + a.precarious + a.jobless));
    quantity("emploi_stable", &|r| activity[r].map_or(0, |a| a.stable));
    quantity("emploi_precaire", &|r| activity[r].map_or(0, |a| a.precarious));
    quantity("anciennete", &|r| {
        answer(r).and_then(months).map_or(0, |m| u32::try_from(m.max(0)).unwrap_or(0))
    });
}

/// Class of the attribute `peuplement`: more rooms than persons plus one (CCH L.621-2), fewer than persons
/// minus one, or neither.
fn crowding(rooms: u8, persons: u8) -> u8 {
    match (rooms > persons.saturating_add(1), rooms < persons - 1) {
        (true, _) => 1,
        (_, true) => 3,
        _ => 2,
    }
}

/// Adults of a household by activity.
#[derive(Debug, Clone, Copy)]
struct Activity {
    known: u32,
    stable: u32,
    precarious: u32,
    jobless: u32,
}

impl Activity {
    /// From the numbers of adults, else from the activity of the holder and of the spouse; None if neither is
    /// known.
    fn of(h: &Households, i: usize) -> Option<Self> {
        let numbers =
            [h.nb_stable[i], h.nb_precaire[i], h.nb_sans_emploi[i], h.nb_retraite[i], h.nb_autre[i]];
        if numbers.iter().any(|n| *n != 255) {
            let [stable, precarious, jobless, retired, other] =
                numbers.map(|n| if n == 255 { 0 } else { u32::from(n) });
            let known = stable + precarious + jobless + retired + other;
            return (known > 0).then_some(Self { known, stable, precarious, jobless });
        }
        let adults = [h.act_titulaire[i], h.act_conjoint[i]];
        let count = |class: u8| u32::from(adults[0] == class) + u32::from(adults[1] == class);
        let known = u32::from(adults[0] > 0) + u32::from(adults[1] > 0);
        (known > 0).then(|| Self { known, stable: count(1), precarious: count(2), jobless: count(3) })
    }
}

fn bailleurs(d: &Dwellings, columns: &mut Columns) {
    let mut names = vec![String::new(); d.siren.list.len()];
    for r in 0..d.registered() {
        if let Some(name) = names.get_mut(d.siren.of[r] as usize)
            && name.is_empty()
        {
            name.push_str(d.bailleur.get(r));
        }
    }
    columns.bailleurs = d.siren.list.iter().cloned().zip(names).collect();
    columns.bailleur_of = d.siren.of.iter().map(|s| u16::try_from(*s).unwrap_or(u16::MAX)).collect();
}

#[cfg(test)]
mod tests {
    use super::crowding;

    #[test]
    fn a_dwelling_is_too_large_above_one_room_more_than_persons() {
        let classes = |persons| [1, 2, 3, 4, 5].map(|rooms| crowding(rooms, persons));
        assert_eq!(classes(1), [2, 2, 1, 1, 1]);
        assert_eq!(classes(3), [3, 2, 2, 2, 1]);
        assert_eq!(classes(5), [3, 3, 3, 2, 2]);
    }
}
