//! Files of gestion en flux: conventions, bases, rights, events. All or none; each refused line with its
//! column, what stands there and its rule.

use std::collections::{BTreeMap, BTreeSet};

use csv::StringRecord;
use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::view::base_code;
use crate::flow::convention::ConventionFlux;
use crate::flow::event::{EvenementFlux, GenreFlux, LogementFlux};
use crate::flow::rights::Droit;
use crate::flow::way::Walk;
use crate::flow::year::{Assiette, Passee};
use crate::server::auth::trail::Trace;
use crate::server::csv_body;
use crate::server::leases::reservataires;
use crate::server::problem::Problem;
use crate::state::{self, State};

/// Une ligne refusée.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LigneRefusee {
    pub ligne: u64,
    pub colonne: &'static str,
    pub valeur: String,
    /// F01 date, F02 code inconnu, F03 nombre, F04 valeur hors bornes, F05 manquant, F06 ordre impossible,
    /// F07 identifiant répété, F08 bailleur d'un autre.
    pub regle: &'static str,
    pub message: String,
}

pub const CONVENTIONS: [&str; 18] = [
    "bailleur",
    "reservataire",
    "departement",
    "document",
    "statut",
    "signee",
    "du",
    "au",
    "decompte",
    "part",
    "minimum",
    "maximum",
    "delai",
    "delai_neuf",
    "echeance",
    "gestion",
    "garantie",
    "remarque",
];
pub const BASES: [&str; 14] = [
    "bailleur",
    "departement",
    "commune",
    "annee",
    "stock",
    "relocations_1",
    "relocations_2",
    "relocations_3",
    "taux",
    "mutations",
    "anru",
    "orcod",
    "insalubrite",
    "vente",
];
pub const RIGHTS: [&str; 11] = [
    "id",
    "bailleur",
    "reservataire",
    "departement",
    "commune",
    "origine",
    "programme",
    "nombre",
    "nature",
    "du",
    "au",
];
pub const EVENTS: [&str; 18] = [
    "id",
    "bailleur",
    "logement",
    "jour",
    "genre",
    "reservataire",
    "contingent",
    "motif",
    "candidats",
    "dalo",
    "q1",
    "mutation",
    "commune",
    "typologie",
    "financement",
    "qpv",
    "periode",
    "etage",
];

type Refused = (&'static str, String, &'static str, String);

/// A line by the names of its columns.
struct Row<'a> {
    record: &'a StringRecord,
    at: &'a BTreeMap<&'static str, usize>,
}

