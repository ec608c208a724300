//! The flow of a year, as a calculation that can be printed: each line with its formula.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::convention::{ConventionFlux, Statut, is_state};
use super::share::{self, Part};
use crate::days;
use crate::french::{counted, number, thousands};

/// Relocations d'une année passée.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Passee {
    pub annee: u16,
    pub stock: u32,
    pub relocations: u32,
}

/// De quoi calculer le flux d'un bailleur dans un département, une année.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assiette {
    /// SIREN.
    pub bailleur: String,
    pub departement: String,
    /// Code Insee ; vide : tout le département.
    #[serde(default)]
    pub commune: String,
    pub annee: u16,
    /// Logements sociaux du bailleur, hors ceux qui restent gérés en stock (défense, sécurité, hôpitaux).
    pub stock: u32,
    /// Années sur lesquelles le taux de relocation est mesuré.
    #[serde(default)]
    pub passees: Vec<Passee>,
    /// Taux de relocation déclaré, en % ; il remplace la mesure.
    pub taux: Option<f64>,
    /// Logements nécessaires aux mutations dans le parc du bailleur.
    #[serde(default)]
    pub mutations: u32,
    /// Relogements de renouvellement urbain.
    #[serde(default)]
    pub anru: u32,
    #[serde(default)]
    pub orcod: u32,
    /// Relogements d'habitat indigne.
    #[serde(default)]
    pub insalubrite: u32,
    /// Relogements d'opérations de vente.
    #[serde(default)]
    pub vente: u32,
}

/// Une ligne du calcul.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LigneCalcul {
    /// S, taux, L, mutations, anru…, X, A.
    pub id: &'static str,
    pub libelle: &'static str,
    /// Le calcul, avec ses nombres.
    pub formule: String,
    pub valeur: f64,
}

/// La part d'un réservataire.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PartFlux {
    pub reservataire: String,
    /// En %.
    pub part: f64,
    /// Ce qui en revient au préfet faute de convention, en %, hors du plafond de ses réservations
    /// (R.441-5-2, IV).
    pub revenu: f64,
    /// Fraction reportée de l'an passé.
    pub report: f64,
    /// Part × A + report, avant bornes et arrondi.
    pub du: f64,
    pub minimum: u32,
    pub maximum: Option<u32>,
    /// Plafond de la loi, arrondi à l'entier inférieur, et ce qui revient au préfet en plus.
    pub plafond: Option<u32>,
    /// Logements de l'année.
    pub logements: u32,
    /// Fraction reportée sur l'année suivante : ce que l'arrondi a laissé, jamais ce qu'une borne a pris.
    pub reporte: f64,
}

/// Ce que le calcul signale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlerteFlux {
    /// assiette_negative, bornes, surreservation, etat_plafond, agents_plafond, etat_insuffisant, garanties,
    /// denonciation, a_defaut, arrete_attendu, projet.
    pub id: &'static str,
    pub message: String,
    /// Logements en cause.
    pub logements: u32,
    /// Whose convention it is, by code; the message names it so.
    #[serde(skip)]
    pub reservataire: Option<String>,
}

impl AlerteFlux {
    /// The same, with the name of whose convention it is in the place of its code.
    pub fn name(&mut self, name: impl Fn(&str) -> String) {
        if let Some(code) = self.reservataire.take() {
            self.message = self.message.replacen(&code, &name(&code), 1);
        }
    }
}

/// Le flux d'une année.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CalculFlux {
    pub lignes: Vec<LigneCalcul>,
    /// A : logements à partager.
    pub assiette: u32,
    pub parts: Vec<PartFlux>,
    pub alertes: Vec<AlerteFlux>,
}

/// Shares of the law (CCH R.441-5-2, I; R.441-5-3).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Caps {
    pub state: f64,
    pub agents: f64,
    pub guarantees: f64,
}

