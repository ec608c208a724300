//! Whether the first rows of a table have the header of a register: how one sheet of several is chosen.

use crate::reference::attributions::attributions;
use crate::reference::ban::ban;
use crate::reference::demandes::demandes;
use crate::reference::ops::ops;
use crate::reference::registre::Registre;
use crate::reference::thresholds::thresholds;
use crate::registers::intake::Layout;
use crate::registers::rpls;
use crate::registers::zones::membership_columns;

/// Rows among which a header is looked for.
const ABOVE: usize = 30;

/// The header of `register` (`rpls`, `ops`, `addresses`, `attributions`, `demandes`, `thresholds`, `zones`
/// for the membership of communes) is among these rows.
#[must_use]
pub fn recognises(register: &str, head: &[Vec<String>]) -> bool {
    let any = |registres: &[&Registre]| {
        head.iter().take(ABOVE).any(|row| registres.iter().any(|r| Layout::new(r, row).is_ok()))
    };
    match register {
        "rpls" => head.iter().take(ABOVE).any(|row| rpls::is_header(row)),
        "ops" => ops().is_ok_and(|o| any(&[&o.reponse, &o.agregat])),
        "addresses" => ban().is_ok_and(|b| any(&[&b.registre])),
        "attributions" => attributions().is_ok_and(|a| any(&[&a.registre])),
        "demandes" => demandes().is_ok_and(|d| any(&[&d.registre])),
        "thresholds" => thresholds().is_ok_and(|t| any(&[&t.registre])),
        "zones" => head.iter().take(ABOVE).any(|row| membership_columns(row).is_some()),
        _ => false,
    }
}
