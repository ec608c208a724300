//! Which columns hold the code, the name and the parents of a zone, and what their values mean.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use super::error::{FinerLayer, ZonesError};
use super::raw::{RawFeature, RawLayer};
use crate::reference::territory::{Couche, territory};
use crate::reference::zonage::limits;
use crate::registers::fields;
use crate::registers::text::encoding::{composed, repair_double};

/// Columns that a message names, and letters of each.
const TOLD: usize = 40;
const TOLD_LETTERS: usize = 40;
/// How columns of names begin.
const NAMES: [&str; 7] = ["NOM", "LIB", "NAME", "INTITULE", "DENOM", "LABEL", "APPELLATION"];

/// Places of the columns that a layer uses.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    pub code: Option<usize>,
    /// Only the end of the code, to be joined to the commune.
    pub code_partiel: Option<usize>,
    pub nom: Option<usize>,
    pub commune: Option<usize>,
    pub epci: Option<usize>,
    pub departement: Option<usize>,
}

/// What one feature says of itself, cleaned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    pub code: String,
    pub nom: String,
    pub commune: Option<String>,
    pub epci: Option<String>,
    pub departement: Option<String>,
    /// Leading zeros were put back.
    pub padded: bool,
    /// It has no code where others have one: it is named by its rank.
    pub unnamed: bool,
}

