//! What of gestion en flux a person may see: a lessor its own, a réservataire its own contingent and common
//! counts, collectivités and the State their territory (`attributions` of `data/access.toml`).

use std::collections::{BTreeMap, BTreeSet};

use crate::access::{self, Person, Scope};
use crate::desk::editions::App;
use crate::desk::flux::book::{Book, departement};
use crate::desk::problem::Problem;
use crate::flow::rights::Droit;
use crate::flow::way::Way;

/// What is open.
#[derive(Debug, Default)]
pub struct View {
    pub bailleur: Option<String>,
    /// Code of the réservataire that a person works for, if it is all that they see.
    pub contingent: Option<String>,
    /// Communes that are open, among those that are known; None: all.
    pub communes: Option<BTreeSet<String>>,
    /// Départements that are open in whole or in part, if `communes` says which communes are.
    pub departements: BTreeSet<String>,
    /// Names of communes and bailleurs.
    pub names: BTreeMap<String, String>,
}

impl View {
    pub fn new(app: &App, person: &Person, book: &Book) -> Result<Self, Problem> {
        access::may(person, "flux_lire").map_err(Problem::forbidden)?;
        let mut view = Self::default();
        let checker = app.checker().map_err(|e| Problem::internal(&e))?;
        let mut known: BTreeSet<&str> = book.communes.iter().map(String::as_str).collect();
        known.extend(book.bases.iter().map(|b| b.commune.as_str()));
        known.extend(book.rights.iter().map(|d| d.commune.as_str()));
        let holders = book.rights.iter().map(|d| &d.reservataire);
        known.extend(holders.filter_map(|r| r.strip_prefix("COMMUNE:")));
        known.remove("");
        if person.has_contingent() {
            view.contingent = Some(person.role().id().to_uppercase());
        }
        match access::leases(person) {
            Scope::Everywhere => {}
            Scope::Nowhere(why) => return Err(Problem::forbidden(why)),
            Scope::Stock(siren) | Scope::Presence(siren) => view.bailleur = Some(siren),
            Scope::Zones(places) => {
                let of_epci = places.iter().any(|p| p.echelle == "epci");
                let within = |c: &str| {
                    places.iter().any(|p| match p.echelle.as_str() {
                        "commune" => p.code == c,
                        "departement" => departement(c) == p.code,
                        "epci" => checker.epci_of(c).as_deref() == Some(p.code.as_str()),
                        _ => false,
                    })
                };
                let mut open: BTreeSet<String> =
                    known.iter().filter(|c| within(c)).map(|c| (*c).to_owned()).collect();
                // Communes of which nothing is told yet: who signs the first convention is at home there.
                let here = checker.communes().filter(|(c, _)| of_epci && within(c));
                open.extend(here.map(|(c, _)| c.to_owned()));
                open.extend(places.iter().filter(|p| p.echelle == "commune").map(|p| p.code.clone()));
                view.departements = open.iter().map(|c| departement(c).to_owned()).collect();
                view.departements
                    .extend(places.iter().filter(|p| p.echelle == "departement").map(|p| p.code.clone()));
                view.communes = Some(open);
            }
        }
        known.extend(view.communes.iter().flatten().map(String::as_str));
        let titles: Vec<(String, String)> =
            known.into_iter().map(|c| (c.to_owned(), checker.commune_title(c))).collect();
        view.names.extend(titles);
        for epci in book.conventions.iter().filter_map(|(_, c)| c.reservataire.strip_prefix("EPCI:")) {
            view.names.insert(epci.to_owned(), checker.epci_title(epci));
        }
        let owners = book.lessors.iter().map(String::as_str);
        for b in owners.chain(book.conventions.iter().map(|(_, c)| c.bailleur.as_str())) {
            view.names.entry(b.to_owned()).or_insert_with(|| checker.parc.owner(b).to_owned());
        }
        Ok(view)
    }

    pub fn name(&self, code: &str) -> String {
        self.names.get(code).cloned().unwrap_or_else(|| code.to_owned())
    }

    /// Whether conventions and counts of a bailleur in a département are open.
    pub fn opens(&self, bailleur: &str, departement: &str) -> bool {
        self.bailleur.as_deref().is_none_or(|b| b == bailleur)
            && (self.communes.is_none() || self.departements.contains(departement))
    }

    /// Whether lines of a réservataire are open.
    pub fn holds(&self, reservataire: &str) -> bool {
        self.contingent.as_deref().is_none_or(|c| base_code(reservataire) == c)
    }

    /// Whether a right is open: of the person's contingent, bailleur or communes.
    pub fn right(&self, d: &Droit) -> bool {
        self.opens(&d.bailleur, &d.departement)
            && self.holds(&d.reservataire)
            && self.communes.as_ref().is_none_or(|c| c.contains(&d.commune))
    }

    /// Whether a dwelling lies in what is open, whoever it is offered to.
    pub fn sees(&self, way: &Way) -> bool {
        self.bailleur.as_deref().is_none_or(|b| b == way.bailleur)
            && self.communes.as_ref().is_none_or(|c| c.contains(&way.home.commune))
    }
}

/// `COMMUNE` of `COMMUNE:73065`.
pub fn base_code(reservataire: &str) -> &str {
    reservataire.split(':').next().unwrap_or(reservataire)
}

/// A réservataire in words.
pub fn title(view: &View, reservataire: &str) -> String {
    let list = crate::desk::leases::reservataires();
    let base = base_code(reservataire);
    let kind = list.iter().find(|v| v.id == base).map_or(base, |v| v.libelle.as_str());
    match reservataire.split_once(':') {
        Some((_, code)) => format!("{kind} ({})", view.name(code)),
        None => kind.to_owned(),
    }
}
