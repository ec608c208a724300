//! Zones by name: finding them, their parents, what lies within them, whether they are finer than a commune.

use std::collections::BTreeSet;

use crate::cube::Layer;
use crate::cube::runs::Runs;
use crate::desk::editions::Loaded;
use crate::desk::problem::Problem;
use crate::stock::facts::NONE;

/// Scales whose zones are communes or wider, and arrondissements of the three largest cities.
const WIDE: [&str; 4] = ["departement", "epci", "commune", "arrondissement"];

/// The layer of a scale.
///
/// # Errors
/// There is none; `champ` is where it was named.
pub fn layer<'a>(loaded: &'a Loaded, champ: &str, id: &str) -> Result<Layer<'a>, Problem> {
    loaded
        .cube()
        .layer(id)
        .ok_or_else(|| Problem::unknown(champ, id, loaded.meta().couches.iter().map(|l| l.id.as_str())))
}

/// A zone of a layer by its code.
///
/// # Errors
/// There is none; `champ` is where it was named.
pub fn zone(layer: &Layer<'_>, champ: &str, code: &str) -> Result<u32, Problem> {
    layer.zone(code).ok_or_else(|| {
        Problem::value(
            champ,
            code,
            format!("Aucune zone de l'échelle « {} » n'a le code « {code} ».", layer.meta.id),
        )
    })
}

/// A parent zone: `dans=epci:200000001`.
#[derive(Debug)]
pub struct Within<'a> {
    pub layer: Layer<'a>,
    pub zone: u32,
}

impl<'a> Within<'a> {
    /// Reads `échelle:code`.
    ///
    /// # Errors
    /// It is written otherwise, or names nothing that is loaded.
    pub fn parse(loaded: &'a Loaded, text: &str) -> Result<Self, Problem> {
        let (scale, code) = text.split_once(':').ok_or_else(|| {
            Problem::value(
                "dans",
                text,
                format!(
                    "« {text} » ne nomme pas une zone : écrivez échelle:code, par exemple commune:73065."
                ),
            )
        })?;
        let layer = layer(loaded, "dans", scale)?;
        let zone = layer.zone(code).ok_or_else(|| {
            Problem::value(
                "dans",
                text,
                format!("Aucune zone de l'échelle « {scale} » n'a le code « {code} »."),
            )
        })?;
        Ok(Self { layer, zone })
    }

    #[must_use]
    pub fn name(&self) -> String {
        self.layer.title(self.zone)
    }

    #[must_use]
    pub fn code(&self) -> &'a str {
        self.layer.codes.get(self.zone as usize)
    }
}

/// Zones that have an address in a parent (all that have one, without a parent), growing.
#[must_use]
pub fn zones_with_addresses(layer: &Layer<'_>, within: Option<&Within<'_>>) -> Vec<u32> {
    match within {
        None => {
            let n = u32::try_from(layer.codes.len()).unwrap_or(NONE);
            (0..n).filter(|z| layer.runs_of(*z).next().is_some()).collect()
        }
        Some(w) => {
            let mut found = BTreeSet::new();
            let mut last = NONE;
            for a in w.layer.runs_of(w.zone).flat_map(|(s, e)| s as usize..e as usize) {
                let zone = layer.of[a];
                if zone != last && zone != NONE {
                    found.insert(zone);
                }
                last = zone;
            }
            found.into_iter().collect()
        }
    }
}

/// Code of the one zone of a wide layer that holds all addresses of a zone; None if there are several or
/// none.
#[must_use]
pub fn parent(loaded: &Loaded, layer: &Layer<'_>, zone: u32, wide: &str) -> Option<String> {
    let parents = loaded.cube().layer(wide)?;
    // Addresses are ordered by département, EPCI and commune: a run whose ends agree agrees throughout.
    let ends = layer.runs_of(zone).flat_map(|(s, e)| [parents.of[s as usize], parents.of[e as usize - 1]]);
    let mut only = None;
    for p in ends {
        if p == NONE || only.is_some_and(|o| o != p) {
            return None;
        }
        only = Some(p);
    }
    only.map(|p| parents.codes.get(p as usize).to_owned())
}

/// Whether figures of a zone must keep the rules of zones narrower than a commune.
#[must_use]
pub fn is_fine(loaded: &Loaded, scale: Option<&str>, zone: &Runs) -> bool {
    !scale.is_some_and(|s| WIDE.contains(&s)) && !covers_a_commune(loaded, zone)
}

/// Whether all located addresses of some commune are in the zone.
fn covers_a_commune(loaded: &Loaded, zone: &Runs) -> bool {
    let Some(communes) = loaded.cube().layer("commune") else { return false };
    let located = u32::try_from(loaded.meta().localisees).unwrap_or(NONE);
    let mut seen = BTreeSet::new();
    for (start, end) in zone.iter().filter(|(s, _)| *s < located) {
        let mut at = start;
        while at < end.min(located) {
            let commune = communes.of[at as usize];
            if commune == NONE {
                at += 1;
                continue;
            }
            let runs = Runs::new(communes.runs_of(commune).filter(|(s, _)| *s < located).collect());
            if seen.insert(commune) && zone.intersection(&runs).len() == runs.len() {
                return true;
            }
            // To the end of the commune's run: nothing else lies before it.
            at = runs.iter().find(|(s, e)| (*s..*e).contains(&at)).map_or(at + 1, |(_, e)| e);
        }
    }
    false
}

/// The name of a zone of a scale; None if the cube has none of that code.
pub fn name_of(loaded: &Loaded, scale: &str, code: &str) -> Option<String> {
    let layer = loaded.cube().layer(scale)?;
    layer.zone(code).filter(|z| *z != NONE).map(|z| layer.title(z))
}

/// Name of the commune that holds all of a zone, else of the EPCI, else of the département.
#[must_use]
pub fn around(loaded: &Loaded, layer: &Layer<'_>, zone: u32) -> Option<String> {
    ["commune", "epci", "departement"]
        .into_iter()
        .filter(|wide| *wide != layer.meta.id)
        .find_map(|wide| name_of(loaded, wide, &parent(loaded, layer, zone, wide)?))
}
