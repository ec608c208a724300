//! The balance sheet: what a lessor owes each réservataire before 28 February (CCH R.441-5-1), line by line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::desk::flux::book::Book;
use crate::desk::flux::suivi::{chosen, lessors};
use crate::desk::flux::view::{View, title};
use crate::desk::leases::Choix;
use crate::desk::problem::Problem;
use crate::flow::count::{Cell, LigneBilan, balance};
use crate::flow::event::GenreFlux;
use crate::policy::mix::{Score, protect};
use crate::publish::csv_file;
use crate::reference::flux::flux;
use crate::reference::secrecy::Secrecy;
use crate::state::{self, BilanArrete};

/// Le bilan d'un bailleur.
#[derive(Debug, Serialize, ToSchema)]
pub struct BilanFlux {
    pub annee: u16,
    pub annees: Vec<u16>,
    pub bailleur: String,
    pub bailleur_nom: String,
    pub bailleurs: Vec<Choix>,
    pub lignes: Vec<LigneReservataire>,
    pub ventilations: Vec<Ventilation>,
    pub hors_flux: HorsFlux,
    /// Versions arrêtées.
    pub arretes: Vec<Arrete>,
    /// Version des règles appliquées ; vide : arrêté avant qu'elle ne soit notée.
    pub regles: String,
    /// La version arrêtée qui est montrée ; nul : les chiffres du jour.
    pub version: Option<i64>,
    /// Les chiffres du jour ne sont plus ceux de la dernière version arrêtée.
    pub change_depuis: bool,
    /// Vous pouvez l'arrêter.
    pub modifiable: bool,
}

/// Un bilan arrêté un jour.
#[derive(Debug, Serialize, ToSchema)]
pub struct Arrete {
    pub version: i64,
    /// AAAA-MM-JJ.
    pub jour: String,
    pub motif: String,
    /// Qui l'a arrêtée.
    pub par: String,
    /// Empreinte du contenu (BLAKE3), la même sur l'écran, sur papier et dans le nom du fichier.
    pub empreinte: String,
}

impl Arrete {
    /// What is told of a version that is kept.
    #[must_use]
    pub fn of(kept: &BilanArrete) -> Self {
        let hash = blake3::hash(kept.contenu.to_string().as_bytes()).to_hex();
        Self {
            version: kept.version,
            jour: state::day(kept.quand),
            motif: kept.motif.clone(),
            par: kept.contenu[SIGNED_BY].as_str().unwrap_or_default().to_owned(),
            empreinte: hash[..16].to_owned(),
        }
    }
}

/// Keys of what is frozen beside what is shown: who froze it, and the lines of the file.
const SIGNED_BY: &str = "arrete_par";
const LINES: &str = "lignes_du_fichier";

/// What is kept of a balance sheet when a person freezes it.
///
/// # Errors
/// It is no JSON, which it always is.
pub fn to_freeze(found: &BilanFlux, lines: &[Vec<String>], name: &str) -> Result<Value, Problem> {
    let mut kept = serde_json::to_value(found).map_err(|e| Problem::internal(&e))?;
    kept[SIGNED_BY] = name.into();
    kept[LINES] = serde_json::to_value(lines).map_err(|e| Problem::internal(&e))?;
    Ok(kept)
}

/// One of the versions that are kept.
///
/// # Errors
/// There is no such version.
pub fn version_of(kept: &[BilanArrete], version: i64) -> Result<&BilanArrete, Problem> {
    kept.iter().find(|b| b.version == version).ok_or_else(|| {
        Problem::unknown("version", &version.to_string(), kept.iter().map(|b| b.version.to_string()))
    })
}

/// A version as it was frozen, as far as it is open; `live` says what is known today.
///
/// # Errors
/// There is no such version.
pub fn as_frozen(kept: &[BilanArrete], version: i64, live: BilanFlux, view: &View) -> Result<Value, Problem> {
    let found = version_of(kept, version)?;
    let mut told = serde_json::to_value(live).map_err(|e| Problem::internal(&e))?;
    for (key, value) in counted(&found.contenu, view) {
        told[key] = value;
    }
    told["version"] = version.into();
    told["regles"] = found.contenu["regles"].as_str().unwrap_or_default().into();
    Ok(told)
}

/// Whether what is counted today is no longer what was frozen.
#[must_use]
pub fn has_changed(live: &BilanFlux, frozen: &Value, view: &View) -> bool {
    // Names may change without a figure doing so.
    fn without_names(value: &mut Value) {
        match value {
            Value::Array(list) => list.iter_mut().for_each(without_names),
            Value::Object(map) => {
                map.remove("nom");
                map.values_mut().for_each(without_names);
            }
            _ => {}
        }
    }
    let live = serde_json::to_value(live).unwrap_or_default();
    counted(frozen, view).into_iter().any(|(key, mut was)| {
        let mut now = live[key].clone();
        without_names(&mut was);
        without_names(&mut now);
        was != now
    })
}

