//! A candidate file, and what rules ask about it: where its dwelling is, what its household is.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::ceiling::{Ceiling, Size, ceiling};
use super::facts::{self, Allocation, Allocations, Transfer};
use super::ground::Ground;
use super::household::{Said, Threshold, Thresholds};
use super::parc::{Home, Parc};
use crate::reference::controle::Controle;
use crate::reference::generations::{self, InForce, in_force_at};
use crate::reference::indicators::Catalogue;
use crate::reference::mix::Mix;
use crate::reference::plafonds::{self, plafonds};
use crate::stock::StockError;
use crate::stock::places::merged;
use crate::store::Store;
use crate::territory::bands::{Band, Placed, Situation};
use crate::territory::layer::Zone;

/// What a candidate file says. Codes are those of `attributions.parquet`, 0 where nothing is said.
#[derive(Debug, Clone, Default)]
pub struct Dossier {
    /// Day on which the lease would be signed, `yyyymmdd`.
    pub jour: u32,
    pub ident_rep: String,
    pub siren: String,
    pub ident_int: String,
    pub depcom: String,
    /// Key of the address.
    pub adresse: String,
    /// Degrees.
    pub point: Option<[f64; 2]>,
    pub qualite: Option<u8>,
    pub typologie: u8,
    pub financement: u8,
    pub reservataire: u8,
    /// What is said of a mutation; nothing: it is none.
    pub mutation: Option<Transfer>,
    pub premiere: bool,
    /// € a year and consumption unit.
    pub revenu_uc: Option<f64>,
    /// 1 to 4, when it is known without the income.
    pub quartile: Option<u8>,
    pub nb_personnes: Option<u8>,
    pub nb_moins14: Option<u8>,
    /// One of them holds the *carte mobilité inclusion* mention invalidité.
    pub invalidite: bool,
    pub statut_dalo: u8,
    pub accord: u8,
    pub prioritaire: bool,
    pub relogement: u8,
    pub activite: u8,
    /// % of the PLUS ceiling.
    pub pct_plafond: Option<f64>,
    /// Fiscal income, € a year, and category of household, 1 to 6: they give the percentage where it is not
    /// given.
    pub rfr: Option<i32>,
    pub category: Option<u8>,
    pub typologie_souhaitee: u8,
    pub commune_souhaitee: String,
}

/// Where a dwelling is.
#[derive(Debug, Clone)]
pub struct Site<'a> {
    /// The dwelling of the register; None for a place that is only pointed at.
    pub home: Option<Home<'a>>,
    /// Whether `home` is the dwelling itself, not only one of its address.
    pub exact: bool,
    pub siren: String,
    pub commune: String,
    pub epci: Option<String>,
    /// Degrees; None when it is not known well enough.
    pub point: Option<[f64; 2]>,
    pub placed: Option<Placed>,
    pub qpv: Option<&'a Zone>,
    /// The QPV in force there on that day.
    pub now: InForce,
}

/// What rules ask about a file.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// As if the lease were signed.
    pub lease: Allocation,
    /// Whether the place is too near to the edge of a QPV, or not known: `lease.qpv` is then one reading of
    /// two.
    pub doubtful: bool,
    pub placed: Option<Placed>,
    pub income: Option<f64>,
    pub threshold: Option<Threshold>,
    pub persons: Option<u8>,
    /// What ceilings depend on.
    pub size: Size,
    /// Ceilings are those of overseas.
    pub overseas: bool,
    /// % of the PLUS ceiling, as given or computed.
    pub pct: Option<f64>,
    /// What is known of it besides.
    pub resources: Resources,
    /// Of the dwelling, 0 where it is not known.
    pub rooms: u8,
    pub surface: u16,
    /// Class of the attribute `financement`, from 1.
    pub financing: u8,
    pub activity: u8,
}

/// What the income of a household is of the PLUS ceiling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Resources {
    /// Neither the percentage nor the income is given.
    NotGiven,
    /// The percentage was given.
    Given,
    /// Computed: the least and the most that it is, by the category that the household may have, and the year
    /// of the ceilings, which may be the one before that of the lease.
    Computed { least: f64, most: f64, year: u16 },
    /// No ceilings of this year or of the one before, or none for this commune.
    NoTable,
}