/// Rounds a number that may lie a hair under a half.
fn whole(x: f64) -> u32 {
    (x + 1e-9).round().max(0.0) as u32
}

fn floor(x: f64) -> u32 {
    (x + 1e-9).floor().max(0.0) as u32
}

impl Assiette {
    /// Why it cannot stand as it is: the field, and what is wrong with it.
    ///
    /// # Errors
    /// It contradicts itself.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let wrong = |field, why: &str| Err((field, why.to_owned()));
        if self.bailleur.len() != 9 || !self.bailleur.bytes().all(|b| b.is_ascii_digit()) {
            return wrong("bailleur", "Un SIREN a neuf chiffres.");
        }
        if !self.commune.is_empty() && !self.commune.starts_with(&self.departement) {
            return wrong("departement", "La commune n'est pas de ce département.");
        }
        if self.taux.is_some_and(|t| !(0.0..=100.0).contains(&t)) {
            return wrong("taux", "Un taux est un pourcentage, de 0 à 100.");
        }
        if self.rate().is_none() {
            return wrong("taux", "Il faut un taux déclaré, ou les relocations d'une année passée au moins.");
        }
        if self.passees.iter().any(|p| p.relocations > p.stock) {
            return wrong("relocations_1", "Plus de relocations dans une année que de logements.");
        }
        Ok(())
    }

    /// Relocation rate, as a share: declared, else the mean of the past years that have a stock.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        if let Some(t) = self.taux {
            return Some(t / 100.0);
        }
        let rates: Vec<f64> = self
            .passees
            .iter()
            .filter(|p| p.stock > 0)
            .map(|p| f64::from(p.relocations) / f64::from(p.stock))
            .collect();
        (!rates.is_empty()).then(|| rates.iter().sum::<f64>() / rates.len() as f64)
    }

    /// Dwellings that leave the flow (CCH R.441-5, I).
    #[must_use]
    pub fn excluded(&self) -> u32 {
        self.mutations + self.anru + self.orcod + self.insalubrite + self.vente
    }

    /// L, X and A; A may be negative.
    #[must_use]
    pub fn base(&self) -> Option<(u32, u32, i64)> {
        let l = whole(f64::from(self.stock) * self.rate()?);
        Some((l, self.excluded(), i64::from(l) - i64::from(self.excluded())))
    }

    fn lines(&self) -> Option<(Vec<LigneCalcul>, i64)> {
        let rate = self.rate()?;
        let (l, x, a) = self.base()?;
        let line = |id, libelle, formule: String, valeur| LigneCalcul { id, libelle, formule, valeur };
        let measured = match self.taux {
            Some(_) => "déclaré".to_owned(),
            None => {
                let each = self.passees.iter().filter(|p| p.stock > 0);
                let one = |p: &Passee| {
                    let [of, all] = [p.relocations, p.stock].map(|n| thousands(n.into()));
                    format!("{} : {of} / {all}", p.annee)
                };
                let list: Vec<String> = each.map(one).collect();
                format!("moyenne ({})", list.join(" ; "))
            }
        };
        let mut out = vec![
            line("S", "Logements du bailleur dans le département", "S".to_owned(), f64::from(self.stock)),
            line("taux", "Taux de relocation (%)", measured, rate * 100.0),
            line(
                "L",
                "Logements qui se libèrent",
                format!("S × taux = {} × {} %", thousands(self.stock.into()), number(rate * 100.0, 2)),
                f64::from(l),
            ),
        ];
        for (id, libelle, n) in [
            ("mutations", "dont mutations dans le parc du bailleur", self.mutations),
            ("anru", "dont relogements de renouvellement urbain", self.anru),
            ("orcod", "dont relogements d'ORCOD", self.orcod),
            ("insalubrite", "dont relogements d'habitat indigne", self.insalubrite),
            ("vente", "dont relogements d'opérations de vente", self.vente),
        ] {
            out.push(line(id, libelle, "prévision du bailleur".to_owned(), f64::from(n)));
        }
        out.push(line("X", "Logements hors du flux", "somme des motifs".to_owned(), f64::from(x)));
        let [l, x] = [l, x].map(|n| thousands(n.into()));
        out.push(line("A", "Assiette du flux", format!("L − X = {l} − {x}"), a as f64));
        Some((out, a))
    }
}

