//! Where a person's question meets their rights: every figure that leaves the server is asked here.
//!
//! A [`Desk`] is one question (cube, population, filter, indicators) of one person; a [`Counter`] is that
//! question for one class of scale. Dwellings that are not open are refused; households that are not open are
//! left out of the answer, with the reason.

use std::sync::Arc;

use crate::access::{Person, scope};
use crate::cube::Filter;
use crate::cube::bits::Bits;
use crate::cube::runs::Runs;
use crate::desk::editions::{App, Loaded};
use crate::desk::places;
use crate::desk::problem::Problem;
use crate::desk::query::{Asked, Selection};
use crate::desk::rights::{self, Reach};
use crate::disclosure::answer::{Answer, Asker, View};
use crate::french::thousands;
use crate::reference::access::{Class, Donnees, Role, access};
use crate::reference::indicators::Indicator;

/// A question and who asks it.
#[derive(Debug)]
pub struct Desk<'a> {
    app: &'a App,
    person: &'a Person,
    /// The question as it was asked.
    pub whole: Selection,
    /// The same of the person's own stock; None for who owns none.
    own: Option<Result<Own, Problem>>,
    /// Its number among the bailleurs of the cube.
    bailleur: Option<u16>,
    indicators: Vec<&'static Indicator>,
}

/// A question limited to one bailleur, and all dwellings of that bailleur.
#[derive(Debug, Clone)]
struct Own {
    selection: Selection,
    bailleur: u16,
    stock: Arc<Vec<u64>>,
    /// Those that stand where they were filed: they alone open what is around.
    filed: Vec<u64>,
}

const NO_STOCK: &str = "Votre organisme n'a aucun logement dans ce millésime.";
const NOT_OWN: &str = "Votre organisme n'a pas de logement à cet endroit.";
const OUTSIDE: &str = "Cette zone n'est pas entièrement dans le territoire ouvert à votre organisme.";
const NO_PRESENCE: &str = "Votre organisme n'a pas de logement dans cette zone.";
const COMPETITOR: &str =
    "Les chiffres des ménages d'un autre bailleur ne se montrent qu'à partir de la commune.";
const SINGLE: &str =
    "Cette zone n'a qu'une résidence : ses ménages ne se montrent qu'à qui peut voir les résidences.";
const PUBLIC_OWNERS: &str = "Sans compte, le parc d'un bailleur ne se montre qu'à partir de la commune, pour au \
    moins 11 logements et là où d'autres bailleurs en ont aussi.";
const DOMINANCE: &str = "Un autre bailleur a presque tout le reste du parc de cette zone : retirer le vôtre \
    donnerait ses chiffres.";

impl<'a> Desk<'a> {
    /// # Errors
    /// Something asked is not loaded or not known.
    pub fn new(
        app: &'a App,
        person: &'a Person,
        asked: Asked,
        indicators: Vec<&'static Indicator>,
    ) -> Result<Self, Problem> {
        let own = person.owns().then(|| own(app, person, asked.clone()));
        let whole = asked.resolve(app)?;
        let bailleur = own.as_ref().and_then(|_| number(&whole.loaded, person));
        Ok(Self { whole, app, person, own, bailleur, indicators })
    }

    #[must_use]
    pub fn loaded(&self) -> &Loaded {
        &self.whole.loaded
    }

    /// Names what the person's rights are for a class, in keys of caches: two persons with the same name see
    /// the same.
    #[must_use]
    pub fn key(&self, class: Class) -> String {
        let of = |class, data| scope(self.person, class, data);
        let (rpls, ops) = (of(class, Donnees::Rpls), of(class, Donnees::Ops));
        format!("{rpls:?} {ops:?} {:?} {:?}", of(Class::Fine, Donnees::Ops), self.view(&self.whole))
    }

    /// Whose eyes the figures of a question are for.
    fn view(&self, asked: &Selection) -> View {
        match self.bailleur {
            _ if self.person.role() == Role::Public && !self.person.holder => View::Public,
            Some(own) if asked.filter.bailleurs == [own] => View::OwnStock,
            Some(own) => View::Owner(own),
            None => View::Everyone,
        }
    }

