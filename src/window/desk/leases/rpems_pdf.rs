//! The list of residences à enjeu prioritaire de mixité sociale as the paper that a convention
//! intercommunale d'attribution has as its annex: what is in force, by bailleur.

use std::collections::BTreeSet;

use crate::days;
use crate::desk::editions::App;
use crate::desk::leases::rpems::{self, GONE, inside, validated};
use crate::desk::paper::Asker;
use crate::desk::places::name_of;
use crate::desk::problem::Problem;
use crate::french::thousands;
use crate::publish::pdf::{Cells, OPEN, Part, Sheet};
use crate::publish::report::{Report, fact, write};
use crate::reference::fragilite::Fragility;
use crate::state::rpems::File;

/// Names of places, from the last millésime that is loaded.
struct Names<'a>(&'a App);

impl Names<'_> {
    fn of(&self, scale: &str, code: &str) -> String {
        let found = self.0.millesimes.last().and_then(|loaded| name_of(loaded, scale, code));
        found.unwrap_or_else(|| code.to_owned())
    }
}

/// The file. `files` are those in force, in the order of the list; `epci` the one that was asked for.
///
/// # Errors
/// The paper cannot be written.
pub fn paper(
    app: &App,
    files: &[File],
    epci: Option<&str>,
    rules: &Fragility,
    asker: &Asker,
) -> Result<Vec<u8>, Problem> {
    let names = Names(app);
    let territories: BTreeSet<&str> = epci.into_iter().chain(files.iter().map(|f| f.epci.as_str())).collect();
    let report = Report {
        sheet: sheet(&names, &territories, rules, asker),
        faits: facts(files),
        avertissements: Vec::new(),
        parties: parts(&names, files, territories.len() > 1, rules),
    };
    write(&report).map_err(|e| Problem::internal(&e))
}

fn facts(files: &[File]) -> Vec<(String, String)> {
    let owners: BTreeSet<&str> = files.iter().map(|f| f.bailleur.as_str()).collect();
    let communes: BTreeSet<&str> = files.iter().map(|f| f.commune.as_str()).collect();
    vec![
        fact(files.len() as u64, "résidence sur la liste", "résidences sur la liste"),
        fact(owners.len() as u64, "bailleur", "bailleurs"),
        fact(communes.len() as u64, "commune", "communes"),
    ]
}

fn sheet(names: &Names<'_>, territories: &BTreeSet<&str>, rules: &Fragility, asker: &Asker) -> Sheet {
    let nom = "Résidences à enjeu prioritaire de mixité sociale".to_owned();
    let day = days::long(&asker.jour);
    let places: Vec<String> = territories.iter().map(|code| names.of("epci", code)).collect();
    let place = if places.is_empty() { "Aucun EPCI".to_owned() } else { places.join(" · ") };
    let marge = Some(&asker.organisme).filter(|o| !o.is_empty()).map(|o| format!("Éditée par {o}"));
    let state = "Liste en vigueur";
    Sheet {
        genre: format!("Annexe à la convention intercommunale d’attribution ({})", rules.article),
        nom: nom.clone(),
        dans: vec![place.clone()],
        marque: (state.to_owned(), OPEN),
        marge: marge.into_iter().collect(),
        titre: format!("{nom} : annexe à la convention intercommunale d’attribution, {place}"),
        sujet: format!("Résidences dont la qualité est en vigueur le {day}"),
        organisme: asker.organisme.clone(),
        courant: format!("Résidences à enjeu prioritaire · {place}"),
        pied: [
            format!("Liste en vigueur le {}", days::french(&asker.jour)),
            "Secret statistique : cette liste ne porte aucun chiffre de ménages.".to_owned(),
        ],
        jour: asker.jour.clone(),
        demonstration: asker.demonstration,
        methode: method(rules),
    }
}