/// The flow of a year. `carried`: what last year left, by réservataire. The lessor has what no convention
/// gives. None: neither a rate nor past years are known.
#[must_use]
pub fn calculated(
    base: &Assiette,
    conventions: &[ConventionFlux],
    carried: &[(String, f64)],
    caps: Caps,
) -> Option<CalculFlux> {
    let (lignes, a) = base.lines()?;
    let mut alertes = Vec::new();
    let mut tell = |id, logements, message, of: Option<&ConventionFlux>| {
        let reservataire = of.map(|c| c.reservataire.clone());
        alertes.push(AlerteFlux { id, message, logements, reservataire });
    };
    if a < 0 {
        let message = format!(
            "Les logements hors du flux dépassent de {} ceux qui se libèrent : l'assiette est ramenée à 0.",
            thousands(a.unsigned_abs())
        );
        tell("assiette_negative", u32::try_from(-a).unwrap_or(u32::MAX), message, None);
    }
    let flow = u32::try_from(a.max(0)).unwrap_or(u32::MAX);
    let size = f64::from(flow);
    let mut parts = parts(conventions, carried, base.annee);
    let all: f64 = parts.iter().map(|p| p.part / 100.0).sum();
    // The State as one, so that its two contingents are under one cap; then each of them within it. What
    // comes to the prefect for want of a convention is none of the State's reservations.
    let of_state = |p: &&PartFlux| is_state(&p.reservataire);
    let state: f64 = parts.iter().filter(of_state).map(|p| (p.part - p.revenu) / 100.0).sum();
    let back = whole(parts.iter().map(|p| p.revenu / 100.0).sum::<f64>() * size);
    let (law, cap_agents) = (floor(caps.state * size), floor(caps.agents * size));
    let cap = law + back;
    for p in &mut parts {
        p.du = p.part / 100.0 * size + p.report;
        p.plafond = match p.reservataire.as_str() {
            "ETAT_PRIO" => Some(cap),
            "ETAT_AGENT" => Some(cap_agents),
            _ => None,
        };
    }
    let given = if all > 1.0 + 1e-9 { whole(all * size) } else { flow };
    if given > flow {
        let n = given - flow;
        let message = format!(
            "Les conventions donnent {} % du flux, soit {} logements pour {} : {} de trop.",
            number(all * 100.0, 1),
            thousands(given.into()),
            thousands(flow.into()),
            thousands(n.into())
        );
        tell("surreservation", n, message, None);
    }
    if state > caps.state + 1e-9 {
        let message = format!(
            "L'État a {} % du flux ; la loi l'arrête à {} % ({} logements), sauf dérogation d'un an au plus.",
            number(state * 100.0, 1),
            number(caps.state * 100.0, 0),
            thousands(law.into())
        );
        tell("etat_plafond", whole(state * size).saturating_sub(law), message, None);
    }
    let of_agents = |p: &&PartFlux| p.reservataire == "ETAT_AGENT";
    let agents: f64 = parts.iter().filter(of_agents).map(|p| p.part / 100.0).sum();
    if agents > caps.agents + 1e-9 {
        let message = format!(
            "Les agents publics ont {} % du flux ; la loi les arrête à {} % ({}) : le reste de leur part va aux \
             publics prioritaires de l'État (CCH R.441-5-2, I).",
            number(agents * 100.0, 1),
            number(caps.agents * 100.0, 0),
            counted(cap_agents.into(), "logement", "logements")
        );
        tell("agents_plafond", whole(agents * size).saturating_sub(cap_agents), message, None);
    }
    let guarantees: f64 = conventions.iter().filter(|c| c.garantie).map(|c| c.part / 100.0).sum();
    if guarantees > caps.guarantees + 1e-9 {
        let message = format!(
            "Les droits nés de garanties font {} % du flux, au-dessus de {} %.",
            number(guarantees * 100.0, 1),
            number(caps.guarantees * 100.0, 0)
        );
        tell("garanties", whole((guarantees - caps.guarantees) * size), message, None);
    }
    for c in conventions.iter().filter(|c| c.statut == Statut::ADefaut) {
        let n = whole(c.part / 100.0 * size);
        let message = format!(
            "Aucune convention de {} n'est en vigueur en {} : sa part ({} %, soit {}) revient au préfet (CCH R.441-5-2, \
             IV).",
            c.reservataire,
            base.annee,
            number(c.part, 1),
            counted(n.into(), "logement", "logements")
        );
        tell("a_defaut", n, message, Some(c));
    }
    for c in conventions.iter().filter(|c| is_state(&c.reservataire) && !c.holds(base.annee)) {
        let message = format!(
            "La convention de {} n'est plus en vigueur en {} : l'arrêté du préfet en tient lieu, avec la même part tant \
             qu'il n'est pas enregistré (CCH R.441-5-2, IV).",
            c.reservataire, base.annee
        );
        tell("arrete_attendu", whole(c.part / 100.0 * size), message, Some(c));
    }
    for c in conventions.iter().filter(|c| c.share_of_year(base.annee) < 1.0) {
        let to_prefect = whole(c.part / 100.0 * (1.0 - c.share_of_year(base.annee)) * size);
        let end = c.ends().map(|d| days::french(&d.to_string())).unwrap_or_default();
        let message = format!(
            "La convention de {} est dénoncée : elle cesse le {end}, et le reste de sa part ({}) revient au préfet.",
            c.reservataire,
            counted(to_prefect.into(), "logement", "logements")
        );
        tell("denonciation", to_prefect, message, Some(c));
    }
    let mut shared = rounded(&mut parts, given, (cap, cap_agents));
    if let Err(why) = shared {
        let message = format!(
            "Les minimums et maximums des conventions ne peuvent être tenus ensemble ({why}) : ce calcul les laisse de côté."
        );
        tell("bornes", 0, message, None);
        parts.iter_mut().for_each(|p| (p.minimum, p.maximum) = (0, None));
        shared = rounded(&mut parts, given, (cap, cap_agents));
    }
    if shared.is_ok() {
        let all: u32 = parts.iter().filter(of_state).map(|p| p.logements).sum();
        let has = all.saturating_sub(back);
        if has < law {
            let message = format!(
                "L'État a {} ; les préfets doivent tendre vers {} % du flux, soit {} : il en manque {}.",
                counted(has.into(), "logement", "logements"),
                number(caps.state * 100.0, 0),
                thousands(law.into()),
                thousands((law - has).into())
            );
            tell("etat_insuffisant", law - has, message, None);
        }
    }
    Some(CalculFlux { lignes, assiette: flow, parts, alertes })
}

