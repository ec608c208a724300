//! Addresses of the BAN → `adresses.parquet`: identifier, name, position, and the key that joins other
//! registers.

use std::path::Path;

use csv::ByteRecord;
use polars::prelude::Schema;

use super::checks::{ascii, commune, hashed, text};
use super::columns::batch;
use super::fields;
use super::intake::{self, Column, Fate, Intake, IntakeError, Notes, Repeated};
use super::kit::numbers::{Kind, Read};
use super::output::Output;
use super::report::Report;
use crate::address::Normalizer;
use crate::reference::ban::{Ban, ban};
use crate::reference::registre::Registre;
use crate::reference::territory::territory;

/// What the user says of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Départements to keep, separated by commas: `73` or `73,74`; rows of others are rejected.
    pub departement: String,
}

/// Why a BAN file cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum AddressesError {
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error(
        "« {0} » n'est pas un département ; attendu : 73, 2A, 974, ou plusieurs séparés par des virgules"
    )]
    Departement(String),
}

/// Imports a BAN file (`adresses-73.csv`, plain or compressed).
///
/// # Errors
/// The option is no list of départements, the file is no table or lacks a mandatory column, or the result
/// cannot be written.
pub fn import(
    path: &Path,
    options: &Options,
    output: &Output,
    progress: &dyn Fn(u64, u64),
) -> Result<Report, AddressesError> {
    let departements: Vec<String> = options.departement.split(',').map(|d| d.trim().to_uppercase()).collect();
    for d in &departements {
        // A département is the beginning of its communes' codes; Paris has one.
        let probe = if d == "75" { "75056".to_owned() } else { format!("{d:0<4}1") };
        if !matches!(d.len(), 2 | 3)
            || (d.len() == 3) != d.starts_with("97")
            || fields::commune(probe.as_bytes()).is_err()
        {
            return Err(AddressesError::Departement(d.clone()));
        }
    }
    let reference = ban().map_err(IntakeError::from)?;
    let table = intake::open(path, &[&reference.registre])?;
    let layout = intake::layout(&reference.registre, &table)?;
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let mut report = Report::new("addresses", &departements.join(","), &name);
    report.format = "Base adresse nationale, CSV".to_owned();
    let column = |n: &str| layout.column(n);
    let reader = Rows {
        reference,
        departements,
        id: column("id"),
        numero: column("numero"),
        rep: column("rep"),
        nom_voie: column("nom_voie"),
        code_postal: column("code_postal"),
        code_insee: column("code_insee"),
        nom_commune: column("nom_commune"),
        lon: column("lon"),
        lat: column("lat"),
        type_position: column("type_position"),
        code_ancienne: column("code_insee_ancienne_commune"),
        nom_ancienne: column("nom_ancienne_commune"),
        nom_ld: column("nom_ld"),
    };
    intake::run(&reader, &table, &layout, "adresses", output, &mut report, progress)?;
    Ok(report)
}

batch! {
    /// One row an address.
    Batch {
        id: Text, numero: U32, rep: Text, nom_voie: Text, code_postal: Text, code_insee: Text,
        nom_commune: Text,
        lon: F64, lat: F64, type_position: Text, cle: Text,
        code_ancienne: Text, nom_ancienne: Text, nom_ld: Text,
    }
}

struct Rows<'r> {
    reference: &'r Ban,
    departements: Vec<String>,
    id: Column,
    numero: Column,
    rep: Column,
    nom_voie: Column,
    code_postal: Column,
    code_insee: Column,
    nom_commune: Column,
    lon: Column,
    lat: Column,
    type_position: Column,
    code_ancienne: Column,
    nom_ancienne: Column,
    nom_ld: Column,
}

impl Rows<'_> {
    fn degrees(
        &self,
        column: &Column,
        bounds: [f64; 2],
        record: &ByteRecord,
        notes: &mut Notes<'_>,
    ) -> Option<f64> {
        let cell = column.cell(record);
        let v = column_number(column, record).map(|read| read.value);
        let v = v.filter(|v| (bounds[0]..=bounds[1]).contains(v));
        if v.is_none() {
            notes.note(
                "B05",
                column,
                cell.unwrap_or(b""),
                "Position absente, illisible ou hors de France (degrés attendus).",
            );
        }
        v
    }

    /// Longitude and latitude, in the territory of the commune; put right where a file has them the other way
    /// round.
    fn point(&self, code: &str, record: &ByteRecord, notes: &mut Notes<'_>) -> Option<(f64, f64)> {
        let s = &self.reference.seuils;
        let territory = territory().of_depcom(code);
        let [west, south, east, north] = territory.emprise;
        let here = |lon: f64, lat: f64| (west..=east).contains(&lon) && (south..=north).contains(&lat);
        let read = |c: &Column| Some(column_number(c, record)?.value);
        match (read(&self.lon), read(&self.lat)) {
            (Some(lon), Some(lat)) if here(lon, lat) => Some((lon, lat)),
            (Some(lon), Some(lat)) if here(lat, lon) => {
                notes.count("positions_echangees");
                Some((lat, lon))
            }
            _ => {
                let lon = self.degrees(&self.lon, s.lon, record, notes)?;
                let lat = self.degrees(&self.lat, s.lat, record, notes)?;
                let message =
                    format!("La position ({lon} ; {lat}) est loin de la commune ({}).", territory.nom);
                notes.note("B05", &self.lon, self.lon.cell(record).unwrap_or(b""), message);
                None
            }
        }
    }
}