/// What a frozen balance sheet counts, of the réservataires that are open.
fn counted(frozen: &Value, view: &View) -> [(&'static str, Value); 3] {
    let open = |list: &Value| -> Value {
        let lines = list.as_array().into_iter().flatten();
        lines.filter(|l| view.holds(l["reservataire"].as_str().unwrap_or_default())).cloned().collect()
    };
    let parts = frozen["ventilations"].as_array().into_iter().flatten().map(|v| {
        let mut part = v.clone();
        part["lignes"] = open(&v["lignes"]);
        part
    });
    [
        ("lignes", open(&frozen["lignes"])),
        ("ventilations", parts.collect()),
        ("hors_flux", frozen["hors_flux"].clone()),
    ]
}

/// Une ligne par réservataire.
#[derive(Debug, Serialize, ToSchema)]
pub struct LigneReservataire {
    pub reservataire: String,
    pub nom: String,
    #[serde(flatten)]
    pub compte: LigneBilan,
    /// Baux de ménages DALO ; nul : secret.
    pub dalo: Option<u32>,
    /// Baux de ménages du premier quartile ; nul : secret.
    pub q1: Option<u32>,
}

/// Le bilan ventilé selon une dimension.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ventilation {
    pub dimension: &'static str,
    pub libelle: &'static str,
    pub lignes: Vec<LigneVentilee>,
}

/// Une catégorie, pour un réservataire.
#[derive(Debug, Serialize, ToSchema)]
pub struct LigneVentilee {
    pub reservataire: String,
    pub nom: String,
    pub categorie: String,
    #[serde(flatten)]
    pub compte: LigneBilan,
}

/// Ce qui ne compte pas dans le flux.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct HorsFlux {
    pub premieres_locations: u32,
    pub mutations_internes: u32,
    pub relogements: u32,
}

const DIMENSIONS: [(&str, &str); 5] = [
    ("typologie", "Typologie"),
    ("financement", "Financement"),
    ("qpv", "QPV"),
    ("commune", "Commune"),
    ("periode", "Période de construction"),
];

fn part(cell: &Cell, dimension: &str, view: &View) -> String {
    match dimension {
        "typologie" => cell.typologie.clone(),
        "financement" => cell.financement.clone(),
        "qpv" => (if cell.qpv { "en QPV" } else { "hors QPV" }).to_owned(),
        "commune" => view.name(&cell.commune),
        _ => cell.periode.clone(),
    }
}

/// Counts of households, none of which may be had from the others.
fn protected(
    cells: &[(String, LigneBilan)],
    count: fn(&LigneBilan) -> u32,
    secrecy: &Secrecy,
) -> Vec<Option<u32>> {
    let score = |l: &LigneBilan| Score { numerator: count(l), denominator: l.baux, ..Score::default() };
    let mut whole = LigneBilan::default();
    cells.iter().for_each(|(_, l)| whole.add(l));
    let mut list: Vec<Option<Score>> = cells.iter().map(|(_, l)| Some(score(l))).collect();
    protect(&mut Some(score(&whole)), &mut list.iter_mut().collect::<Vec<_>>(), secrecy);
    // « Counts of households 1 to 10 are never shown », nor what subtracting them from the leases would give.
    let safe = |n: u32| n == 0 || n >= secrecy.k;
    list.into_iter()
        .map(|s| s.filter(|s| safe(s.numerator) && safe(s.denominator - s.numerator)).map(|s| s.numerator))
        .collect()
}

