//! What happened to the stock since the register: deliveries, demolitions, sales, transfers, as bailleurs
//! tell them.
//!
//! As corrections do ([`super::edits`]), events live in the state store; those in force are published in the
//! store as the data set `evenements`. They make one more edition of the latest millésime, « à jour »: its
//! dwellings as filed on 1 January, less those that left, plus those that came, under their present owner.
//! That edition has no survey: households stay those of the survey, on 1 January, so that no difference of
//! two editions tells who lived in what was demolished.

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

use super::StockError;
use super::dwellings::Dwellings;
use super::facts::Facts;
use super::table::hash;
use super::transfers::Transfers;
use crate::reference::indicators::Catalogue;
use crate::store::Store;

/// Register of the data set in the store, its only key, its file.
pub const REGISTER: &str = "evenements";
pub const KEY: &str = "en_vigueur";
pub const FILE: &str = "evenements.csv";

/// What an event does to the dwellings of a bailleur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// They come: built, or bought.
    Entree,
    /// They are social dwellings no more.
    Sortie,
    /// They go to another bailleur.
    Cession,
    /// Their tenant gave notice: nothing changes in the stock, but they will be free on that day.
    Conge,
}

/// An event in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Happening {
    /// YYYY-MM-DD.
    pub date: String,
    pub siren: String,
    pub effet: Effect,
    /// SIREN of the other bailleur: who gives, or who gets; empty if there is none.
    pub autre: String,
    pub commune: String,
    /// Key of the address; empty if it was not said.
    pub adresse: String,
    pub logements: u32,
    /// National numbers, separated by spaces; empty if they are not known.
    pub ident_rep: String,
    /// Where new dwellings are (degrees WGS 84, quality of domain §1.7); none: they count for the commune.
    pub lon: Option<f64>,
    pub lat: Option<f64>,
    pub qualite: u8,
    /// What new dwellings are; empty or 0 where it was not said. `annee`: of construction.
    pub annee: u16,
    pub financement: String,
    pub pieces: u8,
    pub dpe: String,
    pub surface: u16,
}

impl Happening {
    pub(super) fn idents(&self) -> impl Iterator<Item = u64> + '_ {
        self.ident_rep.split_whitespace().map(hash)
    }

    /// Adds one of the dwellings that it brings. `known` remembers numbers of texts from one call to the
    /// next.
    fn deliver(
        &self,
        to: &mut Dwellings,
        ident_rep: u64,
        catalogue: &Catalogue,
        known: &mut HashMap<String, u32>,
    ) {
        let row = to.push_registered();
        to.depcom.set(row, &self.commune, known);
        to.siren.set(row, &self.siren, known);
        to.adresse.set(row, &self.adresse, known);
        to.ident_rep[row] = ident_rep;
        if let (Some(lon), Some(lat)) = (self.lon, self.lat) {
            (to.lon[row], to.lat[row], to.qualite[row]) = (lon, lat, self.qualite);
        }
        (to.construct[row], to.locat[row]) = (self.annee, self.annee);
        (to.nbpiece[row], to.surfhab[row]) = (self.pieces, self.surface);
        let financing = catalogue
            .attribute("financement")
            .and_then(|a| a.classes.iter().find(|c| c.code == self.financement));
        to.finan[row] = financing.and_then(|c| c.finan.first()).copied().unwrap_or(0);
        to.cus[row] = financing.and_then(|c| c.cus.first()).copied().unwrap_or(0);
        to.dpe[row] = catalogue.attribute("dpe").and_then(|a| a.class(&self.dpe)).unwrap_or(0);
    }
}

/// Everything that is in force, in the order in which it happened.
#[derive(Debug, Default)]
pub struct Events {
    changes: Vec<Happening>,
    notices: Vec<Happening>,
}

