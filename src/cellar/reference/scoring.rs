//! `data/scoring/criteria.toml`: the criteria that a grid may score, each a predicate over a demand.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::attributions::attributions;
use super::demandes::demandes;
use super::{ReferenceError, parse};

const FILE: &str = "scoring/criteria.toml";

/// What a condition looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Champ {
    // Codes of a list.
    Priorite,
    Motif,
    Ressource,
    Mode,
    Activite,
    Employeur,
    Dalo,
    Accord,
    Relogement,
    Mutation,
    // Numbers.
    Age,
    Personnes,
    Mineurs,
    ANaitre,
    GardeAlternee,
    Adultes,
    Pieces,
    /// Rooms beyond one a person.
    PiecesDeTrop,
    /// Whole months since the first deposit.
    Anciennete,
    /// Whole months in the present dwelling.
    DureeLogement,
    /// Rent and charges in % of the resources.
    Effort,
    /// € a month and consumption unit, once rent and charges are paid.
    ResteAVivre,
    /// m².
    SurfaceParPersonne,
    /// m² under the surface of CCH R.822-25.
    SurfaceManquante,
    /// € a year and consumption unit.
    RevenuUc,
    // Yes or no.
    Handicap,
    QpvActuel,
    Cotitulaire,
    /// Lives in the territory that scores.
    Habite,
    /// Works there.
    Travaille,
    /// Income under the threshold of the territory that scores; neither where that is not known.
    PremierQuartile,
}

impl Champ {
    /// The list that its codes are of: register (`true`: that of demands) and column.
    fn list(self) -> Option<(bool, &'static str)> {
        Some(match self {
            Self::Priorite => (false, "priorite_l441_1"),
            Self::Motif => (true, "motifs"),
            Self::Ressource => (true, "ressources_natures"),
            Self::Mode => (true, "mode_logement"),
            Self::Activite => (false, "activite"),
            Self::Employeur => (true, "employeur"),
            Self::Dalo => (false, "statut_dalo"),
            Self::Accord => (false, "accord_collectif"),
            Self::Relogement => (false, "relogement"),
            Self::Mutation => (false, "mutation"),
            _ => return None,
        })
    }

    /// It is a number, and may be cut into tranches.
    #[must_use]
    pub fn is_number(self) -> bool {
        self >= Self::Age && self <= Self::RevenuUc
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCondition {
    champ: Champ,
    parmi: Option<Vec<String>>,
    de: Option<f64>,
    avant: Option<f64>,
    vrai: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCritere {
    code: String,
    libelle: String,
    famille: String,
    article: Option<String>,
    #[serde(default)]
    sensible: bool,
    preuve: Option<String>,
    #[serde(default)]
    saisi: bool,
    mesure: Option<Champ>,
    #[serde(default)]
    un: Vec<RawCondition>,
    #[serde(default)]
    tous: Vec<RawCondition>,
}

/// Numbers of the rules of a grid.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regles {
    pub criteres_max: usize,
    pub points_max: i32,
    /// Fewer similar demands: the rank is told in bands.
    pub rang_exact_des: usize,
    pub delai_mois: u32,
    /// Share of demands in common from which two criteria count the same thing.
    pub double_des: f64,
    /// Share of the demands that one has to pass, or be passed by, to move.
    pub mouvement_min: f64,
    /// Criteria whose holders read their note at a counter only: who threatens them knows their number and
    /// birth date.
    pub au_guichet: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    regles: Regles,
    critere: Vec<RawCritere>,
}

/// What a field must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Test {
    /// One of these codes: bit n−1 is code n.
    Among(u32),
    /// From the first, under the second.
    Between(f64, f64),
    Is(bool),
}

/// One condition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Condition {
    pub champ: Champ,
    pub test: Test,
}

/// One criterion.
#[derive(Debug, Clone)]
pub struct Critere {
    pub code: String,
    pub libelle: String,
    pub famille: String,
    /// Article of the CCH that it implements.
    pub article: Option<String>,
    /// Counted, never listed by person.
    pub sensible: bool,
    /// Piece of evidence that is asked for.
    pub preuve: Option<String>,
    /// No column tells it: it holds where it was ticked.
    pub saisi: bool,
    /// What its tranches cut.
    pub mesure: Option<Champ>,
    pub un: Vec<Condition>,
    pub tous: Vec<Condition>,
}

impl Critere {
    /// It implements a priority of L.441-1 (a grid without one cannot be adopted: L.441-2-8).
    #[must_use]
    pub fn of_l441_1(&self) -> bool {
        self.article.as_deref().is_some_and(|a| a == "L.441-1" || a.starts_with("L.441-1 "))
    }
}

/// All criteria, in the order of the file: that of the bits of facts.
#[derive(Debug)]
pub struct Criteria {
    pub version: String,
    pub regles: Regles,
    pub liste: Vec<Critere>,
}

/// Criteria that the bits of a demand have room for, local ones (L01…) included.
pub const BITS: usize = 128;

impl Criteria {
    /// Place of a criterion of the catalogue, or of a local one (`L01`…), which come after.
    #[must_use]
    pub fn place(&self, code: &str) -> Option<usize> {
        if let Some(n) = code.strip_prefix('L') {
            let n: usize = n.parse().ok().filter(|n| *n > 0)?;
            return Some(self.liste.len() + n - 1).filter(|p| *p < BITS);
        }
        self.liste.iter().position(|c| c.code == code)
    }

