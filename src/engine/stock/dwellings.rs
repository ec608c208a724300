//! The dwellings of one millésime, in columns.

use rustc_hash::FxHashMap;

use super::StockError;
use super::joined::Tape;
use super::parts::Parts;
use super::table::{Texts, hash};
use crate::arrays::CubeError;
use crate::reference::communes::is_city;

/// Dwellings; after the join, rows that stand for households whose dwelling is not registered follow them.
#[derive(Debug, Clone, Default)]
pub struct Dwellings {
    /// Registered dwellings come first; what follows is [`Self::push_unregistered`].
    registered: usize,
    /// Registered dwellings whose point is not of the file: it was given by a neighbour or by the address.
    pub situated: Vec<u32>,
    /// Registered dwellings whose point their bailleur moved.
    pub moved: Vec<u32>,
    pub ident_rep: Vec<u64>,
    pub ident_int: Vec<u64>,
    pub siren: Texts,
    pub bailleur: Texts,
    /// As filed.
    pub depcom: Texts,
    /// The commune in force that it is in ([`super::communes`]); empty until it is settled.
    pub commune: Texts,
    /// Address keys (`depcom:number:suffix:street`).
    pub adresse: Texts,
    pub complgeo: Texts,
    pub segment: Texts,
    pub qpv15: Texts,
    pub qpv24: Texts,
    pub iris: Texts,
    /// Postcode of the rows that have the code of a city with arrondissements, by row; others have none.
    pub postal: FxHashMap<usize, String>,
    pub lon: Vec<f64>,
    pub lat: Vec<f64>,
    pub qualite: Vec<u8>,
    pub qpv_declare: Vec<u8>,
    pub typeconst: Vec<u8>,
    pub nbpiece: Vec<u8>,
    pub finan: Vec<u8>,
    pub cus: Vec<u8>,
    pub mode: Vec<u8>,
    pub dpe: Vec<u8>,
    pub surfhab: Vec<u16>,
    pub construct: Vec<u16>,
    pub locat: Vec<u16>,
    pub vacance_mois: Vec<u16>,
    /// Last year that the dwelling counts for the SRU law; 0 where none is told.
    pub sru_expir: Vec<u16>,
    pub bail: Vec<u32>,
    pub loyer: Vec<f32>,
}

/// Reads the columns that figures need.
///
/// # Errors
/// The table is missing or lacks a column.
pub fn read(parts: &Parts) -> Result<Dwellings, StockError> {
    let t = parts.read(&[
        "ident_rep",
        "ident_int",
        "siren",
        "bailleur",
        "depcom",
        "adresse",
        "complgeo",
        "segment",
        "qpv15_fichier",
        "qpv24_fichier",
        "iris_fichier",
        "lon",
        "lat",
        "qualite",
        "qpv_declare",
        "typeconst",
        "nbpiece",
        "finan",
        "cus",
        "mode",
        "dpe",
        "surfhab",
        "construct",
        "locat",
        "vacance_mois",
        "bail",
        "loyer",
        "sru_expir",
    ])?;
    let depcom = t.texts("depcom")?;
    let postal = postcodes_of_cities(parts, &depcom)?;
    Ok(Dwellings {
        situated: Vec::new(),
        moved: Vec::new(),
        registered: t.rows(),
        ident_rep: t.hashes("ident_rep")?,
        ident_int: t.hashes("ident_int")?,
        siren: t.texts("siren")?,
        bailleur: t.texts("bailleur")?,
        depcom,
        commune: Texts { list: Vec::new(), of: vec![u32::MAX; t.rows()] },
        adresse: t.texts("adresse")?,
        complgeo: t.texts("complgeo")?,
        segment: t.texts("segment")?,
        qpv15: t.texts("qpv15_fichier")?,
        qpv24: t.texts("qpv24_fichier")?,
        iris: t.texts("iris_fichier")?,
        postal,
        lon: t.f64s("lon")?,
        lat: t.f64s("lat")?,
        qualite: t.u8s("qualite")?,
        qpv_declare: t.u8s("qpv_declare")?,
        typeconst: t.u8s("typeconst")?,
        nbpiece: t.u8s("nbpiece")?,
        finan: t.u8s("finan")?,
        cus: t.u8s("cus")?,
        mode: t.u8s("mode")?,
        dpe: t.u8s("dpe")?,
        surfhab: t.u16s("surfhab")?,
        construct: t.u16s("construct")?,
        locat: t.u16s("locat")?,
        vacance_mois: t.u16s("vacance_mois")?,
        sru_expir: t.u16s("sru_expir")?,
        bail: t.u32s("bail")?,
        loyer: t.f32s("loyer")?,
    })
}

/// Postcodes of the rows that have the code of a city where another could have that of an arrondissement.
fn postcodes_of_cities(parts: &Parts, depcom: &Texts) -> Result<FxHashMap<usize, String>, StockError> {
    let city: Vec<bool> = depcom.list.iter().map(|c| is_city(c)).collect();
    if !city.contains(&true) {
        return Ok(FxHashMap::default());
    }
    let postcodes = parts.read(&["codepostal"])?.texts("codepostal")?;
    let of_city = |row: &usize| city.get(depcom.of[*row] as usize).copied().unwrap_or(false);
    Ok((0..depcom.of.len()).filter(of_city).map(|row| (row, postcodes.get(row).to_owned())).collect())
}

