//! A grid, and what makes it one that can be adopted (CCH L.441-2-8, R.441-2-10).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::reference::scoring::{BITS, Champ, Critere, Criteria};

/// À qui la grille s'applique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = GenreDemande)]
pub enum Genre {
    /// Ménages qui ne louent pas encore à un bailleur.
    Premiere,
    /// Ménages déjà locataires du parc social.
    Mutation,
}

impl Genre {
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Premiere => "premiere",
            Self::Mutation => "mutation",
        }
    }

    /// The kind of a name of the interface.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        [Self::Premiere, Self::Mutation].into_iter().find(|g| g.id() == id)
    }
}

/// Comment les critères d'un groupe se cumulent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cumul {
    /// Un seul compte : celui qui donne le plus de points.
    Maximum,
    /// Tous comptent.
    Somme,
}

/// Un groupe de critères (une rubrique).
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Groupe {
    pub id: String,
    pub libelle: String,
    pub cumul: Cumul,
    /// Points que le groupe donne au plus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plafond: Option<i32>,
}

/// Points pour une part des valeurs d'une mesure.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tranche {
    /// Première valeur comprise ; nulle : sans borne.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub de: Option<f64>,
    /// Première valeur qui n'en est plus ; nulle : sans borne.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avant: Option<f64>,
    pub points: i32,
}

/// Points par pas entier d'une mesure (ancienneté : tant par année).
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Progression {
    /// Dans l'unité de la mesure (mois, %, m²…).
    pub pas: f64,
    pub points: i32,
    /// Points au plus.
    pub plafond: i32,
}

/// Un critère de la grille.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ligne {
    /// Code du catalogue (C01…), ou local (L01…).
    pub code: String,
    /// Nom d'un critère local ; nul pour ceux du catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub libelle: Option<String>,
    /// De 0 à 1 000.
    pub points: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groupe: Option<String>,
    /// Ne compte dans la note définitive que sur justificatif.
    #[serde(default)]
    pub preuve: bool,
    /// Remplacent `points` : la première qui contient la valeur compte.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tranches: Vec<Tranche>,
    /// Remplace `points`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progression: Option<Progression>,
}

/// Points retirés après le refus d'une proposition adaptée.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refus {
    /// Retirés de la note, de 0 à 1 000. Un ménage DALO n'en perd pas.
    pub points: i32,
    /// Durée de l'effet, en mois.
    pub mois: u32,
}

/// Une grille de cotation. Elle vaut pour tout le territoire d'un EPCI : aucun poids n'y est propre à une
/// commune.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Grille {
    pub nom: String,
    /// SIREN de l'EPCI ou de l'EPT ; 75056 pour Paris.
    pub epci: String,
    pub genre: Genre,
    #[serde(default)]
    pub groupes: Vec<Groupe>,
    pub criteres: Vec<Ligne>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refus: Option<Refus>,
}

/// Ce qui empêche d'adopter une grille, ou mérite d'être su avant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Constat {
    /// Vrai : la grille ne peut pas être adoptée.
    pub bloquant: bool,
    /// Critère ou groupe ; nul : la grille entière.
    pub ou: Option<String>,
    pub message: String,
}

/// A line with its place among the bits of facts.
#[derive(Debug, Clone, Copy)]
pub struct Placed<'g> {
    pub ligne: &'g Ligne,
    pub place: usize,
    /// What its tranches cut.
    pub mesure: Option<Champ>,
}