/// One section a bailleur; by EPCI first, where there are several.
fn parts(names: &Names<'_>, files: &[File], several: bool, rules: &Fragility) -> Vec<Part> {
    if files.is_empty() {
        let why = "Aucune résidence n’a cette qualité aujourd’hui dans ce qui vous est ouvert.".to_owned();
        return vec![Part { title: "Liste".to_owned(), cells: None, notes: vec![why] }];
    }
    let mut keys: Vec<(&str, &str, &str)> = Vec::new();
    for f in files {
        let key = (f.epci.as_str(), f.bailleur.as_str(), f.bailleur_nom.as_str());
        if !keys.iter().any(|k| k.0 == key.0 && k.1 == key.1) {
            keys.push(key);
        }
    }
    if several {
        keys.sort_by_key(|(epci, ..)| names.of("epci", epci));
    }
    let part = |(epci, bailleur, nom): &(&str, &str, &str)| {
        let own: Vec<&File> = files.iter().filter(|f| f.epci == *epci && f.bailleur == *bailleur).collect();
        let place = if several { format!("{} · ", names.of("epci", epci)) } else { String::new() };
        Part {
            title: match own.len() {
                1 => format!("{place}{nom} : 1 résidence"),
                n => format!("{place}{nom} : {} résidences", thousands(n as u64)),
            },
            cells: Some(Cells {
                first: "Résidence".to_owned(),
                columns: ["Commune", "Du", "Jusqu’au", "Motif", "Logements"].map(str::to_owned).to_vec(),
                words: 4,
                rows: own.iter().map(|f| row(names, f, rules)).collect(),
                ..Cells::default()
            }),
            notes: own.iter().flat_map(|f| notes(names, f, rules)).collect(),
        }
    };
    keys.iter().map(part).collect()
}

fn row(names: &Names<'_>, file: &File, rules: &Fragility) -> (String, Vec<String>) {
    let (motif, _) = validated(file, rules);
    let motif = if motif.is_empty() { "—" } else { motif };
    let (title, commune) = rpems::names(names.0, file);
    let logements = inside(names.0, file).map_or_else(|| "—".to_owned(), |i| thousands(i.logements));
    let cells = [commune, days::french(&file.debut), days::french(&file.fin), motif.to_owned(), logements];
    (title, cells.to_vec())
}

/// Where it is, and what was said when it was validated.
fn notes(names: &Names<'_>, file: &File, rules: &Fragility) -> Vec<String> {
    let (_, comment) = validated(file, rules);
    let (title, _) = rpems::names(names.0, file);
    let place = inside(names.0, file).map_or_else(|| GONE.to_owned(), |i| i.adresses.join(" ; "));
    let said = Some(comment).filter(|c| !c.is_empty()).map(|c| format!("{title} : {c}"));
    std::iter::once(format!("{title} ({}) : {place}", file.residence)).chain(said).collect()
}

fn method(rules: &Fragility) -> Vec<(String, String)> {
    let out = [
        (
            "Méthode",
            format!(
                "Le bailleur propose une résidence de son parc, avec un motif ; l’EPCI valide ou refuse ; la qualité dure {} ans et se \
                 renouvelle. Cette liste est celle des résidences dont la qualité est en vigueur le jour de \
                 l’édition, avec le motif de leur validation. Aucun calcul n’y fait entrer ni sortir une résidence.",
                rules.duree_ans
            ),
        ),
        (
            "Critères",
            format!(
                "La loi renvoie les critères à un décret en Conseil d’État ({}), qui n’a pas été trouvé au 28 novembre 2026.",
                rules.article
            ),
        ),
        ("Sources", "Propositions et décisions enregistrées par les bailleurs et les EPCI.".to_owned()),
        (
            "Secret statistique",
            "La liste nomme des résidences et dit pourquoi elles y sont ; elle ne porte aucun chiffre de ménages.".to_owned(),
        ),
    ];
    out.map(|(bold, text)| (bold.to_owned(), text)).to_vec()
}