impl Row<'_> {
    fn text(&self, name: &'static str) -> &str {
        self.at.get(name).and_then(|i| self.record.get(*i)).map_or("", str::trim)
    }

    fn needed(&self, name: &'static str) -> Result<String, Refused> {
        let text = self.text(name);
        if text.is_empty() {
            return Err((
                name,
                String::new(),
                "F05",
                format!("La colonne « {name} » est vide : elle est obligatoire."),
            ));
        }
        Ok(text.to_owned())
    }

    fn number<T: std::str::FromStr>(&self, name: &'static str) -> Result<Option<T>, Refused> {
        let text = self.text(name);
        if text.is_empty() {
            return Ok(None);
        }
        let plain: String =
            text.chars().filter(|c| !c.is_whitespace()).map(|c| if c == ',' { '.' } else { c }).collect();
        let wrong =
            || (name, text.to_owned(), "F03", format!("« {text} » n'est pas un nombre acceptable ici."));
        plain.parse().map(Some).map_err(|_| wrong())
    }

    fn count<T: std::str::FromStr>(&self, name: &'static str) -> Result<T, Refused> {
        self.needed(name)?;
        self.number(name)?
            .ok_or_else(|| (name, String::new(), "F05", format!("La colonne « {name} » est vide.")))
    }

    fn day(&self, name: &'static str) -> Result<Option<String>, Refused> {
        let text = self.text(name);
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = || {
            let why = "Une date s'écrit AAAA-MM-JJ, par exemple 2026-12-31.".to_owned();
            (name, text.to_owned(), "F01", why)
        };
        text.parse::<Date>().map(|d| Some(d.to_string())).map_err(|_| wrong())
    }

    fn flag(&self, name: &'static str) -> Result<Option<bool>, Refused> {
        match self.text(name).to_lowercase().as_str() {
            "" => Ok(None),
            "1" | "oui" => Ok(Some(true)),
            "0" | "non" => Ok(Some(false)),
            other => Err((name, other.to_owned(), "F02", "Attendu : 1, 0, oui, non ou rien.".to_owned())),
        }
    }

    /// One of the words of an enumeration.
    fn word<T: DeserializeOwned>(&self, name: &'static str, accepted: &str) -> Result<T, Refused> {
        let text = self.needed(name)?;
        serde_json::from_value(serde_json::Value::String(text.to_lowercase()))
            .map_err(|_| (name, text, "F02", format!("Attendu : {accepted}.")))
    }

    fn siren(&self) -> Result<String, Refused> {
        let text = self.needed("bailleur")?;
        if text.len() == 9 && text.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(text);
        }
        Err(("bailleur", text, "F02", "Un SIREN a neuf chiffres.".to_owned()))
    }

    fn reservataire(&self, name: &'static str) -> Result<String, Refused> {
        let text = self.needed(name)?;
        known_holder(&text).map_err(|why| (name, text.clone(), "F02", why))?;
        Ok(text)
    }
}

/// Checks the code of a réservataire.
pub fn known_holder(code: &str) -> Result<(), String> {
    let list = reservataires();
    if list.iter().any(|v| v.id == base_code(code)) {
        return Ok(());
    }
    let all: Vec<&str> = list.iter().map(|v| v.id.as_str()).collect();
    Err(format!("Réservataire inconnu. Attendu : {}, ou COMMUNE:73065 pour préciser.", all.join(", ")))
}

/// What of a file can be read, and its refused lines.
#[derive(Debug)]
pub struct ReadFile<T> {
    /// Line of the file, and what it says.
    pub rows: Vec<(u64, T)>,
    pub refused: Vec<LigneRefusee>,
}

