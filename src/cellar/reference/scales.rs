//! `data/echelles.toml`: the scales of figures, their labels and zooms.

use serde::Deserialize;

use super::access::Class;
use super::reglages::held::Held;
use super::{ReferenceError, parse};

const FILE: &str = "echelles.toml";

/// Where the contours of a scale come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Genre {
    /// Imported contours.
    Zones,
    /// Square cells, named by their corner.
    Carreau,
    /// Hexagons, named by their index.
    H3,
    /// Mean place of the located addresses.
    Points,
}

/// One scale.
#[derive(Debug, Clone, Deserialize)]
pub struct Scale {
    /// Id of the layer; `*` for any layer that has no entry of its own.
    pub id: String,
    pub libelle: String,
    pub genre: Genre,
    /// Who sees its figures (`data/access.toml`).
    pub acces: Class,
    /// Zooms between which the map proposes the scale.
    pub zoom_min: u8,
    pub zoom_max: u8,
    /// First zoom at which tiles exist.
    pub tuile_min: u8,
}

#[derive(Deserialize)]
struct ScalesFile {
    echelle: Vec<Scale>,
}

fn load(text: &str) -> Result<Vec<Scale>, ReferenceError> {
    let file: ScalesFile = parse(FILE, text)?;
    if file.echelle.last().is_none_or(|s| s.id != "*") {
        return Err(ReferenceError { file: FILE, message: "the last [[echelle]] must be \"*\"".to_owned() });
    }
    Ok(file.echelle)
}

pub(super) static DATA: Held<Vec<Scale>> =
    Held::new(&[("echelles.toml", include_str!("../../../data/echelles.toml"))], |t| load(t[0]));

/// All scales, the widest first; the last is `*`.
///
/// # Panics
/// If the compiled-in file is wrong, which a test excludes.
#[must_use]
pub fn scales() -> &'static [Scale] {
    DATA.known()
}

/// The scale of a layer.
#[must_use]
pub fn scale(id: &str) -> &'static Scale {
    let all = scales();
    // `load` proves that the last entry is `*`.
    all.iter().find(|s| s.id == id).unwrap_or(&all[all.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_reads_and_points_never_come_at_low_zooms() {
        let all = DATA.get().unwrap();
        let min = |id: &str| all.iter().find(|s| s.id == id).unwrap().tuile_min;
        assert!(min("residence") >= 12 && min("adresse") >= 14);
        assert!(all.iter().all(|s| s.zoom_min <= s.zoom_max));
        assert_eq!(scale("npnru").libelle, "Zone");
    }
}
