//! What a convention of gestion en flux says: one for each bailleur, réservataire and département.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Où en est une convention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StatutConventionFlux)]
pub enum Statut {
    Projet,
    Signee,
    /// Dénoncée : elle s'applique encore deux mois (CCH R.441-5-2, IV).
    Denoncee,
    /// L'arrêté du préfet en tient lieu (R.441-5-2, IV).
    Arrete,
    /// Pas de convention : le flux du réservataire revient au préfet.
    ADefaut,
    /// Enregistrée par erreur : elle ne compte pas.
    Retiree,
}

/// Ce qui compte comme une attribution pour les deux signataires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decompte {
    /// L'orientation acceptée par le réservataire.
    Orientation,
    /// Le passage en commission d'attribution.
    Caleol,
    /// Le bail signé.
    Bail,
}

/// Ce qui suit un délai de désignation échu.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Echeance {
    /// Le logement revient au bailleur.
    RetourBailleur,
    /// Le logement est orienté vers un autre réservataire.
    AutreReservataire,
}

/// Qui désigne les candidats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gestion {
    Directe,
    Deleguee,
    Partagee,
}

/// Une commune à qui l'EPCI délègue une part de son flux.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DelegationFlux {
    /// Code Insee.
    pub commune: String,
    /// Part du flux délégué, en %.
    pub part: f64,
    #[serde(default)]
    pub minimum: u32,
    #[serde(default)]
    pub maximum: Option<u32>,
}

/// Les trois objectifs d'Action Logement Services, par an.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectifsAl {
    /// Placements.
    pub placements: Option<u32>,
    /// Logements mis à disposition.
    pub offres: Option<u32>,
    /// Part des placements en gestion partenariale, en %.
    pub partenariat: Option<f64>,
    /// Logements proposés hors du flux.
    pub hors_flux: Option<u32>,
}

/// Une convention de gestion en flux.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConventionFlux {
    /// SIREN.
    pub bailleur: String,
    /// Code du réservataire ; une commune ou un EPCI peut préciser le sien : `COMMUNE:73065`.
    pub reservataire: String,
    pub departement: String,
    /// L'acte qui la contient, et qui peut en contenir plusieurs.
    pub document: String,
    pub statut: Statut,
    /// AAAA-MM-JJ.
    pub signee: Option<String>,
    /// Première année de flux.
    pub du: u16,
    /// Dernière année de flux ; nulle : reconduite.
    pub au: Option<u16>,
    pub decompte: Decompte,
    /// Part du flux, en %.
    pub part: f64,
    /// Logements au moins, par an.
    #[serde(default)]
    pub minimum: u32,
    /// Logements au plus, par an.
    pub maximum: Option<u32>,
    /// Jours pour désigner, logement déjà loué.
    pub delai: u16,
    /// Jours pour désigner, première mise en location.
    pub delai_neuf: u16,
    pub echeance: Echeance,
    pub gestion: Gestion,
    /// Droits nés d'une garantie d'emprunt ou d'un apport : au plus 20 % pour l'ensemble des collectivités.
    #[serde(default)]
    pub garantie: bool,
    /// Jour de la dénonciation, AAAA-MM-JJ : la convention s'applique encore deux mois.
    #[serde(default)]
    pub denoncee: Option<String>,
    /// Ce que cette version change ; vide pour la première.
    #[serde(default)]
    pub avenant: String,
    /// Jours pour désigner selon la typologie (T1 à T5+), à la place de `delai`.
    #[serde(default)]
    pub delais: BTreeMap<String, u16>,
    /// Communes à qui le flux est délégué, s'il l'est ; retirer une commune, c'est reprendre sa délégation.
    #[serde(default)]
    pub delegations: Vec<DelegationFlux>,
    #[serde(default)]
    pub action_logement: ObjectifsAl,
    /// État : la convention écarte la répartition uniforme par commune (R.441-5-2, II).
    #[serde(default)]
    pub communes_autrement: bool,
    /// État : la convention écarte les 30 % au moins du flux hors QPV (R.441-5-2, II).
    #[serde(default)]
    pub qpv_autrement: bool,
}