/// What events do to the rows of a millésime: [`Changes::settle`] does it once rows have their place.
#[derive(Debug, Default)]
pub struct Changes {
    gone: Vec<bool>,
    /// Row → SIREN of its present owner.
    owners: BTreeMap<usize, String>,
    /// Day of the last event.
    last: String,
    came: u64,
    left: u64,
    transferred: u64,
    /// Dwellings of events that do not say, or say wrongly, which ones they are about.
    unplaced: u64,
    /// Dwellings of transfers that only one of the two bailleurs declared.
    awaiting: u64,
}

impl Events {
    /// What the store has.
    ///
    /// # Errors
    /// The file of the data set cannot be read.
    pub fn of(store: &Store) -> Result<Self, StockError> {
        let Some(folder) = store.manifest().dataset(REGISTER, KEY).map(|d| store.folder(d)) else {
            return Ok(Self::default());
        };
        let reader = csv::ReaderBuilder::new()
            .delimiter(b';')
            .from_path(folder.join(FILE))
            .map_err(StockError::Events)?;
        let list: Vec<Happening> =
            reader.into_deserialize().collect::<Result<_, _>>().map_err(StockError::Events)?;
        Ok(Self::new(list))
    }

    #[must_use]
    pub fn new(mut list: Vec<Happening>) -> Self {
        list.sort_by(|a, b| a.date.cmp(&b.date));
        let (notices, changes) = list.into_iter().partition(|h| h.effet == Effect::Conge);
        Self { changes, notices }
    }

    /// Dwellings (hash of their national number) whose tenant gave notice, and the day when they are free,
    /// YYYYMMDD.
    pub fn notices(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        let day = |h: &Happening| h.date.replace('-', "").parse().unwrap_or(0);
        self.notices.iter().flat_map(move |h| h.idents().map(move |i| (i, day(h))))
    }

    /// Dwellings (hash of their national number) that left the stock since a millésime.
    pub fn departed(&self, millesime: u16) -> impl Iterator<Item = u64> + '_ {
        self.since(millesime).iter().filter(|h| h.effet == Effect::Sortie).flat_map(Happening::idents)
    }

    /// Those that the register of 1 January does not hold yet.
    fn since(&self, millesime: u16) -> &[Happening] {
        let day = format!("{millesime}-01-01");
        &self.changes[self.changes.partition_point(|h| h.date <= day)..]
    }

    /// Names what happened since a millésime; None if nothing did.
    #[must_use]
    pub fn mark(&self, millesime: u16) -> Option<String> {
        let list = self.since(millesime);
        // Plain numbers and texts always serialise.
        let bytes = serde_json::to_vec(list).unwrap_or_default();
        (!list.is_empty()).then(|| blake3::hash(&bytes).to_hex()[..16].to_owned())
    }

    /// Adds the dwellings that came, and finds those that left or changed hands. A dwelling is known by its
    /// national number, or with all others that its bailleur has at the address if the event is about as
    /// many.
    #[must_use]
    pub fn apply(&self, millesime: u16, dwellings: &mut Dwellings, catalogue: &Catalogue) -> Changes {
        let list = self.since(millesime);
        let mut ledger = Ledger::new(dwellings, list);
        for h in list {
            match h.effet {
                Effect::Entree => ledger.enter(h, catalogue),
                Effect::Sortie | Effect::Cession => ledger.leave(h),
                Effect::Conge => {}
            }
        }
        let mut changes = ledger.changes;
        changes.last = list.last().map(|h| h.date.clone()).unwrap_or_default();
        changes
    }
}

/// Rows as events find and change them.
struct Ledger<'a> {
    dwellings: &'a mut Dwellings,
    by_ident: HashMap<u64, usize, FxBuildHasher>,
    /// (SIREN, address key) → rows, for the addresses that events name.
    by_address: HashMap<(u64, u64), Vec<usize>, FxBuildHasher>,
    sirens: HashSet<u64, FxBuildHasher>,
    known: HashMap<String, u32>,
    transfers: Transfers,
    changes: Changes,
}

