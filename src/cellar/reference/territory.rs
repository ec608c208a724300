//! `data/territory.toml`: coordinate systems, territories, cells, bands, attribute names of zone layers.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{ReferenceError, parse};

const FILE: &str = "territory.toml";
const TEXT: &str = include_str!("../../../data/territory.toml");

/// A coordinate system that the program converts exactly.
#[derive(Debug, Clone, Deserialize)]
pub struct Crs {
    pub epsg: u16,
    pub nom: String,
    /// PROJ string of the projection, without pipeline.
    pub proj: String,
    /// `[xmin, ymin, xmax, ymax]` in its own units.
    pub domaine: [f64; 4],
    /// Names in `.prj` files, in capitals, letters and digits only.
    #[serde(default)]
    pub motifs: Vec<String>,
}

impl Crs {
    /// True if its coordinates are degrees.
    #[must_use]
    pub fn is_geographic(&self) -> bool {
        self.proj.starts_with("+proj=longlat")
    }
}

/// A coordinate system that is known by name and refused, for its conversion needs a grid.
#[derive(Debug, Clone, Deserialize)]
pub struct RefusedCrs {
    pub epsg: u16,
    pub nom: String,
    #[serde(default)]
    pub motifs: Vec<String>,
}

/// A part of France with its legal coordinate system.
#[derive(Debug, Clone, Deserialize)]
pub struct Territoire {
    pub id: String,
    pub nom: String,
    /// Empty for metropolitan France, which holds every département that no other line names.
    pub departements: Vec<String>,
    pub epsg: u16,
    /// Coordinate system of its cells.
    pub carreau: u16,
    /// `[west, south, east, north]` in degrees.
    pub emprise: [f64; 4],
}

#[derive(Debug, Clone, Deserialize)]
pub struct Carreaux {
    pub taille_m: u32,
}

#[derive(Debug, Clone, Deserialize)]
pub struct H3 {
    pub resolutions: Vec<u8>,
}

/// Distances that matter around a QPV.
#[derive(Debug, Clone, Deserialize)]
pub struct Qpv {
    /// Metres, growing.
    pub bandes_m: Vec<f64>,
    pub incertain_m: f64,
}

/// How users name the attributes of one kind of zones.
#[derive(Debug, Clone, Deserialize)]
pub struct Couche {
    /// `*` stands for any layer that has no line of its own.
    pub id: String,
    pub libelle: String,
    pub code: Vec<String>,
    #[serde(default)]
    pub code_partiel: Vec<String>,
    pub nom: Vec<String>,
    #[serde(default)]
    pub commune: Vec<String>,
    #[serde(default)]
    pub epci: Vec<String>,
    #[serde(default)]
    pub departement: Vec<String>,
    pub code_longueur: Option<usize>,
    /// The first characters of the code that are the commune.
    pub commune_du_code: Option<usize>,
    #[serde(default)]
    pub code_formes: Vec<String>,
    /// A column whose name has one of these may be the layer's though its name is not listed.
    #[serde(default)]
    pub motifs: Vec<String>,
}

impl Couche {
    /// True if the code has one of the expected forms, or if none is expected.
    #[must_use]
    pub fn code_is_usual(&self, code: &str) -> bool {
        self.code_formes.is_empty() || self.code_formes.iter().any(|f| has_form(code, f))
    }
}

/// `#` a digit, `@` a digit, `A` or `B`, any other character itself.
fn has_form(code: &str, form: &str) -> bool {
    code.chars().count() == form.chars().count()
        && code.chars().zip(form.chars()).all(|(c, f)| match f {
            '#' => c.is_ascii_digit(),
            '@' => c.is_ascii_digit() || c == 'A' || c == 'B',
            f => c == f,
        })
}

/// Column names of an EPCI membership file.
#[derive(Debug, Clone, Deserialize)]
pub struct Appartenance {
    pub commune: Vec<String>,
    pub epci: Vec<String>,
    pub nom: Vec<String>,
    /// Year of a line, in a file of several.
    pub annee: Vec<String>,
    pub nature: Vec<String>,
    /// Natures that an EPCI à fiscalité propre has.
    pub natures: Vec<String>,
    /// How natures of other groupements begin.
    pub autres_natures: Vec<String>,
    /// How the SIREN of an EPCI à fiscalité propre begins.
    pub siren_epci: Vec<String>,
    /// How the SIREN of a syndicat begins.
    pub siren_syndicats: String,
    /// How the SIREN of a commune begins.
    pub siren_communes: String,
    /// Codes that stand for « no EPCI ».
    pub sans_epci: Vec<String>,
}

