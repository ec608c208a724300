//! The sheet of a commune: its rights, what they give this year, what was honoured, and the next objective.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::flux::book::{Book, caps, departement};
use crate::desk::flux::suivi::chosen;
use crate::desk::flux::view::{View, base_code, title};
use crate::desk::leases::Choix;
use crate::desk::problem::Problem;
use crate::flow::convention::{ConventionFlux, Decompte};
use crate::flow::count::TroisComptes;
use crate::flow::delegation::delegated;
use crate::flow::rights::{Droit, converted};
use crate::flow::way::Way;
use crate::flow::year::{Assiette, CalculFlux, calculated};
use crate::french;
use crate::publish::csv_file;

/// La fiche d'une commune.
#[derive(Debug, Serialize, ToSchema)]
pub struct FicheCommune {
    pub commune: String,
    pub nom: String,
    pub annee: u16,
    pub annees: Vec<u16>,
    pub communes: Vec<Choix>,
    pub lignes: Vec<LigneFiche>,
    pub ensemble: LigneFiche,
    /// Droits en vigueur dans l'année.
    pub droits: Vec<DroitFiche>,
    /// Droits qui commencent dans l'année ou la suivante.
    pub nouveaux: Vec<DroitFiche>,
    /// Droits dont l'année est la dernière.
    pub finissants: Vec<DroitFiche>,
    /// Délégations dont les bornes ne peuvent pas être tenues.
    pub alertes: Vec<String>,
    /// Baux du flux signés dans la commune, par réservataire.
    pub baux: Vec<BauxFiche>,
}

/// Ce qu'un bailleur doit à la commune.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct LigneFiche {
    pub bailleur: String,
    pub bailleur_nom: String,
    /// Logements du bailleur dans la commune ; nul s'il n'en a pas déclaré.
    pub stock: Option<u32>,
    /// Logements qui s'y libèrent dans le flux.
    pub assiette: Option<u32>,
    /// Ce que les droits en stock de la commune, directs et délégués, donneraient dans l'année.
    pub dus: f64,
    pub direct: VoletFiche,
    pub delegue: VoletFiche,
    /// Le calcul de l'année suivante reprend l'assiette de celle-ci, la sienne n'étant pas encore connue.
    pub reconduite: bool,
}

/// Droits directs de la commune, ou délégués par l'EPCI.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct VoletFiche {
    /// Logements réservés, de tous les programmes.
    pub droits: u32,
    /// Part du flux du bailleur dans le département, en % ; nulle sans convention.
    pub part: Option<f64>,
    /// Logements de l'année.
    pub prevu: Option<u32>,
    pub comptes: TroisComptes,
    /// Logements honorés, comme la convention les compte.
    pub honore: u32,
    /// Objectif de l'année suivante.
    pub suivant: Option<u32>,
}

/// Un droit de réservation.
#[derive(Debug, Serialize, ToSchema)]
pub struct DroitFiche {
    pub bailleur_nom: String,
    pub reservataire_nom: String,
    /// Délégué par son titulaire à la commune.
    pub delegue: bool,
    #[serde(flatten)]
    pub droit: Droit,
}

/// Baux de la commune.
#[derive(Debug, Serialize, ToSchema)]
pub struct BauxFiche {
    pub reservataire: String,
    pub nom: String,
    pub baux: u32,
    pub en_qpv: u32,
}

impl VoletFiche {
    fn add(&mut self, o: &Self) {
        let sum = |a: &mut Option<u32>, b: Option<u32>| *a = a.map_or(b, |x| Some(x + b.unwrap_or(0)));
        self.droits += o.droits;
        sum(&mut self.prevu, o.prevu);
        sum(&mut self.suivant, o.suivant);
        self.comptes.add(o.comptes);
        self.honore += o.honore;
    }
}

/// A year of a lessor: its conventions, its calculation.
struct Year {
    conventions: Vec<ConventionFlux>,
    flow: Option<CalculFlux>,
    /// The base is that of the year before.
    again: bool,
}

