//! The balance sheet as a paper: what the page is told of it, laid out to be handed over, and nothing else.

use serde::Deserialize;
use serde_json::Value;

use crate::days;
use crate::desk::paper::Asker;
use crate::desk::problem::Problem;
use crate::french::thousands;
use crate::publish::pdf::{CLOSED, Cells, OPEN, Part, Sheet};
use crate::publish::report::{Report, fact, write};

/// The answer of `/api/flux/bilan`, live or frozen.
#[derive(Debug, Deserialize)]
struct Told {
    annee: u16,
    bailleur: String,
    bailleur_nom: String,
    lignes: Vec<Line>,
    ventilations: Vec<Split>,
    hors_flux: Outside,
    arretes: Vec<Frozen>,
    #[serde(default)]
    regles: String,
    version: Option<i64>,
    #[serde(default)]
    change_depuis: bool,
}

/// Counts of a réservataire, or of one of its categories.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line {
    nom: String,
    categorie: String,
    proposes: u32,
    acceptes: u32,
    attribues: u32,
    baux: u32,
    dalo: Option<u32>,
    q1: Option<u32>,
    refus: u32,
    refus_candidat: u32,
    sans_candidat: u32,
    mutation_externe: u32,
    mutation_inconnue: u32,
}

#[derive(Debug, Deserialize)]
struct Split {
    dimension: String,
    libelle: String,
    lignes: Vec<Line>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Outside {
    premieres_locations: u32,
    mutations_internes: u32,
    relogements: u32,
}

#[derive(Debug, Deserialize)]
struct Frozen {
    version: i64,
    jour: String,
    motif: String,
    par: String,
    empreinte: String,
}

/// A name to save it under: that of the CSV, with the day where figures are of a day.
#[must_use]
pub fn name(bailleur: &str, annee: u16, frozen: Option<(i64, &str)>, jour: &str) -> String {
    let of = frozen.map_or_else(|| format!("au-{jour}"), |(v, empreinte)| format!("v{v}_{empreinte}"));
    format!("mosaique_flux_bilan_{bailleur}_{annee}_{of}.pdf")
}

/// The file, of what the page is told. `contingent`: whether who asks sees their own contingent only.
///
/// # Errors
/// It was not told what a balance sheet is, or the paper cannot be written.
pub fn paper(told: &Value, contingent: bool, asker: &Asker) -> Result<Vec<u8>, Problem> {
    let told = Told::deserialize(told).map_err(|e| Problem::internal(&e))?;
    let report = Report {
        sheet: sheet(&told, asker),
        faits: facts(&told),
        avertissements: warnings(&told, contingent),
        parties: parts(&told),
    };
    write(&report).map_err(|e| Problem::internal(&e))
}

fn count(n: u32) -> String {
    thousands(n.into())
}

/// « 1 relogement », « 3 relogements ».
fn counted(n: u32, one: &str, many: &str) -> String {
    let (number, words) = fact(n.into(), one, many);
    format!("{number} {words}")
}

impl Told {
    fn frozen(&self) -> Option<&Frozen> {
        self.arretes.iter().find(|a| Some(a.version) == self.version)
    }

