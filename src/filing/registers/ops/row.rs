//! One dwelling of an OPS file: from cells to codes, checked against the rules O01 to O30.

use csv::ByteRecord;
use polars::prelude::Schema;

use super::batch::Households;
use super::plafond::{Household, Kind, Outcome, percent};
use crate::address::Normalizer;
use crate::french;
use crate::reference::ops::Ops;
use crate::reference::plafonds::Plafonds;
use crate::reference::registre::Registre;
use crate::registers::checks::{self, Coded, StreetColumns, ascii, hashed};
use crate::registers::fields;
use crate::registers::intake::{Column, Fate, Intake, Layout, Notes, Repeated};

/// Ages of the seven bands, first and last.
const BANDS: [(u8, u8); 7] = [(0, 17), (18, 24), (25, 39), (40, 59), (60, 64), (65, 74), (75, 115)];
/// Rows of a block of the usual size.
const ROWS: usize = 100_000;

/// Reader of the format of one row a dwelling.
pub(super) struct Dwellings<'r> {
    ops: &'r Ops,
    ceilings: &'r Plafonds,
    vague: u16,
    c_vague: Column,
    siren: Column,
    ident_rep: Column,
    ident_int: Column,
    residence: Column,
    depcom: Column,
    street: StreetColumns,
    statut_logement: Coded<'r>,
    statut_reponse: Coded<'r>,
    entree: Column,
    type_menage: Coded<'r>,
    nb_personnes: Column,
    nb_mineurs: Column,
    age_titulaire: Column,
    age_conjoint: Column,
    bands: [Column; 7],
    rfr: Column,
    cat_plafond: Column,
    pct_plafond: Column,
    aide: Coded<'r>,
    act_titulaire: Coded<'r>,
    act_conjoint: Coded<'r>,
    nb_adultes: Column,
    activities: [Column; 5],
}

impl<'r> Dwellings<'r> {
    pub fn new(ops: &'r Ops, ceilings: &'r Plafonds, layout: &Layout, vague: u16) -> Self {
        let column = |n: &str| layout.column(n);
        let coded = |n: &str| Coded::new(&ops.reponse, layout, n);
        Self {
            ops,
            ceilings,
            vague,
            c_vague: column("vague"),
            siren: column("bailleur_siren"),
            ident_rep: column("ident_rep"),
            ident_int: column("ident_int"),
            residence: column("residence_code"),
            depcom: column("depcom"),
            street: StreetColumns::new(column),
            statut_logement: coded("statut_logement"),
            statut_reponse: coded("statut_reponse"),
            entree: column("date_entree"),
            type_menage: coded("type_menage"),
            nb_personnes: column("nb_personnes"),
            nb_mineurs: column("nb_mineurs"),
            age_titulaire: column("age_titulaire"),
            age_conjoint: column("age_conjoint"),
            bands: ["nb_0_17", "nb_18_24", "nb_25_39", "nb_40_59", "nb_60_64", "nb_65_74", "nb_75p"]
                .map(column),
            rfr: column("rfr"),
            cat_plafond: column("cat_plafond"),
            pct_plafond: column("pct_plafond"),
            aide: coded("aide_logement"),
            act_titulaire: coded("act_titulaire"),
            act_conjoint: coded("act_conjoint"),
            nb_adultes: column("nb_adultes"),
            activities: ["nb_stable", "nb_precaire", "nb_sans_emploi", "nb_retraite", "nb_autre"].map(column),
        }
    }

