//! Which layer a file of contours is: the one whose codes are the most, of those whose column it has.

use std::path::Path;

use super::{Couche, Kind, Verdict, bare, name};
use crate::registers::zones::{self, Candidate};

/// Layers that may be recognised; any other is named by who imports it.
const LAYERS: [Couche; 6] =
    [Couche::Qpv, Couche::Iris, Couche::Arrondissement, Couche::Commune, Couche::Epci, Couche::Departement];
/// Share of features whose code is one of the layer.
const USUAL: f64 = 0.95;

pub(super) fn of(path: &Path) -> Verdict {
    let ids = LAYERS.map(Couche::id);
    let (candidates, columns) = match zones::candidates(path, &ids) {
        Ok(found) => found,
        Err(e) => return Verdict::Unknown { why: bare(&e.to_string(), path) },
    };
    let sound = |c: &&Candidate| c.areas > 0 && c.usual as f64 >= USUAL * c.features as f64;
    let sound: Vec<&Candidate> = candidates.iter().filter(sound).collect();
    let most = sound.iter().map(|c| c.codes).max().unwrap_or(0);
    let mut best: Vec<&Candidate> = sound.into_iter().filter(|c| c.codes == most).collect();
    if best.len() > 1 && best.iter().any(|c| c.couche == "epci") && best.iter().any(|c| c.couche == "iris") {
        // Both have nine digits; a SIREN has a key.
        let siren = best.iter().any(|c| c.couche == "epci" && c.keys == c.features);
        best.retain(|c| (c.couche == "epci") == siren);
    }
    // The codes of arrondissements have the form of those of communes, and are of nothing else.
    if best.iter().any(|c| c.couche == Couche::Arrondissement.id()) {
        best.retain(|c| c.couche != Couche::Commune.id());
    }
    if best.len() > 1 {
        let plain = name(path).to_lowercase();
        let named: Vec<&Candidate> = best.iter().copied().filter(|c| plain.contains(&c.couche)).collect();
        if named.len() == 1 {
            best = named;
        }
    }
    let kinds: Vec<Kind> = best.iter().filter_map(|c| kind(c)).collect();
    match (&kinds[..], best.first()) {
        ([kind], Some(c)) => Verdict::Known {
            kind: kind.clone(),
            because: format!("{} contours, codes en « {} » comme {}", c.codes, c.column, c.example),
        },
        ([], _) => {
            let columns = if columns.is_empty() {
                "aucune colonne".to_owned()
            } else {
                format!("colonnes : {}", columns.into_iter().take(8).collect::<Vec<_>>().join(", "))
            };
            Verdict::Unknown {
                why: format!(
                    "contours sans code de commune, d'EPCI, de département, d'IRIS ni de QPV ({columns})"
                ),
            }
        }
        _ => Verdict::Doubtful {
            kinds,
            why: "plusieurs couches ont autant de codes dans ce fichier".to_owned(),
        },
    }
}

fn kind(candidate: &Candidate) -> Option<Kind> {
    let couche = LAYERS.into_iter().find(|l| l.id() == candidate.couche)?;
    let generation = match couche {
        Couche::Qpv => candidate.generation.clone(),
        _ => None,
    };
    Some(Kind::Zones { couche, generation })
}
