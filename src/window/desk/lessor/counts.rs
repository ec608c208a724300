//! The stock of a bailleur as filed and up to date.

use serde::Serialize;
use utoipa::ToSchema;

use crate::cube::Filter;
use crate::days;
use crate::desk::editions::Loaded;
use crate::desk::problem::Problem;
use crate::publish::csv_file;
use crate::state::{self, Evenement, State};

/// Le parc d'un bailleur.
#[derive(Debug, Serialize, ToSchema)]
pub struct Parc {
    /// « au 1er janvier 2024 » : le RPLS tel que déposé.
    pub rpls: String,
    /// « à jour au … » : avec les événements postérieurs.
    pub a_jour: String,
    pub total: ZoneParc,
    pub communes: Vec<ZoneParc>,
    /// QPV de 2024.
    pub qpv: Vec<ZoneParc>,
}

/// Les logements d'une zone.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct ZoneParc {
    pub code: String,
    pub nom: String,
    /// Au 1er janvier du RPLS.
    pub rpls: u64,
    pub entrees: u64,
    pub sorties: u64,
    /// RPLS, plus les entrées, moins les sorties.
    pub a_jour: i64,
}

/// Dwellings by zone of a layer, as filed and up to date.
pub fn zones(
    loaded: &Loaded,
    siren: &str,
    layer: &str,
    of: impl Fn(&Evenement) -> String,
    events: &[Evenement],
) -> Vec<ZoneParc> {
    let cube = loaded.cube();
    let bailleur = cube.bailleurs().iter().position(|(s, _)| *s == siren).and_then(|i| u16::try_from(i).ok());
    let mask = bailleur.map(|b| loaded.mask(&Filter { bailleurs: vec![b], ..Filter::default() }));
    let Some(l) = cube.layer(layer) else { return Vec::new() };
    let zone = |z: u32| {
        let code = l.codes.get(z as usize).to_owned();
        let (mut entrees, mut sorties) = (0, 0);
        for e in events.iter().filter(|e| of(e) == code) {
            *if e.genre.sign() > 0 { &mut entrees } else { &mut sorties } += e.logements;
        }
        let rpls = mask.as_ref().map_or(0, |m| loaded.dwellings(&l, z, Some(m.as_slice())));
        let a_jour =
            i64::try_from(rpls + entrees).unwrap_or(i64::MAX) - i64::try_from(sorties).unwrap_or(i64::MAX);
        ZoneParc { nom: l.title(z), code, rpls, entrees, sorties, a_jour }
    };
    let all = (0..u32::try_from(l.codes.len()).unwrap_or(0)).map(zone);
    let mut out: Vec<ZoneParc> = all.filter(|z| z.rpls + z.entrees + z.sorties > 0).collect();
    // A commune or QPV without any social dwelling before is in no layer of the cube.
    for code in events.iter().map(&of).filter(|c| !c.is_empty()).collect::<std::collections::BTreeSet<_>>() {
        if out.iter().any(|z| z.code == code) {
            continue;
        }
        let mut z = ZoneParc { nom: code.clone(), code, ..ZoneParc::default() };
        for e in events.iter().filter(|e| of(e) == z.code) {
            *if e.genre.sign() > 0 { &mut z.entrees } else { &mut z.sorties } += e.logements;
        }
        z.a_jour =
            i64::try_from(z.entrees).unwrap_or(i64::MAX) - i64::try_from(z.sorties).unwrap_or(i64::MAX);
        out.push(z);
    }
    out.sort_by_key(|z| std::cmp::Reverse(z.rpls));
    out
}

/// As CSV.
pub fn written(parc: &Parc) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv_file::writer();
    let (filed, now) = (format!("logements {}", parc.rpls), format!("logements {}", parc.a_jour));
    out.write_record(["echelle", "code", "nom", &filed, "entrées depuis", "sorties depuis", &now])?;
    let lists = [("commune", &parc.communes), ("qpv2024", &parc.qpv)];
    for (scale, z) in
        lists.into_iter().flat_map(|(s, l)| l.iter().map(move |z| (s, z))).chain([("ensemble", &parc.total)])
    {
        let numbers =
            [z.rpls.to_string(), z.entrees.to_string(), z.sorties.to_string(), z.a_jour.to_string()];
        out.write_record([scale, &z.code, &z.nom].into_iter().chain(numbers.iter().map(String::as_str)))?;
    }
    csv_file::bytes(out)
}

/// Of the events of a bailleur, those that changed its stock since the register of a year.
pub fn since(events: Vec<Evenement>, year: u16) -> Vec<Evenement> {
    let day = format!("{year}-01-01");
    events.into_iter().filter(|e| e.annule.is_none() && e.date > day && e.genre.sign() != 0).collect()
}

/// The stock of a bailleur, by commune and QPV.
pub async fn stock(state: &State, loaded: &Loaded, siren: &str) -> Result<Parc, Problem> {
    let year = loaded.meta().millesime;
    let events = since(state.events(Some(siren)).await?, year);
    let communes = zones(loaded, siren, "commune", |e| e.commune.clone(), &events);
    let sum = |f: fn(&ZoneParc) -> u64| communes.iter().map(f).sum();
    let total = ZoneParc {
        code: String::new(),
        nom: "Ensemble".to_owned(),
        rpls: sum(|z| z.rpls),
        entrees: sum(|z| z.entrees),
        sorties: sum(|z| z.sorties),
        a_jour: communes.iter().map(|z| z.a_jour).sum(),
    };
    Ok(Parc {
        rpls: format!("au 1er janvier {year}"),
        a_jour: format!("à jour au {}", days::french(&state::day(state::now()))),
        qpv: zones(loaded, siren, "qpv2024", |e| e.qpv.clone(), &events),
        total,
        communes,
    })
}
