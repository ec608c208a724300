//! What a bailleur has told of its stock already: a new event must be able to follow it.

use std::collections::{BTreeMap, HashSet};

use crate::days;
use crate::desk::lessor::counts::ZoneParc;
use crate::desk::problem::Problem;
use crate::french::counted;
use crate::state::{Evenement, GenreEvenement, NewEvent};

/// Events in force of one bailleur.
#[derive(Debug, Default)]
pub struct Told {
    /// Last 1 January that the register describes, YYYY-MM-DD: what is of before is the register's to say.
    register: String,
    /// National number → its arrivals and departures since the register, by day.
    of: BTreeMap<String, Vec<(String, GenreEvenement)>>,
    whole: HashSet<String>,
    /// Commune → its name, and the dwellings that the bailleur has there, up to date.
    here: BTreeMap<String, (String, i64)>,
}

/// What makes two events one: all but the words that nobody reads by machine are the same.
fn whole(e: &NewEvent) -> String {
    let mut idents: Vec<&str> = e.ident_rep.iter().map(String::as_str).collect();
    idents.sort_unstable();
    let (genre, n) = (e.genre.id(), e.logements.to_string());
    let texts =
        [genre, &e.date, &e.commune, &e.adresse, &e.qpv, &n, &e.autre, &e.commentaire, &idents.join(" ")];
    texts.join("\u{1f}")
}

/// « démolition du 15 octobre 2024 ».
fn named(genre: GenreEvenement, day: &str) -> String {
    let what = match genre {
        GenreEvenement::MiseEnService => "mise en service",
        GenreEvenement::Demolition => "démolition",
        GenreEvenement::Vente => "vente",
        GenreEvenement::Cession => "cession",
        GenreEvenement::Acquisition => "acquisition",
        GenreEvenement::ChangementUsage => "changement d'usage",
        GenreEvenement::Conge => "congé",
    };
    format!("{what} du {}", days::long(day))
}

impl Told {
    /// `year`: the latest register's; `communes`: what the bailleur has with these events.
    #[must_use]
    pub fn of(list: Vec<Evenement>, year: u16, communes: Vec<ZoneParc>) -> Self {
        let mut told = Self { register: format!("{year}-01-01"), ..Self::default() };
        list.into_iter().filter(|e| e.annule.is_none()).for_each(|e| told.add(&e.into()));
        told.here = communes.into_iter().map(|z| (z.code, (z.nom, z.a_jour))).collect();
        told
    }

    /// Takes an event as told.
    pub fn add(&mut self, e: &NewEvent) {
        self.whole.insert(whole(e));
        if e.genre.sign() == 0 || e.date <= self.register {
            return;
        }
        let (_, here) = self.here.entry(e.commune.clone()).or_insert_with(|| (e.commune.clone(), 0));
        *here += e.genre.sign() * i64::try_from(e.logements).unwrap_or(i64::MAX);
        for ident in &e.ident_rep {
            let list = self.of.entry(ident.clone()).or_default();
            list.insert(list.partition_point(|(day, _)| *day <= e.date), (e.date.clone(), e.genre));
        }
    }

    /// Whether a dwelling came since the register.
    #[must_use]
    pub fn brought(&self, ident: &str) -> bool {
        self.of.get(ident).is_some_and(|list| list.iter().any(|(_, genre)| genre.sign() > 0))
    }