/// Letters and digits in capitals, without accents: `Code-Insee` = `code_insee`.
#[must_use]
pub fn key(name: &str) -> String {
    name.nfd().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// The name of a column without what web services put before it: `ms:code_qp`, `qpv.code_qp`.
pub fn bare(name: &str) -> &str {
    name.rsplit([':', '.']).next().filter(|n| !n.is_empty()).unwrap_or(name)
}

/// Signs that a DBF keeps of a name.
pub const DBF_NAME: usize = 10;

/// Whether a name may be the beginning of a longer one.
fn cut(layer: &RawLayer, column: usize) -> bool {
    layer.format == "Shapefile" && layer.columns[column].len() == DBF_NAME
}

/// Finds the columns by the names of `data/territory.toml`; a column without any value does not count. Of
/// several that could have the codes, the one that has codes; a name is no code.
///
/// # Errors
/// A layer of known kind has no column of codes.
pub fn columns(file: &str, couche: &Couche, layer: &RawLayer) -> Result<Columns, ZonesError> {
    let keys: Vec<String> = layer.columns.iter().map(|c| key(bare(c))).collect();
    let filled = |i: usize| layer.features.iter().any(|f| !f.value(i).is_empty());
    let all = |aliases: &[String]| -> Vec<usize> {
        let at = |alias: &String| {
            let alias = key(alias);
            let whole = keys.iter().position(|k| *k == alias);
            whole.or_else(|| (0..keys.len()).find(|i| cut(layer, *i) && alias.starts_with(&keys[*i])))
        };
        aliases.iter().filter_map(at).filter(|i| filled(*i)).collect()
    };
    let find = |aliases: &[String]| all(aliases).first().copied();
    let formed = !couche.code_formes.is_empty();
    let usual = |f: &RawFeature, i: usize| couche.code_is_usual(&whole(f.value(i)).to_uppercase());
    let some_codes = |i: &usize| !formed || layer.features.iter().any(|f| usual(f, *i));
    let only_codes =
        |i: &usize| formed && layer.features.iter().all(|f| f.value(*i).is_empty() || usual(f, *i));
    let named = all(&couche.code);
    let alike = |i: &usize| couche.motifs.iter().any(|m| keys[*i].contains(m.as_str()));
    let code = named
        .iter()
        .copied()
        .find(some_codes)
        .or_else(|| (0..keys.len()).filter(alike).find(|i| filled(*i) && only_codes(i)));
    let is_name = |i: &usize| NAMES.iter().any(|n| keys[*i].starts_with(n));
    let nom = all(&couche.nom).into_iter().find(|i| !only_codes(i)).or_else(|| {
        let other = |i: &usize| Some(*i) != code && is_name(i) && filled(*i) && !only_codes(i);
        (0..keys.len()).filter(alike).find(other)
    });
    let found = Columns {
        code: code.or_else(|| named.first().copied()),
        code_partiel: find(&couche.code_partiel),
        nom,
        commune: find(&couche.commune),
        epci: find(&couche.epci),
        departement: find(&couche.departement),
    };
    let enough = found.code.is_some() || (found.code_partiel.is_some() && found.commune.is_some());
    if enough || couche.id == "*" {
        return Ok(found);
    }
    Err(ZonesError::NoCode {
        file: file.to_owned(),
        couche: couche.libelle.clone(),
        expected: couche.code.iter().chain(&couche.code_partiel).cloned().collect::<Vec<_>>().join(", "),
        columns: names(&layer.columns),
    })
}

/// Names of columns as a message tells them: the first ones, of those that have one.
pub fn names(columns: &[String]) -> String {
    let named: Vec<&str> = columns.iter().map(String::as_str).filter(|c| !c.is_empty()).collect();
    let more = if named.len() > TOLD { "…" } else { "" };
    let cut = |c: &&str| c.chars().take(TOLD_LETTERS).collect::<String>();
    named.iter().take(TOLD).map(cut).collect::<Vec<_>>().join(", ") + more
}

/// Reads one feature. The code is empty if the feature has none.
#[must_use]
pub fn read(couche: &Couche, columns: &Columns, feature: &RawFeature) -> Attributes {
    let cell = |column: Option<usize>| column.map(|i| whole(feature.value(i))).filter(|v| !v.is_empty());
    // ADMIN EXPRESS writes NR for islands that are in no EPCI, and two SIREN in Paris.
    let none = &territory().appartenance.sans_epci;
    let parent = |column: Option<usize>| cell(column).filter(|v| !none.contains(v));
    let mut padded = false;
    let mut pad = |value: String, length: Option<usize>| {
        let digits = value.chars().all(|c| c.is_ascii_digit()) || value.ends_with(['A', 'B']);
        match length {
            // A number loses one zero: no code begins with two. « 73065 » is a commune, not an IRIS.
            Some(n) if value.len() + 1 == n && digits => {
                padded = true;
                format!("{value:0>n$}")
            }
            _ => value,
        }
    };
    // « 06029,06030 »: a QPV may span several communes; the first is kept for the label, never for
    // membership.
    let first = |v: String| v.split([',', ';', '|', '/']).next().unwrap_or_default().trim().to_owned();
    let commune = parent(columns.commune).map(first).map(|v| pad(v, Some(5)));
    let code = match (cell(columns.code), cell(columns.code_partiel)) {
        (Some(code), _) => pad(code, couche.code_longueur),
        (None, Some(part)) => commune.as_ref().map(|c| format!("{c}{part:0>4}")).unwrap_or_default(),
        // A rank may be the code of another.
        (None, None) if couche.id == "*" && columns.code.is_some() => format!("sans-code-{}", feature.number),
        (None, None) if couche.id == "*" => feature.id.clone().unwrap_or_else(|| feature.number.to_string()),
        (None, None) => String::new(),
    };
    let unnamed = couche.id == "*" && columns.code.is_some() && cell(columns.code).is_none();
    let code = if couche.id == "*" { code } else { mended(&couche.id, code.to_uppercase()) };
    let commune = match couche.commune_du_code {
        Some(n) => code.get(..n).map(str::to_owned),
        None => commune,
    };
    let departement =
        parent(columns.departement).map(|v| pad(first(v), Some(2))).or_else(|| match couche.id.as_str() {
            "commune" => departement_of(&code),
            "qpv" => departement_of_qpv(&code).or_else(|| commune.as_deref().and_then(departement_of)),
            "departement" => None,
            _ => commune.as_deref().and_then(departement_of),
        });
    let nom = cell(columns.nom).unwrap_or_else(|| code.clone());
    let nom = nom.chars().take(limits().nom_max).collect();
    let siren =
        |v: String| fields::siren(v.as_bytes()).ok().map(|s| String::from_utf8_lossy(&s.digits).into());
    let epci = parent(columns.epci).map(first).and_then(siren);
    Attributes { code, nom, commune, epci, departement, padded, unnamed }
}

/// A code without what people and tools write in it: `200 099 018` or a SIRET, `01901 0101`,
/// `QN00191M - Les Peupliers`; what is none stays as it is.
fn mended(couche: &str, code: String) -> String {
    let bare: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let head = |n: usize| bare.get(..n).filter(|h| h.bytes().all(|b| b.is_ascii_alphanumeric()));
    let mended = match couche {
        "epci" => fields::siren(code.as_bytes()).ok().map(|s| String::from_utf8_lossy(&s.digits).into()),
        "qpv" => head(8)
            .filter(|h| h.starts_with("QP") || h.starts_with("QN"))
            .filter(|_| !bare[8..].starts_with(|c: char| c.is_alphanumeric()))
            .map(str::to_owned),
        "iris" => head(9)
            .filter(|h| bare.len() == 9 && h[2..].bytes().all(|b| b.is_ascii_digit()))
            .map(str::to_owned),
        _ => None,
    };
    mended.unwrap_or(code)
}

/// A value without the `.0` that spreadsheets and float columns leave behind whole numbers, its accents
/// inside its letters.
fn whole(value: &str) -> String {
    let once = repair_double(value);
    let value = once.as_deref().unwrap_or(value);
    let composed = composed(value);
    let value = composed.as_deref().unwrap_or(value).trim();
    match value.split_once('.') {
        Some((n, zeros))
            if !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()) && zeros.chars().all(|c| c == '0') =>
        {
            n.to_owned()
        }
        _ => value.to_owned(),
    }
}