/// Parts by holder, the lessor's last: what is left to it unless a convention says so.
fn parts(conventions: &[ConventionFlux], carried: &[(String, f64)], year: u16) -> Vec<PartFlux> {
    let mut out: Vec<PartFlux> = Vec::new();
    let report = |r: &str| carried.iter().find(|(c, _)| c == r).map_or(0.0, |(_, f)| *f);
    let mut add = |r: &str, part: f64, revenu: f64, minimum: u32, maximum: Option<u32>| {
        if let Some(p) = out.iter_mut().find(|p| p.reservataire == r) {
            // Without a convention, a flow goes to the prefect, who has one already.
            p.part += part;
            p.revenu += revenu;
            p.minimum += minimum;
            p.maximum = p.maximum.zip(maximum).map(|(a, b)| a + b);
            return;
        }
        out.push(PartFlux {
            reservataire: r.to_owned(),
            part,
            revenu,
            report: report(r),
            du: 0.0,
            minimum,
            maximum,
            plafond: None,
            logements: 0,
            reporte: 0.0,
        });
    };
    for c in conventions {
        let applies = c.share_of_year(year);
        if applies > 0.0 {
            let whole = applies >= 1.0 && c.statut != Statut::ADefaut;
            let (least, most) = if whole { (c.minimum, c.maximum) } else { (0, None) };
            let back = if c.statut == Statut::ADefaut { c.part * applies } else { 0.0 };
            add(c.holder(), c.part * applies, back, least, most);
        }
        // Without a convention, its flow goes to the prefect.
        if applies < 1.0 {
            let back = c.part * (1.0 - applies);
            add("ETAT_PRIO", back, back, 0, None);
        }
    }
    let all: f64 = conventions.iter().map(|c| c.part).sum();
    if all < 100.0 - 1e-9 {
        add("BAILLEUR", 100.0 - all, 0.0, 0, None);
    }
    out.sort_by(|a, b| {
        let last = |p: &PartFlux| p.reservataire == "BAILLEUR";
        last(a).cmp(&last(b)).then(b.part.total_cmp(&a.part)).then(a.reservataire.cmp(&b.reservataire))
    });
    out
}