/// Why a dwelling cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    #[error(
        "aucun logement n'est désigné : donnez son numéro RPLS, le numéro du bailleur, une adresse ou un \
            point"
    )]
    Nothing,
    #[error("le RPLS {millesime} n'a pas de logement de numéro « {ident} »")]
    Ident { millesime: u16, ident: String },
    #[error("le RPLS {millesime} n'a pas de logement « {number} » du bailleur {siren}")]
    Number { millesime: u16, siren: String, number: String },
    #[error(
        "le RPLS {millesime} n'a pas de logement à cette adresse de la commune {depcom} : donnez plutôt un \
            point (lon, lat)"
    )]
    Address { millesime: u16, depcom: String },
    #[error("ce point n'est dans aucune commune chargée")]
    Point,
}

/// A dwelling without a tenant, or soon without.
#[derive(Debug)]
pub struct Vacant {
    pub row: u32,
    /// Day when its tenant leaves, `yyyymmdd`; None if it is vacant.
    pub free: Option<u32>,
    pub ident: String,
    pub commune: String,
    /// By generation of QPV, where its place is known well enough and the layer is loaded.
    placed: Vec<(u16, Placed)>,
}

impl Vacant {
    /// Where it is to the QPV in force on a day (`yyyymmdd`), if that is known.
    #[must_use]
    pub fn placed(&self, day: u32) -> Option<Placed> {
        let now = in_force_at(day, &self.commune);
        if now.whole.is_some() {
            return Some(Placed { situation: Situation::Dedans, zone: None, metres: None, tolerance_m: 0.0 });
        }
        self.placed.iter().find(|(year, _)| *year == now.generation).map(|(_, p)| *p)
    }
}

/// What is asked of the store for every file: dwellings, zones, thresholds, leases.
#[derive(Debug)]
pub struct Checker {
    pub mix: &'static Mix,
    pub rules: &'static Controle,
    pub parc: Parc,
    pub all: Arc<Allocations>,
    /// EPCI → its vacant dwellings.
    pub vacant: BTreeMap<String, Vec<Vacant>>,
    ground: Ground,
    thresholds: Thresholds,
}

impl Checker {
    /// Reads what is needed, once for a state of the store.
    ///
    /// # Errors
    /// A table of the store cannot be read.
    pub fn load(
        store: &Store,
        mix: &'static Mix,
        rules: &'static Controle,
        all: Arc<Allocations>,
    ) -> Result<Self, StockError> {
        let parc = Parc::load(store, rules)?;
        let ground = Ground::open(store, parc.millesime)?;
        let mut out = Self {
            mix,
            rules,
            parc,
            all,
            vacant: BTreeMap::new(),
            ground,
            thresholds: Thresholds::load(store)?,
        };
        let vacant: Vec<(Option<String>, Vacant)> =
            out.parc.vacant.par_iter().map(|(row, ident)| out.vacancy(*row, ident)).collect();
        for (epci, v) in vacant {
            out.vacant.entry(epci.unwrap_or_default()).or_default().push(v);
        }
        Ok(out)
    }

    fn vacancy(&self, row: u32, ident: &str) -> (Option<String>, Vacant) {
        let home = self.parc.home(row);
        let commune = merged(home.depcom, self.ground.communes.as_ref());
        let point = self.trusted(&commune, home.point);
        let placed = generations::years()
            .filter_map(|year| {
                let then = InForce { generation: year, whole: None };
                Some((year, self.ground.placed(then, point, home.quality)?))
            })
            .collect();
        let epci = self.ground.epci_of(&commune);
        (
            epci,
            Vacant { row, free: self.parc.free.get(&row).copied(), ident: ident.to_owned(), commune, placed },
        )
    }

    /// A point, unless it is too far from its commune to be believed (rule R08).
    fn trusted(&self, commune: &str, point: Option<[f64; 2]>) -> Option<[f64; 2]> {
        point.filter(|[lon, lat]| self.ground.trusts(commune, *lon, *lat))
    }

