//! The commune in force of each dwelling: what the imported contours know, whatever code the file has.
//!
//! A file may be older or younger than the contours. A code that contours do not have goes by the table of
//! passage to the commune that it is part of today; what no table knows, or what was split since, goes by the
//! dwelling's own point.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashSet;

use super::dwellings::Dwellings;
use super::facts::BuildReport;
use super::table::Texts;
use crate::french::thousands;
use crate::reference::communes::{group, key_in_force, related, successor};
use crate::territory::layer::Layer;

/// The commune that a code means where contours are those: itself if they have it, else what it became. An
/// arrondissement of Paris, Lyon or Marseille is its city, with or without contours.
#[must_use]
pub fn merged(depcom: &str, communes: Option<&Layer>) -> String {
    let known = |code: &str| communes.is_some_and(|l| l.index_of(code).is_some());
    let new = || successor(depcom).filter(|new| known(new) || is_arrondissement(depcom));
    if known(depcom) { depcom } else { new().unwrap_or(depcom) }.to_owned()
}

/// Whether a code is of an arrondissement: its addresses keep it when it becomes its city.
fn is_arrondissement(depcom: &str) -> bool {
    let key = format!("{depcom}:");
    successor(depcom).is_some() && key_in_force(&key) == key
}

/// Who goes from which code to which commune.
type Moves = BTreeMap<(String, String), u64>;

/// Gives each dwelling the commune that its code means; who changed. Those that points decide follow in
/// [`by_point`].
pub fn by_table(dwellings: &mut Dwellings, communes: Option<&Layer>) -> Moves {
    let mut list: Vec<String> = Vec::new();
    let numbers: Vec<u32> = dwellings
        .depcom
        .list
        .iter()
        .map(|code| {
            let code = merged(code, communes);
            let place = list.iter().position(|c| *c == code).unwrap_or_else(|| {
                list.push(code);
                list.len() - 1
            });
            u32::try_from(place).unwrap_or(u32::MAX)
        })
        .collect();
    let of =
        dwellings.depcom.of.iter().map(|n| numbers.get(*n as usize).copied().unwrap_or(u32::MAX)).collect();
    dwellings.commune = Texts { list, of };
    let mut moves = Moves::new();
    for row in 0..dwellings.len() {
        let (old, new) = (dwellings.depcom.get(row), dwellings.commune.get(row));
        if old != new && !is_arrondissement(old) {
            *moves.entry((old.to_owned(), new.to_owned())).or_default() += 1;
        }
    }
    moves
}

/// Gives located dwellings the commune that holds their point, where the code does not tell: no contour has
/// it, or it was one commune with that of the point and the file knows only one of the two.
pub fn by_point(dwellings: &mut Dwellings, communes: &Layer) -> Moves {
    let filed: HashSet<String> = dwellings.depcom.list.iter().cloned().collect();
    let declared: Vec<Option<u32>> = dwellings.commune.list.iter().map(|c| communes.index_of(c)).collect();
    // Only communes that others were one with need to look at every point.
    let strangers: HashSet<&str> =
        communes.zones.iter().filter(|z| !filed.contains(&z.code)).map(|z| group(&z.code)).collect();
    let listed = declared.iter().zip(&dwellings.commune.list);
    let doubtful: Vec<bool> =
        listed.map(|(zone, code)| zone.is_none() || strangers.contains(group(code))).collect();
    let mut moves = Moves::new();
    let mut known = hashbrown::HashMap::new();
    for row in 0..dwellings.len() {
        let n = dwellings.commune.of[row] as usize;
        if !doubtful.get(n).copied().unwrap_or(false) {
            continue;
        }
        let Some(at) = communes.locate(dwellings.lon[row], dwellings.lat[row]) else { continue };
        let here = &communes.zones[at as usize].code;
        let old = dwellings.commune.get(row).to_owned();
        let follows = match declared[n] {
            None => true,
            Some(zone) => zone != at && related(&old, here) && !filed.contains(here),
        };
        if follows {
            dwellings.commune.set(row, here, &mut known);
            *moves.entry((old, here.clone())).or_default() += 1;
        }
    }
    moves
}