fn rounded(
    parts: &mut [PartFlux],
    flow: u32,
    (cap, cap_agents): (u32, u32),
) -> Result<(), share::Impossible> {
    let of =
        |p: &PartFlux| Part { share: p.part / 100.0, carried: p.report, least: p.minimum, most: p.maximum };
    let state: Vec<usize> = (0..parts.len()).filter(|&i| is_state(&parts[i].reservataire)).collect();
    let others: Vec<usize> = (0..parts.len()).filter(|i| !state.contains(i)).collect();
    let mut whole: Vec<Part> = Vec::new();
    if !state.is_empty() {
        let within = state.iter().map(|&i| of(&parts[i]));
        let sum = within.reduce(|a, b| Part {
            share: a.share + b.share,
            carried: a.carried + b.carried,
            least: a.least + b.least,
            most: None,
        });
        let sum = sum.unwrap_or(Part::of(0.0));
        let only_agents = state.iter().all(|&i| parts[i].reservataire == "ETAT_AGENT");
        let cap = if only_agents { cap_agents } else { cap };
        whole.push(Part { least: sum.least.min(cap), most: Some(cap), ..sum });
    }
    whole.extend(others.iter().map(|&i| of(&parts[i])));
    let given = share::share(flow, &whole)?;
    let skip = usize::from(!state.is_empty());
    let left = share::carried(f64::from(flow), &whole, &given);
    for (&i, (n, left)) in others.iter().zip(given.iter().zip(&left).skip(skip)) {
        (parts[i].logements, parts[i].reporte) = (*n, *left);
    }
    if skip == 1 {
        let all: f64 = state.iter().map(|&i| parts[i].part).sum();
        let inner: Vec<Part> = state
            .iter()
            .map(|&i| {
                let p = of(&parts[i]);
                let agents = parts[i].reservataire == "ETAT_AGENT" && state.len() > 1;
                let most = if agents { Some(cap_agents) } else { None };
                Part {
                    share: if all > 0.0 { parts[i].part / all } else { 0.0 },
                    carried: 0.0,
                    least: if agents { p.least.min(cap_agents) } else { 0 },
                    most,
                }
            })
            .collect();
        let within = share::share(given[0], &inner)?;
        let due = f64::from(given[0]) + left[0];
        for (&i, (n, left)) in state.iter().zip(within.iter().zip(share::carried(due, &inner, &within))) {
            (parts[i].logements, parts[i].reporte) = (*n, left);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