impl Dwellings {
    /// Calls a tape with each column, always in this order. Rows of the register and postcodes are no
    /// columns; nor are those that builds fill.
    ///
    /// # Errors
    /// Those of the tape.
    pub(super) fn columns(&mut self, tape: &mut impl Tape) -> Result<(), CubeError> {
        for (name, texts) in [
            ("siren", &mut self.siren),
            ("bailleur", &mut self.bailleur),
            ("depcom", &mut self.depcom),
            ("adresse", &mut self.adresse),
            ("complgeo", &mut self.complgeo),
            ("segment", &mut self.segment),
            ("qpv15", &mut self.qpv15),
            ("qpv24", &mut self.qpv24),
            ("iris", &mut self.iris),
        ] {
            tape.texts(&format!("logement.{name}"), texts)?;
        }
        for (name, column) in [
            ("qualite", &mut self.qualite),
            ("qpv_declare", &mut self.qpv_declare),
            ("typeconst", &mut self.typeconst),
            ("nbpiece", &mut self.nbpiece),
            ("finan", &mut self.finan),
            ("cus", &mut self.cus),
            ("mode", &mut self.mode),
            ("dpe", &mut self.dpe),
        ] {
            tape.numbers(&format!("logement.{name}"), column)?;
        }
        for (name, column) in [
            ("surfhab", &mut self.surfhab),
            ("construct", &mut self.construct),
            ("locat", &mut self.locat),
            ("vacance_mois", &mut self.vacance_mois),
            ("sru_expir", &mut self.sru_expir),
        ] {
            tape.numbers(&format!("logement.{name}"), column)?;
        }
        tape.numbers("logement.ident_rep", &mut self.ident_rep)?;
        tape.numbers("logement.ident_int", &mut self.ident_int)?;
        tape.numbers("logement.lon", &mut self.lon)?;
        tape.numbers("logement.lat", &mut self.lat)?;
        tape.numbers("logement.bail", &mut self.bail)?;
        tape.numbers("logement.loyer", &mut self.loyer)
    }

    /// No commune is settled yet, and this many rows are of the register: when columns were read.
    pub(super) fn settle_rows(&mut self, registered: usize) {
        self.registered = registered;
        self.commune = Texts { list: Vec::new(), of: vec![u32::MAX; self.len()] };
    }

    /// Number of rows, unregistered ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lon.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lon.is_empty()
    }

    /// Number of dwellings of the register.
    #[must_use]
    pub fn registered(&self) -> usize {
        self.registered
    }

    /// What each row is known by from one build to the next: its national number, else its address (its
    /// commune, if it has none) and how many such rows come before.
    #[must_use]
    pub fn identity(&self) -> Vec<u64> {
        let mut before: FxHashMap<u64, u64> = FxHashMap::default();
        (0..self.len())
            .map(|row| {
                if self.ident_rep[row] != 0 {
                    return self.ident_rep[row];
                }
                let address = self.adresse.get(row);
                let place = hash(if address.is_empty() { self.depcom.get(row) } else { address });
                let rank = before.entry(place).or_default();
                *rank += 1;
                place.rotate_left(17) ^ *rank
            })
            .collect()
    }

    /// Adds a dwelling of which nothing is known yet to those of the register, before any unregistered row;
    /// its row.
    pub fn push_registered(&mut self) -> usize {
        self.push_unregistered(u32::MAX, u32::MAX);
        self.registered = self.len();
        self.registered - 1
    }

    /// Adds a row for a household whose dwelling is not in the register: it counts for its commune only.
    /// `depcom` and `siren` are numbers in the lists of those columns (`u32::MAX` = not known).
    pub fn push_unregistered(&mut self, depcom: u32, siren: u32) {
        self.depcom.of.push(depcom);
        self.siren.of.push(siren);
        for texts in [
            &mut self.commune,
            &mut self.bailleur,
            &mut self.adresse,
            &mut self.complgeo,
            &mut self.segment,
            &mut self.qpv15,
            &mut self.qpv24,
            &mut self.iris,
        ] {
            texts.of.push(u32::MAX);
        }
        for column in [
            &mut self.qualite,
            &mut self.qpv_declare,
            &mut self.typeconst,
            &mut self.nbpiece,
            &mut self.finan,
            &mut self.cus,
            &mut self.mode,
            &mut self.dpe,
        ] {
            column.push(0);
        }
        for column in [
            &mut self.surfhab,
            &mut self.construct,
            &mut self.locat,
            &mut self.vacance_mois,
            &mut self.sru_expir,
        ] {
            column.push(0);
        }
        self.ident_rep.push(0);
        self.ident_int.push(0);
        self.lon.push(f64::NAN);
        self.lat.push(f64::NAN);
        self.bail.push(0);
        self.loyer.push(f32::NAN);
    }
}