impl Grille {
    /// Lines with their places; a line of an unknown code has none and is left out.
    #[must_use]
    pub fn placed<'g>(&'g self, criteria: &Criteria) -> Vec<Placed<'g>> {
        let placed = |ligne: &'g Ligne| {
            let place = criteria.place(&ligne.code)?;
            let mesure = criteria.critere(&ligne.code).and_then(|c| c.mesure);
            Some(Placed { ligne, place, mesure })
        };
        self.criteres.iter().filter_map(placed).collect()
    }

    /// Its checks: what blocks first.
    #[must_use]
    pub fn checks(&self, criteria: &Criteria) -> Vec<Constat> {
        let rules = &criteria.regles;
        let mut out = Vec::new();
        let mut block = |ou: Option<&str>, message: String| {
            out.push(Constat { bloquant: true, ou: ou.map(str::to_owned), message });
        };
        if self.nom.trim().is_empty() {
            block(None, "La grille n'a pas de nom.".to_owned());
        }
        if self.criteres.len() > rules.criteres_max {
            let (n, most) = (self.criteres.len(), rules.criteres_max);
            block(None, format!("{n} critères : le module national en admet {most} au plus."));
        }
        for (i, g) in self.groupes.iter().enumerate() {
            if self.groupes[..i].iter().any(|o| o.id == g.id) {
                block(Some(&g.id), "Deux groupes ont cet identifiant.".to_owned());
            }
            if g.plafond.is_some_and(|p| p < 0) {
                block(Some(&g.id), "Le plafond d'un groupe est positif.".to_owned());
            }
        }
        for (i, l) in self.criteres.iter().enumerate() {
            let at = Some(l.code.as_str());
            if self.criteres[..i].iter().any(|o| o.code == l.code) {
                block(at, "Ce critère figure deux fois.".to_owned());
            }
            if let Some(fault) = line(l, criteria) {
                block(at, fault);
            }
            if let Some(g) = &l.groupe
                && !self.groupes.iter().any(|known| known.id == *g)
            {
                block(at, format!("Le groupe « {g} » n'existe pas."));
            }
        }
        if let Some(r) = self.refus
            && !((0..=rules.points_max).contains(&r.points) && r.mois > 0)
        {
            let most = rules.points_max;
            block(None, format!("Un refus retire de 0 à {most} points, pendant un mois au moins."));
        }
        let implements = |l: &Ligne| most(l) > 0 && criteria.critere(&l.code).is_some_and(Critere::of_l441_1);
        if !self.criteres.iter().any(implements) {
            block(
                None,
                "Aucun critère noté ne met en œuvre une priorité de l'article L.441-1 : il en faut un au moins \
                    (CCH L.441-2-8)."
                    .to_owned(),
            );
        }
        for l in self.criteres.iter().filter(|l| most(l) == 0) {
            out.push(Constat {
                bloquant: false,
                ou: Some(l.code.clone()),
                message: "Ce critère ne donne aucun point.".to_owned(),
            });
        }
        out
    }
}

/// The most that a line gives.
fn most(l: &Ligne) -> i32 {
    match &l.progression {
        Some(p) => p.plafond,
        None if l.tranches.is_empty() => l.points,
        None => l.tranches.iter().map(|t| t.points).max().unwrap_or(0),
    }
}