/// Says who was carried over and to which communes, and which codes nothing knows.
pub fn tell(moves: &[Moves], dwellings: &Dwellings, communes: Option<&Layer>, report: &mut BuildReport) {
    let total: u64 = moves.iter().flat_map(BTreeMap::values).sum();
    report.comptes.insert("communes_reportees".into(), total);
    for (moves, how) in moves.iter().zip(["d'après la table de passage du COG", "d'après leur point"]) {
        let n: u64 = moves.values().sum();
        if n > 0 {
            let list: Vec<String> =
                moves.iter().map(|((old, new), n)| format!("{old} → {new} ({})", thousands(*n))).collect();
            report.remarques.push(format!(
                "{} logements de communes absentes des contours sont reportés {how} : {}.",
                thousands(n),
                shortened(&list)
            ));
        }
    }
    let Some(communes) = communes else { return };
    let unknown: BTreeSet<&str> = (0..dwellings.registered())
        .map(|row| dwellings.commune.get(row))
        .filter(|c| !c.is_empty() && communes.index_of(c).is_none())
        .collect();
    if !unknown.is_empty() {
        let list: Vec<String> = unknown.into_iter().map(str::to_owned).collect();
        report.remarques.push(format!(
            "Aucun contour de commune n'a ces codes, que la carte ne peut donc pas montrer : {}. Importez les contours qui les contiennent.",
            shortened(&list)
        ));
    }
}

/// A list that stays readable.
fn shortened(list: &[String]) -> String {
    const MOST: usize = 12;
    let rest = list.len().saturating_sub(MOST);
    let shown = list[..list.len() - rest].join(", ");
    if rest == 0 { shown } else { format!("{shown} et {rest} autres") }
}

#[cfg(test)]
mod tests {
    use geo::{MultiPolygon, Rect};

    use super::*;
    use crate::territory::layer::Zone;

    /// Communes side by side, one degree wide, from longitude 0.
    fn contours(codes: &[&str]) -> Layer {
        let square = |i: f64| MultiPolygon::from(Rect::new((i, 45.0), (i + 1.0, 46.0)).to_polygon());
        let zones = codes.iter().zip(0_u8..);
        Layer::new(
            "commune",
            zones.map(|(c, i)| Zone::new((*c).into(), String::new(), square(f64::from(i)))).collect(),
        )
    }

    /// Dwellings of these communes, each at a longitude (NaN: without a point).
    fn stock(rows: &[(&str, f64)]) -> Dwellings {
        let mut d = Dwellings::default();
        let mut known = hashbrown::HashMap::new();
        for (depcom, lon) in rows {
            let row = d.push_registered();
            d.depcom.set(row, depcom, &mut known);
            (d.lon[row], d.lat[row]) = (*lon, 45.5);
        }
        d
    }

    fn settled(rows: &[(&str, f64)], layer: &Layer) -> (Vec<String>, u64) {
        let mut d = stock(rows);
        let moves = [by_table(&mut d, Some(layer)), by_point(&mut d, layer)];
        let n = moves.iter().flat_map(BTreeMap::values).sum();
        ((0..d.len()).map(|r| d.commune.get(r).to_owned()).collect(), n)
    }

    #[test]
    fn a_former_commune_goes_to_the_one_that_contours_have() {
        let new = contours(&["74010", "93066"]);
        let (communes, n) = settled(&[("74093", f64::NAN), ("74010", 0.5), ("93059", 1.5)], &new);
        assert_eq!((communes, n), (vec!["74010".to_owned(), "74010".to_owned(), "93066".to_owned()], 2));
        let old = contours(&["74010", "74093"]);
        let (communes, n) = settled(&[("74093", 0.5), ("74010", 0.5)], &old);
        assert_eq!(
            (communes, n),
            (vec!["74093".to_owned(), "74010".to_owned()], 0),
            "contours as old as the file"
        );
    }

    #[test]
    fn points_tell_what_a_table_cannot() {
        // Split in 2025; the file has the whole commune's code.
        let (communes, n) =
            settled(&[("15141", 0.5), ("15141", 1.5), ("15141", f64::NAN)], &contours(&["15141", "15031"]));
        assert_eq!((communes, n), (vec!["15141".to_owned(), "15031".to_owned(), "15141".to_owned()], 1));
        // A code that nobody knows.
        let (communes, _) = settled(&[("74999", 0.5), ("74999", f64::NAN)], &contours(&["74010"]));
        assert_eq!(communes, ["74010", "74999"]);
        // Contours older than the file.
        let (communes, _) = settled(&[("74010", 1.5)], &contours(&["74010", "74093"]));
        assert_eq!(communes, ["74093"]);
        // A neighbour that was never one with it.
        let (communes, _) = settled(&[("73065", 1.5)], &contours(&["73065", "73008"]));
        assert_eq!(communes, ["73065"]);
    }

    #[test]
    fn an_arrondissement_is_its_city_unless_contours_have_it() {
        assert_eq!(merged("75112", None), "75056");
        assert_eq!(merged("69383", Some(&contours(&["69123"]))), "69123");
        assert_eq!(merged("13203", Some(&contours(&["13203"]))), "13203");
        assert_eq!(merged("74093", None), "74093", "without contours, as filed");
        let mut d = stock(&[("75112", f64::NAN)]);
        assert!(by_table(&mut d, None).is_empty(), "a city is not a merger");
    }
}
