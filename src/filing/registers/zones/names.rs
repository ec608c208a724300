//! Names of zones that a file has only codes of.

use super::Prepared;
use crate::reference::geocodage::geocodage;
use crate::reference::territory::Couche;
use crate::registers::report::Report;

/// Names départements that the file only numbers; says of other layers that pages will show their codes.
pub(super) fn complete(couche: &Couche, zones: &mut [Prepared], report: &mut Report) {
    if zones.iter().any(|z| z.attributes.nom != z.attributes.code) {
        return;
    }
    if couche.id == "departement" {
        for z in zones {
            if let Some([nom, _]) = geocodage().contextes.get(&z.attributes.code) {
                z.attributes.nom.clone_from(nom);
            }
        }
    } else if matches!(couche.id.as_str(), "epci" | "commune") && !zones.is_empty() {
        report.remarques.push(
            "Ces contours n'ont pas de nom : les pages montreront leurs codes. La table d'appartenance des communes donne ceux des communes et des EPCI (--layer appartenance)."
                .to_owned(),
        );
    }
}