/// What is wrong with a line by itself.
fn line(l: &Ligne, criteria: &Criteria) -> Option<String> {
    let range = 0..=criteria.regles.points_max;
    let Some(place) = criteria.place(&l.code) else {
        return Some(
            "Critère inconnu : un code du catalogue (C01…) ou local (L01 à L62) est attendu.".into(),
        );
    };
    debug_assert!(place < BITS);
    let known = criteria.critere(&l.code);
    if known.is_none() && l.libelle.as_deref().is_none_or(|t| t.trim().is_empty()) {
        return Some("Un critère local a un nom.".to_owned());
    }
    let all = l.tranches.iter().map(|t| t.points).chain([l.points]);
    if !all.chain(l.progression.iter().flat_map(|p| [p.points, p.plafond])).all(|p| range.contains(&p)) {
        return Some(format!("Les points vont de 0 à {}.", criteria.regles.points_max));
    }
    if (!l.tranches.is_empty() || l.progression.is_some()) && known.is_none_or(|c| c.mesure.is_none()) {
        return Some("Ce critère est rempli ou ne l'est pas : il n'a ni tranches ni progression.".to_owned());
    }
    if !l.tranches.is_empty() && l.progression.is_some() {
        return Some("Des tranches ou une progression, pas les deux.".to_owned());
    }
    if l.progression.is_some_and(|p| p.pas.is_nan() || p.pas <= 0.0) {
        return Some("Le pas d'une progression est positif.".to_owned());
    }
    let [from, to] =
        [|t: &Tranche| t.de.unwrap_or(f64::NEG_INFINITY), |t: &Tranche| t.avant.unwrap_or(f64::INFINITY)];
    if l.tranches.iter().any(|t| from(t).is_nan() || to(t).is_nan() || from(t) >= to(t)) {
        return Some("Une tranche commence avant de finir.".to_owned());
    }
    let mut sorted: Vec<&Tranche> = l.tranches.iter().collect();
    sorted.sort_by(|a, b| from(a).total_cmp(&from(b)));
    if sorted.windows(2).any(|w| to(w[0]) > from(w[1])) {
        return Some("Deux tranches se recouvrent.".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::scoring::criteria;

    fn flat(code: &str, points: i32) -> Ligne {
        Ligne {
            code: code.into(),
            libelle: None,
            points,
            groupe: None,
            preuve: false,
            tranches: vec![],
            progression: None,
        }
    }

    fn grid(criteres: Vec<Ligne>) -> Grille {
        Grille {
            nom: "Essai".into(),
            epci: "200000001".into(),
            genre: Genre::Premiere,
            groupes: vec![],
            criteres,
            refus: None,
        }
    }

    fn blocked(g: &Grille) -> Vec<String> {
        g.checks(criteria().unwrap()).into_iter().filter(|c| c.bloquant).map(|c| c.message).collect()
    }

    #[test]
    fn a_grid_without_a_priority_of_the_law_is_not_adopted() {
        assert_eq!(blocked(&grid(vec![flat("C03", 10)])), Vec::<String>::new());
        assert_eq!(blocked(&grid(vec![flat("C57", 10)])).len(), 1);
        assert_eq!(blocked(&grid(vec![flat("C03", 0)])).len(), 1, "zero points implement nothing");
        assert_eq!(blocked(&grid(vec![flat("C02", 10)])).len(), 1, "L.441-1-1 is not L.441-1");
    }

    #[test]
    fn each_fault_of_a_line_is_said() {
        let with = |l: Ligne| blocked(&grid(vec![flat("C03", 10), l]));
        assert!(with(flat("C01", 1000)).is_empty() && with(flat("C01", 0)).is_empty());
        assert_eq!(with(flat("C01", 1001)).len(), 1);
        assert_eq!(with(flat("C01", -1)).len(), 1);
        assert_eq!(with(flat("C99", 1)).len(), 1);
        assert_eq!(with(flat("C03", 1)).len(), 1, "twice");
        assert_eq!(with(flat("L01", 1)).len(), 1, "without a name");
        assert!(with(Ligne { libelle: Some("Artisan d'art".into()), ..flat("L01", 1) }).is_empty());
        assert_eq!(with(Ligne { groupe: Some("x".into()), ..flat("C01", 1) }).len(), 1);
        let cut = |code, list: &[(f64, f64)]| Ligne {
            tranches: list
                .iter()
                .map(|(a, b)| Tranche { de: Some(*a), avant: Some(*b), points: 1 })
                .collect(),
            ..flat(code, 0)
        };
        assert!(with(cut("C28", &[(50.0, 70.0), (33.0, 50.0)])).is_empty(), "in any order, side by side");
        assert_eq!(with(cut("C28", &[(33.0, 51.0), (50.0, 70.0)])).len(), 1);
        assert_eq!(with(cut("C28", &[(33.0, 33.0)])).len(), 1);
        assert_eq!(with(cut("C01", &[(33.0, 50.0)])).len(), 1, "no measure");
    }

    #[test]
    fn a_weight_of_one_commune_cannot_be_written() {
        let text = r#"{"nom":"x","epci":"2","genre":"premiere","criteres":[{"code":"C03","points":1,"commune":"73065"}]}"#;
        let e = serde_json::from_str::<Grille>(text).expect_err("uniform on the territory").to_string();
        assert!(e.contains("commune"), "{e}");
    }

    #[test]
    fn there_are_64_criteria_at_most() {
        let mut list: Vec<Ligne> = (1..=64).map(|n| flat(&format!("C{n:02}"), 1)).collect();
        assert!(blocked(&grid(list.clone())).is_empty());
        list.push(flat("C65", 1));
        assert_eq!(blocked(&grid(list)).len(), 1);
    }
}