    fn percentage(
        &self,
        record: &ByteRecord,
        notes: &mut Notes<'_>,
        depcom: Option<&str>,
        rfr: Option<i32>,
        h: &Household,
    ) -> Option<f64> {
        let s = &self.ops.seuils;
        let category = checks::count(&self.cat_plafond, record, "O09", notes).filter(|c| {
            let sound = (1..=6).contains(c);
            if !sound {
                let cell = self.cat_plafond.cell(record).unwrap_or(b"");
                notes.note(
                    "O29",
                    &self.cat_plafond,
                    cell,
                    "La catégorie de ménage va de 1 à 6 ; elle est ignorée et recalculée.",
                );
            }
            sound
        });
        let given = self
            .pct_plafond
            .cell(record)
            .and_then(|cell| {
                Some((cell, checks::percentage(&self.pct_plafond, cell, ["O09", "O30"], notes)?))
            })
            .and_then(|(cell, v)| {
                if (0.0..=s.pct_plafond_max).contains(&v) {
                    return Some(v);
                }
                let message =
                    format!("Le pourcentage va de 0 à {} ; la valeur est ignorée.", s.pct_plafond_max);
                notes.note("O18", &self.pct_plafond, cell, message);
                None
            });
        let outcome = percent(self.ceilings, self.vague, depcom, rfr, category, h);
        if let (Some(g), Outcome::Percent { pct, assumed: false }) = (given, outcome)
            && (g - pct).abs() > s.pct_plafond_ecart
        {
            let which = if self.ops.pct_donne_prime {
                "le pourcentage du fichier est gardé"
            } else {
                "le pourcentage calculé est gardé"
            };
            let computed = french::number(pct, 1);
            let message = format!("Le calcul donne {computed} % ; {which}.");
            let cell = self.pct_plafond.cell(record).unwrap_or(b"");
            notes.note("O19", &self.pct_plafond, cell, message);
        }
        if let (Some(g), true) =
            (given, self.ops.pct_donne_prime || !matches!(outcome, Outcome::Percent { .. }))
        {
            notes.count("pct_plafond_donnes");
            return Some(g);
        }
        let cell = self.rfr.cell(record).unwrap_or(b"");
        match outcome {
            Outcome::Percent { pct, assumed } => {
                notes.count("pct_plafond_calcules");
                if assumed {
                    notes.note(
                        "O23",
                        &self.rfr,
                        cell,
                        "L'âge du conjoint manque : ce couple est peut-être \
                        un jeune ménage (somme des âges de 55 ans au plus), dont le plafond est plus haut.",
                    );
                }
                return Some(pct);
            }
            Outcome::NoIncome => {}
            Outcome::Overseas => notes.note("O20", &self.rfr, cell, self.ceilings.overseas_reason()),
            Outcome::NoTable => {
                let message = format!("Aucun plafond n'est connu au 1er janvier {}.", self.vague);
                notes.note("O21", &self.rfr, cell, message);
            }
            Outcome::NoZone => {
                notes.note("O22", &self.rfr, cell, "Sans code commune, la zone du plafond est inconnue.")
            }
            Outcome::NoCategory => {
                notes.note(
                    "O22",
                    &self.rfr,
                    cell,
                    "Le nombre de personnes ou de mineurs manque : la catégorie du ménage est inconnue.",
                );
            }
        }
        None
    }

    fn entry(&self, record: &ByteRecord, notes: &mut Notes<'_>, age: Option<u8>) -> Option<u32> {
        let cell = self.entree.cell(record)?;
        let s = &self.ops.seuils;
        let d = checks::date(&self.entree, cell, "O14", "aaaa-mm", notes)?;
        if d.year > self.vague || d.year + s.anciennete_max < self.vague {
            let message = format!("Date impossible pour la vague {} ; elle est ignorée.", self.vague);
            notes.note("O14", &self.entree, cell, message);
            return None;
        }
        if d.year == self.vague && d.month > s.mois_reference {
            notes.note(
                "O15",
                &self.entree,
                cell,
                "Ce ménage est entré après la date de référence de l'enquête.",
            );
        }
        if age.is_some_and(|a| d.year + u16::from(a) + 1 < self.vague) {
            notes.note("O16", &self.entree, cell, "Ce titulaire serait entré avant sa naissance.");
        }
        Some(d.yyyymm())
    }
}

/// Sum of the known, and whether all are known.
fn total(counts: &[Option<u8>]) -> (u16, bool) {
    (counts.iter().flatten().map(|n| u16::from(*n)).sum(), counts.iter().all(Option::is_some))
}