fn column_number(column: &Column, record: &ByteRecord) -> Option<Read> {
    column.number(column.cell(record)?, Kind::Number).ok()
}

impl Intake for Rows<'_> {
    type Batch = Batch;
    type State = Normalizer;

    fn registre(&self) -> &Registre {
        &self.reference.registre
    }

    fn schema(&self) -> Schema {
        Batch::schema()
    }

    fn state(&self) -> Normalizer {
        Normalizer::new()
    }

    fn batch(&self) -> Batch {
        Batch::new(100_000)
    }

    fn columns(&self, batch: Batch) -> Vec<polars::prelude::Column> {
        batch.done()
    }

    fn repeated(&self) -> Option<Repeated> {
        Some(Repeated {
            rule: "B04",
            header: self.id.header.clone(),
            column: "id",
            message: "Cette adresse figure déjà plus haut ; sa première position est gardée.",
        })
    }

    fn row(
        &self,
        record: &ByteRecord,
        streets: &mut Normalizer,
        b: &mut Batch,
        notes: &mut Notes<'_>,
    ) -> Fate {
        let code = commune(&self.code_insee, record, "B03", notes);
        let Some(code) = ascii(&code) else {
            if self.code_insee.cell(record).is_none() {
                notes.note("B03", &self.code_insee, b"", "Le code commune manque.");
            }
            return Fate::Rejected;
        };
        if !self.departements.iter().any(|d| code.starts_with(d.as_str())) {
            let message = format!("Département attendu : {}.", self.departements.join(", "));
            notes.note("B01", &self.code_insee, code.as_bytes(), message);
            return Fate::Rejected;
        }
        let Some(id) = self.id.cell(record) else {
            notes.note("B02", &self.id, b"", "L'identifiant de l'adresse manque.");
            return Fate::Rejected;
        };
        let Some((lon, lat)) = self.point(code, record, notes) else { return Fate::Rejected };
        let mut sign = None;
        let numero = self.numero.cell(record).and_then(|cell| {
            let n = fields::integer(cell).ok().and_then(|n| u32::try_from(n).ok());
            n.or_else(|| {
                // « 12bis » in one cell.
                let read = streets.key(code, text(Some(cell)), "", "", "RUE", "");
                if read.number.is_none() {
                    notes.note("B06", &self.numero, cell, "Numéro illisible ; la valeur est ignorée.");
                }
                sign.clone_from(&read.suffix);
                read.number
            })
        });
        let street = self.nom_voie.cell(record);
        if street.is_none() {
            notes.note("B07", &self.nom_voie, b"", "Le nom de la voie manque.");
        }
        let sign = sign.map(|s| s.to_lowercase());
        let rep = self.rep.cell(record).or(sign.as_ref().map(|s| s.as_bytes()));
        let number = numero.map_or_else(String::new, |n| n.to_string());
        let key = streets.key(code, &number, text(rep), "", text(street), "");
        b.id.push_bytes(Some(id));
        b.numero.push(numero);
        b.rep.push_bytes(rep);
        b.nom_voie.push_bytes(street);
        let postcode = self.code_postal.cell(record);
        // Five digits, a zero lost or not.
        let five = postcode.and_then(fields::five);
        b.code_postal.push_bytes(five.as_ref().map(<[u8; 5]>::as_slice).or(postcode));
        b.code_insee.push(Some(code));
        b.nom_commune.push_bytes(self.nom_commune.cell(record));
        b.lon.push(Some(lon));
        b.lat.push(Some(lat));
        b.type_position.push_bytes(self.type_position.cell(record));
        b.cle.push(Some(&key.key));
        b.code_ancienne.push_bytes(self.code_ancienne.cell(record));
        b.nom_ancienne.push_bytes(self.nom_ancienne.cell(record));
        b.nom_ld.push_bytes(self.nom_ld.cell(record));
        Fate::Kept { key: Some(hashed(id)) }
    }
}
