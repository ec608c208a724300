//! The long table of older waves: one row a zone, bailleur, population, indicator and class.

use csv::ByteRecord;
use polars::prelude::Schema;

use super::batch::AggregateRows;
use crate::reference::registre::{Liste, Registre};
use crate::registers::checks::hashed;
use crate::registers::fields;
use crate::registers::intake::{Column, Fate, Intake, Layout, Notes, Repeated};
use crate::registers::kit::numbers::Kind;

/// Reader of `vague;zone_type;zone_code;bailleur;population;indicateur;classe;effectif;base`.
pub(super) struct Aggregates<'r> {
    registre: &'r Registre,
    vague: u16,
    c_vague: Column,
    zone_type: Column,
    zone_code: Column,
    bailleur: Column,
    population: Column,
    indicateur: Column,
    classe: Column,
    effectif: Column,
    base: Column,
}

impl<'r> Aggregates<'r> {
    pub fn new(registre: &'r Registre, layout: &Layout, vague: u16) -> Self {
        let column = |n: &str| layout.column(n);
        Self {
            registre,
            vague,
            c_vague: column("vague"),
            zone_type: column("zone_type"),
            zone_code: column("zone_code"),
            bailleur: column("bailleur"),
            population: column("population"),
            indicateur: column("indicateur"),
            classe: column("classe"),
            effectif: column("effectif"),
            base: column("base"),
        }
    }

    /// Canonical identifier of a coded cell.
    fn id<'s>(&'s self, list: &str, cell: Option<&[u8]>) -> Option<&'s str> {
        let list: &Liste = self.registre.liste(list)?;
        let code = list.code(cell?)?;
        list.valeurs.iter().find(|v| v.code == code).map(|v| v.id.as_str())
    }
}

impl Intake for Aggregates<'_> {
    type Batch = AggregateRows;
    type State = ();

    fn registre(&self) -> &Registre {
        self.registre
    }

    fn schema(&self) -> Schema {
        AggregateRows::schema()
    }

    fn state(&self) {}

    fn batch(&self) -> AggregateRows {
        AggregateRows::new(1024)
    }

    fn columns(&self, batch: AggregateRows) -> Vec<polars::prelude::Column> {
        batch.done()
    }

    fn repeated(&self) -> Option<Repeated> {
        Some(Repeated {
            rule: "G06",
            header: self.zone_code.header.clone(),
            column: "zone_code",
            message: "Cet effectif figure déjà plus haut dans le fichier ; la première ligne est gardée.",
        })
    }

    fn row(&self, record: &ByteRecord, (): &mut (), b: &mut AggregateRows, notes: &mut Notes<'_>) -> Fate {
        let wave = self.c_vague.cell(record);
        if wave.and_then(|v| fields::integer(v).ok()) != Some(i64::from(self.vague)) {
            let message = format!("Cette ligne n'est pas de la vague {}.", self.vague);
            notes.note("G01", &self.c_vague, wave.unwrap_or(b""), message);
            return Fate::Rejected;
        }
        let cell = |c: &Column| c.cell(record).unwrap_or(b"").to_vec();
        let Some(zone_type) = self.id("zone_type", self.zone_type.cell(record)) else {
            let allowed = self.registre.liste("zone_type").map_or_else(String::new, Liste::admis);
            notes.note(
                "G02",
                &self.zone_type,
                &cell(&self.zone_type),
                format!("Type de zone absent ou inconnu ; admis : {allowed}."),
            );
            return Fate::Rejected;
        };
        let Some(code) = self.zone_code.cell(record) else {
            notes.note("G02", &self.zone_code, b"", "Le code de la zone manque.");
            return Fate::Rejected;
        };
        // Codes of communes lose their zero in spreadsheets.
        let mut zone_code = String::from_utf8_lossy(code).to_uppercase();
        if zone_type.starts_with("COMMUNE") {
            match fields::commune(code) {
                Ok((c, repaired)) => {
                    if repaired {
                        notes.count("depcom_repares");
                    }
                    zone_code = String::from_utf8_lossy(&c).into_owned();
                }
                Err(_) => {
                    notes.note(
                        "G02",
                        &self.zone_code,
                        code,
                        "Ce n'est pas un code commune de l'Insee (cinq signes).",
                    );
                    return Fate::Rejected;
                }
            }
        }
        let Some(population) = self.id("population", self.population.cell(record)) else {
            notes.note(
                "G03",
                &self.population,
                &cell(&self.population),
                "Population attendue : TOUS ou RECENTS.",
            );
            return Fate::Rejected;
        };
        let (Some(indicator), Some(class)) = (self.indicateur.cell(record), self.classe.cell(record)) else {
            notes.note("G04", &self.indicateur, &cell(&self.indicateur), "L'indicateur ou la classe manque.");
            return Fate::Rejected;
        };
        let mut amount = |c: &Column| {
            let money = Kind::Money { most: f64::INFINITY };
            let read = c.cell(record).and_then(|v| c.number(v, money).ok());
            let v = read.map(|r| r.value).filter(|v| *v >= 0.0);
            if v.is_none() {
                notes.note("G05", c, &cell(c), "Un nombre positif ou nul est attendu.");
            }
            v
        };
        let (count, base) = (amount(&self.effectif), amount(&self.base));
        let (Some(count), Some(base)) = (count, base) else { return Fate::Rejected };
        if count > base {
            notes.note(
                "G07",
                &self.effectif,
                &cell(&self.effectif),
                format!("L'effectif dépasse la base ({base})."),
            );
        }
        // One lessor is one SIREN, whatever a spreadsheet made of it.
        let siren = self.bailleur.cell(record).and_then(|cell| fields::siren(cell).ok());
        let bailleur = siren.as_ref().map(|s| s.digits.as_slice()).or(self.bailleur.cell(record));
        let parts = [
            zone_type.as_bytes(),
            zone_code.as_bytes(),
            bailleur.unwrap_or(b""),
            population.as_bytes(),
            indicator,
            class,
        ];
        let key = hashed(&parts.join(&0xff));
        b.vague.push(Some(self.vague));
        b.zone_type.push(Some(zone_type));
        b.zone_code.push(Some(&zone_code));
        b.bailleur.push_bytes(bailleur);
        b.population.push(Some(population));
        b.indicateur.push_bytes(Some(indicator));
        b.classe.push_bytes(Some(class));
        b.effectif.push(Some(count));
        b.base.push(Some(base));
        Fate::Kept { key: Some(key) }
    }
}
