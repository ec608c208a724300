//! `data/publication.toml`: what goes with figures that leave for other programs.

use serde::Deserialize;

use super::parse;
use super::reglages::held::Held;

const FILE: &str = "publication.toml";

/// Bounds of one file.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct FileBounds {
    /// Zones × indicators.
    pub chiffres_max: usize,
    /// Lines of a sheet, without its header.
    pub lignes_max: usize,
    /// Zones of a piece of a file that is written piece by piece.
    pub zones_par_morceau: usize,
}

/// Vector tiles of one file.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Tiles {
    pub zoom_max: u8,
    /// Tiles of the deepest zoom; fewer zooms are written where there would be more.
    pub tuiles_max: usize,
}

/// What each file says of secrecy.
#[derive(Debug, Clone, Deserialize)]
pub struct Secret {
    /// With `{moins}` for the most households that no figure describes.
    pub regle: String,
}

/// Pages of features.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Pages {
    pub page: usize,
    pub page_max: usize,
    /// Features of the page that a link to the next one asks for.
    pub page_suivante: usize,
    /// First features, which show every figure where that can be.
    pub tete: usize,
    /// Zones that they are chosen among.
    pub candidates: usize,
}

/// What a figure is, in the column beside it.
#[derive(Debug, Clone, Deserialize)]
pub struct Statut {
    pub code: String,
    pub libelle: String,
}

/// Where figures of a domain come from, and what one may do with them.
#[derive(Debug, Clone, Deserialize)]
pub struct Droit {
    /// `parc`, `parc_restreint` or `occupation`.
    pub domaine: String,
    pub source: String,
    /// The licence in a few words, and by its code (SPDX, or `LicenseRef-…` where SPDX has none).
    pub nom: String,
    pub code: String,
    /// Where its text is; empty for conventions, which are each organisation's own.
    pub adresse: String,
    pub licence: String,
    /// The same on a paper that anyone may have; empty if nothing else is to be said there.
    #[serde(default)]
    pub publique: String,
}

/// The file.
#[derive(Debug, Clone, Deserialize)]
pub struct Publication {
    pub fichier: FileBounds,
    pub tuiles: Tiles,
    pub secret: Secret,
    pub ogc: Pages,
    #[serde(rename = "statut")]
    pub statuts: Vec<Statut>,
    #[serde(rename = "droit")]
    pub droits: Vec<Droit>,
}

pub(super) static DATA: Held<Publication> =
    Held::new(&[(FILE, include_str!("../../../data/publication.toml"))], |t| parse(FILE, t[0]));

/// What the file says.
///
/// # Panics
/// If the compiled-in file is wrong, which a test excludes.
#[must_use]
pub fn publication() -> &'static Publication {
    DATA.known()
}

impl Publication {
    /// What follows the columns of a domain; that of the survey, the narrowest, for a domain that is not
    /// there.
    #[must_use]
    pub fn droit(&self, domaine: &str) -> &Droit {
        self.droits.iter().find(|d| d.domaine == domaine).unwrap_or(&self.droits[self.droits.len() - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_reads_and_names_each_domain() {
        let p = publication();
        assert!(p.ogc.page <= p.ogc.page_suivante && p.ogc.page_suivante <= p.ogc.page_max);
        assert!(p.ogc.tete <= p.ogc.candidates);
        let domains: Vec<&str> = p.droits.iter().map(|d| d.domaine.as_str()).collect();
        assert_eq!(domains, ["parc", "parc_restreint", "occupation"]);
    }
}