impl<'a> Ledger<'a> {
    fn new(dwellings: &'a mut Dwellings, list: &[Happening]) -> Self {
        let named: HashSet<u64, FxBuildHasher> = list
            .iter()
            .flat_map(|h| h.idents().chain((!h.adresse.is_empty()).then(|| hash(&h.adresse))))
            .collect();
        let keys: Vec<u64> = dwellings.adresse.list.iter().map(|k| hash(k)).collect();
        let sirens: Vec<u64> = dwellings.siren.list.iter().map(|s| hash(s)).collect();
        let mut by_ident = HashMap::default();
        let mut by_address: HashMap<(u64, u64), Vec<usize>, FxBuildHasher> = HashMap::default();
        for row in 0..dwellings.registered() {
            if named.contains(&dwellings.ident_rep[row]) {
                by_ident.insert(dwellings.ident_rep[row], row);
            }
            let at = |list: &[u64], n: u32| list.get(n as usize).copied().unwrap_or(0);
            let key = at(&keys, dwellings.adresse.of[row]);
            if named.contains(&key) {
                by_address.entry((at(&sirens, dwellings.siren.of[row]), key)).or_default().push(row);
            }
        }
        let gone = vec![false; dwellings.registered()];
        Self {
            dwellings,
            by_ident,
            by_address,
            sirens: sirens.into_iter().collect(),
            known: HashMap::default(),
            transfers: Transfers::of(list),
            changes: Changes { gone, ..Changes::default() },
        }
    }

    fn owner(&self, row: usize) -> &str {
        self.changes.owners.get(&row).map_or_else(|| self.dwellings.siren.get(row), String::as_str)
    }

    /// Whether a dwelling goes to another bailleur: both say so, or who gets it is not of this register.
    fn changes_hands(&self, row: usize, to: &str) -> bool {
        let address = self.dwellings.adresse.get(row);
        let address = if address.is_empty() { 0 } else { hash(address) };
        self.transfers.agreed(self.dwellings.ident_rep[row], address, self.owner(row), to)
    }

    /// Dwellings come. Those that the register knows under another owner change hands if it says so too;
    /// those that it has are there already.
    fn enter(&mut self, h: &Happening, catalogue: &Catalogue) {
        let (there, unknown): (Vec<u64>, Vec<u64>) = h.idents().partition(|i| self.by_ident.contains_key(i));
        for ident in &there {
            let row = self.by_ident[ident];
            if self.owner(row) != h.siren {
                if !self.changes_hands(row, &h.siren) {
                    self.changes.awaiting += 1;
                    continue;
                }
                self.changes.transferred += u64::from(!self.changes.gone[row]);
            }
            if std::mem::take(&mut self.changes.gone[row]) {
                self.changes.came += 1;
            }
            self.changes.owners.insert(row, h.siren.clone());
        }
        let new = h.logements.saturating_sub(u32::try_from(there.len()).unwrap_or(u32::MAX));
        // Bought from a bailleur of the register without saying which ones: they are counted where they are.
        if h.ident_rep.is_empty() && self.sirens.contains(&hash(&h.autre)) && !h.autre.is_empty() {
            self.changes.unplaced += u64::from(new);
            return;
        }
        let mut unknown = unknown.into_iter();
        for _ in 0..new {
            let row = self.dwellings.registered();
            let ident = unknown.next().unwrap_or(0);
            h.deliver(self.dwellings, ident, catalogue, &mut self.known);
            self.changes.gone.push(false);
            self.changes.came += 1;
            if ident != 0 {
                self.by_ident.insert(ident, row);
            }
            self.by_address.entry((hash(&h.siren), hash(&h.adresse))).or_default().push(row);
        }
    }