/// `73065` → `73`, `2A004` → `2A`, `97411` → `974`.
#[must_use]
pub fn departement_of(commune: &str) -> Option<String> {
    let long = commune.starts_with("97") || commune.starts_with("98");
    (commune.len() == 5).then(|| commune.get(..if long { 3 } else { 2 }).map(str::to_owned))?
}

/// `QP073001` → `73`, `QN02A01M` → `2A`, `QN97414I` → `974`.
fn departement_of_qpv(code: &str) -> Option<String> {
    let three = code.strip_prefix("QP").or_else(|| code.strip_prefix("QN"))?.get(..3)?;
    Some(three.strip_prefix('0').unwrap_or(three).to_owned())
}

/// The layer whose codes these are, if none is usual for the one that was asked.
#[must_use]
pub fn other_layer<'a>(couche: &Couche, codes: &[&str]) -> Option<&'a Couche> {
    if couche.id == "*" || codes.is_empty() || codes.iter().any(|c| couche.code_is_usual(c)) {
        return None;
    }
    let others = &territory().couche;
    others.iter().find(|other| !other.code_formes.is_empty() && codes.iter().all(|c| other.code_is_usual(c)))
}

/// Refuses the features of a finer layer, which the code that was asked for would unite: IRIS given as
/// communes, communes given as EPCI.
///
/// # Errors
/// A column of the file has the codes of another layer, more of them than the layer asked for has.
pub fn not_finer(file: &str, couche: &Couche, layer: &RawLayer) -> Result<(), ZonesError> {
    let found = columns(file, couche, layer)?;
    let (Some(own), false) = (found.code, couche.id == "*") else { return Ok(()) };
    let values = |i: usize| layer.features.iter().map(move |f| whole(f.value(i)));
    let codes: BTreeSet<String> = values(own).collect();
    if codes.len() == layer.features.len() {
        return Ok(());
    }
    for other in territory().couche.iter().filter(|c| c.id != couche.id && !c.code_formes.is_empty()) {
        let named = |list: &[String], i: usize| list.iter().any(|a| key(a) == key(&layer.columns[i]));
        for i in (0..layer.columns.len()).filter(|i| *i != own) {
            let finer: BTreeSet<String> = if named(&other.code, i) {
                let usual = |v: &String| other.code_is_usual(v);
                values(i).filter(|v| !v.is_empty()).filter(usual).collect()
            } else if named(&other.code_partiel, i) {
                values(own).zip(values(i)).filter(|(_, part)| !part.is_empty()).map(|(c, p)| c + &p).collect()
            } else {
                continue;
            };
            // Values of columns that the layer does not use are not kept: the name of the column tells.
            let unread = layer.features.iter().all(|f| f.value(i).is_empty());
            if finer.len() > codes.len() || unread {
                return Err(ZonesError::FinerLayer(Box::new(FinerLayer {
                    file: file.to_owned(),
                    couche: couche.libelle.clone(),
                    looks_like: other.libelle.clone(),
                    own: layer.columns[own].clone(),
                    column: layer.columns[i].clone(),
                    example: finer.first().map_or_else(String::new, |c| format!(" (par exemple « {c} »)")),
                    features: layer.features.len(),
                    zones: codes.len(),
                })));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::MultiPolygon;

    fn layer(columns: &[&str], values: &[&str]) -> RawLayer {
        RawLayer {
            name: "essai".to_owned(),
            format: "GeoJSON",
            encoding: "UTF-8".to_owned(),
            declared: super::super::raw::Declared::Nothing,
            columns: columns.iter().map(|c| (*c).to_owned()).collect(),
            features: vec![RawFeature {
                number: 1,
                id: None,
                values: values.iter().map(|v| (*v).to_owned()).enumerate().collect(),
                area: Ok(MultiPolygon(vec![])),
            }],
            remarks: Vec::new(),
            outer_clockwise: false,
        }
    }

    fn read_one(couche: &str, names: &[&str], values: &[&str]) -> Attributes {
        let couche = territory().couche(couche);
        let layer = layer(names, values);
        let found = columns("essai", couche, &layer).unwrap();
        read(couche, &found, &layer.features[0])
    }

    #[test]
    fn lost_zeros_come_back_and_parents_are_deduced() {
        let a = read_one("commune", &["Code_Insee", "nom"], &["6029", "Cannes"]);
        assert_eq!((a.code.as_str(), a.departement.as_deref(), a.padded), ("06029", Some("06"), true));
        let a = read_one("commune", &["DEPCOM"], &["1004.0"]);
        assert_eq!((a.code.as_str(), a.nom.as_str()), ("01004", "01004"));
        let a = read_one("iris", &["DCOMIRIS", "LIBIRIS"], &["60290101", "Centre"]);
        assert_eq!(
            (a.code.as_str(), a.commune.as_deref(), a.departement.as_deref()),
            ("060290101", Some("06029"), Some("06"))
        );
        let a = read_one("iris", &["INSEE_COM", "IRIS"], &["73065", "101"]);
        assert_eq!(a.code, "730650101");
        let a = read_one("departement", &["dep"], &["1"]);
        assert_eq!(a.code, "01");
        let a = read_one("iris", &["CODE"], &["73065"]);
        assert_eq!((a.code.as_str(), a.padded), ("73065", false));
        let a = read_one("commune", &["insee"], &["2A004"]);
        assert_eq!((a.code.as_str(), a.departement.as_deref()), ("2A004", Some("2A")));
    }

    #[test]
    fn codes_are_mended_as_tables_mend_them() {
        for (couche, written, code) in [
            ("epci", "200 067 106", "200067106"),
            ("epci", "20006710600012", "200067106"),
            ("iris", "73065 0101", "730650101"),
            ("qpv", "QN 07301M", "QN07301M"),
            ("qpv", "QN07301M - Les Hauts", "QN07301M"),
            ("qpv", "QN07301MX", "QN07301MX"),
        ] {
            let name = if couche == "epci" { "siren_epci" } else { "code" };
            assert_eq!(read_one(couche, &[name, "nom"], &[written, "x"]).code, code, "{written}");
        }
    }

    #[test]
    fn names_of_both_generations_of_qpv_are_understood() {
        let a = read_one("qpv2015", &["CODE_QP", "NOM_QP", "COMMUNE_QP"], &["QP066007", "Bas-Vernet", "x"]);
        assert_eq!((a.code.as_str(), a.departement.as_deref()), ("QP066007", Some("66")));
        let a =
            read_one("qpv2024", &["code_qp", "lib_qp", "insee_com"], &["QN00603M", "Ranguin", "06029,06030"]);
        assert_eq!((a.commune.as_deref(), a.departement.as_deref()), (Some("06029"), Some("06")));
        assert_eq!(departement_of_qpv("QN97414I").as_deref(), Some("974"));
        assert_eq!(departement_of_qpv("QP02A001").as_deref(), Some("2A"));
    }

    #[test]
    fn a_column_is_known_by_its_values_where_its_name_is_another() {
        for names in [
            ["CODE_QPV_2024", "NOM_QPV_2024", "gid"],
            ["Code du quartier prioritaire", "Nom du quartier prioritaire", "gid"],
            ["num_qp", "Nom du quartier", "code"],
            ["code_quartier", "quartier_prioritaire", "x"],
        ] {
            let a = read_one("qpv2024", &names, &["QN07301M", "Les Hauts", "7"]);
            assert_eq!((a.code.as_str(), a.nom.as_str()), ("QN07301M", "Les Hauts"), "{names:?}");
        }
        // The column that is called a name has the code.
        let a = read_one("qpv2024", &["QUARTIER_PRIORITAIRE", "NOM"], &["QN07301M", "Les Hauts"]);
        assert_eq!((a.code.as_str(), a.nom.as_str()), ("QN07301M", "Les Hauts"));
        let a = read_one("iris", &["IRIS_2024", "NOM_DE_L_IRIS"], &["730650101", "Centre"]);
        assert_eq!((a.code.as_str(), a.nom.as_str()), ("730650101", "Centre"));
    }

    #[test]
    fn a_layer_of_another_kind_gives_itself_away() {
        let qpv = territory().couche("qpv");
        assert_eq!(other_layer(qpv, &["06029", "2A004"]).map(|c| c.id.as_str()), Some("commune"));
        assert!(other_layer(qpv, &["QP006003", "x"]).is_none());
        assert!(other_layer(qpv, &["ZZ1"]).is_none());
    }

    /// Three IRIS in two communes, then three communes in two EPCI; two islands of one commune are no finer
    /// layer.
    #[test]
    fn features_of_a_finer_layer_are_not_united_unasked() {
        let rows = |names: &[&str], rows: &[[&str; 3]]| {
            let mut all = layer(names, &rows[0]);
            let feature = |values: &[&str; 3]| RawFeature {
                values: values.iter().map(|v| (*v).to_owned()).enumerate().collect(),
                ..all.features[0].clone()
            };
            all.features = rows.iter().map(feature).collect();
            all
        };
        let refused =
            |couche: &str, layer: &RawLayer| not_finer("f", territory().couche(couche), layer).is_err();
        let iris = rows(
            &["INSEE_COM", "CODE_IRIS", "NOM"],
            &[["73001", "730010101", "a"], ["73001", "730010102", "b"], ["73002", "730020000", "c"]],
        );
        assert!(refused("commune", &iris) && !refused("iris", &iris));
        let short = rows(
            &["INSEE_COM", "IRIS", "NOM"],
            &[["73001", "0101", "a"], ["73001", "0102", "b"], ["73002", "0000", "c"]],
        );
        assert!(refused("commune", &short));
        let communes = rows(
            &["EPCI", "INSEE_COM", "NOM"],
            &[["200000001", "73001", "a"], ["200000001", "73002", "b"], ["200000002", "73003", "c"]],
        );
        assert!(refused("epci", &communes) && !refused("commune", &communes));
        let islands = rows(
            &["INSEE_COM", "ID", "NOM"],
            &[["29155", "PART-1", "Ouessant"], ["29155", "PART-2", "Ouessant"], ["29083", "PART-3", "Sein"]],
        );
        assert!(!refused("commune", &islands));
    }

    #[test]
    fn a_known_layer_without_codes_is_refused_with_both_lists() {
        let e = columns("f.geojson", territory().couche("iris"), &layer(&["a", "b"], &["1", "2"]))
            .unwrap_err()
            .to_string();
        assert!(e.contains("CODE_IRIS") && e.contains("a, b"), "{e}");
    }
}