fn year_of(book: &Book, bailleur: &str, d: &str, annee: u16) -> Result<Year, Problem> {
    let conventions = book.of(bailleur, d, annee);
    if let Some(flow) = book.flow(bailleur, d, annee)? {
        return Ok(Year { conventions, flow: Some(flow), again: false });
    }
    let before = annee.checked_sub(1).and_then(|y| book.base(bailleur, d, y));
    let carried = book.carried(bailleur, d, annee)?;
    let flow = match before {
        Some(base) => calculated(&Assiette { annee, ..base.clone() }, &conventions, &carried, caps()?),
        None => None,
    };
    Ok(Year { conventions, again: flow.is_some(), flow })
}

/// What a year gives to a commune: its share in % and its dwellings, direct and delegated.
fn given(year: &Year, commune: &str, alertes: &mut Vec<String>) -> [Option<(f64, u32)>; 2] {
    let Some(flow) = &year.flow else { return [None, None] };
    let of = |r: &str| flow.parts.iter().find(|p| p.reservataire == r);
    let own = format!("COMMUNE:{commune}");
    let direct = of(&own).map(|p| (p.part, p.logements));
    let mut delegate = None;
    for c in year.conventions.iter().filter(|c| c.delegations.iter().any(|d| d.commune == commune)) {
        let Some(part) = of(&c.reservataire) else { continue };
        let shared = match delegated(part.logements, &c.delegations) {
            Ok(shared) => shared,
            Err(why) => {
                alertes.push(format!("{}, flux délégué : {why}. Il n'est pas réparti.", c.bailleur));
                continue;
            }
        };
        for (d, n) in c.delegations.iter().zip(shared.0).filter(|(d, _)| d.commune == commune) {
            let (share, all) = delegate.get_or_insert((0.0, 0));
            *share += part.part * d.part / 100.0;
            *all += n;
        }
    }
    [direct, delegate]
}

pub struct Asked {
    pub commune: Option<String>,
    pub annee: Option<u16>,
}

pub fn answer(book: &Book, view: &View, asked: &Asked) -> Result<FicheCommune, Problem> {
    if !view.holds("COMMUNE") {
        return Err(Problem::forbidden(
            "La fiche d'une commune est ouverte à elle, à son EPCI, aux bailleurs et aux services de l'État.",
        ));
    }
    let annee = chosen(book, asked.annee)?;
    let communes = open_communes(book, view);
    let commune = match &asked.commune {
        Some(c) if communes.iter().any(|o| o.code == *c) => c.clone(),
        Some(c) => return Err(Problem::unknown("commune", c, communes.iter().map(|c| c.code.as_str()))),
        None => richest(book, &communes).ok_or_else(|| {
            Problem::not_found(
                "flux",
                "",
                "Aucune commune de votre territoire n'a de droit ni d'assiette enregistrés.",
            )
        })?,
    };
    let d = departement(&commune);
    let sirens: BTreeSet<&str> = book
        .bases
        .iter()
        .filter(|b| b.departement == d)
        .map(|b| b.bailleur.as_str())
        .chain(book.rights.iter().filter(|r| r.commune == commune).map(|r| r.bailleur.as_str()))
        .filter(|b| view.opens(b, d))
        .collect();
    let (mut lignes, mut ensemble) = (Vec::new(), LigneFiche::default());
    let mut baux: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let mut alertes = Vec::new();
    for b in sirens {
        let l = line(book, view, (b, d, &commune, annee), &mut baux, &mut alertes)?;
        ensemble.direct.add(&l.direct);
        ensemble.delegue.add(&l.delegue);
        ensemble.dus += l.dus;
        for (sum, n) in [(&mut ensemble.stock, l.stock), (&mut ensemble.assiette, l.assiette)] {
            *sum = sum.map_or(n, |s| Some(s + n.unwrap_or(0)));
        }
        let empty =
            |v: &VoletFiche| v.droits == 0 && v.prevu.is_none() && v.comptes == TroisComptes::default();
        if l.stock.is_some() || !empty(&l.direct) || !empty(&l.delegue) {
            lignes.push(l);
        }
    }
    let right = |r: &&Droit| r.commune == commune && view.right(r);
    let told = |r: &Droit| DroitFiche {
        bailleur_nom: view.name(&r.bailleur),
        reservataire_nom: title(view, &r.reservataire),
        delegue: is_delegate(r, &commune),
        droit: r.clone(),
    };
    let list = |keep: &dyn Fn(&Droit) -> bool| -> Vec<DroitFiche> {
        book.rights.iter().filter(right).filter(|r| keep(r)).map(told).collect()
    };
    let next = annee + 1;
    Ok(FicheCommune {
        nom: view.name(&commune),
        annee,
        annees: book.years(),
        communes,
        lignes,
        ensemble,
        droits: list(&|r| r.holds(annee)),
        nouveaux: list(&|r| r.du == annee || r.du == next),
        finissants: list(&|r| r.au == Some(annee)),
        alertes,
        baux: baux
            .into_iter()
            .map(|(r, (baux, en_qpv))| BauxFiche {
                nom: title(view, r),
                reservataire: r.to_owned(),
                baux,
                en_qpv,
            })
            .collect(),
        commune,
    })
}

