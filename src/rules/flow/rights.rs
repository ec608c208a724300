//! From stock to flow: dwellings reserved one by one become a share of what becomes available each year.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Ce que vaut un droit de réservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NatureDroit)]
pub enum Nature {
    /// Une désignation, puis le droit est éteint.
    DesignationUnique,
    /// Le logement est réservé à chaque libération, jusqu'à l'extinction.
    DroitDeSuite,
}

/// Droits de réservation d'un programme.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DroitReserve)]
pub struct Droit {
    pub id: String,
    /// SIREN.
    pub bailleur: String,
    /// Code du réservataire.
    pub reservataire: String,
    pub departement: String,
    /// Code Insee.
    pub commune: String,
    /// garantie, foncier, subvention, peec ou loi.
    pub origine: String,
    pub programme: String,
    /// Logements réservés.
    pub nombre: u32,
    pub nature: Nature,
    /// Première année.
    pub du: u16,
    /// Dernière année ; nulle : fin inconnue (prolongation du prêt).
    pub au: Option<u16>,
    /// Commune à qui la désignation est déléguée, `COMMUNE:73065` ; vide : gestion directe.
    #[serde(default)]
    pub delegataire: String,
    #[serde(default)]
    pub adresse: String,
    /// Année de livraison du programme.
    #[serde(default)]
    pub livraison: Option<u16>,
    /// Logements du programme.
    #[serde(default)]
    pub logements: Option<u32>,
    #[serde(default)]
    pub financement: String,
    /// Convention ou prêt d'où vient le droit.
    #[serde(default)]
    pub acte: String,
    /// Enregistré par erreur : il ne compte pas.
    #[serde(default)]
    pub retire: bool,
}

impl Droit {
    /// Whether it counts in a year.
    #[must_use]
    pub fn holds(&self, year: u16) -> bool {
        !self.retire && self.du <= year && self.au.is_none_or(|au| year <= au)
    }

    /// Why it cannot stand as it is: the field, and what is wrong with it.
    ///
    /// # Errors
    /// It contradicts itself.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let wrong = |field, why: &str| Err((field, why.to_owned()));
        if self.bailleur.len() != 9 || !self.bailleur.bytes().all(|b| b.is_ascii_digit()) {
            return wrong("bailleur", "Un SIREN a neuf chiffres.");
        }
        if self.id.trim().is_empty() {
            return wrong("id", "Un droit a un identifiant, que le bailleur lui donne.");
        }
        if self.commune.len() != 5 {
            return wrong("commune", "Une commune s'écrit par son code Insee, de cinq signes.");
        }
        if !self.commune.starts_with(&self.departement) {
            return wrong("departement", "La commune n'est pas de ce département.");
        }
        if self.au.is_some_and(|au| au < self.du) {
            return wrong("au", "La dernière année est avant la première.");
        }
        if self.nombre == 0 {
            return wrong("nombre", "Un droit porte sur un logement au moins.");
        }
        if self.logements.is_some_and(|all| all < self.nombre) {
            return wrong("nombre", "Plus de logements réservés que le programme n'en a.");
        }
        Ok(())
    }
}

/// Une ligne de la conversion.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LigneConversion {
    pub droit: Droit,
    /// Part du stock, de 0 à 1 (droits de suite).
    pub part: f64,
    /// Logements dus dans l'année.
    pub logements: f64,
}

/// Rights in force in a year, each as a share of `stock` and in dwellings of the flow `base`.
///
/// A droit de suite counts for `number / stock` of the flow; désignations uniques count once each, spread
/// evenly over their years, whatever the flow.
#[must_use]
pub fn converted(rights: &[Droit], year: u16, stock: u32, base: u32) -> Vec<LigneConversion> {
    let line = |d: &Droit| {
        let (part, logements) = match d.nature {
            Nature::DroitDeSuite if stock > 0 => {
                let part = f64::from(d.nombre) / f64::from(stock);
                (part, part * f64::from(base))
            }
            Nature::DroitDeSuite => (0.0, 0.0),
            Nature::DesignationUnique => {
                let years = d.au.map_or(1, |au| u32::from(au - d.du) + 1);
                (0.0, f64::from(d.nombre) / f64::from(years))
            }
        };
        LigneConversion { droit: d.clone(), part, logements }
    };
    rights.iter().filter(|d| d.holds(year)).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_conversion_falls_as_rights_end() {
        let right = |nature, nombre, du, au| Droit {
            id: String::new(),
            bailleur: "300000000".into(),
            reservataire: "COMMUNE".into(),
            departement: "73".into(),
            commune: "73065".into(),
            origine: "garantie".into(),
            programme: String::new(),
            nombre,
            nature,
            du,
            au,
            delegataire: String::new(),
            adresse: String::new(),
            livraison: None,
            logements: None,
            financement: String::new(),
            acte: String::new(),
            retire: false,
        };
        let rights = [
            right(Nature::DroitDeSuite, 110, 2010, None),
            right(Nature::DroitDeSuite, 40, 1997, Some(2027)),
            right(Nature::DesignationUnique, 30, 2024, Some(2026)),
        ];
        let in_year = |year| -> f64 { converted(&rights, year, 1_000, 75).iter().map(|l| l.logements).sum() };
        assert!((in_year(2024) - 21.25).abs() < 1e-9);
        assert!((in_year(2024) / 75.0 - 0.283).abs() < 5e-4);
        assert!((in_year(2027) / 75.0 - 0.15).abs() < 1e-9);
        assert!((in_year(2028) / 75.0 - 0.11).abs() < 1e-9);
    }
}