    fn leave(&mut self, h: &Happening) {
        // The buyer's own word may have come first.
        let given = |row: &usize| h.effet == Effect::Cession && self.owner(*row) == h.autre;
        let own = |row: &usize| !self.changes.gone[*row] && (self.owner(*row) == h.siren || given(row));
        let rows: Vec<usize> = if h.ident_rep.is_empty() {
            let here = self.by_address.get(&(hash(&h.siren), hash(&h.adresse)));
            let here: Vec<usize> = here.into_iter().flatten().copied().filter(own).collect();
            if here.len() == h.logements as usize && !h.adresse.is_empty() { here } else { Vec::new() }
        } else {
            h.idents().filter_map(|i| self.by_ident.get(&i).copied()).filter(own).collect()
        };
        self.changes.unplaced += u64::from(h.logements).saturating_sub(rows.len() as u64);
        for row in rows {
            if self.owner(row) != h.siren {
                continue;
            }
            if h.effet == Effect::Cession {
                if self.sirens.contains(&hash(&h.autre)) && !self.changes_hands(row, &h.autre) {
                    self.changes.awaiting += 1;
                    continue;
                }
                self.changes.owners.insert(row, h.autre.clone());
                self.changes.transferred += 1;
            } else {
                self.changes.gone[row] = true;
                self.changes.left += 1;
            }
        }
    }
}