    /// Refuses an event that was told already, or that a dwelling's own events exclude: what left does not
    /// leave again nor is given notice, what came does not come again. `name` names a field in messages.
    ///
    /// # Errors
    /// A sentence that names the event that stands against it.
    pub fn check(&self, e: &NewEvent, name: &impl Fn(&str) -> String) -> Result<(), Problem> {
        if self.whole.contains(&whole(e)) {
            return Err(Problem::value(
                &name("genre"),
                e.genre.id(),
                format!(
                    "Cet événement est déjà enregistré ({}, mêmes logements) : il compterait deux fois. S'il \
                     y en a eu deux, distinguez-les par le commentaire.",
                    named(e.genre, &e.date)
                ),
            ));
        }
        if e.genre.sign() != 0 && e.date <= self.register {
            return Ok(());
        }
        let (town, there) = self.here.get(&e.commune).map_or((&e.commune, 0), |(nom, n)| (nom, *n));
        if e.genre.sign() < 0 && i64::try_from(e.logements).is_ok_and(|n| n > there) {
            let n = e.logements.to_string();
            let have = counted(u64::try_from(there).unwrap_or(0), "logement", "logements");
            return Err(Problem::value(
                &name("logements"),
                &n,
                format!("Vous avez {have} à jour à {town} : {n} ne peuvent en partir."),
            ));
        }
        for ident in &e.ident_rep {
            let Some(list) = self.of.get(ident) else { continue };
            let at = list.partition_point(|(day, _)| *day <= e.date);
            let before = list[..at].last();
            // A notice is about the day that it names; a change must fit between those beside it.
            let after = list.get(at).filter(|_| e.genre.sign() != 0);
            let leaves = e.genre.sign() <= 0;
            let against = before
                .filter(|(_, genre)| (genre.sign() < 0) == leaves)
                .or_else(|| after.filter(|(_, genre)| (genre.sign() < 0) == leaves));
            if let Some((day, genre)) = against {
                let told = named(*genre, day);
                let why = if leaves { "est déjà sorti de" } else { "est déjà entré dans" };
                return Err(Problem::value(
                    &name("ident_rep"),
                    ident,
                    format!(
                        "Ce logement {why} votre parc ({told}). Annulez d'abord cet événement s'il est faux."
                    ),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use GenreEvenement::{Acquisition, Cession, Conge, Demolition, MiseEnService, Vente};

    use super::*;

    fn event(genre: GenreEvenement, date: &str, idents: &[&str]) -> NewEvent {
        NewEvent {
            genre,
            date: date.into(),
            commune: "06029".into(),
            adresse: String::new(),
            qpv: String::new(),
            logements: idents.len().max(1) as u64,
            ident_rep: idents.iter().map(|i| (*i).to_owned()).collect(),
            autre: String::new(),
            commentaire: String::new(),
            caracteristiques: crate::state::Caracteristiques::default(),
            lieu: None,
        }
    }

    fn told(list: &[NewEvent]) -> Told {
        let here = std::iter::once(("06029".to_owned(), ("Cannes".to_owned(), 4))).collect();
        let mut told = Told { register: "2024-01-01".into(), here, ..Told::default() };
        list.iter().for_each(|e| told.add(e));
        told
    }

    fn says(told: &Told, e: &NewEvent) -> String {
        told.check(e, &|f: &str| f.to_owned()).map_or_else(|p| p.told(), |()| "oui".to_owned())
    }

    #[test]
    fn what_left_does_not_leave_again_and_gets_no_notice() {
        let t = told(&[event(Demolition, "2024-10-15", &["a", "b"])]);
        for e in [
            event(Vente, "2025-02-01", &["b"]),
            event(Cession, "2024-03-01", &["a"]),
            event(Conge, "2025-01-31", &["a"]),
        ] {
            assert!(says(&t, &e).contains("démolition du 15\u{a0}octobre 2024"), "{}", says(&t, &e));
        }
        assert_eq!(says(&t, &event(Conge, "2024-09-30", &["a"])), "oui", "its tenant went first");
        assert_eq!(says(&t, &event(Vente, "2025-02-01", &["c"])), "oui");
        assert_eq!(
            says(&t, &event(Demolition, "2023-05-01", &["a"])),
            "oui",
            "the register says what was before it"
        );
    }

    #[test]
    fn what_came_does_not_come_again_but_may_come_back() {
        let t = told(&[event(MiseEnService, "2024-02-01", &["a"]), event(Vente, "2024-06-01", &["b"])]);
        assert!(t.brought("a") && !t.brought("b"));
        assert!(says(&t, &event(Acquisition, "2024-07-01", &["a"])).contains("déjà entré"));
        assert_eq!(says(&t, &event(Acquisition, "2024-07-01", &["b"])), "oui");
        assert_eq!(says(&t, &event(Vente, "2024-07-01", &["a"])), "oui");
    }

    #[test]
    fn no_more_leaves_than_is_there() {
        let many = |n: u64| NewEvent { logements: n, ..event(Demolition, "2024-03-01", &[]) };
        let t = told(&[]);
        assert_eq!(says(&t, &many(4)), "oui");
        assert!(says(&t, &many(5)).contains("4 logements à jour à Cannes"), "{}", says(&t, &many(5)));
        assert!(says(&told(&[many(3)]), &many(2)).contains("1 logement à jour"), "what left is gone");
        let elsewhere = NewEvent { commune: "06004".into(), ..many(1) };
        assert!(says(&t, &elsewhere).contains("0 logement"), "{}", says(&t, &elsewhere));
        let came = NewEvent { genre: MiseEnService, ..elsewhere.clone() };
        assert_eq!(says(&told(&[came]), &elsewhere), "oui", "told just before, in the same file");
    }

    #[test]
    fn the_same_event_counts_once() {
        let t = told(&[event(MiseEnService, "2024-02-01", &[])]);
        assert!(says(&t, &event(MiseEnService, "2024-02-01", &[])).contains("compterait deux fois"));
        let other = NewEvent { commentaire: "bâtiment B".into(), ..event(MiseEnService, "2024-02-01", &[]) };
        assert_eq!(says(&t, &other), "oui");
    }
}
