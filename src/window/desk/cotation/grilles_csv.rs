//! A grid as a file, in and out.

use crate::desk::csv_body::below;
use crate::desk::problem::Problem;
use crate::publish::csv_file;
use crate::registers::fields;
use crate::registers::headers::canonical;
use crate::scoring::grid::{Cumul, Grille, Groupe, Ligne, Progression, Refus, Tranche};

/// One line a criterion; one more for each further tranche. A line of code `REFUS` is the malus.
const COLUMNS: [&str; 14] = [
    "code",
    "libelle",
    "points",
    "justificatif",
    "groupe",
    "groupe_libelle",
    "groupe_cumul",
    "groupe_plafond",
    "de",
    "avant",
    "pas",
    "plafond",
    "mois",
    "nom",
];

const REFUSAL: &str = "REFUS";

fn number(v: Option<f64>) -> String {
    v.map_or_else(String::new, |v| v.to_string())
}

/// The lines of a grid.
pub fn written(grille: &Grille) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv_file::writer();
    out.write_record(COLUMNS)?;
    let mut first = Some(csv_file::inert(&grille.nom));
    for l in &grille.criteres {
        let group = grille.groupes.iter().find(|g| l.groupe.as_deref() == Some(&g.id));
        let mut line = |points: i32, from: Option<f64>, to: Option<f64>, p: Option<Progression>| {
            out.write_record([
                l.code.clone(),
                csv_file::inert(l.libelle.as_deref().unwrap_or("")),
                points.to_string(),
                if l.preuve { "oui" } else { "non" }.to_owned(),
                csv_file::inert(group.map_or("", |g| &g.id)),
                csv_file::inert(group.map_or("", |g| &g.libelle)),
                group.map_or("", |g| if g.cumul == Cumul::Maximum { "maximum" } else { "somme" }).to_owned(),
                group.and_then(|g| g.plafond).map_or_else(String::new, |p| p.to_string()),
                number(from),
                number(to),
                number(p.map(|p| p.pas)),
                p.map_or_else(String::new, |p| p.plafond.to_string()),
                String::new(),
                first.take().unwrap_or_default(),
            ])
        };
        match l.progression {
            Some(p) => line(p.points, None, None, Some(p))?,
            None if l.tranches.is_empty() => line(l.points, None, None, None)?,
            None => {
                for t in &l.tranches {
                    line(t.points, t.de, t.avant, None)?;
                }
            }
        }
    }
    if let Some(r) = grille.refus {
        let mut cells = vec![String::new(); COLUMNS.len()];
        (cells[0], cells[2], cells[12]) = (REFUSAL.to_owned(), r.points.to_string(), r.mois.to_string());
        out.write_record(cells)?;
    }
    csv_file::bytes(out)
}

