//! `data/fonds.toml`: base maps that an administration may add to the offline one, and those that it writes
//! itself.

use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ReferenceError, parse};

/// Un fond de carte : tuiles XYZ, ou un fichier PMTiles d'images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Fond)]
pub struct Basemap {
    pub id: String,
    pub nom: String,
    /// Adresse des tuiles, avec {z}, {x} et {y}, ou d'un fichier .pmtiles.
    pub url: String,
    pub attribution: String,
    pub zoom_max: u8,
}

#[derive(Deserialize)]
struct BasemapsFile {
    fond: Vec<Basemap>,
}

static KNOWN: LazyLock<Result<Vec<Basemap>, ReferenceError>> = LazyLock::new(|| {
    parse::<BasemapsFile>("fonds.toml", include_str!("../../../data/fonds.toml")).map(|f| f.fond)
});

/// Deepest zoom of tiles of which nothing else is known.
const ZOOM_MAX: u8 = 19;

/// A site as `https://host[:port]`, checked so that it can stand in a header.
///
/// # Errors
/// It is something else; the message says what is expected.
pub fn origin(text: &str) -> Result<String, String> {
    let fault =
        || format!("« {text} » n'est pas une adresse de site : écrivez https://nom ou https://nom:port");
    let (scheme, rest) = text.split_once("://").ok_or_else(fault)?;
    let host = rest.strip_suffix('/').unwrap_or(rest);
    let plain = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c));
    if matches!(scheme, "http" | "https") && plain { Ok(format!("{scheme}://{host}")) } else { Err(fault()) }
}

impl Basemap {
    /// The site that the tiles come from.
    ///
    /// # Errors
    /// The address is none.
    pub fn origin(&self) -> Result<String, String> {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("", &self.url));
        origin(&format!("{scheme}://{}", rest.split(['/', '?']).next().unwrap_or("")))
    }
}

impl FromStr for Basemap {
    type Err = String;

    /// An id of `data/fonds.toml`, `Nom=https://…/{z}/{x}/{y}.png` or `Nom=https://…/fond.pmtiles`.
    fn from_str(text: &str) -> Result<Self, String> {
        let known = KNOWN.as_ref().map_err(ToString::to_string)?;
        let Some((nom, url)) = text.split_once('=') else {
            return known.iter().find(|f| f.id == text).cloned().ok_or_else(|| {
                let ids: Vec<&str> = known.iter().map(|f| f.id.as_str()).collect();
                format!("fond inconnu : {} ; ou écrivez Nom=https://…/{{z}}/{{x}}/{{y}}.png", ids.join(", "))
            });
        };
        let archive = url.split('?').next().is_some_and(|path| path.ends_with(".pmtiles"));
        if !archive && ["{z}", "{x}", "{y}"].iter().any(|part| !url.contains(part)) {
            return Err("l'adresse d'un fond contient {z}, {x} et {y}, ou finit par .pmtiles".to_owned());
        }
        let fond = Self {
            id: nom.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect(),
            nom: nom.trim().to_owned(),
            url: url.to_owned(),
            attribution: nom.trim().to_owned(),
            zoom_max: ZOOM_MAX,
        };
        fond.origin()?;
        Ok(fond)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_base_maps_have_an_origin_and_tiles() {
        for id in ["ign-plan", "ign-photo"] {
            let fond: Basemap = id.parse().unwrap();
            assert_eq!(fond.origin().unwrap(), "https://data.geopf.fr");
            assert!(fond.url.contains("{z}") && fond.url.contains("{x}") && fond.url.contains("{y}"));
        }
    }

    #[test]
    fn a_base_map_of_ones_own_is_a_name_and_an_address() {
        let fond: Basemap = "Plan interne=http://tuiles.local:9000/a/{z}/{x}/{y}.png".parse().unwrap();
        assert_eq!(
            (fond.nom.as_str(), fond.origin().unwrap().as_str()),
            ("Plan interne", "http://tuiles.local:9000")
        );
        let file: Basemap = "Ortho=https://tuiles.local/ortho.pmtiles".parse().unwrap();
        assert_eq!(file.origin().unwrap(), "https://tuiles.local");
        for wrong in [
            "inconnu",
            "a=https://x/{z}/{x}",
            "a=https://x/.pmtiles/y",
            "a=ftp://x/{z}/{x}/{y}",
            "a=https://x; script-src *//{z}/{x}/{y}",
        ] {
            assert!(wrong.parse::<Basemap>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_origin_cannot_carry_another_directive() {
        assert_eq!(origin("https://intranet.exemple.fr/").unwrap(), "https://intranet.exemple.fr");
        for wrong in [
            "*",
            "intranet.exemple.fr",
            "https://a b",
            "https://a;b",
            "javascript://x",
            "https://",
            "https://a/chemin",
        ] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }
}
