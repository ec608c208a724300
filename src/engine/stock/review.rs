//! Addresses that are probably wrong (domain §8.4): for each bailleur, what its dwellings say that does not
//! hold together.
//!
//! [`addresses`] takes the dwellings of a lessor with what all rows of the register say of them
//! ([`super::lessors`]: quality of the point, place against declared commune and QPV, the BAN's address of
//! the same name, stacks of dwellings on one point, repeated numbers), and adds what its own say: points of
//! one address that are far apart, names that no search finds. What was corrected is shown where it is and
//! no longer doubted. [`doubts`] keeps the addresses that have a doubtful dwelling.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::StockError;
use super::edits::{Edits, PointFix};
use super::lessors::{COLUMNS, Lessors};
use super::places::label;
use super::table::{Table, Texts, hash};
use crate::reference::depots::Deposits;
use crate::reference::survey::Survey;
use crate::store::Store;

/// Ce qui fait douter d'une adresse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Motif {
    /// Aucun point, ou un point hors du repère.
    SansPoint,
    /// Point à la commune (22, 33).
    QualiteCommune,
    /// Point au hasard dans sa voie (12).
    QualiteVoie,
    /// Point à plus de 200 m de la commune déclarée.
    HorsCommune,
    /// Plus de 150 logements de plusieurs voies en un point.
    Empilement,
    /// QPV déclaré et QPV du point diffèrent.
    Qpv,
    /// Point à plus de 50 m de l'adresse de même nom dans la Base adresse nationale.
    LoinBan,
    /// Les points d'une même adresse sont à plus de 50 m l'un de l'autre.
    Multiples,
    /// Aucun numéro dans la voie.
    SansNumero,
    /// Adresse absente de la Base adresse nationale, qui couvre sa commune.
    InconnueBan,
    /// Le même numéro national est porté par une autre ligne, rejetée.
    Doublon,
    /// La recherche d'adresses ne trouve rien qui ressemble : score inférieur à 0,5.
    ScoreBas,
}

impl Motif {
    pub const ALL: [Self; 12] = [
        Self::SansPoint,
        Self::QualiteCommune,
        Self::QualiteVoie,
        Self::HorsCommune,
        Self::Empilement,
        Self::Qpv,
        Self::LoinBan,
        Self::Multiples,
        Self::SansNumero,
        Self::InconnueBan,
        Self::Doublon,
        Self::ScoreBas,
    ];

    pub(super) fn bit(self) -> u16 {
        1 << self as u16
    }

    /// Motifs of a set.
    pub fn of(set: u16) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |m| set & m.bit() != 0)
    }
}

/// A dwelling of an address.
#[derive(Debug, Clone, PartialEq)]
pub struct Dwelling {
    pub ident_rep: String,
    pub ident_int: String,
    /// What tells it from its neighbours: stairs, floor, door, as filed.
    pub complement: String,
    /// 0 where unknown.
    pub pieces: u8,
    pub surface: u16,
    /// Set of motifs; empty if nothing is wrong with it.
    pub motifs: u16,
    /// Its bailleur moved it: the point is the one that it gave.
    pub corrige: bool,
    /// NaN without a point.
    pub lon: f64,
    pub lat: f64,
    pub qualite: u8,
}

/// The BAN's address of the same name.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    pub id: String,
    pub lon: f64,
    pub lat: f64,
}

/// An address of a bailleur.
#[derive(Debug, Clone, PartialEq)]
pub struct Address {
    pub siren: String,
    pub depcom: String,
    /// Address key, as filed.
    pub adresse: String,
    pub codepostal: String,
    pub libcom: String,
    pub logements: Vec<Dwelling>,
    pub ban: Option<Known>,
    /// Whether the BAN knows addresses of its commune.
    pub couverte: bool,
}

impl Address {
    /// « 12 BIS RUE DES LILAS ».
    #[must_use]
    pub fn libelle(&self) -> String {
        label(&self.adresse)
    }

    /// Dwellings that have a motif.
    #[must_use]
    pub fn touched(&self) -> usize {
        self.logements.iter().filter(|l| l.motifs != 0).count()
    }

    /// Motifs and the dwellings of each.
    #[must_use]
    pub fn motifs(&self) -> BTreeMap<Motif, u64> {
        let mut out = BTreeMap::new();
        for m in self.logements.iter().flat_map(|l| Motif::of(l.motifs)) {
            *out.entry(m).or_default() += 1;
        }
        out
    }

