//! The rates of a convention in a file: each line read, or refused by name.

use std::collections::BTreeMap;

use csv::ByteRecord;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Person;
use crate::days;
use crate::desk::csv_body;
use crate::desk::editions::App;
use crate::desk::leases::objectifs::{checked, own};
use crate::desk::problem::Problem;
use crate::reference::objectifs::objectifs as registre;
use crate::registers::fields;
use crate::registers::intake::Layout;
use crate::state::{Objectif, TauxCia};

/// Ce qu'un fichier de taux fait, ou ferait.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportObjectifs {
    pub lignes: usize,
    pub nouveaux: usize,
    pub remplaces: usize,
    /// Faux pour un essai, et tant qu'une ligne est refusée : rien n'a changé.
    pub enregistre: bool,
    pub erreurs: Vec<ErreurTaux>,
    pub taux: Vec<LigneTaux>,
}

/// Une ligne refusée.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErreurTaux {
    pub ligne: u64,
    pub colonne: String,
    pub valeur: String,
    /// `T00` à `T08` (`data/registers/objectifs.toml`).
    pub regle: &'static str,
    pub message: String,
}

/// Une ligne lue.
#[derive(Debug, Serialize, ToSchema)]
pub struct LigneTaux {
    pub ligne: u64,
    #[serde(flatten)]
    pub taux: TauxCia,
    /// Le taux que la même convention fixait déjà, en % ; nul : la ligne est nouvelle.
    pub remplace: Option<f64>,
}

/// Most lines of a file: more than any convention has.
const LINES: usize = 5_000;

/// What makes two rates the same one, as the state store has it.
fn key(t: &TauxCia) -> (String, String, Option<String>, Option<String>, Option<String>, u16, String) {
    let (regle, epci) = (t.regle.clone(), t.epci.clone());
    (regle, epci, t.commune.clone(), t.bailleur.clone(), t.reservataire.clone(), t.du, t.signee.clone())
}

/// Rates to keep, each with the identifier of the one that it replaces.
type Rates = Vec<(Option<String>, TauxCia)>;

pub fn read(
    app: &App,
    person: &Person,
    known: &[Objectif],
    body: &[u8],
) -> Result<(ImportObjectifs, Rates), Problem> {
    let Some(epci) = own(person) else {
        return Err(Problem::forbidden(
            "Les taux d'une convention d'attribution sont fixés par un compte de l'EPCI.",
        ));
    };
    let (layout, lines) = csv_body::table(registre().map_err(|e| Problem::internal(&e))?, body)?;
    let former: BTreeMap<_, _> = known.iter().map(|o| (key(&o.taux), o)).collect();
    let mut answer = ImportObjectifs {
        lignes: 0,
        nouveaux: 0,
        remplaces: 0,
        enregistre: false,
        erreurs: Vec::new(),
        taux: Vec::new(),
    };
    let (mut list, mut seen): (Rates, BTreeMap<_, u64>) = (Vec::new(), BTreeMap::new());
    for csv_body::Line { ligne, record, .. } in lines {
        answer.lignes += 1;
        if answer.lignes > LINES {
            return Err(Problem::body(format!("Le fichier a plus de {LINES} lignes : découpez-le.")));
        }
        let read = asked(&layout, &record, epci)
            .and_then(|t| checked(app, person, t).map_err(|p| refused(&layout, p)))
            .and_then(|t| match seen.insert(key(&t), ligne) {
                None => Ok(t),
                Some(first) => Err(Refusal::new(
                    &layout,
                    "regle",
                    &t.regle,
                    "T07",
                    format!("La ligne {first} fixe déjà ce taux."),
                )),
            });
        match read {
            Err(r) => answer.erreurs.push(ErreurTaux {
                ligne,
                colonne: r.colonne,
                valeur: r.valeur,
                regle: r.regle,
                message: r.message,
            }),
            Ok(taux) => {
                let same = former.get(&key(&taux));
                let remplace = same.map(|o| o.taux.taux);
                *(if same.is_some() { &mut answer.remplaces } else { &mut answer.nouveaux }) += 1;
                list.push((same.map(|o| o.id.clone()), taux.clone()));
                answer.taux.push(LigneTaux { ligne, taux, remplace });
            }
        }
    }
    if answer.lignes == 0 {
        return Err(Problem::body("Ce fichier n'a aucune ligne sous son en-tête."));
    }
    Ok((answer, list))
}

/// Why a line is refused.
struct Refusal {
    colonne: String,
    valeur: String,
    regle: &'static str,
    message: String,
}

impl Refusal {
    pub fn new(
        layout: &Layout,
        champ: &str,
        valeur: &str,
        regle: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            colonne: layout.column(champ).header,
            valeur: valeur.to_owned(),
            regle,
            message: message.into(),
        }
    }
}

/// What the form would say, as a rule of the file.
fn refused(layout: &Layout, p: Problem) -> Refusal {
    let champ = p.champ.unwrap_or_default();
    let regle = match champ.as_str() {
        "signee" | "approbation" => "T01",
        "regle" | "commune" | "bailleur" | "reservataire" => "T02",
        "taux" => "T04",
        "du" | "au" => "T05",
        "cia" => "T06",
        // The only refusal without a field is that of another EPCI's rate.
        _ => "T08",
    };
    let champ = if champ.is_empty() { "epci" } else { &champ };
    Refusal::new(layout, champ, &p.valeur.unwrap_or_default(), regle, p.detail)
}

fn asked(layout: &Layout, record: &ByteRecord, epci: &str) -> Result<TauxCia, Refusal> {
    if record.len() != layout.width {
        let wide = format!("{} champs au lieu de {}", record.len(), layout.width);
        let message = "Le nombre de champs n'est pas celui de l'en-tête.".to_owned();
        return Err(Refusal { colonne: String::new(), valeur: wide, regle: "T00", message });
    }
    let text = |name: &str| layout.column(name).cell(record).map(|c| String::from_utf8_lossy(c).into_owned());
    let needed = |name: &str, what: &str| {
        text(name).ok_or_else(|| Refusal::new(layout, name, "", "T06", format!("Il manque {what}.")))
    };
    let year = |name: &str, cell: &str| {
        let read = fields::integer(cell.as_bytes()).ok().and_then(|n| u16::try_from(n).ok());
        read.ok_or_else(|| {
            Refusal::new(layout, name, cell, "T03", "Une année est un nombre de quatre chiffres.")
        })
    };
    // A day as the files of registers write it, or as it stands: the check says what is wrong with it.
    let day = |cell: String| match fields::date(cell.as_bytes()).ok().and_then(fields::Date::yyyymmdd) {
        Some(d) => days::iso(d),
        None => cell,
    };
    let taux = needed("taux", "le taux")?;
    let number = taux.trim_end_matches(['%', ' ', '\u{a0}']);
    Ok(TauxCia {
        regle: needed("regle", "la règle")?,
        epci: text("epci").unwrap_or_else(|| epci.to_owned()),
        commune: text("commune"),
        bailleur: text("bailleur"),
        reservataire: text("reservataire"),
        du: year("du", &needed("du", "la première année")?)?,
        au: text("au").map(|a| year("au", &a)).transpose()?,
        taux: fields::decimal(number.as_bytes()).map_err(|_| {
            Refusal::new(layout, "taux", &taux, "T03", "Un taux est un pourcentage, par exemple 27,5.")
        })?,
        cia: needed("cia", "le nom de la convention")?,
        signee: day(needed("signee", "la date de signature")?),
        approbation: text("approbation").map(day),
    })
}
