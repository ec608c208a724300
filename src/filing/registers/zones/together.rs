//! Features of one code, made one zone.

use std::collections::BTreeMap;

use geo::MultiPolygon;

use super::effort::{Effort, Spent};
use super::findings::Findings;
use super::{Prepared, Rules, ZonesError, repair};
use crate::territory::wkb;

/// One zone a code: identical features are dropped, others united, all of a code at once.
pub(super) fn merge(
    rules: &Rules<'_>,
    zones: Vec<Prepared>,
    findings: &mut Findings<'_>,
) -> Result<Vec<Prepared>, ZonesError> {
    let mut by_code: BTreeMap<String, Vec<Prepared>> = BTreeMap::new();
    for zone in zones {
        by_code.entry(zone.attributes.code.clone()).or_default().push(zone);
    }
    let mut out = Vec::with_capacity(by_code.len());
    for (code, features) in by_code {
        let mut features = features.into_iter();
        let Some(mut first) = features.next() else { continue };
        findings.report().lignes_gardees += 1;
        let mut seen = BTreeMap::from([(fingerprint_of(&first.area), first.line)]);
        let mut others = Vec::new();
        for zone in features {
            if let Some(line) = seen.get(&fingerprint_of(&zone.area)) {
                let message = format!("zone {code} : déjà lue, identique, à l'entité {line}");
                findings.add("Z07", zone.line, "code", &code, message)?;
                continue;
            }
            seen.insert(fingerprint_of(&zone.area), zone.line);
            others.push(zone);
        }
        if !others.is_empty() {
            let together =
                first.area.0.iter().chain(others.iter().flat_map(|z| &z.area.0)).cloned().collect();
            let united = unite(MultiPolygon(together), rules.effort).map_err(|Spent| rules.spent(&code))?;
            for zone in &others {
                let line = first.line;
                if united.is_none() {
                    let message = format!("zone {code} : ne se réunit pas avec l'entité {line}");
                    findings.add("Z06", zone.line, "code", &code, message)?;
                    continue;
                }
                first.repaired |= zone.repaired;
                findings.report().lignes_gardees += 1;
                findings.report().count("zones_reunies", 1);
                let message = format!("zone {code} : réunie avec l'entité {line} de même code");
                findings.add("Z08", zone.line, "code", &code, message)?;
            }
            first.area = united.unwrap_or(first.area);
        }
        out.push(first);
    }
    Ok(out)
}

/// Two areas of the same fingerprint have the same vertices in the same order.
fn fingerprint_of(area: &MultiPolygon<f64>) -> [u8; 32] {
    *blake3::hash(&wkb::encode(area)).as_bytes()
}

/// Parts that may meet or overlap, as one valid area; `None` if they do not make one.
fn unite(area: MultiPolygon<f64>, effort: &Effort) -> Result<Option<MultiPolygon<f64>>, Spent> {
    match repair::fault(&area, effort)? {
        None => return Ok(Some(area)),
        Some(fault) if fault.hopeless => return Ok(None),
        Some(_) => {}
    }
    let mut valid = repair::repair(&area, true, effort)?;
    if let Some(valid) = &mut valid {
        repair::orient(valid, false);
    }
    Ok(valid)
}