    /// Whether something is wrong with one of its dwellings.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        self.logements.iter().any(|l| l.motifs != 0)
    }

    /// The point that most of its dwellings have.
    #[must_use]
    pub fn point(&self) -> Option<(f64, f64, u8)> {
        self.point_of(|_| true)
    }

    /// The point that most of some of its dwellings have.
    pub fn point_of(&self, among: impl Fn(&Dwelling) -> bool) -> Option<(f64, f64, u8)> {
        let mut counts: BTreeMap<(u64, u64, u8), usize> = BTreeMap::new();
        for l in self.logements.iter().filter(|l| l.lon.is_finite() && among(l)) {
            *counts.entry((l.lon.to_bits(), l.lat.to_bits(), l.qualite)).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, n)| *n)?.0;
        Some((f64::from_bits(most.0), f64::from_bits(most.1), most.2))
    }
}

/// How well the search of addresses finds one, from 0 to 1.
pub type Score<'a> = dyn Fn(&Address) -> f64 + Sync + 'a;

/// Doubtful addresses of a millésime, of one bailleur or of all, those with the most dwellings first.
///
/// # Errors
/// A table cannot be read.
pub fn doubts(
    store: &Store,
    millesime: u16,
    siren: Option<&str>,
    score: Option<&Score<'_>>,
) -> Result<Vec<Address>, StockError> {
    let mut all = addresses(store, millesime, siren, score)?;
    all.retain(Address::is_doubtful);
    Ok(all)
}

/// Addresses of a millésime, of one bailleur or of all, those with the most doubtful dwellings first. Without
/// `score`, names are compared with those of the BAN only.
///
/// # Errors
/// A table cannot be read.
pub fn addresses(
    store: &Store,
    millesime: u16,
    siren: Option<&str>,
    score: Option<&Score<'_>>,
) -> Result<Vec<Address>, StockError> {
    let Some(lessors) = Lessors::of(store, millesime)? else { return Ok(Vec::new()) };
    let filed = filed(&lessors, store, siren, score)?;
    in_force(&lessors, store, &filed)
}

/// Addresses as they are filed, whatever bailleurs corrected, in the order of the register.
///
/// # Errors
/// A table cannot be read.
pub fn filed(
    lessors: &Lessors,
    store: &Store,
    siren: Option<&str>,
    score: Option<&Score<'_>>,
) -> Result<Vec<Address>, StockError> {
    let table = match siren {
        Some(siren) => lessors.own(store, siren, &COLUMNS)?,
        None => Some(lessors.whole(store)?),
    };
    let mut out = table.map(|t| grouped(&t)).transpose()?.unwrap_or_default();
    if let Some(score) = score {
        let limits = Deposits::embedded()?.adresses;
        // What the BAN knows by its name needs no search; and where it covers nothing, nothing can be found.
        let searched = |a: &&mut Address| a.ban.is_none() && a.couverte && !a.libelle().is_empty();
        out.par_iter_mut().filter(searched).for_each(|a| {
            if score(a) < limits.score_min {
                a.logements.iter_mut().for_each(|l| l.motifs |= Motif::ScoreBas.bit());
            }
        });
    }
    Ok(out)
}

/// The same with what bailleurs corrected, those with the most doubtful dwellings first.
///
/// # Errors
/// What they corrected cannot be read.
pub fn in_force(lessors: &Lessors, store: &Store, filed: &[Address]) -> Result<Vec<Address>, StockError> {
    let mut out = filed.to_vec();
    let edits = Edits::of(store)?;
    if !edits.is_empty() {
        let (survey, limits) = (Survey::embedded()?, Deposits::embedded()?.adresses);
        let edits = edits.carried(&lessors.communes()?);
        for a in &mut out {
            let key = hash(&a.adresse);
            let point = |l: &Dwelling| {
                let number = if l.ident_rep.is_empty() { 0 } else { hash(&l.ident_rep) };
                edits.point(lessors.millesime(), &a.siren, number, key)
            };
            let fixes: Vec<Option<&PointFix>> = a.logements.iter().map(point).collect();
            if fixes.iter().all(Option::is_none) {
                continue;
            }
            for (l, fix) in a.logements.iter_mut().zip(fixes) {
                if let Some(fix) = fix {
                    (l.corrige, l.motifs) = (true, 0);
                    (l.lon, l.lat, l.qualite) = (fix.lon, fix.lat, fix.qualite);
                }
            }
            spread_out(&mut a.logements, limits.multiples_m, &survey.localisation.commune);
        }
    }
    out.sort_by_key(|d| std::cmp::Reverse(d.touched()));
    Ok(out)
}

