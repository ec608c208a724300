//! What is kept of one demand while its elements pass, in whatever order, and the row that it becomes.

use crate::reference::echange::{Echange, Forme};
use crate::reference::registre::Registre;

/// What a person is to the demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Holder,
    CoHolder,
    Dependant,
    /// A child of separated parents, who counts in both homes.
    Shared,
}

/// Elements of persons, from `demandeLogement` on.
const PERSONS: [(&str, Role); 4] = [
    ("personnePhysique/demandeur", Role::Holder),
    ("personnePhysique/listeCotitulaire/cotitulaire", Role::CoHolder),
    ("personnePhysique/listePersonneACharge/personneACharge", Role::Dependant),
    ("personnePhysique/listePersonneEnGarde/personneEnGarde", Role::Shared),
];
const ROOMS: &str = "personnePhysique/logementActuel/typeLogementActuel";
/// Code of `coParentalite`: the child lives with each parent in turn.
const ALTERNATING: &str = "G";

struct Person {
    role: Role,
    /// `yyyymmdd`.
    birth: Option<u32>,
    alternating: bool,
}

/// What an element of a path is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Column of the register, by place.
    Column(usize, Forme),
    Birth,
    Parenting,
    Amount {
        paid: bool,
    },
    Kind,
    Fiscal {
        before: bool,
    },
    Rooms,
}

impl Wanted {
    /// It is the attribute `code` that is read.
    pub fn is_code(self) -> bool {
        matches!(self, Self::Column(_, Forme::Code) | Self::Parenting | Self::Kind | Self::Rooms)
    }
}

/// The paths of a demand.
pub(super) struct Paths {
    columns: Vec<(String, usize, Forme)>,
}

impl Paths {
    pub fn new(exchange: &Echange, registre: &Registre) -> Self {
        let place = |name: &str| registre.colonnes.iter().position(|c| c.nom == name);
        let columns = exchange
            .valeur
            .iter()
            .filter_map(|v| Some((v.chemin.clone(), place(&v.colonne)?, v.forme)))
            .collect();
        Self { columns }
    }

    /// What an element of this path is read for, as far as it is a person's.
    fn of_person(path: &str) -> Option<Wanted> {
        let (role, rest) =
            PERSONS.iter().find_map(|(p, role)| Some((*role, path.strip_prefix(p)?.strip_prefix('/')?)))?;
        if rest == "coParentalite" && role == Role::Shared {
            return Some(Wanted::Parenting);
        }
        if rest == "dateNaissance" {
            return Some(Wanted::Birth);
        }
        if !matches!(role, Role::Holder | Role::CoHolder) {
            return None;
        }
        Some(match rest {
            "revenuFiscal/montantMoins2" => Wanted::Fiscal { before: true },
            "revenuFiscal/montantMoins1" => Wanted::Fiscal { before: false },
            "listeRessourceRecue/detailRessource/ressource"
            | "listeRessourceRecuePersACharge/detailRessource/ressource" => Wanted::Kind,
            "listeRessourceRecue/detailRessource/montant"
            | "listeRessourceRecuePersACharge/detailRessource/montant" => Wanted::Amount { paid: false },
            "listeRessourceVersee/detailRessource/montant"
            | "listeRessourceVerseePersACharge/detailRessource/montant" => Wanted::Amount { paid: true },
            _ => return None,
        })
    }

    /// All that an element of this path is read for.
    pub fn wanted(&self, path: &str) -> Vec<Wanted> {
        let columns =
            self.columns.iter().filter(|(p, ..)| p == path).map(|(_, at, f)| Wanted::Column(*at, *f));
        let rooms = (path == ROOMS).then_some(Wanted::Rooms);
        columns.chain(Self::of_person(path)).chain(rooms).collect()
    }
}

/// Sum of amounts; unknown once one of them cannot be read.
#[derive(Default)]
struct Sum {
    total: f64,
    any: bool,
    doubtful: bool,
}

impl Sum {
    fn add(&mut self, text: &str, sign: f64) {
        match text.parse::<f64>() {
            Ok(v) if v.is_finite() && v >= 0.0 => {
                self.total += sign * v;
                self.any = true;
            }
            _ => self.doubtful = true,
        }
    }

    fn cell(&self) -> Option<String> {
        let cents = (self.total * 100.0).round() / 100.0;
        (self.any && !self.doubtful).then(|| cents.to_string())
    }
}

/// One demand under construction.
#[derive(Default)]
pub(super) struct Demand {
    cells: Vec<String>,
    /// Given by hand in the complement: these win.
    added: Vec<String>,
    persons: Vec<Person>,
    kinds: Vec<String>,
    resources: Sum,
    fiscal: [Sum; 2],
    rooms: Option<u8>,
    /// Bytes that are held.
    pub held: usize,
}

impl Demand {
    pub fn new(registre: &Registre) -> Self {
        let empty = vec![String::new(); registre.colonnes.len()];
        Self { cells: empty.clone(), added: empty, ..Self::default() }
    }

    /// An element of this path begins.
    pub fn begin(&mut self, path: &str) {
        if let Some((_, role)) = PERSONS.iter().find(|(p, _)| *p == path) {
            self.persons.push(Person { role: *role, birth: None, alternating: false });
            self.held += 16;
        }
    }

    /// A value of the complement.
    pub fn add(&mut self, column: usize, text: &str) {
        append(&mut self.added, column, text, &mut self.held);
    }