impl ConventionFlux {
    /// What makes it the only one of its kind.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}-{}-{}", self.bailleur, self.departement, self.reservataire.replace(':', "_"))
    }

    /// Whether it gives a share in a year. A draft does not, nor one that was entered by mistake.
    #[must_use]
    pub fn holds(&self, year: u16) -> bool {
        !matches!(self.statut, Statut::Projet | Statut::Retiree)
            && self.du <= year
            && self.au.is_none_or(|au| year <= au)
    }

    /// What holds in a year, of the versions of one convention in the order in which they were kept. A
    /// version holds from its first year until that of another begins; one that is entered anew for the same
    /// first year takes the place of the former. Where the last one has ended, what the law puts in its
    /// place: the prefect (R.441-5-2, IV), and for the State's own the prefect's arrêté.
    #[must_use]
    pub fn in_force(versions: &[Self], year: u16) -> Option<Self> {
        let mut by_year: BTreeMap<u16, &Self> = BTreeMap::new();
        let standing = Self::standing(versions);
        standing.into_iter().filter(|v| v.du <= year).for_each(|v| _ = by_year.insert(v.du, v));
        let counts = |v: &&&Self| !matches!(v.statut, Statut::Projet | Statut::Retiree);
        let last = by_year.values().rev().find(counts)?;
        let mut held = (*last).clone();
        if !held.holds(year) {
            held.statut = if is_state(&held.reservataire) { Statut::Arrete } else { Statut::ADefaut };
            held.delegations.clear();
        }
        Some(held)
    }

    /// Versions that were not undone: one that says again what a former one said takes back all between.
    fn standing(versions: &[Self]) -> Vec<&Self> {
        let mut out: Vec<&Self> = Vec::new();
        for v in versions {
            match out.iter().position(|former| *former == v) {
                Some(at) => out.truncate(at + 1),
                None => out.push(v),
            }
        }
        out
    }

    /// A draft of a year in which nothing else holds.
    #[must_use]
    pub fn draft(versions: &[Self], year: u16) -> Option<&Self> {
        let last = Self::standing(versions)
            .into_iter()
            .rfind(|v| v.du <= year)
            .filter(|v| v.statut == Statut::Projet)?;
        Self::in_force(versions, year).is_none().then_some(last)
    }

    /// Day on which it ends, two months after it was denounced (R.441-5-2, IV).
    #[must_use]
    pub fn ends(&self) -> Option<Date> {
        let day: Date = self.denoncee.as_deref()?.parse().ok()?;
        day.checked_add(2.months()).ok()
    }

    /// Share of a year, from 0 to 1, in which it applies. What the State has outlasts a denunciation: the
    /// prefect's arrêté takes its place.
    #[must_use]
    pub fn share_of_year(&self, year: u16) -> f64 {
        let Some(end) = self.ends().filter(|_| !is_state(&self.reservataire)) else { return 1.0 };
        let Ok(year) = i16::try_from(year) else { return 1.0 };
        let (first, next) = (date(year, 1, 1), date(year.saturating_add(1), 1, 1));
        let days = |to: Date| f64::from((to - first).get_days());
        (days(end) / days(next)).clamp(0.0, 1.0)
    }

    /// Days to designate for a dwelling.
    #[must_use]
    pub fn days(&self, typologie: &str, first_letting: bool) -> u16 {
        if first_letting {
            return self.delai_neuf;
        }
        self.delais.get(typologie).copied().unwrap_or(self.delai)
    }

    /// Why it cannot stand as it is: the field, and what is wrong with it.
    ///
    /// # Errors
    /// It contradicts itself.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let wrong = |field, why: &str| Err((field, why.to_owned()));
        let day = |d: &Option<String>| d.as_ref().is_none_or(|d| d.parse::<Date>().is_ok());
        if self.bailleur.len() != 9 || !self.bailleur.bytes().all(|b| b.is_ascii_digit()) {
            return wrong("bailleur", "Un SIREN a neuf chiffres.");
        }
        if !matches!(self.departement.len(), 2 | 3) {
            return wrong("departement", "Un département s'écrit par son code, par exemple 73, 2A ou 974.");
        }
        if !(0.0..=100.0).contains(&self.part) {
            return wrong("part", "Une part est un pourcentage, de 0 à 100.");
        }
        if self.maximum.is_some_and(|m| m < self.minimum) {
            return wrong("maximum", "Le maximum est sous le minimum.");
        }
        if self.au.is_some_and(|au| au < self.du) {
            return wrong("au", "La dernière année est avant la première.");
        }
        for (field, d) in [("signee", &self.signee), ("denoncee", &self.denoncee)] {
            if !day(d) {
                return wrong(field, "Une date s'écrit AAAA-MM-JJ, par exemple 2026-12-31.");
            }
        }
        if (self.statut == Statut::Denoncee) != self.denoncee.is_some() {
            return wrong(
                "denoncee",
                "Une convention dénoncée a un jour de dénonciation, d'où courent ses deux mois ; les autres n'en ont pas.",
            );
        }
        let parts: f64 = self.delegations.iter().map(|d| d.part).sum();
        if parts > 100.0 + 1e-9 || self.delegations.iter().any(|d| d.part < 0.0) {
            return wrong("delegations", "Les parts déléguées dépassent 100 % du flux du délégant.");
        }
        if self.delegations.iter().any(|d| d.maximum.is_some_and(|m| m < d.minimum)) {
            return wrong("delegations", "Une commune a un maximum sous son minimum.");
        }
        if self.gestion == Gestion::Directe && !self.delegations.is_empty() {
            return wrong("gestion", "Des délégations sont données : la gestion est déléguée ou partagée.");
        }
        Ok(())
    }

    /// Who has its flow: the prefect where there is no convention.
    #[must_use]
    pub fn holder(&self) -> &str {
        if self.statut == Statut::ADefaut { "ETAT_PRIO" } else { &self.reservataire }
    }
}