/// Puts rows of [`Lessors`] together by lessor and address, in the order of the register.
fn grouped(t: &Table) -> Result<Vec<Address>, StockError> {
    let (survey, limits) = (Survey::embedded()?, Deposits::embedded()?.adresses);
    let (siren, depcom, adresse) = (t.texts("siren")?, t.texts("depcom")?, t.texts("adresse")?);
    let (codepostal, libcom) = (t.texts("codepostal")?, t.texts("libcom")?);
    let (rank, covered) = (t.u32s("ordre")?, t.flags("ban_couvre")?);
    let (ban_lon, ban_lat) = (t.f64s("ban_lon")?, t.f64s("ban_lat")?);
    let mut groups: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
    for (row, rank) in rank.iter().enumerate() {
        groups.entry((siren.of[row], *rank)).or_default().push(row);
    }
    let firsts: Vec<usize> = groups.values().map(|members| members[0]).collect();
    let names = t.some_texts("ban_id", &firsts)?;
    let dwellings = Dwellings::read(t)?;
    let address = |(members, id): (Vec<usize>, String)| {
        let first = members[0];
        let mut logements: Vec<Dwelling> = members.iter().map(|row| dwellings.of(*row)).collect();
        spread_out(&mut logements, limits.multiples_m, &survey.localisation.commune);
        Address {
            siren: siren.get(first).to_owned(),
            depcom: depcom.get(first).to_owned(),
            adresse: adresse.get(first).to_owned(),
            codepostal: codepostal.get(first).to_owned(),
            libcom: libcom.get(first).to_owned(),
            logements,
            ban: ban_lon[first].is_finite().then(|| Known { id, lon: ban_lon[first], lat: ban_lat[first] }),
            couverte: covered[first],
        }
    };
    Ok(groups.into_values().zip(names).map(address).collect())
}

/// Columns of the dwellings themselves.
struct Dwellings {
    ident_rep: Texts,
    ident_int: Texts,
    compladr: Texts,
    pieces: Vec<u8>,
    surface: Vec<u16>,
    lon: Vec<f64>,
    lat: Vec<f64>,
    qualite: Vec<u8>,
    motifs: Vec<u16>,
}

impl Dwellings {
    fn read(t: &Table) -> Result<Self, StockError> {
        Ok(Self {
            ident_rep: t.texts("ident_rep")?,
            ident_int: t.texts("ident_int")?,
            compladr: t.texts("compladr")?,
            pieces: t.u8s("nbpiece")?,
            surface: t.u16s("surfhab")?,
            lon: t.f64s("lon")?,
            lat: t.f64s("lat")?,
            qualite: t.u8s("qualite")?,
            motifs: t.u16s("motifs")?,
        })
    }

    fn of(&self, row: usize) -> Dwelling {
        Dwelling {
            ident_rep: self.ident_rep.get(row).to_owned(),
            ident_int: self.ident_int.get(row).to_owned(),
            complement: self.compladr.get(row).to_owned(),
            pieces: self.pieces[row],
            surface: self.surface[row],
            motifs: self.motifs[row],
            corrige: false,
            lon: self.lon[row],
            lat: self.lat[row],
            qualite: self.qualite[row],
        }
    }
}

/// Doubts dwellings of one address whose points are too far apart, those that were moved left out.
fn spread_out(dwellings: &mut [Dwelling], limit: f64, unfit: &[u8]) {
    let kept = dwellings.iter().filter(|l| l.lon.is_finite() && !l.corrige);
    let mut points = kept.map(|l| (l.lon, l.lat));
    let first = points.next();
    let far = first.is_some_and(|first| points.map(|p| metres(first, p)).fold(0.0, f64::max) > limit);
    for l in dwellings.iter_mut().filter(|l| !l.corrige) {
        let fit = l.lon.is_finite() && l.lat.is_finite() && !unfit.contains(&l.qualite);
        if far && fit {
            l.motifs |= Motif::Multiples.bit();
        } else {
            l.motifs &= !Motif::Multiples.bit();
        }
    }
}

/// Metres between two places that are not far apart, on a plane.
#[must_use]
pub fn metres(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (x, y) = ((b.0 - a.0) * a.1.to_radians().cos() * 111_320.0, (b.1 - a.1) * 111_132.0);
    x.hypot(y)
}
