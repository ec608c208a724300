//! Files of events: what a lessor's system writes, and the order that they must have.

use std::collections::{BTreeMap, BTreeSet};

use crate::desk::flux::files::{LigneRefusee, ReadFile, plain_word, read, some};
use crate::desk::problem::Problem;
use crate::flow::event::{EvenementFlux, GenreFlux, LogementFlux};
use crate::flow::way::Walk;
use crate::publish::csv_file::{self, inert};

pub const EVENTS: [&str; 20] = [
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
    "partenariat",
    "hors_flux",
];

/// A file that [`events`] reads.
///
/// # Errors
/// A line cannot be written.
pub fn written(list: &[EvenementFlux]) -> Result<Vec<u8>, csv::Error> {
    let flag = |b: bool| (if b { "1" } else { "" }).to_owned();
    let mut w = csv_file::writer();
    w.write_record(EVENTS)?;
    for e in list {
        let nothing = LogementFlux::default();
        let home = e.caracteristiques.as_ref().unwrap_or(&nothing);
        w.write_record([
            inert(&e.id),
            e.bailleur.clone(),
            inert(&e.logement),
            e.jour.clone(),
            e.genre.id().to_owned(),
            e.reservataire.clone(),
            e.contingent.clone(),
            inert(&e.motif),
            (if e.candidats == 0 { String::new() } else { e.candidats.to_string() }),
            flag(e.dalo),
            e.q1.map(|q| u8::from(q).to_string()).unwrap_or_default(),
            e.mutation.clone(),
            home.commune.clone(),
            inert(&home.typologie),
            inert(&home.financement),
            home.qpv.clone(),
            inert(&home.periode),
            some(home.etage),
            flag(e.partenariat),
            flag(e.hors_flux),
        ])?;
    }
    csv_file::bytes(w)
}

/// `siren`: the lessor whose events these are, for lines that do not say it.
pub fn events(bytes: &[u8], siren: Option<&str>) -> Result<ReadFile<EvenementFlux>, Problem> {
    read(bytes, &EVENTS, &["id", "logement", "jour", "genre"], |r| {
        let genre = r.needed("genre")?;
        let all: Vec<&str> = GenreFlux::ALL.iter().map(|(_, id, _)| *id).collect();
        let genre = GenreFlux::parse(&plain_word(&genre))
            .ok_or_else(|| ("genre", genre.clone(), "F02", format!("Attendu : {}.", all.join(", "))))?;
        let commune = r.text("commune").to_owned();
        Ok(EvenementFlux {
            id: r.needed("id")?,
            bailleur: match siren {
                Some(s) if r.text("bailleur").is_empty() => s.to_owned(),
                _ => r.siren()?,
            },
            logement: r.dwelling()?,
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
            partenariat: r.flag("partenariat")?.unwrap_or(false),
            hors_flux: r.flag("hors_flux")?.unwrap_or(false),
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
            if let (None, Some(ligne), false) = (&told, *ligne, walk.is_placed()) {
                refused.push(LigneRefusee {
                    ligne,
                    colonne: "commune",
                    valeur: String::new(),
                    regle: "F05",
                    message: crate::desk::flux::evenements::unplaced(&e.logement),
                });
            }
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