/// The parts cannot add up to the whole.
fn contradicts(parts: &[Option<u8>], whole: u16) -> Option<u16> {
    let (sum, complete) = total(parts);
    (sum > whole || (complete && sum != whole)).then_some(sum)
}

/// Age bracket of the partner of a couple, from the seven bands and the holder's age.
fn partner(bands: &[Option<u8>; 7], holder: Option<u8>) -> Option<(u8, u8)> {
    let holder = holder?;
    let (sum, _) = total(bands);
    if sum != 2 {
        return None;
    }
    let at = BANDS.iter().position(|(l, h)| (*l..=*h).contains(&holder))?;
    let mut left = *bands;
    left[at] = Some(left[at]?.checked_sub(1)?);
    left.iter().position(|n| *n == Some(1)).map(|i| BANDS[i])
}

/// Key of an identifier for the search of duplicates: exact up to ten letters and digits, hashed beyond.
fn key(ident: &[u8]) -> u64 {
    let mut packed = 0u64;
    if ident.len() <= 10 && ident.iter().all(u8::is_ascii_alphanumeric) {
        for b in ident {
            let digit = match b.to_ascii_uppercase() {
                d @ b'0'..=b'9' => d - b'0',
                l => l - b'A' + 10,
            };
            packed = packed * 37 + u64::from(digit) + 1;
        }
        return packed;
    }
    hashed(ident) | 1 << 63
}

