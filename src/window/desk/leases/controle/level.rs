//! One person's checks against one state of the store: which dwellings they may check, which levels they may
//! see, the counts.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::{self, Person, Place, Scope};
use crate::desk::leases::controle::answer::{NiveauFerme, VerdictRegle};
use crate::desk::leases::controle::asked::Fault;
use crate::desk::leases::{Open, reservataires};
use crate::desk::problem::Problem;
use crate::policy::check::{Alone, Cause, Finding, Level, alone, check};
use crate::policy::counts::{Counts, Niveau};
use crate::policy::dossier::{Checker, Dossier, Facts, Site};
use crate::policy::facts::Allocation;
use crate::policy::objectifs::{Rate, Scope as Line, target};
use crate::reference::access::{Class, Donnees};
use crate::reference::controle::Verdict;
use crate::reference::generations;
use crate::reference::plafonds::plafonds;
use crate::reference::secrecy::Secrecy;

const OWN_LEASES: &str = "Votre organisme ne voit que ses propres baux.";
const OWN_CONTINGENT: &str = "Votre organisme ne voit que les baux de son contingent.";
const NOT_YOURS: &str =
    "Ce logement n'est pas dans votre parc : vous contrôlez les attributions de votre parc seulement.";
const PART: &str = "Une partie seulement de ces baux est dans votre territoire.";

const NOT_LOADED: &str =
    "Aucun bail de l'année demandée n'est chargé : l'effet sur ses parts ne se mesure pas.";

const DEPARTEMENT: &str =
    "La part de l'État se juge dans tout le département, qui ne vous est pas ouvert en entier.";

/// Whether all of a département is open.
fn departement_open(places: &[Place], departement: &str) -> bool {
    places.iter().any(|p| p.echelle == "departement" && p.code == departement)
}

/// The checks of one person.
pub struct Checks<'a> {
    pub checker: &'a Checker,
    pub rates: &'a [Rate],
    secrecy: &'a Secrecy,
    leases: Scope,
    /// What of the register is open at the scale of an address.
    pub addresses: Scope,
    contingent: Option<u8>,
    open: Open,
    /// Years and last day (`yyyymmdd`) of the leases that are loaded.
    years: BTreeSet<u16>,
    last: u32,
    counts: BTreeMap<(u16, u32), Counts>,
    /// Whether every lease of an EPCI is open.
    whole: BTreeMap<u32, bool>,
}

/// A checked file.
#[derive(Debug)]
pub struct Checked<'a> {
    pub site: Site<'a>,
    pub facts: Facts,
    /// Whether the person may see what the register says of the dwelling.
    pub known: bool,
    pub findings: Vec<Finding<'a>>,
    pub own: [Alone; 3],
    pub closed: Vec<NiveauFerme>,
    pub verdict: Verdict,
}

/// Whether a commune lies in one of these places.
fn within(places: &[Place], commune: &str, epci: Option<&str>) -> bool {
    places.iter().any(|p| match p.echelle.as_str() {
        "commune" => p.code == commune,
        "epci" => epci == Some(p.code.as_str()),
        // Codes of communes begin with that of their département.
        "departement" => commune.starts_with(&p.code),
        _ => false,
    })
}

impl<'a> Checks<'a> {
    /// # Errors
    /// The person may check nothing; the problem says why.
    pub fn new(
        checker: &'a Checker,
        rates: &'a [Rate],
        secrecy: &'a Secrecy,
        person: &Person,
    ) -> Result<Self, Problem> {
        let contingent = person.has_contingent().then(|| {
            reservataires()
                .iter()
                .find(|v| v.id.eq_ignore_ascii_case(person.role().id()))
                .map_or(u8::MAX, |v| v.code)
        });
        Ok(Self {
            checker,
            rates,
            secrecy,
            leases: access::leases(person),
            addresses: access::scope(person, Class::Fine, Donnees::Rpls),
            contingent,
            open: Open::new(&checker.all, person)?,
            years: checker.all.list.iter().map(Allocation::year).collect(),
            last: checker.all.list.iter().map(|a| a.bail).max().unwrap_or(0),
            counts: BTreeMap::new(),
            whole: BTreeMap::new(),
        })
    }

