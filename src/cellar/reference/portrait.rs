//! `data/portrait.toml`: what the portrait of a territory is made of.

use serde::Deserialize;

use super::parse;
use super::reglages::held::Held;

const FILE: &str = "portrait.toml";

/// A class of resources and the indicator of its share.
#[derive(Debug, Clone, Deserialize)]
pub struct Resource {
    pub indicateur: String,
    pub libelle: String,
}

/// A table of what the stock is made of.
#[derive(Debug, Clone, Deserialize)]
pub struct Stock {
    pub titre: String,
    pub indicateurs: Vec<String>,
}

/// Scales of the maps of a scale's zones, the finest first.
#[derive(Debug, Clone, Deserialize)]
pub struct Scales {
    /// `*`: any other.
    pub zone: String,
    pub logements: Vec<String>,
    pub menages: Vec<String>,
}

/// Maps.
#[derive(Debug, Clone, Deserialize)]
pub struct Maps {
    /// Part of the zones of a map that must have a figure.
    pub part_min: f64,
    pub echelles: Vec<Scales>,
}

/// The file.
#[derive(Debug, Clone, Deserialize)]
pub struct PortraitData {
    pub version: String,
    pub cles: Vec<String>,
    pub qpv: Vec<String>,
    pub evolution: Vec<String>,
    pub residences: Vec<String>,
    pub residences_max: usize,
    /// Indicator and the scale whose zones all have it.
    pub par_definition: Vec<(String, String)>,
    pub ecart_min: f64,
    pub ecarts_max: usize,
    pub zones_max: usize,
    pub ressources: Vec<Resource>,
    pub parc: Vec<Stock>,
    pub cartes: Maps,
}

pub(super) static DATA: Held<PortraitData> =
    Held::new(&[(FILE, include_str!("../../../data/portrait.toml"))], |t| parse(FILE, t[0]));

/// What the file says.
///
/// # Panics
/// If the compiled-in file is wrong, which a test excludes.
#[must_use]
pub fn portrait() -> &'static PortraitData {
    DATA.known()
}

impl PortraitData {
    /// Every indicator that a portrait has, each once.
    #[must_use]
    pub fn indicateurs(&self) -> Vec<String> {
        let lists = [&self.cles, &self.qpv, &self.evolution].into_iter().flatten();
        let resources = self.ressources.iter().map(|r| &r.indicateur);
        let stock = self.parc.iter().flat_map(|p| &p.indicateurs);
        let mut out: Vec<String> = Vec::new();
        for id in lists.chain(resources).chain(stock) {
            if !out.contains(id) {
                out.push(id.clone());
            }
        }
        out
    }

    /// Whether a figure tells something of a zone of a scale.
    #[must_use]
    pub fn tells(&self, indicator: &str, scale: &str) -> bool {
        !self.par_definition.iter().any(|(id, s)| id == indicator && s == scale)
    }

    /// Scales of the maps of a zone; None for one that is drawn.
    #[must_use]
    pub fn scales(&self, zone: Option<&str>) -> &Scales {
        let all = &self.cartes.echelles;
        // A test proves that the last is `*`.
        all.iter().find(|s| Some(s.zone.as_str()) == zone).unwrap_or(&all[all.len() - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::indicators::Catalogue;

    #[test]
    fn each_figure_exists_and_the_last_scales_are_those_of_any_zone() {
        let (data, catalogue) = (portrait(), Catalogue::embedded().unwrap());
        for id in data.indicateurs().iter().chain(&data.residences) {
            assert!(catalogue.indicator(id).is_some(), "{id}");
        }
        assert_eq!(data.cartes.echelles.last().map(|s| s.zone.as_str()), Some("*"));
    }

    /// One truth: what the page shows is what the paper shows.
    #[test]
    fn the_page_has_the_same_figures() {
        let read = |name: &str| {
            std::fs::read_to_string(format!("{}/../../web/src/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
        };
        let (page, income) = (read("pages/portrait/load.ts"), read("lib/income.ts"));
        let data = portrait();
        for (name, list) in [
            ("KEY_INDICATORS", &data.cles),
            ("SPLIT_INDICATORS", &data.qpv),
            ("TREND_INDICATORS", &data.evolution),
            ("RESIDENCE_INDICATORS", &data.residences),
        ] {
            let list: Vec<String> = list.iter().map(|id| format!("'{id}'")).collect();
            let line = format!("export const {name} = [{}];", list.join(", "));
            assert!(page.contains(&line), "{line}");
        }
        assert!(page.contains(&format!("const RESIDENCES = {};", data.residences_max)));
        assert!(data.ressources.iter().all(|r| income.contains(&format!("'{}'", r.indicateur))));
    }
}