impl Intake for Dwellings<'_> {
    type Batch = Households;
    type State = Normalizer;

    fn registre(&self) -> &Registre {
        &self.ops.reponse
    }

    fn schema(&self) -> Schema {
        Households::schema()
    }

    fn state(&self) -> Normalizer {
        Normalizer::new()
    }

    fn batch(&self) -> Households {
        Households::new(ROWS)
    }

    fn columns(&self, batch: Households) -> Vec<polars::prelude::Column> {
        batch.done()
    }

    fn repeated(&self) -> Option<Repeated> {
        Some(Repeated {
            rule: "O04",
            header: self.ident_rep.header.clone(),
            column: "ident_rep",
            message: "Ce logement figure déjà plus haut dans le fichier ; la première ligne est gardée.",
        })
    }

    fn row(
        &self,
        record: &ByteRecord,
        streets: &mut Normalizer,
        b: &mut Households,
        notes: &mut Notes<'_>,
    ) -> Fate {
        let s = &self.ops.seuils;
        let wave = self.c_vague.cell(record);
        let read = wave.and_then(|v| fields::integer(v).ok());
        if read != Some(i64::from(self.vague)) {
            let message = if read.is_none() {
                notes.count("vagues_illisibles");
                format!("Cette ligne ne dit pas de quelle vague elle est (attendu : {}).", self.vague)
            } else {
                format!("Cette ligne n'est pas de la vague {}.", self.vague)
            };
            notes.note("O01", &self.c_vague, wave.unwrap_or(b""), message);
            return Fate::Rejected;
        }
        let logement = checks::required(&self.statut_logement, record, "O02", notes);
        let reponse = checks::required(&self.statut_reponse, record, "O03", notes);
        let (Some(logement), Some(reponse)) = (logement, reponse) else { return Fate::Rejected };

        // Who and where.
        let siren = checks::siren(&self.siren, record, "O06", notes);
        let ident_rep = checks::ident_rep(&self.ident_rep, record, "O28", notes);
        let ident_int = checks::ident(&self.ident_int, record, notes);
        let depcom = checks::commune(&self.depcom, record, "O07", notes);
        let depcom = ascii(&depcom);
        let address = depcom.and_then(|depcom| self.street.key(depcom, record, streets, notes));
        if ident_rep.is_none() && ident_int.is_none() && address.is_none() {
            notes.note(
                "O05",
                &self.ident_rep,
                b"",
                "Ce logement ne compte que dans les totaux de sa commune.",
            );
        }

        // The household.
        let kind = checks::coded(&self.type_menage, record, "O08", notes);
        let persons = checks::within(&self.nb_personnes, record, s.nb_personnes, "O10", "O09", notes);
        let mut minors = checks::count(&self.nb_mineurs, record, "O09", notes);
        let age = checks::within(&self.age_titulaire, record, s.age_titulaire, "O13", "O09", notes);
        let age_partner = checks::within(&self.age_conjoint, record, s.age_titulaire, "O13", "O09", notes);
        let bands = self.bands.each_ref().map(|c| checks::count(c, record, "O09", notes));
        if let (Some(p), Some(m)) = (persons, minors)
            && m >= p
        {
            let cell = self.nb_mineurs.cell(record).unwrap_or(b"");
            notes.note(
                "O11",
                &self.nb_mineurs,
                cell,
                format!("Un ménage de {p} ne peut compter {m} mineurs ; la valeur est ignorée."),
            );
            minors = None;
        }
        if let Some(p) = persons
            && let Some(sum) = contradicts(&bands, u16::from(p))
        {
            let cell = self.nb_personnes.cell(record).unwrap_or(b"");
            notes.note("O12", &self.nb_personnes, cell, format!("Les tranches d'âge font {sum} personnes."));
        }
        let entry = self.entry(record, notes, age);
        let rfr = checks::amount(&self.rfr, record, s.rfr_max, "O17", "O09", notes);
        let household = Household {
            persons: persons.or_else(|| match total(&bands) {
                (sum, true) => u8::try_from(sum).ok(),
                _ => None,
            }),
            minors: minors.or(bands[0]),
            kind: kind.and_then(Kind::from_code),
            age_holder: age,
            disabled: false,
            age_partner,
            partner_between: partner(&bands, age),
        };
        self.check_kind(&household, record, notes);
        let pct = self.percentage(record, notes, depcom, rfr, &household);
        let help = checks::coded(&self.aide, record, "O08", notes);
        let act_holder = checks::coded(&self.act_titulaire, record, "O08", notes);
        let act_partner = checks::coded(&self.act_conjoint, record, "O08", notes);
        let adults = checks::count(&self.nb_adultes, record, "O09", notes);
        let activities = self.activities.each_ref().map(|c| checks::count(c, record, "O09", notes));
        if let (Some(p), Some(m), Some(a)) = (persons, minors, adults)
            && u16::from(m) + u16::from(a) != u16::from(p)
        {
            let cell = self.nb_adultes.cell(record).unwrap_or(b"");
            notes.note(
                "O25",
                &self.nb_adultes,
                cell,
                format!("{a} adultes et {m} mineurs ne font pas {p} personnes."),
            );
        }
        if let Some(a) = adults
            && let Some(sum) = contradicts(&activities, u16::from(a))
        {
            let cell = self.nb_adultes.cell(record).unwrap_or(b"");
            notes.note("O26", &self.nb_adultes, cell, format!("Les activités font {sum} adultes."));
        }
        if (logement == 2 || reponse == 3)
            && (kind.is_some() || persons.is_some() || rfr.is_some() || pct.is_some() || help.is_some())
        {
            let c = if logement == 2 { &self.statut_logement.column } else { &self.statut_reponse.column };
            let cell = c.cell(record).unwrap_or(b"");
            notes.note(
                "O27",
                c,
                cell,
                "Ce logement a pourtant des réponses ; elles sont gardées, sans le compter comme répondant.",
            );
        }

        b.ligne.push(Some(notes.line()));
        b.siren.push(ascii(&siren));
        b.ident_rep.push_bytes(ident_rep.as_deref());
        b.ident_int.push_bytes(ident_int);
        b.residence.push_bytes(self.residence.cell(record));
        b.depcom.push(depcom);
        b.adresse.push(address);
        b.statut_logement.push(Some(logement));
        b.statut_reponse.push(Some(reponse));
        b.entree.push(entry);
        b.type_menage.push(kind);
        b.nb_personnes.push(persons);
        b.nb_mineurs.push(minors);
        b.age_titulaire.push(age);
        let [c0, c18, c25, c40, c60, c65, c75] = bands;
        b.nb_0_17.push(c0);
        b.nb_18_24.push(c18);
        b.nb_25_39.push(c25);
        b.nb_40_59.push(c40);
        b.nb_60_64.push(c60);
        b.nb_65_74.push(c65);
        b.nb_75p.push(c75);
        b.rfr.push(rfr);
        #[allow(clippy::cast_possible_truncation)]
        b.pct_plafond.push(pct.map(|p| p as f32));
        b.plafond.push(pct.map(|p| self.ceilings.class(p)));
        b.aide.push(help);
        b.act_titulaire.push(act_holder);
        b.act_conjoint.push(act_partner);
        b.nb_adultes.push(adults);
        let [stable, precarious, jobless, retired, other] = activities;
        b.nb_stable.push(stable);
        b.nb_precaire.push(precarious);
        b.nb_sans_emploi.push(jobless);
        b.nb_retraite.push(retired);
        b.nb_autre.push(other);
        b.drapeaux.push(Some(notes.flags()));
        Fate::Kept { key: ident_rep.as_deref().map(key) }
    }
}