    /// Last day of the leases that are loaded, `yyyymmdd`: when a file gives no day.
    #[must_use]
    pub fn last_day(&self) -> u32 {
        self.last
    }

    /// Whether leases of a year are loaded: of one that is not, nothing is measured.
    #[must_use]
    pub fn is_loaded(&self, year: u16) -> bool {
        self.years.contains(&year)
    }

    /// Whether an address of this bailleur in this commune is open at its own scale.
    #[must_use]
    pub fn sees(&self, siren: &str, commune: &str, epci: Option<&str>) -> bool {
        match &self.addresses {
            Scope::Everywhere => true,
            Scope::Stock(own) => own == siren,
            Scope::Zones(places) => within(places, commune, epci),
            Scope::Presence(_) | Scope::Nowhere(_) => false,
        }
    }

    /// Refuses dwellings and contingents that are not the person's to check.
    fn permitted(&self, d: &Dossier, site: &Site<'_>) -> Result<(), Fault> {
        let refuse = |champ, detail: &str| Err(Fault::new(champ, d.ident_rep.as_str(), "C09", detail));
        match &self.leases {
            Scope::Stock(own) if site.siren != *own || site.home.is_some_and(|h| h.siren != own) => {
                refuse("ident_rep", NOT_YOURS)
            }
            Scope::Zones(places) if !within(places, &site.commune, site.epci.as_deref()) => {
                refuse("ident_rep", "Ce logement est hors du territoire ouvert à votre organisme.")
            }
            _ if self.contingent.is_some_and(|r| r != d.reservataire) => refuse(
                "reservataire",
                "Votre organisme contrôle les attributions de son propre contingent : indiquez-le comme \
                    réservataire.",
            ),
            _ => Ok(()),
        }
    }