/// Communes that have something and are open.
fn open_communes(book: &Book, view: &View) -> Vec<Choix> {
    let of_bases = book.bases.iter().map(|b| b.commune.as_str());
    let of_rights = book.rights.iter().map(|r| r.commune.as_str());
    let holders = book.conventions.iter().filter_map(|(_, c)| c.reservataire.strip_prefix("COMMUNE:"));
    let to = book.conventions.iter().flat_map(|(_, c)| c.delegations.iter().map(|d| d.commune.as_str()));
    let all: BTreeSet<&str> =
        of_bases.chain(of_rights).chain(holders).chain(to).filter(|c| !c.is_empty()).collect();
    let seen = |c: &&str| view.communes.as_ref().is_none_or(|list| list.contains(*c));
    let mut out: Vec<Choix> =
        all.into_iter().filter(seen).map(|c| Choix { code: c.to_owned(), nom: view.name(c) }).collect();
    out.sort_by(|a, b| a.nom.cmp(&b.nom));
    out
}

/// The commune that is shown first: the one with the most reserved dwellings.
fn richest(book: &Book, communes: &[Choix]) -> Option<String> {
    let rights =
        |c: &Choix| -> u32 { book.rights.iter().filter(|r| r.commune == c.code).map(|r| r.nombre).sum() };
    communes.iter().max_by_key(|c| (rights(c), std::cmp::Reverse(&c.code))).map(|c| c.code.clone())
}

fn is_delegate(r: &Droit, commune: &str) -> bool {
    r.delegataire.strip_prefix("COMMUNE:") == Some(commune)
}