fn read<T>(
    bytes: &[u8],
    columns: &[&'static str],
    needed: &[&'static str],
    of: impl Fn(&Row<'_>) -> Result<T, Refused>,
) -> Result<ReadFile<T>, Problem> {
    let (text, delimiter) = csv_body::decoded(bytes)?;
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(&*text);
    let header = reader.headers().map_err(csv_body::unreadable)?.clone();
    let mut at = BTreeMap::new();
    for (i, name) in header.iter().enumerate() {
        let name = name.trim().trim_start_matches('\u{feff}').to_lowercase();
        if let Some(known) = columns.iter().find(|c| **c == name) {
            at.insert(*known, i);
        }
    }
    let missing: Vec<&str> = needed.iter().copied().filter(|c| !at.contains_key(c)).collect();
    if !missing.is_empty() {
        return Err(Problem::body(format!("Il manque : {}.", missing.join(", "))));
    }
    let mut out = ReadFile { rows: Vec::new(), refused: Vec::new() };
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(csv_body::unreadable)? {
        let ligne = record.position().map_or(0, csv::Position::line);
        match of(&Row { record: &record, at: &at }) {
            Ok(row) => out.rows.push((ligne, row)),
            Err((colonne, valeur, regle, message)) => {
                out.refused.push(LigneRefusee { ligne, colonne, valeur, regle, message });
            }
        }
    }
    if out.rows.is_empty() && out.refused.is_empty() {
        return Err(Problem::body("Ce fichier n'a aucune ligne sous son en-tête."));
    }
    Ok(out)
}

fn bounded(name: &'static str, value: f64, most: f64, why: &str) -> Result<f64, Refused> {
    if (0.0..=most).contains(&value) {
        return Ok(value);
    }
    Err((name, value.to_string(), "F04", why.to_owned()))
}

pub fn conventions(bytes: &[u8]) -> Result<ReadFile<ConventionFlux>, Problem> {
    let needed = ["bailleur", "reservataire", "departement", "statut", "du", "decompte", "part"];
    read(bytes, &CONVENTIONS, &needed, |r| {
        let maximum: Option<u32> = r.number("maximum")?;
        let minimum: u32 = r.number("minimum")?.unwrap_or(0);
        if maximum.is_some_and(|m| m < minimum) {
            return Err((
                "maximum",
                r.text("maximum").to_owned(),
                "F04",
                "Le maximum est sous le minimum.".to_owned(),
            ));
        }
        Ok(ConventionFlux {
            bailleur: r.siren()?,
            reservataire: r.reservataire("reservataire")?,
            departement: r.needed("departement")?,
            document: r.text("document").to_owned(),
            statut: r.word("statut", "projet, signee, denoncee, arrete ou a_defaut")?,
            signee: r.day("signee")?,
            du: r.count("du")?,
            au: r.number("au")?,
            decompte: r.word("decompte", "orientation, caleol ou bail")?,
            part: bounded("part", r.count("part")?, 100.0, "Une part est un pourcentage, de 0 à 100.")?,
            minimum,
            maximum,
            delai: r.number("delai")?.unwrap_or(30),
            delai_neuf: r.number("delai_neuf")?.unwrap_or(60),
            echeance: match r.text("echeance") {
                "" => crate::flow::convention::Echeance::RetourBailleur,
                _ => r.word("echeance", "retour_bailleur ou autre_reservataire")?,
            },
            gestion: match r.text("gestion") {
                "" => crate::flow::convention::Gestion::Directe,
                _ => r.word("gestion", "directe, deleguee ou partagee")?,
            },
            garantie: r.flag("garantie")?.unwrap_or(false),
        })
    })
}

pub fn bases(bytes: &[u8]) -> Result<ReadFile<Assiette>, Problem> {
    read(bytes, &BASES, &["bailleur", "departement", "annee", "stock"], |r| {
        let (annee, stock): (u16, u32) = (r.count("annee")?, r.count("stock")?);
        let mut passees = Vec::new();
        for (back, name) in (1u16..).zip(["relocations_1", "relocations_2", "relocations_3"]) {
            if let Some(relocations) = r.number(name)? {
                passees.push(Passee { annee: annee.saturating_sub(back), stock, relocations });
            }
        }
        let taux =
            r.number("taux")?.map(|t| bounded("taux", t, 100.0, "Un taux est un pourcentage, de 0 à 100."));
        let taux = taux.transpose()?;
        if taux.is_none() && passees.is_empty() {
            let why = "Il faut un taux déclaré, ou les relocations d'une année passée au moins.".to_owned();
            return Err(("taux", String::new(), "F05", why));
        }
        Ok(Assiette {
            bailleur: r.siren()?,
            departement: r.needed("departement")?,
            commune: r.text("commune").to_owned(),
            annee,
            stock,
            passees,
            taux,
            mutations: r.number("mutations")?.unwrap_or(0),
            anru: r.number("anru")?.unwrap_or(0),
            orcod: r.number("orcod")?.unwrap_or(0),
            insalubrite: r.number("insalubrite")?.unwrap_or(0),
            vente: r.number("vente")?.unwrap_or(0),
        })
    })
}

pub fn rights(bytes: &[u8]) -> Result<ReadFile<Droit>, Problem> {
    let needed = ["id", "bailleur", "reservataire", "departement", "commune", "nombre", "nature", "du"];
    read(bytes, &RIGHTS, &needed, |r| {
        let (du, au): (u16, Option<u16>) = (r.count("du")?, r.number("au")?);
        if au.is_some_and(|a| a < du) {
            return Err((
                "au",
                r.text("au").to_owned(),
                "F04",
                "La dernière année est avant la première.".to_owned(),
            ));
        }
        Ok(Droit {
            id: r.needed("id")?,
            bailleur: r.siren()?,
            reservataire: r.reservataire("reservataire")?,
            departement: r.needed("departement")?,
            commune: r.needed("commune")?,
            origine: r.text("origine").to_owned(),
            programme: r.text("programme").to_owned(),
            nombre: r.count("nombre")?,
            nature: r.word("nature", "designation_unique ou droit_de_suite")?,
            du,
            au,
        })
    })
}

/// `siren`: the lessor whose events these are, for lines that do not say it.
pub fn events(bytes: &[u8], siren: Option<&str>) -> Result<ReadFile<EvenementFlux>, Problem> {
    read(bytes, &EVENTS, &["id", "logement", "jour", "genre"], |r| {
        let genre = r.needed("genre")?;
        let all: Vec<&str> = GenreFlux::ALL.iter().map(|(_, id, _)| *id).collect();
        let genre = GenreFlux::parse(&genre)
            .ok_or_else(|| ("genre", genre.clone(), "F02", format!("Attendu : {}.", all.join(", "))))?;
        let commune = r.text("commune").to_owned();
        Ok(EvenementFlux {
            id: r.needed("id")?,
            bailleur: match siren {
                Some(s) if r.text("bailleur").is_empty() => s.to_owned(),
                _ => r.siren()?,
            },
            logement: r.needed("logement")?,
            jour: r
                .day("jour")?
                .ok_or_else(|| ("jour", String::new(), "F05", "Il manque le jour.".to_owned()))?,
            genre,
            reservataire: if genre == GenreFlux::Oriente {
                r.reservataire("reservataire")?
            } else {
                r.text("reservataire").to_owned()
            },
            contingent: if r.text("contingent").is_empty() {
                String::new()
            } else {
                r.reservataire("contingent")?
            },
            motif: r.text("motif").to_owned(),
            candidats: r.number("candidats")?.unwrap_or(0),
            dalo: r.flag("dalo")?.unwrap_or(false),
            q1: r.flag("q1")?,
            mutation: match r.text("mutation").to_uppercase() {
                m if ["", "NON", "INTERNE", "EXTERNE", "OUI"].contains(&m.as_str()) => m,
                m => {
                    return Err((
                        "mutation",
                        m,
                        "F02",
                        "Attendu : NON, INTERNE, EXTERNE, OUI ou rien.".to_owned(),
                    ));
                }
            },
            caracteristiques: if commune.is_empty() {
                None
            } else {
                Some(LogementFlux {
                    commune,
                    typologie: r.text("typologie").to_owned(),
                    financement: r.text("financement").to_owned(),
                    qpv: r.text("qpv").to_owned(),
                    periode: r.text("periode").to_owned(),
                    etage: r.number("etage")?,
                })
            },
        })
    })
}

/// Refuses, by line, events that cannot follow what is known of their dwelling. `former`: what is kept of
/// these dwellings already, in order. Events that are kept already are not judged again.
pub fn in_order(rows: &[(u64, EvenementFlux)], former: &[EvenementFlux]) -> Vec<LigneRefusee> {
    let kept: BTreeMap<(&str, &str), &EvenementFlux> =
        former.iter().map(|e| ((e.bailleur.as_str(), e.id.as_str()), e)).collect();
    let mut seen = BTreeSet::new();
    let mut refused = Vec::new();
    let mut by_dwelling: BTreeMap<(&str, &str), Vec<(Option<u64>, &EvenementFlux)>> = BTreeMap::new();
    for e in former {
        by_dwelling.entry((&e.bailleur, &e.logement)).or_default().push((None, e));
    }
    for (ligne, e) in rows {
        let key = (e.bailleur.as_str(), e.id.as_str());
        if let Some(k) = kept.get(&key) {
            if *k != e {
                refused.push(LigneRefusee {
                    ligne: *ligne,
                    colonne: "id",
                    valeur: e.id.clone(),
                    regle: "F07",
                    message: format!("L'événement « {} » a déjà été reçu, avec un autre contenu.", e.id),
                });
            }
            continue;
        }
        if !seen.insert(key) {
            refused.push(LigneRefusee {
                ligne: *ligne,
                colonne: "id",
                valeur: e.id.clone(),
                regle: "F07",
                message: format!("L'identifiant « {} » est deux fois dans le fichier.", e.id),
            });
            continue;
        }
        by_dwelling.entry((&e.bailleur, &e.logement)).or_default().push((Some(*ligne), e));
    }
    for list in by_dwelling.values_mut() {
        list.sort_by(|a, b| a.1.jour.cmp(&b.1.jour));
        let mut walk = Walk::default();
        for (ligne, e) in list {
            let told = walk.step(e).err();
            // An event of the past that now cannot follow is the fault of a new one before it.
            if let (Some(why), Some(ligne)) = (told, *ligne) {
                refused.push(LigneRefusee {
                    ligne,
                    colonne: "genre",
                    valeur: e.genre.id().to_owned(),
                    regle: "F06",
                    message: why.to_string(),
                });
            }
        }
    }
    refused.sort_by_key(|r| r.ligne);
    refused
}

/// Keeps the files of a folder (`conventions.csv`, `assiettes.csv`, `droits.csv`, `evenements.csv`), as who
/// holds the store may: those that are there, each whole or not at all.
pub async fn bring(state: &State, folder: &std::path::Path) -> Result<Trace, Problem> {
    let bytes = |name: &str| std::fs::read(folder.join(name)).ok();
    let sound = |refused: &[LigneRefusee], name: &str| match refused.first() {
        None => Ok(()),
        Some(r) => Err(Problem::body(format!(
            "{name}, ligne {}, colonne {}, « {} » ({}) : {}",
            r.ligne, r.colonne, r.valeur, r.regle, r.message
        ))),
    };
    let now = state::now();
    let mut trace = Trace::new("flux_importe", "dossier");
    let mut rows = 0;
    if let Some(b) = bytes("conventions.csv") {
        let read = conventions(&b)?;
        sound(&read.refused, "conventions.csv")?;
        let list: Vec<_> = read.rows.into_iter().map(|r| r.1).collect();
        rows += list.len();
        trace = trace.with("conventions", state.put_flux(&list, "", now).await?);
    }
    if let Some(b) = bytes("assiettes.csv") {
        let read = bases(&b)?;
        sound(&read.refused, "assiettes.csv")?;
        let list: Vec<_> = read.rows.into_iter().map(|r| r.1).collect();
        rows += list.len();
        trace = trace.with("assiettes", state.put_flux(&list, "", now).await?);
    }
    if let Some(b) = bytes("droits.csv") {
        let read = rights(&b)?;
        sound(&read.refused, "droits.csv")?;
        let list: Vec<_> = read.rows.into_iter().map(|r| r.1).collect();
        rows += list.len();
        trace = trace.with("droits", state.put_flux(&list, "", now).await?);
    }
    if let Some(b) = bytes("evenements.csv") {
        let read = events(&b, None)?;
        sound(&read.refused, "evenements.csv")?;
        let former = state.flux_events(None, None).await?;
        sound(&in_order(&read.rows, &former), "evenements.csv")?;
        let mut by: BTreeMap<String, Vec<EvenementFlux>> = BTreeMap::new();
        for (_, e) in read.rows {
            by.entry(e.bailleur.clone()).or_default().push(e);
        }
        for list in by.values() {
            let told = state.add_flux_events(list, "", now).await?;
            rows += told.nouveaux;
        }
    }
    Ok(trace.rows(rows, false))
}