    fn sum(&self, of: impl Fn(&Line) -> u32) -> u32 {
        self.lignes.iter().map(of).sum()
    }
}

impl Frozen {
    /// « le 12 février 2025 par Claire Dupont ».
    fn when(&self) -> String {
        let by = if self.par.is_empty() { String::new() } else { format!(" par {}", self.par) };
        format!("le {}{by}", days::long(&self.jour))
    }
}

fn sheet(told: &Told, asker: &Asker) -> Sheet {
    let frozen = told.frozen();
    let nom = format!("Gestion en flux : bilan {}", told.annee);
    let state = match frozen {
        Some(f) => format!("Bilan arrêté, version {}", f.version),
        None => "Chiffres du jour, non arrêtés".to_owned(),
    };
    let mut marge = Vec::new();
    if let Some(f) = frozen {
        marge.push(format!("Arrêté {}", f.when()));
        marge.push(format!("Empreinte {}", f.empreinte));
    }
    if !asker.organisme.is_empty() {
        marge.push(format!("Édité par {}", asker.organisme));
    }
    let pied = match frozen {
        Some(f) => {
            format!("Version {}, arrêtée le {} · empreinte {}", f.version, days::french(&f.jour), f.empreinte)
        }
        None => state.clone(),
    };
    let secret = format!(
        "Secret statistique : aucun compte de 1 à {} ménages ; un chiffre secret n’est pas un zéro.",
        asker.k.saturating_sub(1)
    );
    Sheet {
        genre: format!("Bilan annuel, dû avant le 28 février {} (CCH R.441-5-1)", told.annee + 1),
        nom: nom.clone(),
        dans: vec![told.bailleur_nom.clone(), format!("SIREN {}", told.bailleur)],
        marque: (state.clone(), if frozen.is_some() { OPEN } else { CLOSED }),
        marge,
        titre: format!("{nom}, {} ({})", told.bailleur_nom, state.to_lowercase()),
        sujet: format!("Logements proposés et attribués à chaque réservataire en {}. {state}", told.annee),
        organisme: asker.organisme.clone(),
        courant: format!("{nom} · {}", told.bailleur_nom),
        pied: [pied, secret],
        jour: asker.jour.clone(),
        demonstration: asker.demonstration,
        methode: method(told, asker),
    }
}

fn facts(told: &Told) -> Vec<(String, String)> {
    let fact = |n: u32, one: &str, many: &str| fact(n.into(), one, many);
    vec![
        fact(told.sum(|l| l.proposes), "logement proposé", "logements proposés"),
        fact(told.sum(|l| l.acceptes), "accepté par son réservataire", "acceptés par leur réservataire"),
        fact(told.sum(|l| l.attribues), "attribué en commission", "attribués en commission"),
        fact(told.sum(|l| l.baux), "bail signé", "baux signés"),
    ]
}

fn warnings(told: &Told, contingent: bool) -> Vec<String> {
    let last = told.arretes.last();
    let mut out = Vec::new();
    match (told.frozen(), last) {
        (Some(f), Some(last)) => {
            if !f.motif.is_empty() {
                out.push(format!("Cette version corrige la précédente : {}", f.motif));
            }
            if last.version != f.version {
                out.push(format!(
                    "La version {}, arrêtée {}, a remplacé celle-ci.",
                    last.version,
                    last.when()
                ));
            }
        }
        (None, Some(last)) if told.change_depuis => out.push(format!(
            "Ces chiffres ne sont plus ceux de la version {}, arrêtée {} : des événements ont été reçus ou corrigés depuis.",
            last.version,
            last.when()
        )),
        (None, Some(last)) => out.push(format!(
            "Ces chiffres sont les mêmes que ceux de la version {}, arrêtée {}.",
            last.version,
            last.when()
        )),
        (_, None) => out.push("Ce bilan n’est pas arrêté : ce sont les chiffres du jour.".to_owned()),
    }
    if contingent {
        out.push("Seules les lignes de votre contingent vous sont ouvertes.".to_owned());
    }
    out
}

fn parts(told: &Told) -> Vec<Part> {
    if told.lignes.is_empty() {
        let why = format!("Aucun logement n’a été proposé ni attribué dans le flux de {}.", told.annee);
        let notes = vec![why, outside(told)];
        return vec![Part { title: "Par réservataire".to_owned(), cells: None, notes }];
    }
    let mut out = vec![holders(told), refusals(told)];
    out.extend(told.ventilations.iter().filter(|v| !v.lignes.is_empty()).map(split));
    out
}

/// Lines of the réservataires, and their sum where there are several.
fn summed(told: &Told, cells: impl Fn(&Line) -> Vec<Option<u32>>) -> (Vec<(String, Vec<String>)>, bool) {
    let said = |n: &Option<u32>| n.map_or_else(|| "secret".to_owned(), count);
    let lines: Vec<Vec<Option<u32>>> = told.lignes.iter().map(&cells).collect();
    let names = told.lignes.iter().map(|l| l.nom.clone());
    let mut rows: Vec<(String, Vec<String>)> =
        names.zip(lines.iter().map(|l| l.iter().map(said).collect())).collect();
    let several = lines.len() > 1;
    if several {
        // What one line withholds, no sum gives back.
        let sum = |j: usize| lines.iter().map(|l| l[j]).sum::<Option<u32>>();
        let all = (0..lines[0].len()).map(|j| said(&sum(j))).collect();
        rows.push(("Ensemble".to_owned(), all));
    }
    (rows, several)
}

fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

fn holders(told: &Told) -> Part {
    let (rows, total) = summed(told, |l| {
        vec![Some(l.proposes), Some(l.acceptes), Some(l.attribues), Some(l.baux), l.dalo, l.q1]
    });
    let names =
        ["Proposés", "Acceptés", "Attribués (CALEOL)", "Baux", "Baux : DALO", "Baux : 1er\u{a0}quartile"];
    Part {
        title: "Par réservataire".to_owned(),
        cells: Some(Cells {
            first: "Réservataire".to_owned(),
            columns: columns(&names),
            rows,
            total,
            ..Cells::default()
        }),
        notes: vec![outside(told)],
    }
}

fn refusals(told: &Told) -> Part {
    let (rows, total) = summed(told, |l| {
        [l.refus, l.refus_candidat, l.sans_candidat, l.mutation_externe, l.mutation_inconnue]
            .map(Some)
            .to_vec()
    });
    let names = [
        "Refus du réservataire",
        "Refus de candidats",
        "Sans candidat",
        "Baux : mutation externe",
        "Baux : mutation inconnue",
    ];
    Part {
        title: "Refus et mutations".to_owned(),
        cells: Some(Cells {
            first: "Réservataire".to_owned(),
            columns: columns(&names),
            rows,
            total,
            ..Cells::default()
        }),
        notes: Vec::new(),
    }
}

fn split(part: &Split) -> Part {
    let title = match part.dimension.as_str() {
        "qpv" => "En QPV et hors QPV".to_owned(),
        _ => format!("Par {}", part.libelle.to_lowercase()),
    };
    let category = |l: &Line| if l.categorie.is_empty() { "inconnu".to_owned() } else { l.categorie.clone() };
    let row = |l: &Line| {
        let counts = [l.proposes, l.attribues, l.baux, l.refus].map(count);
        (l.nom.clone(), std::iter::once(category(l)).chain(counts).collect())
    };
    Part {
        title,
        cells: Some(Cells {
            first: "Réservataire".to_owned(),
            columns: columns(&[&part.libelle, "Proposés", "Attribués (CALEOL)", "Baux", "Refus"]),
            words: 1,
            rows: part.lignes.iter().map(row).collect(),
            ..Cells::default()
        }),
        notes: Vec::new(),
    }
}

fn outside(told: &Told) -> String {
    let o = &told.hors_flux;
    format!(
        "Hors du flux en {} : {}, {}, {}.",
        told.annee,
        counted(o.premieres_locations, "première mise en location", "premières mises en location"),
        counted(o.mutations_internes, "mutation interne", "mutations internes"),
        counted(o.relogements, "relogement", "relogements")
    )
}

fn method(told: &Told, asker: &Asker) -> Vec<(String, String)> {
    let rules = match told.regles.as_str() {
        "" => "version non notée à cet arrêté".to_owned(),
        version => format!("version {version}"),
    };
    let mut out = vec![
        (
            "Méthode",
            "Chaque compte est celui de l’année où son événement a eu lieu : un logement proposé en \
             décembre et loué en janvier est dans deux bilans. Proposés : logements orientés vers le \
             réservataire. Acceptés : orientations qu’il a acceptées. Attribués : passages en commission \
             (CALEOL) ; baux : baux signés ; les deux comptent pour le dernier réservataire qui a accepté \
             le logement et ne l’a pas rendu. Sans candidat : délais échus et logements remis. Mutation \
             inconnue : on ne sait pas si le ménage vient du parc du même bailleur, ce qui mettrait le \
             bail hors du flux."
                .to_owned(),
        ),
        (
            "Sources",
            format!(
                "Événements de gestion en flux déclarés par {}, avec la commune, la typologie, le financement, le QPV et la \
                 période de construction qu’il donne à chaque logement. Règles de calcul : {rules}.",
                told.bailleur_nom
            ),
        ),
    ];
    if told.frozen().is_some() {
        out.push((
            "Empreinte",
            "Début du condensé BLAKE3 du contenu arrêté : le même à l’écran, sur ce papier et dans le nom du fichier, pour toutes \
             les lignes du bilan, ouvertes ou non à qui l’édite. Une correction fait une nouvelle version, avec son motif ; les précédentes restent lisibles."
                .to_owned(),
        ));
    }
    out.push((
        "Secret statistique",
        format!(
            "Les comptes de ménages (DALO, premier quartile) de 1 à {} ne sont pas donnés, ni ce qui les ferait retrouver par \
             différence ; ils ne sont pas ventilés.",
            asker.k.saturating_sub(1)
        ),
    ));
    out.into_iter().map(|(bold, text)| (bold.to_owned(), text)).collect()
}
