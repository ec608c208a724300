//! What a dwelling of the register is, how it is let, and its energy.

use csv::ByteRecord;
use polars::prelude::*;

use super::cell::unreadable;
use super::{Rows, Worker};
use crate::registers::kit::dates::{self, Doubt};
use crate::registers::kit::numbers::Kind;
use crate::registers::rpls::cells::{self, Unreadable};
use crate::registers::rpls::flags::Findings;
use crate::registers::rpls::layout::Col;
use crate::registers::rpls::tally::{Count, Tally};

impl Worker<'_> {
    pub(super) fn dwelling(&self, rows: &mut Rows, record: &ByteRecord) {
        let layout = self.layout;
        let limits = &self.reference.seuils;
        let kind = layout.cell(record, Col::TYPECONST);
        let kind = match kind.first().map(u8::to_ascii_uppercase) {
            None => None,
            Some(b'C') => Some(1),
            Some(b'I') => Some(2),
            Some(b'E') => Some(3),
            Some(_) => {
                unreadable(
                    &mut rows.findings,
                    layout,
                    Col::TYPECONST,
                    kind,
                    "C (collectif), I (individuel) ou E (étudiant)",
                );
                None
            }
        };
        rows.columns.typeconst.append_option(kind);

        let [least, most] = limits.nbpiece;
        let rooms = self.whole(rows, record, Col::NBPIECE, 3, "un nombre de pièces");
        let rooms = rooms.filter(|n| {
            let sound = (i64::from(least)..=i64::from(most)).contains(n);
            if !sound {
                let message = format!("{n} pièces : attendu de {least} à {most} ; la valeur est ignorée.");
                rows.findings.flag(3, layout.name(Col::NBPIECE), layout.raw(record, Col::NBPIECE), message);
            }
            sound
        });
        let rooms = rooms.and_then(|n| u8::try_from(n).ok());
        rows.columns.nbpiece.append_option(rooms);

        let [least, most] = limits.surfhab;
        let surface = self.whole(rows, record, Col::SURFHAB, 3, "une surface en m²").and_then(|s| {
            if !(i64::from(least)..=i64::from(most)).contains(&s) {
                let message = format!("{s} m² : attendu de {least} à {most} m² ; vérifiez la surface.");
                rows.findings.flag(3, layout.name(Col::SURFHAB), layout.raw(record, Col::SURFHAB), message);
            }
            u16::try_from(s).ok()
        });
        rows.columns.surfhab.append_option(surface);
        if let (Some(rooms), Some(surface)) = (rooms, surface) {
            let [least, most] = limits.surface_par_piece;
            let each = f32::from(surface) / f32::from(rooms);
            if !(least..=most).contains(&each) {
                let s = if rooms > 1 { "s" } else { "" };
                let message = format!(
                    "{surface} m² pour {rooms} pièce{s}, soit {each:.0} m² par pièce : attendu de {least:.0} \
                        à {most:.0}."
                );
                rows.findings.flag(3, layout.name(Col::SURFHAB), layout.raw(record, Col::SURFHAB), message);
            }
        }
        let built = self.year(rows, record, Col::CONSTRUCT);
        let let_ = self.year(rows, record, Col::LOCAT);
        let owned = self.year(rows, record, Col::PATRIMOINE);
        rows.columns.construct.append_option(built);
        rows.columns.locat.append_option(let_);
        rows.columns.patrimoine.append_option(owned);
        for (col, year, what) in
            [(Col::PATRIMOINE, owned, "L'entrée au patrimoine"), (Col::LOCAT, let_, "La première location")]
        {
            if let (Some(built), Some(year)) = (built, year)
                && year < built
            {
                let message = format!("{what} ({year}) précède la construction ({built}).");
                rows.findings.flag(4, layout.name(col), layout.raw(record, col), message);
            }
        }
        let origin = self.code(rows, record, Col::ORIGINE, 15);
        rows.columns.origine.append_option(origin);
        let finan = self.code(rows, record, Col::FINAN, 5);
        rows.columns.finan.append_option(finan);
        let since = limits.finan_depuis;
        if let (Some(code), Some(built)) = (finan, built)
            && code < 50
            && built < since
            && !matches!(origin, Some(2 | 3))
        {
            let message = format!(
                "Le financement {code} existe depuis {since} et le logement est de {built} sans être déclaré \
                    acquis (origine 2 ou 3)."
            );
            rows.findings.flag(5, layout.name(Col::FINAN), layout.raw(record, Col::FINAN), message);
        }
    }

    pub(super) fn letting(&self, rows: &mut Rows, record: &ByteRecord) {
        let layout = self.layout;
        let limits = &self.reference.seuils;
        let mode = self.code(rows, record, Col::MODE, 15);
        rows.columns.mode.append_option(mode);
        let bail_cell = layout.cell(record, Col::BAIL);
        let mut bail = match self.month(rows, record, Col::BAIL) {
            Ok(month) => Some(month),
            Err(_) if bail_cell.is_empty() => None,
            Err(Doubt::Filler) => {
                rows.tally.add(Count::Filler);
                None
            }
            Err(Doubt::TwoWays) => {
                let message = format!(
                    "« {} » se lit de deux façons ; la valeur est ignorée : écrivez le mois mm/aaaa.",
                    String::from_utf8_lossy(bail_cell)
                );
                rows.findings.flag(15, layout.name(Col::BAIL), bail_cell, message);
                None
            }
            Err(Doubt::Unreadable) => {
                unreadable(&mut rows.findings, layout, Col::BAIL, bail_cell, "un mois (mm/aaaa)");
                None
            }
        };
        if bail.is_none()
            && let Ok(year @ 1900..=2100) =
                cells::integer(layout.cell(record, Col::ANNEE_BAIL), &mut rows.tally)
        {
            let cell = layout.cell(record, Col::MOIS_BAIL);
            let named = || dates::date(&[cell, b" ", year.to_string().as_bytes()].concat()).ok();
            let month = cells::integer(cell, &mut rows.tally).ok().filter(|m| (1..=12).contains(m));
            let month = month.or_else(|| named().map(|d| i64::from(d.month)));
            if month.is_none() && !cell.is_empty() {
                unreadable(&mut rows.findings, layout, Col::MOIS_BAIL, cell, "un mois de 1 à 12");
            }
            let month = month.or((cell.is_empty()).then_some(1));
            bail = month.and_then(|month| u32::try_from(year * 100 + month).ok());
        }
        rows.columns.bail.append_option(bail);
        let photo = u32::from(self.millesime) * 100 + 1;
        if mode == Some(1) && layout.has(Col::MODE) {
            match bail {
                None if layout.has(Col::BAIL) || layout.has(Col::ANNEE_BAIL) => {
                    let message = "Le logement est loué (mode 1) sans date de bail.".to_owned();
                    rows.findings.flag(6, layout.name(Col::BAIL), bail_cell, message);
                }
                Some(month) if month > photo => {
                    let message = format!(
                        "Le bail ({:02}/{}) est postérieur à la photographie du 01/{}.",
                        month % 100,
                        month / 100,
                        self.millesime
                    );
                    rows.findings.flag(6, layout.name(Col::BAIL), bail_cell, message);
                }
                _ => {}
            }
        }
        let vacancy = layout.cell(record, Col::DUREE_VACANCE);
        let mut vacancy = cells::integer(vacancy, &mut rows.tally).ok().and_then(|v| u16::try_from(v).ok());
        if vacancy.is_none()
            && mode == Some(2)
            && let Ok(left) = self.month(rows, record, Col::DATE_DEP_DERLOCAT)
            && left <= photo
        {
            rows.tally.add(Count::VacancyComputed);
            let months = (photo / 100 * 12 + photo % 100) - (left / 100 * 12 + left % 100);
            vacancy = u16::try_from(months).ok();
        }
        rows.columns.vacance_mois.append_option(vacancy);

        let cell = layout.cell(record, Col::LOYERPRINC);
        let rent = if cell.is_empty() {
            None
        } else {
            let rents = Kind::Money { most: f64::from(limits.loyer_max) };
            match cells::number(cell, layout.habit(Col::LOYERPRINC), rents, &mut rows.tally) {
                // 9999 and 999 with decimals say « not concerned » too.
                Ok(r) if r == 9999.0 || r == 999.0 || r == 0.0 => None,
                Ok(r) => Some(r as f32),
                Err(Unreadable) => {
                    let message = format!(
                        "« {} » n'est pas un loyer en euros par mois ; la cellule est ignorée.",
                        String::from_utf8_lossy(cell)
                    );
                    rows.findings.misfit(7, layout.name(Col::LOYERPRINC), cell, message);
                    None
                }
            }
        };
        // One that nobody pays is in no sum.
        let sound = |rent: &f32| (0.0..=limits.loyer_max).contains(rent);
        rows.columns.loyer.append_option(rent.filter(sound));
        if let Some(rent) = rent {
            if !sound(&rent) {
                let message = format!(
                    "Loyer de {rent} € par mois : attendu jusqu'à {} € ; il n'est pas gardé.",
                    limits.loyer_max
                );
                rows.findings.flag(7, layout.name(Col::LOYERPRINC), cell, message);
            } else if let Ok(surface @ 1..) =
                cells::integer(layout.cell(record, Col::SURFHAB), &mut Tally::default())
            {
                let each = rent / surface as f32;
                let [least, most] = limits.loyer_m2;
                if !(least..=most).contains(&each) {
                    let message =
                        format!("Loyer de {each:.2} € par m² : attendu de {least:.0} à {most:.0} €.");
                    rows.findings.flag(7, layout.name(Col::LOYERPRINC), cell, message);
                }
            }
        }
    }

    pub(super) fn energy_and_rest(&self, rows: &mut Rows, record: &ByteRecord) {
        let layout = self.layout;
        let cus = self.code(rows, record, Col::CUS, 15);
        rows.columns.cus.append_option(cus);
        let conv = self.code(rows, record, Col::CONV, 15);
        rows.columns.conv.append_option(conv);
        let contingent = self.code(rows, record, Col::CONTRESLOG, 15);
        rows.columns.contingent.append_option(contingent);
        let droit = self.code(rows, record, Col::DROIT, 15);
        rows.columns.droit.append_option(droit);
        let sortie = self.code(rows, record, Col::SORTIEPATRIM, 15);
        rows.columns.sortie.append_option(sortie);

        let class = |findings: &mut Findings, col: Col| {
            let cell = layout.cell(record, col);
            match cells::energy_class(cell) {
                Ok(class) => Some(class),
                Err(Unreadable) => {
                    if !cell.is_empty() {
                        unreadable(findings, layout, col, cell, "une lettre de A à G");
                    }
                    None
                }
            }
        };
        let dpe = class(&mut rows.findings, Col::DPEENERGIE);
        let ges = class(&mut rows.findings, Col::DPESERRE);
        rows.columns.dpe.append_option(dpe);
        rows.columns.ges.append_option(ges);
        if dpe.is_none() {
            rows.tally.add(Count::NoDpe);
        }
        // No diagnosis is of January 2000: « janv-00 » is 01/1900.
        let either = layout.cell(record, Col::DPEDATE).ends_with(b"-00");
        let undone = match self.month(rows, record, Col::DPEDATE) {
            Ok(_) => false,
            Err(doubt) => doubt == Doubt::Filler || (doubt == Doubt::TwoWays && either),
        };
        if undone {
            rows.tally.add(Count::Dpe1900);
            if dpe.is_some() {
                let message =
                    "Une étiquette énergie est donnée alors que la date 01/1900 dit que le diagnostic n'est \
                        pas fait."
                        .to_owned();
                rows.findings.flag(
                    14,
                    layout.name(Col::DPEENERGIE),
                    layout.raw(record, Col::DPEENERGIE),
                    message,
                );
            }
        }
        let written = layout.cell(record, Col::SRU_EXPIR);
        let ends = cells::damaged_year(written).or_else(|| cells::integer(written, &mut rows.tally).ok());
        let ends = ends.filter(|year| (1000..=9999).contains(year));
        if ends.is_none() && !written.is_empty() {
            unreadable(&mut rows.findings, layout, Col::SRU_EXPIR, written, "une année");
        }
        if ends.is_some_and(|year| year < i64::from(self.millesime)) {
            rows.tally.add(Count::SruOver);
        }
        rows.columns.sru_expir.append_option(ends.and_then(|year| u16::try_from(year).ok()));
        // Read only for the state in which the file is.
        let _ = cells::integer(layout.cell(record, Col::SRU_ALINEA), &mut rows.tally);
        if layout.has(Col::ETAGE) {
            let floor = layout.cell(record, Col::ETAGE);
            let _ = cells::integer(floor, &mut rows.tally);
            if floor.is_empty() {
                rows.tally.add(Count::NoFloor);
            }
        }
    }
}