    /// Finds the dwelling of a file and its place: by its number or its bailleur's, else by a point, else by
    /// its address.
    ///
    /// # Errors
    /// It cannot be told.
    pub fn find(&self, d: &Dossier) -> Result<Site<'_>, Lost> {
        let millesime = self.parc.millesime;
        let (named, lost) = if !d.ident_rep.is_empty() {
            (self.parc.by_ident(&d.ident_rep), Lost::Ident { millesime, ident: d.ident_rep.clone() })
        } else if !d.ident_int.is_empty() {
            let lost = Lost::Number { millesime, siren: d.siren.clone(), number: d.ident_int.clone() };
            (self.parc.by_number(&d.siren, &d.ident_int), lost)
        } else if !d.adresse.is_empty() {
            (None, Lost::Address { millesime, depcom: d.depcom.clone() })
        } else {
            (None, Lost::Nothing)
        };
        // A dwelling that is let for the first time is not in the register yet: its place is told by a point
        // or its address.
        let (home, exact) = match named {
            Some(home) => (Some(home), true),
            None if d.point.is_some() => (None, false),
            None if !d.adresse.is_empty() => (Some(self.parc.by_address(&d.adresse).ok_or(lost)?), false),
            None => return Err(lost),
        };
        let communes = self.ground.communes.as_ref();
        let commune = match (&home, d.point) {
            (Some(h), _) => merged(h.depcom, communes),
            (None, Some([lon, lat])) => {
                let at = communes.and_then(|l| l.locate(lon, lat).map(|z| l.zones[z as usize].code.clone()));
                at.or_else(|| Some(d.depcom.clone()).filter(|c| !c.is_empty())).ok_or(Lost::Point)?
            }
            (None, None) => return Err(Lost::Nothing),
        };
        // Without contours of communes any point is believed.
        let point = home.map_or(d.point, |h| self.trusted(&commune, h.point));
        let quality = home.map_or(d.qualite, |h| h.quality);
        let now = in_force_at(d.jour, &commune);
        let placed = self.ground.placed(now, point, quality);
        let layer = self.ground.generation(now.generation);
        let qpv = layer.zip(placed.and_then(|p| p.zone)).and_then(|(l, z)| l.zones.get(z as usize));
        let siren =
            home.filter(|h| exact && !h.siren.is_empty()).map_or(d.siren.as_str(), |h| h.siren).to_owned();
        let epci = self.ground.epci_of(&commune);
        Ok(Site { home, exact, siren, commune, epci, point, placed, qpv, now })
    }

    /// A dwelling of a bailleur, by its national number or the bailleur's own: what the register says of it,
    /// its commune, and the code of the QPV that holds it on a day (`yyyymmdd`).
    #[must_use]
    pub fn dwelling(&self, siren: &str, number: &str, day: u32) -> Option<(Home<'_>, String, Option<&str>)> {
        let own = self.parc.by_ident(number).filter(|h| h.siren == siren);
        let home = own.or_else(|| self.parc.by_number(siren, number))?;
        let commune = merged(home.depcom, self.ground.communes.as_ref());
        let point = self.trusted(&commune, home.point);
        let qpv = point.and_then(|p| self.ground.quartier(in_force_at(day, &commune), p));
        Some((home, commune, qpv.map(|z| z.code.as_str())))
    }

    /// The arrondissement of a dwelling of the register in Paris, Lyon or Marseille.
    #[must_use]
    pub fn arrondissement(&self, home: &Home<'_>) -> Option<String> {
        let commune = merged(home.depcom, self.ground.communes.as_ref());
        let point = self.trusted(&commune, home.point);
        self.ground.arrondissement(&commune, &[home.depcom], point)
    }

    /// Communes whose contours are known: code and name.
    pub fn communes(&self) -> impl Iterator<Item = (&str, &str)> {
        let zones = self.ground.communes.iter().flat_map(|l| &l.zones);
        zones.map(|z| (z.code.as_str(), z.nom.as_str()))
    }

    /// Name of a commune, its code if it has none.
    #[must_use]
    pub fn commune_title(&self, code: &str) -> String {
        Some(self.ground.commune_name(code)).filter(|n| !n.is_empty()).unwrap_or_else(|| code.to_owned())
    }

    /// Name of an EPCI, its code if it has none.
    #[must_use]
    pub fn epci_title(&self, code: &str) -> String {
        Some(self.ground.epci_name(code)).filter(|n| !n.is_empty()).unwrap_or_else(|| code.to_owned())
    }

    /// EPCI of a commune, if a table or the contours tell.
    #[must_use]
    pub fn epci_of(&self, commune: &str) -> Option<String> {
        self.ground.epci_of(commune)
    }

    /// What rules ask about a file whose dwelling was found. `known`: whether what the register says of the
    /// dwelling itself may be used for who asks.
    #[must_use]
    pub fn facts(&self, d: &Dossier, site: &Site<'_>, known: bool) -> Facts {
        let year = u16::try_from(d.jour / 10_000).unwrap_or(0);
        let epci = site.epci.as_deref().unwrap_or("");
        let threshold = self.thresholds.of(epci, &site.commune, year, self.mix);
        let status = Said {
            revenu_uc: d.revenu_uc.unwrap_or(f64::NAN),
            quartile: d.quartile,
            statut_dalo: d.statut_dalo,
            accord: d.accord,
            prioritaire: d.prioritaire,
            activite: d.activite,
        }
        .status(threshold, self.mix);
        let size = Size {
            category: d.category,
            persons: d.nb_personnes,
            under_14: d.nb_moins14,
            disabled: d.invalidite,
        };
        let number = |list: &[facts::Named], code: &str| {
            list.iter().position(|n| n.code == code).and_then(|i| u32::try_from(i).ok()).unwrap_or(u32::MAX)
        };
        let home = site.home.filter(|_| site.exact && known);
        let resources = match (d.pct_plafond, d.rfr) {
            (Some(_), _) => Resources::Given,
            (None, Some(rfr)) => computed(rfr, &size, &site.commune, year),
            (None, None) => Resources::NotGiven,
        };
        Facts {
            lease: Allocation {
                bail: d.jour,
                caleol: d.jour,
                commune: number(&self.all.communes, &site.commune),
                // A file is judged by its commune and EPCI.
                arrondissement: u32::MAX,
                departement: number(&self.all.departements, generations::departement(&site.commune)),
                bound: self.thresholds.binds(epci, &site.commune, year, self.mix),
                whole: site.now.whole.is_some(),
                epci: number(&self.all.epcis, epci),
                bailleur: number(&self.all.bailleurs, &site.siren),
                reservataire: d.reservataire,
                qpv: site.placed.map(|p| match (p.situation, p.metres) {
                    (Situation::Dedans, _) => Band::Inside,
                    // On which side is said by `doubtful`.
                    _ => Band::Beyond,
                }),
                quartile: status.quartile,
                provisional: threshold.is_some_and(|t| t.provisional),
                dalo: status.dalo,
                priority: status.priority,
                precarious: status.precarious,
                relocation: d.relogement,
                transfer: d.mutation.unwrap_or(Transfer::No),
                first_letting: d.premiere,
            },
            doubtful: site.placed.is_none_or(|p| p.situation == Situation::Incertain),
            placed: site.placed,
            income: d.revenu_uc,
            threshold,
            persons: d.nb_personnes,
            size,
            pct: d.pct_plafond.or(match resources {
                Resources::Computed { least, most, .. } if least == most => Some(most),
                _ => None,
            }),
            overseas: plafonds().is_ok_and(|t| t.zone(&site.commune).ok() == Some(plafonds::Zone::OutreMer)),
            resources,
            rooms: if d.typologie != 0 { rooms(d.typologie) } else { home.map_or(0, |h| h.rooms) },
            surface: home.map_or(0, |h| h.surface),
            // « Autre » says less than the register, which tells dwellings financed before 1977.
            financing: match home.map_or(0, |h| h.financing) {
                0 => d.financement,
                registered if d.financement == 0 || is_other(d.financement) => registered,
                _ => d.financement,
            },
            activity: d.activite,
        }
    }
}