fn line<'a>(
    book: &'a Book,
    view: &View,
    (b, d, commune, annee): (&str, &str, &str, u16),
    baux: &mut BTreeMap<&'a str, (u32, u32)>,
    alertes: &mut Vec<String>,
) -> Result<LigneFiche, Problem> {
    let (this, next) = (year_of(book, b, d, annee)?, year_of(book, b, d, annee + 1)?);
    let base = book.bases.iter().find(|x| x.bailleur == b && x.commune == commune && x.annee == annee);
    let a = base.and_then(|x| u32::try_from(x.base()?.2.max(0)).ok());
    let own = format!("COMMUNE:{commune}");
    // A right of « COMMUNE », without a code, is of the commune that it lies in.
    let direct = |r: &&Droit| {
        r.reservataire == own
            || (r.reservataire == "COMMUNE" && r.commune == commune && r.delegataire.is_empty())
    };
    let to_it = |r: &&Droit| is_delegate(r, commune);
    let rights: Vec<Droit> =
        book.rights.iter().filter(|r| r.bailleur == b && (direct(r) || to_it(r))).cloned().collect();
    let here: Vec<Droit> = rights.iter().filter(|r| r.commune == commune).cloned().collect();
    let dus = base
        .zip(a)
        .map_or(0.0, |(x, a)| converted(&here, annee, x.stock, a).iter().map(|l| l.logements).sum());
    let [now_direct, now_delegate] = given(&this, commune, alertes);
    let [next_direct, next_delegate] = given(&next, commune, alertes);
    let reserved = |of: &dyn Fn(&&Droit) -> bool| -> u32 {
        rights.iter().filter(|r| r.holds(annee)).filter(|r| of(r)).map(|r| r.nombre).sum()
    };
    let volet =
        |of: &dyn Fn(&&Droit) -> bool, now: Option<(f64, u32)>, next: Option<(f64, u32)>| VoletFiche {
            droits: reserved(of),
            part: now.map(|n| n.0),
            prevu: now.map(|n| n.1),
            suivant: next.map(|n| n.1),
            ..VoletFiche::default()
        };
    let mut line = LigneFiche {
        bailleur: b.to_owned(),
        bailleur_nom: view.name(b),
        stock: base.map(|x| x.stock),
        assiette: a,
        dus,
        direct: volet(&direct, now_direct, next_direct),
        delegue: volet(&to_it, now_delegate, next_delegate),
        reconduite: next.again,
    };
    let gives = |r: &str| {
        this.conventions
            .iter()
            .any(|c| c.reservataire == r && c.delegations.iter().any(|x| x.commune == commune))
    };
    for w in book.ways_of(b).filter(|w| departement(&w.home.commune) == d) {
        let n = TroisComptes::of_way(w, annee);
        let Some(offer) = w.imputed().filter(|_| n != TroisComptes::default()) else { continue };
        if w.home.commune == commune && n.bail > 0 && view.holds(&offer.to) {
            let sum = baux.entry(offer.to.as_str()).or_default();
            sum.0 += 1;
            sum.1 += u32::from(!w.home.qpv.is_empty());
        }
        let counting = book.counting(b, d, &offer.to, annee);
        if counts_as_own(w, &offer.to, &own, commune) {
            count(&mut line.direct, n, counting);
        } else if w.home.commune == commune && gives(&offer.to) {
            count(&mut line.delegue, n, counting);
        }
    }
    Ok(line)
}

/// On the commune's own contingent: `COMMUNE:73065`, or `COMMUNE` in the commune itself.
fn counts_as_own(w: &Way, to: &str, own: &str, commune: &str) -> bool {
    to == own || (to == "COMMUNE" && base_code(to) == to && w.home.commune == commune)
}

fn count(volet: &mut VoletFiche, n: TroisComptes, counting: Decompte) {
    volet.comptes.add(n);
    volet.honore += n.of(counting);
}

pub fn written(f: &FicheCommune) -> Result<Vec<u8>, csv::Error> {
    let mut w = csv_file::writer();
    w.write_record([
        "annee",
        "commune",
        "commune_nom",
        "bailleur",
        "bailleur_nom",
        "volet",
        "droits",
        "part",
        "prevu",
        "orientations",
        "caleol",
        "baux",
        "honore",
        "objectif_suivant",
        "assiette_reconduite",
    ])?;
    let some = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
    for l in &f.lignes {
        for (name, v) in [("direct", &l.direct), ("delegue", &l.delegue)] {
            w.write_record([
                f.annee.to_string(),
                f.commune.clone(),
                csv_file::inert(&f.nom),
                l.bailleur.clone(),
                csv_file::inert(&l.bailleur_nom),
                name.to_owned(),
                v.droits.to_string(),
                v.part.map(french::cell).unwrap_or_default(),
                some(v.prevu),
                v.comptes.orientation.to_string(),
                v.comptes.caleol.to_string(),
                v.comptes.bail.to_string(),
                v.honore.to_string(),
                some(v.suivant),
                u8::from(l.reconduite).to_string(),
            ])?;
        }
    }
    csv_file::bytes(w)
}
