//! What an import tells: its report, and what it replaces.

use super::Failure;
use super::build::thousands;
use super::out::say;
use crate::admission::Replacement;
use crate::days;
use crate::reference::magasin::magasin;
use crate::registers::report::{Level, Report};
use crate::state;
use crate::store::Piece;

/// Report and replacement as one JSON object.
pub fn json(report: &Report, replaced: Option<&Replacement>) -> Result<(), Failure> {
    let mut all = serde_json::to_value(report)?;
    all["remplacement"] = serde_json::to_value(replaced)?;
    say!("{}", serde_json::to_string_pretty(&all)?);
    Ok(())
}

/// The report in French; what counts most first.
pub fn print(report: &Report) {
    say!(
        "{} sur {} lignes gardées : {} {} — {}",
        thousands(report.lignes_gardees),
        thousands(report.lignes_lues),
        report.registre,
        report.cle,
        report.fichier
    );
    say!("  Format reconnu : {}", report.format);
    if !report.separateur.is_empty() {
        say!("  Encodage {}, séparateur « {} »", report.encodage, report.separateur);
    }
    say!(
        "  {} lignes lues : {} gardées (dont {} avec drapeau), {} rejetées",
        thousands(report.lignes_lues),
        thousands(report.lignes_gardees),
        thousands(report.lignes_avec_drapeau),
        thousands(report.lignes_rejetees)
    );
    for (title, level) in [("Rejets", Level::Rejet), ("Drapeaux", Level::Drapeau)] {
        let mut first = true;
        for (id, rule) in report.regles.iter().filter(|(_, r)| r.niveau == level) {
            if std::mem::take(&mut first) {
                say!("  {title} :");
            }
            say!("    {:>10}  {id:<4} {}", thousands(rule.lignes), rule.libelle);
        }
    }
    if !report.comptes.is_empty() {
        say!("  Comptes :");
        for (key, n) in &report.comptes {
            say!("    {:>10}  {}", thousands(*n), key.replace('_', " "));
        }
    }
    for remark in &report.remarques {
        say!("  • {remark}");
    }
}

/// What was there, by which rule the file joins it, and what changes.
pub fn replaced(r: &Replacement) {
    say!("Déjà dans le magasin :");
    for piece in &r.fichiers {
        say!("  {}", of(piece));
    }
    say!("  Règle : {}.", r.regle);
    say!(
        "  {} {} avant, {} après : {} remplacés ({} sans équivalent dans le fichier), {} conservés.",
        thousands(r.lignes_avant),
        r.unite,
        thousands(r.lignes_apres),
        thousands(r.lignes_remplacees),
        thousands(r.lignes_perdues),
        thousands(r.lignes_conservees)
    );
    let most = magasin().map_or(10, |m| m.doutes.communes_dites);
    if !r.communes.is_empty() {
        say!("  Communes qui changent ({}), les plus touchées d'abord :", thousands(r.communes.len() as u64));
    }
    for c in r.communes.iter().take(most) {
        let code = if c.commune.is_empty() { "sans commune" } else { &c.commune };
        say!("    {code:<12} {:>10} → {}", thousands(c.avant), thousands(c.apres));
    }
}

/// « rpls_73.csv », importé le 28/11/2026 par …, 4 168 lignes
pub fn of(piece: &Piece) -> String {
    let when = if piece.le == 0 {
        String::new()
    } else {
        format!(", importé le {} par {}", days::french(&state::day(piece.le)), piece.par)
    };
    format!("« {} »{when}, {} lignes", piece.fichier, thousands(piece.lignes))
}