impl Checker {
    /// The ceiling of a class of `financement` (from 1) for a household in a commune.
    #[must_use]
    pub fn ceiling(&self, financing: u8, size: &Size, commune: &str) -> Option<Ceiling> {
        ceiling(&self.rules.plafond, financing, size, commune)
    }
}

impl Facts {
    /// The ceiling that percentages are of: that of the LLS overseas.
    #[must_use]
    pub fn plafond(&self) -> &'static str {
        if self.overseas { "LLS" } else { "PLUS" }
    }
}

/// Whether a class of the attribute `financement` (from 1) is none of those that texts name.
fn is_other(financing: u8) -> bool {
    let classes = Catalogue::embedded().ok().and_then(|c| c.attribute("financement"));
    let class = classes.and_then(|a| a.classes.get(usize::from(financing).checked_sub(1)?));
    class.is_some_and(|c| c.code == "AUTRE")
}

/// Rooms of a code of `typologie` (T1 … T6 and more; a room in a shared dwelling is one).
#[must_use]
pub fn rooms(typologie: u8) -> u8 {
    match typologie {
        7 => 1,
        t => t,
    }
}

/// What a fiscal income (€ a year) is of the ceiling, in every category that the household may have.
/// Ceilings of a year are published in its last days: until then those of the year before stand for them.
fn computed(rfr: i32, size: &Size, commune: &str, year: u16) -> Resources {
    let ranks = size.ranks();
    let open = size.category.is_none() && size.persons.is_none();
    for year in [year, year.saturating_sub(1)] {
        let of = |rank: u8| percentage(rfr, rank, commune, year);
        if let (Some(most), Some(least)) = (of(*ranks.start()), of(*ranks.end())) {
            // A household of any size may have any ceiling.
            return Resources::Computed { least: if open { 0.0 } else { least }, most, year };
        }
    }
    Resources::NoTable
}

