//! What rows are written from: the zones with their names, and blocks of addresses, residences and dwellings.

use crate::reference::demo::{Demo, Genre, OpsKey};

use super::geometry::{Frame, Point, Polygon};
use super::streets::Street;

/// A bailleur with its whole numbers.
#[derive(Debug, Clone)]
pub struct Bailleur {
    pub siren: String,
    pub siret: String,
    pub nom: String,
    pub categorie: String,
    pub weight: f64,
    pub effect: f64,
    pub response: f64,
    pub key: OpsKey,
    pub prefix: String,
}

/// One commune as rows name it.
#[derive(Debug, Clone)]
pub struct Town {
    pub code: String,
    pub nom: String,
    pub codepostal: String,
    pub epci: usize,
    pub departement: usize,
    pub genre: Genre,
    pub centre: Point,
    pub radius: f64,
    pub ground: Vec<Polygon>,
    /// The commune that it was in 2022 and has been since, where it merged or was split.
    pub waves: [Option<Coded>; 2],
    /// The city that it is an arrondissement of.
    pub city: Option<Coded>,
}

impl Town {
    /// Code and name that a bailleur files: one of two writes the city for its arrondissement, one of four
    /// still has the code of before a merger.
    #[must_use]
    pub fn filed(&self, wave: usize, bailleur: usize) -> (&str, &str) {
        let late = wave == 1 && bailleur % 4 == 2;
        let named = if late { &self.waves[0] } else { &self.waves[wave] };
        let city = self.city.as_ref().filter(|_| bailleur % 2 == 1);
        city.or(named.as_ref()).map_or((&self.code, &self.nom), |c| (&c.code, &c.nom))
    }

    /// Code and name of the commune that it has been since 2024.
    #[must_use]
    pub fn now(&self) -> (&str, &str) {
        self.waves[1].as_ref().map_or((&self.code, &self.nom), |c| (&c.code, &c.nom))
    }
}

/// A département with its région, and the system that it is written in.
#[derive(Debug, Clone)]
pub struct Area {
    pub code: String,
    pub nom: String,
    pub region: String,
    pub nom_region: String,
    pub frame: Frame,
}

/// A code with its label.
#[derive(Debug, Clone)]
pub struct Coded {
    pub code: String,
    pub nom: String,
}

/// A priority neighbourhood with its ground.
#[derive(Debug, Clone)]
pub struct Zone {
    pub code: String,
    pub nom: String,
    pub town: usize,
    pub ground: Vec<Polygon>,
}

/// Names and grounds of all zones of a territory, and its bailleurs.
#[derive(Debug)]
pub struct Ground {
    pub data: &'static Demo,
    pub seed: u64,
    pub departements: Vec<Area>,
    pub epci: Vec<Coded>,
    pub towns: Vec<Town>,
    pub iris: Vec<Zone>,
    pub qpv2015: Vec<Zone>,
    pub qpv2024: Vec<Zone>,
    pub bailleurs: Vec<Bailleur>,
    /// Where stacked dwellings are wrongly placed: the head office of a bailleur.
    pub head_office: Point,
}

/// One true address and the zones where it truly is.
#[derive(Debug, Clone)]
pub struct Place {
    pub street: usize,
    pub number: u16,
    pub suffix: &'static str,
    /// Lambert-93 metres, rounded to the centimetre.
    pub at: Point,
    pub town: usize,
    pub iris: Option<usize>,
    pub qpv2015: Option<usize>,
    pub qpv2024: Option<usize>,
}

/// Dwellings built together, under one name.
#[derive(Debug, Clone)]
pub struct Residence {
    pub bailleur: usize,
    pub nom: String,
    /// C collective, I individual, E students.
    pub kind: char,
    pub construct: i32,
    pub locat: i32,
    pub patrimoine: i32,
    pub origine: u8,
    /// Index of its period of construction.
    pub period: usize,
    pub finan: u8,
    pub dpe: Option<u8>,
    /// What living here takes from income (logarithm).
    pub effect: f64,
    pub segment: u32,
    pub conv: u32,
}

/// One dwelling over the two millésimes.
#[derive(Debug, Clone)]
pub struct Dwelling {
    pub ident: u64,
    pub place: usize,
    pub residence: usize,
    pub finan: u8,
    pub rooms: u8,
    pub surface: u16,
    pub floor: i8,
    pub door: u16,
    pub building: u8,
    /// MODE on 1 January 2022 and 2024; 0: not in the file.
    pub mode: [u8; 2],
    /// Start of the lease (or, when vacant, end of the last one), in months since year 0; 0: none.
    pub lease: [i32; 2],
    /// €/month in 2024.
    pub rent: f64,
    pub contingent: u8,
    pub pmr: bool,
}

/// Addresses, residences and dwellings that are written together.
#[derive(Debug, Default)]
pub struct Block {
    pub streets: Vec<Street>,
    pub places: Vec<Place>,
    pub residences: Vec<Residence>,
    pub dwellings: Vec<Dwelling>,
}

/// Years of the two millésimes and waves.
pub const YEARS: [i32; 2] = [2022, 2024];

/// The ninth digit of a SIREN or the last of a SIRET (Luhn, ISO/IEC 7812).
#[must_use]
pub fn luhn_key(digits: &str) -> u8 {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let d = u32::from(b - b'0') * if i % 2 == 0 { 2 } else { 1 };
            d / 10 + d % 10
        })
        .sum();
    ((10 - sum % 10) % 10) as u8
}

/// The bailleurs of `noms.toml` with their keys computed.
#[must_use]
pub fn bailleurs(data: &Demo) -> Vec<Bailleur> {
    data.names
        .bailleur
        .iter()
        .map(|b| {
            let siren = format!("{}{}", b.siren9, luhn_key(&b.siren9));
            let seat = format!("{siren}0001");
            Bailleur {
                siret: format!("{seat}{}", luhn_key(&seat)),
                siren,
                nom: b.nom.clone(),
                categorie: b.categorie.clone(),
                weight: b.poids,
                effect: b.effet,
                response: b.reponse,
                key: b.cle_ops,
                prefix: b.prefixe.clone(),
            }
        })
        .collect()
}

/// Upper case without accents, as most bailleurs write.
#[must_use]
pub fn plain(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .flat_map(char::to_uppercase)
        .collect::<String>()
        .replace('Œ', "OE")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Doubling every second digit from the right of the whole number must give a multiple of ten.
    fn luhn_holds(number: &str) -> bool {
        let mut sum = 0;
        for (i, b) in number.bytes().rev().enumerate() {
            let mut d = u32::from(b - b'0');
            if i % 2 == 1 {
                d *= 2;
                if d > 9 {
                    d -= 9;
                }
            }
            sum += d;
        }
        sum % 10 == 0
    }

    #[test]
    fn siren_and_siret_of_the_bailleurs_are_valid() {
        assert_eq!(luhn_key("73282932"), 0, "SIREN 732 829 320 of the Insee notice");
        for b in bailleurs(crate::reference::demo::demo().expect("reads")) {
            assert!(b.siren.len() == 9 && luhn_holds(&b.siren), "{}", b.siren);
            assert!(b.siret.len() == 14 && luhn_holds(&b.siret), "{}", b.siret);
        }
    }

    #[test]
    fn capitals_lose_their_accents_and_ligatures() {
        assert_eq!(plain("Cœur de l'Église, Île"), "COEUR DE L'EGLISE, ILE");
    }
}