impl Changes {
    /// Takes out what left, gives what changed hands to its owner, and says what was done.
    pub fn settle(self, facts: &mut Facts) {
        for (row, siren) in &self.owners {
            let place = facts.bailleurs.iter().position(|(s, _)| s == siren).unwrap_or_else(|| {
                facts.bailleurs.push((siren.clone(), String::new()));
                facts.bailleurs.len() - 1
            });
            facts.bailleur_of[*row] = u16::try_from(place).unwrap_or(u16::MAX);
        }
        facts.retain(|row| self.gone.get(row).is_some_and(|gone| !gone));
        facts.a_jour = Some(self.last);
        let counts = [
            ("evenements_entrees", self.came),
            ("evenements_sorties", self.left),
            ("evenements_changements_de_bailleur", self.transferred),
            ("evenements_logements_non_identifies", self.unplaced),
            ("evenements_transferts_en_attente", self.awaiting),
            ("logements", facts.address_of.len() as u64),
        ];
        facts.report.comptes = counts.map(|(key, n)| (key.to_owned(), n)).into();
        facts.report.remarques.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three dwellings of bailleur 1 at address a, one of bailleur 2 at b.
    fn stock() -> Dwellings {
        let mut d = Dwellings::default();
        let mut known = HashMap::default();
        for (siren, address, ident) in
            [("1", "a", "i1"), ("1", "a", "i2"), ("1", "a", "i3"), ("2", "b", "i4")]
        {
            let h = Happening {
                siren: siren.into(),
                adresse: address.into(),
                ..event(Effect::Entree, "", 1, "")
            };
            h.deliver(&mut d, hash(ident), Catalogue::embedded().unwrap(), &mut known);
        }
        d
    }

    fn event(effet: Effect, date: &str, logements: u32, idents: &str) -> Happening {
        Happening {
            date: date.into(),
            siren: "1".into(),
            effet,
            autre: String::new(),
            commune: "73065".into(),
            adresse: "a".into(),
            logements,
            ident_rep: idents.into(),
            lon: Some(5.9),
            lat: Some(45.5),
            qualite: 11,
            annee: 2024,
            financement: "PLAI".into(),
            pieces: 3,
            dpe: "B".into(),
            surface: 60,
        }
    }

    /// What is left of the stock: (owner changes, gone rows, rows in all, unplaced).
    fn after(events: Vec<Happening>) -> (Vec<(usize, String)>, Vec<usize>, usize, u64) {
        let mut d = stock();
        let c = Events::new(events).apply(2024, &mut d, Catalogue::embedded().unwrap());
        let gone = c.gone.iter().enumerate().filter(|(_, g)| **g).map(|(i, _)| i).collect();
        (c.owners.into_iter().collect(), gone, d.registered(), c.unplaced)
    }

    #[test]
    fn dwellings_leave_by_their_number_or_all_together_by_their_address() {
        assert_eq!(after(vec![event(Effect::Sortie, "2024-03-01", 2, "i1 i3")]), (vec![], vec![0, 2], 4, 0));
        assert_eq!(after(vec![event(Effect::Sortie, "2024-03-01", 3, "")]), (vec![], vec![0, 1, 2], 4, 0));
        assert_eq!(
            after(vec![event(Effect::Sortie, "2024-03-01", 2, "")]).3,
            2,
            "two of three: nobody knows which"
        );
        assert_eq!(after(vec![event(Effect::Sortie, "2024-03-01", 1, "i4")]).3, 1, "of another bailleur");
        assert_eq!(
            after(vec![event(Effect::Sortie, "2024-01-01", 1, "i1")]).1,
            Vec::<usize>::new(),
            "the register knows"
        );
    }

    #[test]
    fn dwellings_that_change_hands_are_counted_once() {
        let sold = Happening { autre: "2".into(), ..event(Effect::Cession, "2024-03-01", 2, "i1 i2") };
        let bought = Happening {
            siren: "2".into(),
            autre: "1".into(),
            ..event(Effect::Entree, "2024-03-01", 2, "i1 i2")
        };
        let to = vec![(0, "2".to_owned()), (1, "2".to_owned())];
        assert_eq!(after(vec![sold.clone()]), (vec![], vec![], 4, 0), "it waits for the other's word");
        assert_eq!(after(vec![bought.clone()]), (vec![], vec![], 4, 0), "nobody takes what is another's");
        assert_eq!(after(vec![sold.clone(), bought.clone()]), (to.clone(), vec![], 4, 0));
        assert_eq!(after(vec![bought.clone(), sold.clone()]), (to.clone(), vec![], 4, 0));
        let named = Happening { autre: String::new(), ..bought.clone() };
        assert_eq!(after(vec![named, sold.clone()]), (to, vec![], 4, 0), "from whom need not be said");
        let other = Happening { ident_rep: "i2 i3".into(), ..bought.clone() };
        assert_eq!(after(vec![other, sold]), (vec![(1, "2".to_owned())], vec![], 4, 0), "what both name");
        let away = Happening { autre: "9".into(), ..event(Effect::Cession, "2024-03-01", 1, "i1") };
        assert_eq!(after(vec![away]).0, [(0, "9".to_owned())], "to one that the register does not know");
        let whole = |siren: &str, autre: &str, effet| Happening {
            siren: siren.into(),
            autre: autre.into(),
            ..event(effet, "2024-03-01", 3, "")
        };
        let both = vec![whole("1", "2", Effect::Cession), whole("2", "1", Effect::Entree)];
        assert_eq!(after(both).0.len(), 3, "a whole address");
        let unsaid = Happening { ident_rep: String::new(), ..bought };
        assert_eq!(after(vec![unsaid]), (vec![], vec![], 4, 2), "the seller's event will say which");
    }

    #[test]
    fn a_notice_changes_nothing_but_says_when_a_dwelling_is_free() {
        let events = Events::new(vec![
            event(Effect::Conge, "2024-12-20", 2, "i1 i2"),
            event(Effect::Sortie, "2024-03-01", 1, "i3"),
        ]);
        assert_eq!(
            events.notices().collect::<Vec<_>>(),
            [(hash("i1"), 20_241_220), (hash("i2"), 20_241_220)]
        );
        assert_eq!(events.departed(2024).collect::<Vec<_>>(), [hash("i3")]);
        assert_eq!(events.departed(2025).count(), 0);
        assert_eq!(after(vec![event(Effect::Conge, "2024-12-20", 2, "i1 i2")]), (vec![], vec![], 4, 0));
    }

    #[test]
    fn what_came_may_leave_again_in_the_order_of_days() {
        let came = Happening { adresse: "c".into(), ..event(Effect::Entree, "2024-02-01", 2, "n1 n2") };
        let left = Happening { adresse: "c".into(), ..event(Effect::Sortie, "2024-05-01", 1, "n2") };
        assert_eq!(after(vec![left, came]), (vec![], vec![5], 6, 0));
    }
}