    /// The question as it was asked, for figures that stay within the server.
    #[must_use]
    pub fn asker<'b>(&'b self, app: &'b App, indicators: &[&'static Indicator]) -> Asker<'b> {
        self.whole.asker(app, self.view(&self.whole), indicators)
    }

    /// The question for one class of scale.
    ///
    /// # Errors
    /// The person has no right to dwellings at this class.
    pub fn counter(&self, class: Class) -> Result<Counter<'_>, Problem> {
        let reach = |data| Reach::new(self.loaded(), &scope(self.person, class, data));
        let (rpls, ops) = (reach(Donnees::Rpls), reach(Donnees::Ops));
        if let Reach::Nothing(why) = rpls {
            return Err(self.refused(why));
        }
        let own = match &self.own {
            Some(Err(why)) if rpls == Reach::Own => return Err(why.clone()),
            Some(Ok(own)) => Some(own),
            _ => None,
        };
        let selection = own.filter(|_| rpls == Reach::Own).map_or(&self.whole, |o| &o.selection);
        let view = self.view(selection);
        if view == View::Public && class != Class::Large && !selection.filter.bailleurs.is_empty() {
            return Err(self.refused(PUBLIC_OWNERS));
        }
        let asker = selection.asker(self.app, view, &self.indicators);
        let single = (class == Class::Proche)
            .then(|| Reach::new(self.loaded(), &scope(self.person, Class::Fine, Donnees::Ops)));
        Ok(Counter { desk: self, class, rpls, ops, single, own, selection, asker, view })
    }

    /// Refuses, for a reason: who is nobody yet may sign in.
    fn refused(&self, why: &str) -> Problem {
        let problem = Problem::forbidden(why);
        if self.person.compte.is_none() { problem.or_sign_in() } else { problem }
    }
}

/// The number of a person's organisation among the bailleurs of a cube.
fn number(loaded: &Loaded, person: &Person) -> Option<u16> {
    let code = &person.organisation.as_ref()?.code;
    let place = loaded.cube().bailleurs().iter().position(|(siren, _)| siren == code)?;
    u16::try_from(place).ok()
}

fn own(app: &App, person: &Person, mut asked: Asked) -> Result<Own, Problem> {
    let code = person.organisation.as_ref().map(|o| o.code.clone()).unwrap_or_default();
    let others = asked.filtres.get("bailleur").is_some_and(|codes| codes.iter().any(|c| *c != code));
    asked.filtres.remove("bailleur");
    let loaded = asked.clone().resolve(app)?.loaded;
    let bailleur = number(&loaded, person).ok_or_else(|| Problem::forbidden(NO_STOCK))?;
    if others {
        return Err(Problem::forbidden(
            "À cette échelle, seuls les logements de votre organisme vous sont ouverts.",
        ));
    }
    asked.filtres.insert("bailleur".to_owned(), vec![code]);
    let stock = loaded.mask(&Filter { bailleurs: vec![bailleur], ..Filter::default() });
    let filed = Bits(stock.as_slice()).and(loaded.cube().filed());
    Ok(Own { selection: asked.resolve(app)?, bailleur, stock, filed })
}

/// A question for one class of scale.
#[derive(Debug)]
pub struct Counter<'a> {
    desk: &'a Desk<'a>,
    class: Class,
    rpls: Reach,
    ops: Reach,
    /// What is open of households at the scale of residences, for a near zone that holds only one.
    single: Option<Reach>,
    own: Option<&'a Own>,
    /// The question that is really asked: of the person's own stock where only that is open.
    pub selection: &'a Selection,
    asker: Asker<'a>,
    view: View,
}