impl Dwellings<'_> {
    /// O24: what the type of household says against the number of persons and minors.
    fn check_kind(&self, h: &Household, record: &ByteRecord, notes: &mut Notes<'_>) {
        let (Some(kind), Some(persons)) = (h.kind, h.persons) else { return };
        let minors = h.minors.unwrap_or(0);
        let wrong = match kind {
            Kind::Isole => persons != 1,
            Kind::Monoparent => persons < 2,
            Kind::CoupleSans => persons < 2 || minors > 0,
            Kind::CoupleEnf => persons < 3,
            Kind::Autre => false,
        };
        if wrong {
            let cell = self.type_menage.column.cell(record).unwrap_or(b"");
            let message = format!(
                "Ce type de ménage s'accorde mal avec {persons} personne{} dont {minors} mineur{}.",
                if persons > 1 { "s" } else { "" },
                if minors > 1 { "s" } else { "" }
            );
            notes.note("O24", &self.type_menage.column, cell, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partner_is_what_the_bands_leave_beside_the_holder() {
        let bands = |at: &[usize]| {
            let mut b = [Some(0); 7];
            for i in at {
                b[*i] = b[*i].map(|n| n + 1);
            }
            b
        };
        assert_eq!(partner(&bands(&[1, 2]), Some(28)), Some((18, 24)));
        assert_eq!(partner(&bands(&[2, 2]), Some(28)), Some((25, 39)));
        assert_eq!(partner(&bands(&[1, 1]), Some(28)), None);
        assert_eq!(partner(&bands(&[1, 2, 2]), Some(28)), None);
        assert_eq!(partner(&bands(&[1, 2]), None), None);
    }

    #[test]
    fn keys_of_short_identifiers_never_collide() {
        let ids: Vec<String> = ["", "0", "00", "000", "A", "Z", "10", "01", "9999999999", "ZZZZZZZZZZ"]
            .map(str::to_owned)
            .into();
        for (i, a) in ids.iter().enumerate() {
            for b in &ids[i + 1..] {
                assert_ne!(key(a.as_bytes()), key(b.as_bytes()), "{a} {b}");
            }
        }
        assert_eq!(key(b"ab12"), key(b"AB12"));
        assert_ne!(key(b"identifiant trop long"), key(b"identifiant trop lonG"));
    }

    #[test]
    fn parts_contradict_the_whole_only_when_they_cannot_add_up() {
        assert_eq!(contradicts(&[Some(1), Some(1)], 2), None);
        assert_eq!(contradicts(&[Some(1), Some(0)], 2), Some(1));
        assert_eq!(contradicts(&[Some(1), None], 2), None);
        assert_eq!(contradicts(&[Some(3), None], 2), Some(3));
    }
}