    /// The criterion with this code; None for local ones.
    #[must_use]
    pub fn critere(&self, code: &str) -> Option<&Critere> {
        self.liste.iter().find(|c| c.code == code)
    }
}

fn condition(raw: &RawCondition) -> Result<Condition, String> {
    let champ = raw.champ;
    let test = match (raw, champ.list()) {
        (RawCondition { parmi: Some(words), de: None, avant: None, vrai: None, .. }, Some((own, column))) => {
            let registre = if own {
                &demandes().map_err(|e| e.to_string())?.registre
            } else {
                &attributions().map_err(|e| e.to_string())?.registre
            };
            let list = registre.liste(column).ok_or(format!("{champ:?} : aucune liste {column}"))?;
            let mut bits = 0;
            for w in words {
                let code =
                    list.valeurs.iter().find(|v| v.id == *w).ok_or(format!("{champ:?} : « {w} » inconnu"))?;
                bits |= 1 << (code.code - 1);
            }
            Test::Among(bits)
        }
        (RawCondition { parmi: None, vrai: None, de, avant, .. }, None)
            if champ.is_number() && (de.is_some() || avant.is_some()) =>
        {
            Test::Between(de.unwrap_or(f64::NEG_INFINITY), avant.unwrap_or(f64::INFINITY))
        }
        (RawCondition { parmi: None, de: None, avant: None, vrai: Some(v), .. }, None)
            if !champ.is_number() =>
        {
            Test::Is(*v)
        }
        _ => return Err(format!("{champ:?} : « parmi », « de » et « avant », ou « vrai » selon le champ")),
    };
    Ok(Condition { champ, test })
}

fn read(text: &str) -> Result<Criteria, ReferenceError> {
    let f: File = parse(FILE, text)?;
    let fault =
        |code: &str, message: String| ReferenceError { file: FILE, message: format!("{code} : {message}") };
    let mut liste: Vec<Critere> = Vec::new();
    for raw in f.critere {
        let all = |list: &[RawCondition]| {
            list.iter().map(condition).collect::<Result<Vec<_>, _>>().map_err(|m| fault(&raw.code, m))
        };
        let (un, tous) = (all(&raw.un)?, all(&raw.tous)?);
        if liste.iter().any(|c| c.code == raw.code) || !raw.code.starts_with('C') {
            return Err(fault(&raw.code, "code déjà pris, ou qui ne commence pas par C".to_owned()));
        }
        if raw.saisi != (un.is_empty() && tous.is_empty()) || raw.mesure.is_some_and(|m| !m.is_number()) {
            return Err(fault(
                &raw.code,
                "des conditions ou « saisi », et une mesure qui soit un nombre".into(),
            ));
        }
        liste.push(Critere {
            code: raw.code,
            libelle: raw.libelle,
            famille: raw.famille,
            article: raw.article,
            sensible: raw.sensible,
            preuve: raw.preuve,
            saisi: raw.saisi,
            mesure: raw.mesure,
            un,
            tous,
        });
    }
    Ok(Criteria { version: f.version, regles: f.regles, liste })
}

/// The catalogue of `data/scoring/criteria.toml`.
///
/// # Errors
/// The file that was compiled in is faulty (a test reads it).
pub fn criteria() -> Result<&'static Criteria, ReferenceError> {
    static CRITERIA: LazyLock<Result<Criteria, ReferenceError>> =
        LazyLock::new(|| read(include_str!("../../../data/scoring/criteria.toml")));
    CRITERIA.as_ref().map_err(Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_sound_and_names_the_priorities_of_the_law() {
        let c = criteria().expect("sound");
        assert_eq!(c.liste.len(), 66);
        assert_eq!(c.place("C01"), Some(0));
        assert_eq!((c.place("L01"), c.place("L62"), c.place("L63")), (Some(66), Some(127), None));
        assert_eq!((c.place("L0"), c.place("C99")), (None, None));
        let letters: Vec<&str> = c
            .liste
            .iter()
            .filter(|c| c.of_l441_1())
            .filter_map(|c| c.article.as_deref()?.strip_prefix("L.441-1 "))
            .collect();
        for letter in ["a", "b", "c", "d", "e", "f", "g", "g bis", "h", "i", "j", "k", "l", "m"] {
            assert!(letters.contains(&letter), "{letter}");
        }
        // L.441-1-1 is another article.
        assert!(!c.critere("C02").expect("C02").of_l441_1());
    }

    #[test]
    fn a_condition_of_the_wrong_kind_is_refused_with_its_criterion() {
        let head = "version = \"x\"\n[regles]\nau_guichet = []\ncriteres_max = 64\npoints_max = 1000\nrang_exact_des = 50\n\
            delai_mois = 24\ndouble_des = 0.95\nmouvement_min = 0.01\n[[critere]]\ncode = \"C01\"\nlibelle = \"a\"\nfamille = \"b\"\n";
        for body in [
            "un = [{ champ = \"motif\", parmi = [\"99\"] }]",
            "un = [{ champ = \"age\", parmi = [\"01\"] }]",
            "un = [{ champ = \"handicap\", de = 1 }]",
            "un = [{ champ = \"age\" }]",
            "",
            "mesure = \"handicap\"\nun = [{ champ = \"age\", de = 1 }]",
        ] {
            let e = read(&format!("{head}{body}")).expect_err(body).to_string();
            assert!(e.contains("C01"), "{e}");
        }
    }
}
