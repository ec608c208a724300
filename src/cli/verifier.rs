//! `mosaique verifier`: whether every file of the store is still what was written.

use clap::Args;

use super::out::say;
use super::{Failure, StoreArgs};
use crate::store::{Damage, Store};

/// Arguments of `verifier`.
#[derive(Debug, Args)]
pub struct VerifierArgs {
    #[command(flatten)]
    store: StoreArgs,
}

/// Reads everything and names what is damaged, with what mends it.
pub fn run(args: &VerifierArgs) -> Result<(), Failure> {
    let store = Store::open(&args.store.data)?;
    let m = store.manifest();
    let (mut damaged, mut files, mut unknown) = (0_usize, 0_usize, Vec::new());
    let mut tell = |damage: &Damage, mend: &str| {
        damaged += 1;
        say!("« {} » : {}. {mend}", damage.path.display(), damage.why);
    };
    for d in &m.jeux {
        let (registre, cle) = (&d.rapport.registre, &d.rapport.cle);
        for damage in store.dataset_damage(d) {
            tell(
                &damage,
                &format!(
                    "Réimportez « {} » ({registre} {cle}), ou remettez une sauvegarde.",
                    d.rapport.fichier
                ),
            );
        }
        files += d.fichiers.len();
        if d.fichiers.is_empty() {
            unknown.push(format!("{registre} {cle}"));
        }
    }
    for former in m.historique.iter().flat_map(|o| &o.avant) {
        for damage in store.dataset_damage(former) {
            tell(&damage, "C'est un import d'avant : il ne pourra pas être remis.");
        }
        files += former.fichiers.len();
    }
    for cube in &m.cubes {
        if let Some(damage) = store.cube_damage(cube, u64::MAX) {
            tell(&damage, "« mosaique build » le refait.");
        }
        files += 1;
    }
    for book in &m.carnets {
        if let Some(damage) = store.book_damage(book) {
            tell(
                &damage,
                "C'est ce qui a été dit des ménages de cette vague : reprenez-le d'une sauvegarde, rien ne le refait (« mosaique build --recommencer » repart de zéro).",
            );
        }
        files += 1;
    }
    if !unknown.is_empty() {
        say!(
            "Importés par une version qui ne notait pas d'empreintes, donc pas vérifiables : {}.",
            unknown.join(", ")
        );
    }
    if damaged > 0 {
        return Err(format!("{damaged} fichier(s) endommagé(s) sur {files}").into());
    }
    say!("Magasin intact : {files} fichiers vérifiés.");
    Ok(())
}