/// Whether a réservataire is the State, for its public agents or for priority households.
#[must_use]
pub fn is_state(reservataire: &str) -> bool {
    matches!(reservataire, "ETAT_PRIO" | "ETAT_AGENT")
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A signed convention of 2024.
    pub fn convention(reservataire: &str, part: f64) -> ConventionFlux {
        ConventionFlux {
            bailleur: "300000000".into(),
            reservataire: reservataire.into(),
            departement: "73".into(),
            document: String::new(),
            statut: Statut::Signee,
            signee: None,
            du: 2024,
            au: None,
            decompte: Decompte::Bail,
            part,
            minimum: 0,
            maximum: None,
            delai: 30,
            delai_neuf: 60,
            echeance: Echeance::RetourBailleur,
            gestion: Gestion::Directe,
            garantie: false,
            denoncee: None,
            avenant: String::new(),
            delais: BTreeMap::new(),
            delegations: Vec::new(),
            action_logement: ObjectifsAl::default(),
            communes_autrement: false,
            qpv_autrement: false,
        }
    }

    #[test]
    fn a_denounced_convention_applies_two_months_more() {
        let mut c = convention("EPCI", 12.0);
        assert_eq!((c.ends(), c.share_of_year(2025)), (None, 1.0));
        (c.statut, c.denoncee) = (Statut::Denoncee, Some("2025-04-30".into()));
        assert_eq!(c.ends().map(|d| d.to_string()), Some("2025-06-30".into()));
        assert!((c.share_of_year(2025) - 180.0 / 365.0).abs() < 1e-9);
        assert_eq!([2024, 2026].map(|y| c.share_of_year(y)), [1.0, 0.0]);
        // The State's goes on by arrêté.
        c.reservataire = "ETAT_PRIO".into();
        assert_eq!(c.share_of_year(2026), 1.0);
    }

    #[test]
    fn each_version_holds_from_its_first_year() {
        let version = |part, du, statut| ConventionFlux { du, statut, ..convention("EPCI", part) };
        let (signed, draft, mistake) = (Statut::Signee, Statut::Projet, Statut::Retiree);
        let part = |v: &[ConventionFlux], year| ConventionFlux::in_force(v, year).map(|c| (c.part, c.statut));
        let mut v = vec![version(22.0, 2023, signed)];
        assert_eq!((part(&v, 2022), part(&v, 2030)), (None, Some((22.0, signed))));
        // An avenant leaves the years before it as they were; what is mended of them leaves its own.
        v.push(version(14.0, 2025, signed));
        v.push(version(21.0, 2023, signed));
        assert_eq!([2024, 2025].map(|y| part(&v, y)), [Some((21.0, signed)), Some((14.0, signed))]);
        // A draft changes nothing yet, nor does a mistake that is taken back.
        v.push(version(9.0, 2026, draft));
        assert_eq!(part(&v, 2026), Some((14.0, signed)));
        v.push(version(14.0, 2025, mistake));
        assert_eq!(part(&v, 2026), Some((21.0, signed)));
        // One that has ended is not followed by the one before it, but by the prefect.
        v.push(ConventionFlux { au: Some(2026), ..version(12.0, 2026, signed) });
        assert_eq!([2026, 2027].map(|y| part(&v, y)), [Some((12.0, signed)), Some((12.0, Statut::ADefaut))]);
        // Undone: what was before is in force again, in every year.
        let undone = [version(22.0, 2023, signed), version(14.0, 2025, signed), version(22.0, 2023, signed)];
        assert_eq!(part(&undone, 2026), Some((22.0, signed)));
        let mut state = convention("ETAT_PRIO", 25.0);
        state.au = Some(2024);
        assert_eq!(part(&[state], 2025), Some((25.0, Statut::Arrete)));
        let only = [version(9.0, 2025, draft)];
        assert_eq!((part(&only, 2025), ConventionFlux::draft(&only, 2025).is_some()), (None, true));
    }

    #[test]
    fn what_contradicts_itself_is_named() {
        let field = |change: fn(&mut ConventionFlux)| {
            let mut c = convention("EPCI", 12.0);
            assert_eq!(c.check(), Ok(()));
            change(&mut c);
            c.check().unwrap_err().0
        };
        assert_eq!(field(|c| c.statut = Statut::Denoncee), "denoncee");
        assert_eq!(field(|c| c.denoncee = Some("2025-04-30".into())), "denoncee");
        assert_eq!(field(|c| c.signee = Some("30/04/2025".into())), "signee");
        assert_eq!(field(|c| c.part = 101.0), "part");
        assert_eq!(field(|c| (c.minimum, c.maximum) = (5, Some(4))), "maximum");
        assert_eq!(field(|c| c.au = Some(2023)), "au");
        assert_eq!(field(|c| c.bailleur = "30000000".into()), "bailleur");
        let to = |part| DelegationFlux { commune: "73065".into(), part, minimum: 0, maximum: None };
        let mut c = convention("EPCI", 12.0);
        c.delegations = vec![to(60.0)];
        assert_eq!(c.check().unwrap_err().0, "gestion");
        c.gestion = Gestion::Deleguee;
        assert_eq!(c.check(), Ok(()));
        c.delegations.push(to(41.0));
        assert_eq!(c.check().unwrap_err().0, "delegations");
    }

    #[test]
    fn a_delay_may_depend_on_the_typology() {
        let mut c = convention("EPCI", 12.0);
        c.delais.insert("T5+".into(), 45);
        assert_eq!((c.days("T5+", false), c.days("T2", false), c.days("T5+", true)), (45, 30, 60));
    }
}