pub fn answer(
    book: &Book,
    view: &View,
    secrecy: &Secrecy,
    asked: (Option<u16>, Option<String>),
) -> Result<BilanFlux, Problem> {
    let annee = chosen(book, asked.0)?;
    let bailleurs = lessors(book, view);
    let bailleur = match asked.1 {
        Some(b) if bailleurs.iter().any(|c| c.code == b) => b,
        Some(b) => return Err(Problem::unknown("bailleur", &b, bailleurs.iter().map(|c| c.code.as_str()))),
        None => bailleurs.first().map(|c| c.code.clone()).ok_or_else(|| {
            Problem::not_found("flux", "", "Aucun bailleur n'a de flux dans ce que vous pouvez voir.")
        })?,
    };
    let own = || book.ways_of(&bailleur);
    let cells = balance(own(), annee);
    let mut by: BTreeMap<String, LigneBilan> = BTreeMap::new();
    for (c, l) in &cells {
        by.entry(c.reservataire.clone()).or_default().add(l);
    }
    let rows: Vec<(String, LigneBilan)> = by.into_iter().collect();
    let dalo = protected(&rows, |l| l.dalo, secrecy);
    let q1 = protected(&rows, |l| l.q1, secrecy);
    let lignes = rows.iter().zip(dalo.into_iter().zip(q1)).filter(|((r, _), _)| view.holds(r)).map(
        |((r, l), (dalo, q1))| LigneReservataire {
            reservataire: r.clone(),
            nom: title(view, r),
            compte: *l,
            dalo,
            q1,
        },
    );
    let ventilations = DIMENSIONS.map(|(dimension, libelle)| {
        let mut sums: BTreeMap<(String, String), LigneBilan> = BTreeMap::new();
        for (c, l) in cells.iter().filter(|(c, _)| view.holds(&c.reservataire)) {
            sums.entry((c.reservataire.clone(), part(c, dimension, view))).or_default().add(l);
        }
        let lignes = sums.into_iter().map(|((r, categorie), compte)| LigneVentilee {
            nom: title(view, &r),
            reservataire: r,
            categorie,
            compte,
        });
        Ventilation { dimension, libelle, lignes: lignes.collect() }
    });
    let mut hors_flux = HorsFlux::default();
    for w in own() {
        let Some(end) = w.end.as_ref().filter(|e| e.day.year() == annee) else { continue };
        match end.how {
            GenreFlux::Bail if w.first_letting => hors_flux.premieres_locations += 1,
            GenreFlux::Bail if end.mutation == "INTERNE" => hors_flux.mutations_internes += 1,
            GenreFlux::MutationInterne => hors_flux.mutations_internes += 1,
            GenreFlux::Relogement => hors_flux.relogements += 1,
            _ => {}
        }
    }
    Ok(BilanFlux {
        annee,
        annees: book.years(),
        bailleur_nom: view.name(&bailleur),
        bailleurs,
        lignes: lignes.collect(),
        ventilations: ventilations.into(),
        hors_flux,
        arretes: Vec::new(),
        regles: flux().map_err(|e| Problem::internal(&e))?.version.clone(),
        version: None,
        change_depuis: false,
        modifiable: view.bailleur.as_deref() == Some(bailleur.as_str()),
        bailleur,
    })
}

/// Columns of the balance sheet as a file: one line a réservataire, commune, kind of dwelling.
const COLUMNS: [&str; 17] = [
    "annee",
    "bailleur",
    "reservataire",
    "commune",
    "typologie",
    "financement",
    "qpv",
    "periode_construction",
    "nb_proposes",
    "nb_acceptes",
    "nb_attribues",
    "nb_baux",
    "dont_mutation_externe",
    "dont_mutation_inconnue",
    "nb_refus",
    "nb_refus_candidat",
    "nb_sans_candidat",
];
/// Where a line has its réservataire.
const HOLDER: usize = 2;

/// Lines of the file.
#[must_use]
pub fn lines(annee: u16, cells: &BTreeMap<Cell, LigneBilan>) -> Vec<Vec<String>> {
    let line = |(c, l): (&Cell, &LigneBilan)| {
        let head = [
            annee.to_string(),
            c.bailleur.clone(),
            c.reservataire.clone(),
            c.commune.clone(),
            csv_file::inert(&c.typologie),
            csv_file::inert(&c.financement),
            u8::from(c.qpv).to_string(),
            csv_file::inert(&c.periode),
        ];
        let counts = [
            l.proposes,
            l.acceptes,
            l.attribues,
            l.baux,
            l.mutation_externe,
            l.mutation_inconnue,
            l.refus,
            l.refus_candidat,
            l.sans_candidat,
        ];
        head.into_iter().chain(counts.map(|n| n.to_string())).collect()
    };
    cells.iter().map(line).collect()
}

/// Lines of a version as it was frozen.
///
/// # Errors
/// It was frozen by a program that did not keep them.
pub fn frozen_lines(kept: &BilanArrete) -> Result<Vec<Vec<String>>, Problem> {
    serde_json::from_value(kept.contenu[LINES].clone()).map_err(|_| {
        Problem::conflict("Cette version a été arrêtée sans ses lignes : seul son tableau peut être relu.")
    })
}

/// The file, of the réservataires that are open.
///
/// # Errors
/// It cannot be written.
pub fn written(lines: &[Vec<String>], view: &View) -> Result<Vec<u8>, csv::Error> {
    let mut w = csv_file::writer();
    w.write_record(COLUMNS)?;
    for line in lines.iter().filter(|l| l.get(HOLDER).is_some_and(|r| view.holds(r))) {
        w.write_record(line)?;
    }
    csv_file::bytes(w)
}

/// Arrêter un bilan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArreterBilan {
    pub annee: u16,
    /// Pourquoi il est corrigé ; demandé à partir de la deuxième version.
    #[serde(default)]
    pub motif: String,
}