    /// Checks a file.
    ///
    /// # Errors
    /// Its dwelling cannot be told, or is not open to the person.
    pub fn check(&mut self, d: &Dossier) -> Result<Checked<'a>, Fault> {
        let mut d = d.clone();
        // Who checks its own stock by an address or a point means its own dwelling.
        if let Scope::Stock(own) = &self.leases
            && d.siren.is_empty()
        {
            d.siren.clone_from(own);
        }
        let site = self.checker.find(&d).map_err(|e| match &self.leases {
            // Of a number that is nobody's and of one that is another's, a bailleur learns the same.
            Scope::Stock(_) if !d.ident_rep.is_empty() => {
                Fault::new("ident_rep", d.ident_rep.as_str(), "C09", NOT_YOURS)
            }
            _ => Fault::new("ident_rep", d.ident_rep.as_str(), "C08", sentence(&e.to_string())),
        })?;
        self.permitted(&d, &site)?;
        let known = self.sees(&site.siren, &site.commune, site.epci.as_deref());
        let facts = self.checker.facts(&d, &site, known);
        let year = facts.lease.year();
        let (levels, closed) = self.levels(&facts, &site, year);
        let mix = self.checker.mix;
        let mut findings = check(mix, &facts, &levels);
        if !self.is_loaded(year) {
            let silent = findings.iter_mut().filter(|f| f.cause == Cause::Secret);
            silent.for_each(|f| f.cause = Cause::NoLease);
        }
        let own = alone(
            self.checker.rules,
            mix,
            &facts,
            self.checker.ceiling(facts.financing, &facts.size, &site.commune),
        );
        let all = findings.iter().map(|f| f.verdict).chain(own.iter().map(|a| a.verdict));
        let verdict = all.max().unwrap_or(Verdict::SansObjet);
        Ok(Checked { site, facts, known, findings, own, closed, verdict })
    }

    /// What is said of each rule.
    #[must_use]
    pub fn sentences(&self, done: &Checked<'_>) -> Vec<VerdictRegle> {
        let (mix, rules, facts) = (self.checker.mix, self.checker.rules, &done.facts);
        let zone = done
            .site
            .epci
            .as_deref()
            .map_or_else(|| "l'intercommunalité".to_owned(), |e| self.checker.epci_title(e));
        let shares = done.findings.iter().map(|f| VerdictRegle::of_share(&mix.version, f, facts, &zone));
        // A verdict on ceilings is that of their table.
        let of = |a: &Alone| match plafonds() {
            Ok(table) if a.rule.id == rules.plafond.rule.id => table.version.as_str(),
            _ => rules.version.as_str(),
        };
        shares.chain(done.own.iter().map(|a| VerdictRegle::of_alone(of(a), a, facts))).collect()
    }

    /// Levels that are open, with their scores and targets, and those that are not.
    fn levels(&mut self, facts: &Facts, site: &Site<'_>, year: u16) -> (Vec<Level<'a>>, Vec<NiveauFerme>) {
        let closed_by = |niveau: Niveau, whole: bool| match (niveau, &self.leases) {
            (Niveau::Reservataire, _) => None,
            (_, _) if self.contingent.is_some() => Some(OWN_CONTINGENT),
            (Niveau::BailleurDepartement, Scope::Zones(places))
                if !departement_open(places, generations::departement(&site.commune)) =>
            {
                Some(DEPARTEMENT)
            }
            (Niveau::Epci | Niveau::Commune, Scope::Stock(_)) => Some(OWN_LEASES),
            (Niveau::Epci, Scope::Zones(_)) if !whole => Some(PART),
            _ => None,
        };
        let whole = match (&self.leases, site.epci.as_deref()) {
            (Scope::Zones(places), Some(epci)) => {
                let (all, open, number) = (&self.checker.all.list, &self.open, facts.lease.epci);
                let every = || all.iter().filter(|a| a.epci == number).all(|a| open.holds(a));
                places.iter().any(|p| p.echelle == "epci" && p.code == epci)
                    || *self.whole.entry(number).or_insert_with(every)
            }
            (_, epci) => epci.is_some(),
        };
        let mut closed = Vec::new();
        let mut shown = Vec::new();
        let loaded = self.is_loaded(year);
        for niveau in Niveau::ALL {
            match closed_by(niveau, whole).or((!loaded).then_some(NOT_LOADED)) {
                Some(motif) => closed.push(NiveauFerme { niveau, motif }),
                None => shown.push(niveau),
            }
        }
        let (mix, rates) = (self.checker.mix, self.rates);
        let (all, open, secrecy, epci) = (&self.checker.all.list, &self.open, self.secrecy, facts.lease.epci);
        let counts = self.counts.entry((year, epci)).or_insert_with(|| {
            Counts::new(
                mix,
                all.iter().filter(|a| a.epci == epci && a.year() == year && open.holds(a)),
                all.iter().filter(|a| a.year() == year && open.holds(a)),
                secrecy,
            )
        });
        let base = Line { year, epci: site.epci.as_deref(), ..Line::default() };
        let levels = shown
            .into_iter()
            .map(|niveau| {
                let line = match niveau {
                    Niveau::Epci => base,
                    Niveau::Commune => Line { commune: Some(&site.commune), ..base },
                    Niveau::Bailleur => Line { bailleur: Some(&site.siren), ..base },
                    // No convention intercommunale sets a rate for a whole département.
                    Niveau::BailleurDepartement => Line { epci: None, ..base },
                    Niveau::Reservataire => Line { reservataire: Some(facts.lease.reservataire), ..base },
                };
                Level {
                    niveau,
                    before: counts.scores(niveau, &facts.lease),
                    targets: mix.rules.iter().map(|r| target(r, rates, &line)).collect(),
                }
            })
            .collect();
        (levels, closed)
    }
}

/// With a capital and a full stop.
fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |c| format!("{}{}.", c.to_uppercase(), chars.as_str()))
}