/// % of the PLUS ceiling (overseas, of the LLS) from the fiscal income (€ a year) and the rank of the
/// household (category 1 to 6, beyond with supplements), if a ceiling is known.
#[must_use]
pub fn percentage(rfr: i32, category: u8, commune: &str, year: u16) -> Option<f64> {
    let table = plafonds().ok()?;
    let ceiling = table.ceiling(year, table.zone(commune).ok()?, category)?;
    Some(100.0 * f64::from(rfr.max(0)) / f64::from(ceiling))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_of_a_ceiling_gives_40_percent() {
        let pct = percentage(15_000, 3, "73065", 2025).unwrap();
        assert!((pct - 40.26).abs() < 0.005);
        assert_eq!(percentage(33_533, 3, "97411", 2025), Some(100.0), "LLS");
        assert_eq!(percentage(15_000, 3, "98735", 2025), None);
    }

    #[test]
    fn resources_lie_between_the_categories_that_a_household_may_have() {
        let persons = |n| Size { persons: Some(n), ..Size::default() };
        let of = |rfr, size, year| match computed(rfr, &size, "73065", year) {
            Resources::Computed { least, most, year } => (least.round(), most.round(), year),
            other => panic!("{other:?}"),
        };
        assert_eq!(of(22_000, persons(1), 2026), (94.0, 94.0, 2026));
        // Category 2 (31 254 €) or 3 (37 585 €): two persons may be a young couple, or one with a child.
        assert_eq!(of(22_000, persons(2), 2026), (59.0, 70.0, 2026));
        assert_eq!(of(22_000, Size::default(), 2026).0, 0.0, "a household of any size");
        assert_eq!(of(22_000, persons(1), 2027), (94.0, 94.0, 2026), "ceilings of the year before");
        assert_eq!(computed(22_000, &persons(1), "73065", 2035), Resources::NoTable);
        assert!(
            of(22_000, persons(9), 2026).1 < of(22_000, persons(7), 2026).0,
            "each further person counts"
        );
    }
}
