//! How many files are checked in a second, on one core and without HTTP: `mosaique bench-controle`.

use std::time::Instant;

use crate::access::Person;
use crate::desk::editions::App;
use crate::desk::leases::controle::level::Checks;
use crate::policy::dossier::Dossier;

/// Files checked, and the seconds that it took: dwelling found by its number, placed to QPV, income compared,
/// every rule judged at every level, every sentence written.
///
/// # Errors
/// The store cannot be read, or has no vacant dwelling to check.
pub fn measure(app: &App, n: usize) -> Result<(usize, f64), Box<dyn std::error::Error + Send + Sync>> {
    let checker = app.checker()?;
    let holder = Person { holder: true, ..Person::default() };
    let mut checks = Checks::new(&checker, &[], app.secrecy, &holder).map_err(|p| p.detail)?;
    let jour = checks.last_day();
    let homes = &checker.parc.vacant;
    if homes.is_empty() {
        return Err("le magasin n'a aucun logement vacant à contrôler".into());
    }
    let files: Vec<Dossier> = (0..n)
        .map(|i| Dossier {
            jour,
            ident_rep: homes[i % homes.len()].1.clone(),
            // Codes of the register of allocations, and incomes on both sides of any threshold.
            reservataire: u8::try_from(1 + i % 10).unwrap_or(1),
            statut_dalo: u8::try_from(1 + i % 2).unwrap_or(1),
            relogement: 1,
            activite: u8::try_from(1 + i % 8).unwrap_or(1),
            revenu_uc: (i % 7 != 0).then_some(4_000.0 + (i % 1_000) as f64 * 20.0),
            nb_personnes: u8::try_from(1 + i % 6).ok(),
            pct_plafond: Some(10.0 + (i % 120) as f64),
            ..Dossier::default()
        })
        .collect();
    let begun = Instant::now();
    let mut said = 0;
    for d in &files {
        if let Ok(done) = checks.check(d) {
            said += usize::from(!checks.sentences(&done).is_empty());
        }
    }
    Ok((said, begun.elapsed().as_secs_f64()))
}