impl Counter<'_> {
    /// Whether the zone's dwellings are open.
    ///
    /// # Errors
    /// They are not; the problem says why.
    pub fn opens(&self, zone: &Runs) -> Result<(), Problem> {
        if !self.rpls.holds(zone) {
            return Err(self.desk.refused(OUTSIDE));
        }
        // Of a drawn zone without own dwellings, zero is an answer.
        if self.rpls == Reach::Own && self.class == Class::Fine && !self.has_own(zone) {
            return Err(self.desk.refused(NOT_OWN));
        }
        let owners = &self.selection.filter.bailleurs;
        if self.view == View::Public && !owners.is_empty() && !self.shows_owners(zone) {
            return Err(self.desk.refused(PUBLIC_OWNERS));
        }
        Ok(())
    }

    /// Whether a number of dwellings of one owner may be told of a zone.
    #[must_use]
    pub fn tells_owner(&self, zone: &Runs, dwellings: u64) -> bool {
        self.view != View::Public
            || (self.class == Class::Large
                && dwellings >= u64::from(self.desk.app.secrecy.k)
                && rights::several_owners(self.desk.loaded(), zone))
    }

    /// Whether what the question keeps of a zone may be told to the public by its owners: enough dwellings,
    /// where several own.
    fn shows_owners(&self, zone: &Runs) -> bool {
        let loaded = self.desk.loaded();
        let kept = loaded.count(zone.iter(), self.selection.mask.as_ref().map(|m| m.as_slice()));
        kept >= u64::from(self.desk.app.secrecy.k) && rights::several_owners(loaded, zone)
    }

    /// Why the zone's households are not open; None if they are.
    #[must_use]
    pub fn withheld(&self, zone: &Runs) -> Option<&'static str> {
        let cube = self.desk.loaded().cube();
        let told = !matches!(self.ops, Reach::Nothing(_));
        if let Some(single) = self.single.as_ref().filter(|_| told && cube.residences(zone) <= 1) {
            let open = match single {
                Reach::Own | Reach::Presence => self.own.is_some_and(|o| self.holds_only(zone, o)),
                other => other.holds(zone),
            };
            if !open {
                return Some(SINGLE);
            }
        }
        match &self.ops {
            Reach::Nothing(why) => Some(why),
            Reach::Within(_) if !self.ops.holds(zone) => Some(OUTSIDE),
            Reach::Presence => {
                let asked = &self.selection.filter.bailleurs;
                // Without a stock here, or with the question being about others: there is no own part.
                let Some(own) = self.own else {
                    return Some(if asked.is_empty() { NO_PRESENCE } else { COMPETITOR });
                };
                if asked.iter().any(|b| *b != own.bailleur) {
                    return Some(COMPETITOR);
                }
                if !self.is_present(zone) {
                    return Some(NO_PRESENCE);
                }
                (asked.is_empty() && self.dominated(zone, own.bailleur)).then_some(DOMINANCE)
            }
            _ => None,
        }
    }

    /// Whether a map of this class shows the zone: its dwellings are open, and its households too if the map
    /// is about them. A zone whose figure alone is withheld (dominance, one residence) is shown without it.
    #[must_use]
    pub fn lists(&self, zone: &Runs, households: bool) -> bool {
        self.opens(zone).is_ok()
            && !(households && self.withheld(zone).is_some_and(|why| why != DOMINANCE && why != SINGLE))
    }

    /// The part of a drawn zone whose households are open, if that is neither all nor nothing.
    #[must_use]
    pub fn cut(&self, zone: &Runs) -> Option<(Runs, String)> {
        let Reach::Within(open) = &self.ops else { return None };
        let inside = zone.intersection(open);
        let out = zone.len() - inside.len();
        (out > 0 && !inside.is_empty()).then(|| {
            let beyond = match out {
                1 => "une adresse au-delà n'est pas comptée".to_owned(),
                _ => format!("{} adresses au-delà ne sont pas comptées", thousands(out)),
            };
            let words = format!("La zone dépasse le territoire ouvert à votre organisme : {beyond}.");
            (inside, words)
        })
    }

    /// Whether some part of a wide zone may be open at this class: what is worth looking into.
    #[must_use]
    pub fn touches(&self, zone: &Runs) -> bool {
        match (&self.rpls, &self.ops) {
            (Reach::Nothing(_), _) | (_, Reach::Nothing(_)) => false,
            (Reach::Own, _) | (_, Reach::Own) => self.has_own(zone),
            (_, Reach::Within(open)) | (Reach::Within(open), _) => !zone.intersection(open).is_empty(),
            _ => true,
        }
    }

    /// Figures of a zone.
    ///
    /// # Errors
    /// Its dwellings are not open, or the question cannot be answered.
    pub fn answer(&self, scale: Option<&str>, zone: &Runs) -> Result<Answer, Problem> {
        self.opens(zone)?;
        let fine = places::is_fine(self.desk.loaded(), scale, zone);
        Ok(match self.withheld(zone) {
            Some(why) => self.asker.without_households(zone, why),
            None => self.asker.answer(zone, fine),
        })
    }

    /// Figures of the dwellings of a zone, whose households are not open.
    ///
    /// # Errors
    /// Its dwellings are not open.
    pub fn answer_without(&self, zone: &Runs, why: &str) -> Result<Answer, Problem> {
        self.opens(zone)?;
        Ok(self.asker.without_households(zone, why))
    }

    /// Figures of a zone of whose households only a part is open.
    ///
    /// # Errors
    /// Its dwellings are not open.
    pub fn answer_in_part(&self, zone: &Runs, open: &Runs) -> Result<Answer, Problem> {
        self.opens(zone)?;
        Ok(self.asker.answer_in_part(zone, open, places::is_fine(self.desk.loaded(), None, zone)))
    }

    /// Whether figures are about the person's own stock though they did not ask for it alone.
    #[must_use]
    pub fn narrowed(&self) -> bool {
        self.rpls == Reach::Own && self.desk.whole.filter.bailleurs.is_empty()
    }

    /// Whether the question is asked of the person's own stock, because only that is open.
    #[must_use]
    pub fn limited(&self) -> bool {
        self.rpls == Reach::Own
    }

    /// Refuses a question about households where none are open at all.
    ///
    /// # Errors
    /// They are open nowhere; the problem says why.
    pub fn households(&self) -> Result<(), Problem> {
        match self.ops {
            Reach::Nothing(why) => Err(self.desk.refused(why)),
            _ => Ok(()),
        }
    }

    /// Whether all dwellings of a zone are a bailleur's.
    fn holds_only(&self, zone: &Runs, own: &Own) -> bool {
        let loaded = self.desk.loaded();
        loaded.count(zone.iter(), Some(own.stock.as_slice())) == loaded.count(zone.iter(), None)
    }

    fn has_own(&self, zone: &Runs) -> bool {
        self.own.is_some_and(|own| self.desk.loaded().count(zone.iter(), Some(own.stock.as_slice())) > 0)
    }

    /// Whether the person's organisation filed a dwelling here: one that it moved here itself opens nothing.
    fn is_present(&self, zone: &Runs) -> bool {
        self.own.is_some_and(|own| self.desk.loaded().count(zone.iter(), Some(own.filed.as_slice())) > 0)
    }

    /// Whether one other bailleur owns nearly all that others own, of what the filter keeps (domain §9.2 rule
    /// 3).
    fn dominated(&self, zone: &Runs, own: u16) -> bool {
        let loaded = self.desk.loaded();
        let (cube, registered) = (loaded.cube(), loaded.registered());
        let kept = self.selection.mask.as_ref().map(|m| Bits(m.as_slice()));
        let (starts, owner) = (cube.starts(), cube.bailleur_of());
        let mut counts: Vec<(u16, u64)> = Vec::new();
        for (s, e) in zone.iter() {
            registered.each(starts[s as usize] as usize..starts[e as usize] as usize, |row| {
                let b = owner[row];
                if kept.is_some_and(|m| !m.get(row)) {
                    return;
                }
                match counts.iter_mut().find(|(known, _)| *known == b) {
                    _ if b == own => {}
                    Some((_, n)) => *n += 1,
                    None => counts.push((b, 1)),
                }
            });
        }
        let (all, most) = counts.iter().fold((0, 0), |(all, most), (_, n)| (all + n, most.max(*n)));
        most as f64 > access().dominance.part * all as f64
    }
}