/// A finding of the zones register.
#[derive(Debug, Clone, Deserialize)]
pub struct Regle {
    pub id: String,
    /// `rejet` or `drapeau`.
    pub niveau: String,
    pub libelle: String,
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
pub struct TerritoryData {
    pub crs: Vec<Crs>,
    pub crs_refuse: Vec<RefusedCrs>,
    pub territoire: Vec<Territoire>,
    pub carreaux: Carreaux,
    pub h3: H3,
    pub qpv: Qpv,
    pub couche: Vec<Couche>,
    pub appartenance: Appartenance,
    pub regle: Vec<Regle>,
}

impl TerritoryData {
    #[must_use]
    pub fn crs(&self, epsg: u16) -> Option<&Crs> {
        self.crs.iter().find(|c| c.epsg == epsg)
    }

    /// The territory of a commune or département code; metropolitan France if no line names it.
    #[must_use]
    pub fn of_depcom(&self, depcom: &str) -> &Territoire {
        let dep = depcom.get(..3).unwrap_or("");
        self.territoire
            .iter()
            .find(|t| t.departements.iter().any(|d| d == dep))
            .unwrap_or(&self.territoire[0])
    }

    /// The territory whose box holds this point, in degrees.
    #[must_use]
    pub fn at(&self, lon: f64, lat: f64) -> Option<&Territoire> {
        self.territoire.iter().find(|t| {
            let [w, s, e, n] = t.emprise;
            lon >= w && lon <= e && lat >= s && lat <= n
        })
    }

    /// The attribute names of a layer, `*` if it has none of its own. `qpv2015`, `qpv2024` are `qpv`.
    #[must_use]
    pub fn couche(&self, id: &str) -> &Couche {
        let stem = id.trim_end_matches(|c: char| c.is_ascii_digit());
        let find = |id: &str| self.couche.iter().find(|c| c.id == id);
        // `check` proves that the last line is `*`.
        find(id).or_else(|| find(stem)).unwrap_or(&self.couche[self.couche.len() - 1])
    }
}

fn check(data: &TerritoryData) -> Result<(), String> {
    if data.territoire.first().is_none_or(|t| !t.departements.is_empty()) {
        return Err("the first [[territoire]] must be metropolitan France".to_owned());
    }
    if data.couche.last().is_none_or(|c| c.id != "*") {
        return Err("the last [[couche]] must be \"*\"".to_owned());
    }
    for t in &data.territoire {
        for epsg in [t.epsg, t.carreau] {
            if data.crs(epsg).is_none_or(Crs::is_geographic) {
                return Err(format!("territoire {}: {epsg} is not a projected [[crs]]", t.id));
            }
        }
    }
    if data.regle.iter().any(|r| r.niveau != "rejet" && r.niveau != "drapeau") {
        return Err("a [[regle]] is \"rejet\" or \"drapeau\"".to_owned());
    }
    let mut seen = std::collections::BTreeSet::new();
    for epsg in data.crs.iter().map(|c| c.epsg).chain(data.crs_refuse.iter().map(|c| c.epsg)) {
        if !seen.insert(epsg) {
            return Err(format!("crs {epsg} stands twice"));
        }
    }
    if data.carreaux.taille_m == 0 || data.h3.resolutions.iter().any(|r| *r > 15) {
        return Err("size of cells or H3 resolution out of range".to_owned());
    }
    if data.qpv.bandes_m.is_empty() || !data.qpv.bandes_m.is_sorted() {
        return Err("qpv.bandes_m must grow".to_owned());
    }
    Ok(())
}

/// Reads and checks the file.
///
/// # Errors
/// The file breaks one of its own rules.
pub fn load() -> Result<TerritoryData, ReferenceError> {
    let data: TerritoryData = parse(FILE, TEXT)?;
    check(&data).map_err(|message| ReferenceError { file: FILE, message })?;
    Ok(data)
}

static DATA: LazyLock<TerritoryData> = LazyLock::new(|| match load() {
    Ok(data) => data,
    // The file is compiled in and a test loads it: a fault here is a fault of the program.
    Err(e) => panic!("{e}"),
});

/// The file, read once.
///
/// # Panics
/// If the compiled-in file is wrong, which a test excludes.
#[must_use]
pub fn territory() -> &'static TerritoryData {
    &DATA
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_keeps_its_own_rules() {
        load().unwrap();
    }

    #[test]
    fn codes_of_both_generations_are_usual_and_others_are_not() {
        let qpv = territory().couche("qpv2024");
        assert_eq!(qpv.id, "qpv");
        for code in ["QP073001", "QP02A001", "QN07301M", "QN97414I"] {
            assert!(qpv.code_is_usual(code), "{code}");
        }
        for code in ["QP73001", "QN07301X", "ZUS12345", "QN073001"] {
            assert!(!qpv.code_is_usual(code), "{code}");
        }
        assert!(territory().couche("projet").code_is_usual("anything"));
    }
}