/// Reads what [`written`] writes, in any order of columns.
pub fn read(body: &[u8], epci: &str, kind: crate::scoring::grid::Genre) -> Result<Grille, Problem> {
    let (header, rows) = below(body, &["code", "points"])?;
    let header: Vec<String> = header.iter().map(|h| canonical(h)).collect();
    let mut grille = Grille {
        nom: String::new(),
        epci: epci.to_owned(),
        genre: kind,
        groupes: Vec::new(),
        criteres: Vec::new(),
        refus: None,
    };
    for (at, record) in rows {
        let cell = |name: &str| {
            let i = header.iter().position(|h| *h == canonical(name))?;
            record.get(i).filter(|c| !c.is_empty())
        };
        let fault = |column: &str, value: &str, why: &str| {
            Problem::value(column, value, format!("Ligne {at}, colonne « {column} » : {why}"))
        };
        let decimal = |name: &str| -> Result<Option<f64>, Problem> {
            let parse = |t: &str| t.replace(',', ".").parse::<f64>().ok().filter(|v| v.is_finite());
            cell(name).map(|t| parse(t).ok_or_else(|| fault(name, t, "un nombre est attendu."))).transpose()
        };
        let whole = |name: &str| -> Result<Option<i32>, Problem> {
            let bad = |t| fault(name, t, "un nombre entier est attendu.");
            let read = |t: &str| fields::integer(t.as_bytes()).ok().and_then(|n| i32::try_from(n).ok());
            cell(name).map(|t| read(t).ok_or_else(|| bad(t))).transpose()
        };
        let Some(code) = cell("code") else { continue };
        if grille.nom.is_empty()
            && let Some(nom) = cell("nom")
        {
            grille.nom = nom.to_owned();
        }
        let points = whole("points")?.unwrap_or(0);
        if code == REFUSAL {
            let mois = whole("mois")?.and_then(|m| u32::try_from(m).ok());
            let mois = mois.ok_or_else(|| fault("mois", "", "la durée d'un refus est nécessaire."))?;
            grille.refus = Some(Refus { points, mois });
            continue;
        }
        if let Some(id) = cell("groupe")
            && !grille.groupes.iter().any(|g| g.id == id)
        {
            let cumul = match cell("groupe_cumul") {
                Some("maximum") => Cumul::Maximum,
                None | Some("somme") => Cumul::Somme,
                Some(other) => {
                    return Err(fault("groupe_cumul", other, "« maximum » ou « somme » est attendu."));
                }
            };
            grille.groupes.push(Groupe {
                id: id.to_owned(),
                libelle: cell("groupe_libelle").unwrap_or(id).to_owned(),
                cumul,
                plafond: whole("groupe_plafond")?,
            });
        }
        let (from, to, step) = (decimal("de")?, decimal("avant")?, decimal("pas")?);
        let cut = (from.is_some() || to.is_some()).then_some(Tranche { de: from, avant: to, points });
        if let (Some(t), Some(l)) = (cut, grille.criteres.iter_mut().find(|l| l.code == code)) {
            l.tranches.push(t);
            continue;
        }
        let progression = step.map(|pas| {
            Ok::<_, Problem>(Progression { pas, points, plafond: whole("plafond")?.unwrap_or(points) })
        });
        let preuve = match cell("justificatif").map(str::to_lowercase).as_deref() {
            Some("oui") => true,
            None | Some("non") => false,
            Some(other) => return Err(fault("justificatif", other, "« oui » ou « non » est attendu.")),
        };
        grille.criteres.push(Ligne {
            code: code.to_owned(),
            libelle: cell("libelle").map(str::to_owned),
            points: if cut.is_some() || progression.is_some() { 0 } else { points },
            groupe: cell("groupe").map(str::to_owned),
            preuve,
            tranches: cut.into_iter().collect(),
            progression: progression.transpose()?,
        });
    }
    Ok(grille)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::scoring::criteria;
    use crate::scoring::grid::Genre;

    #[test]
    fn the_grids_of_the_demonstration_come_back_as_they_went_out() {
        for text in [
            include_str!("../../../../data/demo/grilles/rubriques.json"),
            include_str!("../../../../data/demo/grilles/automatique.json"),
            include_str!("../../../../data/demo/grilles/provisoire.json"),
            include_str!("../../../../data/demo/grilles/mutation.json"),
        ] {
            let g: Grille = serde_json::from_str(text).expect("a grid");
            assert!(g.checks(criteria().unwrap()).iter().all(|c| !c.bloquant), "{}", g.nom);
            let back = read(&written(&g).expect("csv"), &g.epci, g.genre).expect("read");
            assert_eq!(back, g);
        }
    }

    #[test]
    fn what_cannot_be_read_names_its_line_and_column() {
        let fault = |text: &str| read(text.as_bytes(), "2", Genre::Premiere).expect_err(text).told();
        assert!(fault("code;points\nC01;dix\n").contains("Ligne 2, colonne « points »"));
        assert!(fault("code;points;mois\nREFUS;10;\n").contains("mois"));
        assert!(fault("code;libelle\nC01;x\n").contains("points"));
        assert!(fault("code;points;justificatif\nC01;1;peut-être\n").contains("oui"));
    }
}