    /// A value of an element.
    pub fn take(&mut self, wanted: Wanted, text: &str, deducts: bool) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        match wanted {
            Wanted::Column(column, _) => append(&mut self.cells, column, text, &mut self.held),
            Wanted::Birth => {
                if let Some(p) = self.persons.last_mut() {
                    p.birth = day(text);
                }
            }
            Wanted::Parenting => {
                if let Some(p) = self.persons.last_mut() {
                    p.alternating = text == ALTERNATING;
                }
            }
            Wanted::Kind => {
                if !self.kinds.iter().any(|k| k == text) {
                    self.held += text.len();
                    self.kinds.push(text.to_owned());
                }
            }
            Wanted::Amount { paid: false } => self.resources.add(text, 1.0),
            Wanted::Amount { paid: true } if deducts => self.resources.add(text, -1.0),
            Wanted::Amount { .. } => {}
            Wanted::Fiscal { before } => self.fiscal[usize::from(!before)].add(text, 1.0),
            Wanted::Rooms => {
                // T6P is six rooms at the least, a bedroom is one.
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                self.rooms = digits.parse().ok().or((text == "C").then_some(1));
            }
        }
    }

    /// The row: cells of the register's columns, in its order. `extrait` is the day that ages are counted at.
    pub fn row(mut self, registre: &Registre, extrait: u32) -> Vec<String> {
        let holders = self.persons.iter().any(|p| p.role == Role::Holder);
        let mut derived: Vec<(&str, Option<String>)> = vec![
            ("ressources_mensuelles", self.resources.cell()),
            ("ressources_natures", (!self.kinds.is_empty()).then(|| self.kinds.join("|"))),
            // Fiscal income of the year before last (CCH R.441-1, R.331-12), else of last year.
            ("rfr", self.fiscal.iter().find_map(Sum::cell)),
            ("pieces", self.rooms.map(|n| n.to_string())),
        ];
        if holders {
            let count =
                |of: &dyn Fn(&Person) -> bool| self.persons.iter().filter(|p| of(p)).count().to_string();
            derived.push(("nb_personnes", Some(count(&|_| true))));
            derived.push(("cotitulaire", Some(yes(self.persons.iter().any(|p| p.role == Role::CoHolder)))));
            derived.push(("nb_garde_alternee", Some(count(&|p| p.alternating))));
            let unborn = registre.colonnes.iter().position(|c| c.nom == "nb_a_naitre");
            if unborn.is_some_and(|at| self.cells[at].is_empty()) {
                derived.push(("nb_a_naitre", Some("0".to_owned())));
            }
            // An adult who signs needs no date; a child without one leaves the counts open.
            let known = |p: &Person| p.birth.is_some() || matches!(p.role, Role::Holder | Role::CoHolder);
            if self.persons.iter().all(known) {
                let under = |p: &Person, years: u32| p.birth.is_some_and(|b| age(b, extrait) < Some(years));
                derived.push(("nb_moins14", Some(count(&|p| under(p, 14)))));
                derived.push(("nb_14plus", Some(count(&|p| !under(p, 14)))));
                derived.push(("nb_mineurs", Some(count(&|p| under(p, 18)))));
            }
        }
        for (name, value) in derived {
            if let (Some(at), Some(value)) = (registre.colonnes.iter().position(|c| c.nom == name), value) {
                self.cells[at] = value;
            }
        }
        for (at, c) in registre.colonnes.iter().enumerate() {
            if !self.added[at].is_empty() {
                self.cells[at] = std::mem::take(&mut self.added[at]);
            }
            // `xs:date` may have a time zone, `xs:dateTime` an hour.
            if c.nom.starts_with("date_") && day(&self.cells[at]).is_some() {
                self.cells[at].truncate(10);
            }
        }
        self.cells
    }
}

fn append(cells: &mut [String], at: usize, text: &str, held: &mut usize) {
    let text = text.trim();
    let Some(cell) = cells.get_mut(at) else { return };
    if text.is_empty() {
        return;
    }
    if !cell.is_empty() {
        cell.push('|');
    }
    // A line break in a value would move the lines of the table.
    cell.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }));
    *held += text.len() + 1;
}

fn yes(v: bool) -> String {
    if v { "oui" } else { "non" }.to_owned()
}

/// `yyyymmdd` of `2018-03-15`, whatever follows.
pub(super) fn day(text: &str) -> Option<u32> {
    let date = text.get(..10)?;
    let mut parts = date.split('-');
    let (y, m, d) = (parts.next()?, parts.next()?, parts.next()?);
    if (y.len(), m.len(), d.len()) != (4, 2, 2) {
        return None;
    }
    let number = |t: &str| t.parse::<u32>().ok();
    let day = number(y)? * 10_000 + number(m)? * 100 + number(d)?;
    crate::days::civil(day).map(|_| day)
}

/// Whole years from a birth to a day, both `yyyymmdd`; None before the birth.
pub(crate) fn age(birth: u32, on: u32) -> Option<u32> {
    Some(on.checked_sub(birth)? / 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_whole_on_the_birthday() {
        assert_eq!((age(20_100_315, 20_180_315), age(20_100_316, 20_180_315)), (Some(8), Some(7)));
        assert_eq!(age(20_190_101, 20_180_315), None);
    }

    #[test]
    fn a_day_is_that_of_the_schema_with_or_without_zone() {
        assert_eq!(day("2018-03-15T16:54:06.339+01:00"), Some(20_180_315));
        assert_eq!(day("2018-03-15+01:00"), Some(20_180_315));
        assert_eq!(
            (day("2018-02-30"), day("15/03/2018"), day("2018-3-1500"), day("é")),
            (None, None, None, None)
        );
    }
}
