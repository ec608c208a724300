//! Where a dwelling of the register is: its address and its point.

use csv::ByteRecord;
use polars::prelude::*;

use super::cell::{option, text, unreadable, utf8};
use super::{Rows, Worker};
use crate::address::Origin;
use crate::reference::addresses::words;
use crate::reference::communes::is_city;
use crate::registers::fields;
use crate::registers::kit::dates;
use crate::registers::kit::numbers::Kind;
use crate::registers::rpls::cells;
use crate::registers::rpls::degrees::{self, Degrees};
use crate::registers::rpls::layout::Col;
use crate::registers::rpls::tally::Count;

impl Worker<'_> {
    pub(super) fn address(&mut self, rows: &mut Rows, record: &ByteRecord, depcom: &str) {
        let Rows { columns, tally, findings, .. } = rows;
        let layout = self.layout;
        let postcode = layout.cell(record, Col::CODEPOSTAL);
        let five = fields::five(postcode)
            .filter(|five| five.iter().all(u8::is_ascii_digit))
            .or_else(|| five_inside(postcode));
        if postcode.is_empty() {
            columns.codepostal.append_null();
        } else if let Some(five) = five {
            if fields::unfloat(postcode).len() == 4 {
                tally.add(Count::PostcodeZero);
            }
            columns.codepostal.append_value(std::str::from_utf8(&five).unwrap_or(""));
        } else {
            unreadable(findings, layout, Col::CODEPOSTAL, postcode, "cinq chiffres");
            columns.codepostal.append_null();
        }
        text(&mut columns.libcom, layout.cell(record, Col::LIBCOM));
        for col in [Col::IMMEU, Col::BAT, Col::ESC, Col::ENTREE, Col::NUMAPPT, Col::NUMVOIE] {
            if dates::stands_for_another(layout.raw(record, col)) {
                tally.add(Count::DateInstead);
            }
        }
        let numvoie = utf8(layout.cell(record, Col::NUMVOIE));
        let numvoie = fields::house_number(numvoie);
        let indrep = utf8(layout.cell(record, Col::INDREP));
        let typvoie = utf8(layout.cell(record, Col::TYPVOIE));
        let nomvoie = utf8(layout.cell(record, Col::NOMVOIE));
        let complident = utf8(layout.cell(record, Col::COMPLIDENT));
        let complgeo = utf8(layout.cell(record, Col::COMPLGEO));
        option(&mut columns.numvoie, &numvoie);
        option(&mut columns.indrep, indrep);
        option(&mut columns.typvoie, typvoie);
        option(&mut columns.nomvoie, nomvoie);
        option(&mut columns.compladr, complident);
        option(&mut columns.complgeo, complgeo);
        if [&nomvoie, &complident, &complgeo].iter().any(|t| t.contains('?')) {
            tally.add(Count::LostAccent);
        }
        if self.last_kind.0 != typvoie.as_bytes() {
            let bare = typvoie.trim_end_matches('.').to_uppercase();
            let short = words().types.get(&bare).is_some_and(|full| *full != bare);
            self.last_kind = (typvoie.as_bytes().to_vec(), short);
        }
        if self.last_kind.1 {
            tally.add(Count::ShortKind);
        }
        // A date in NUMVOIE was « 1-5 » once; nobody knows the order any more.
        let number = if dates::stands_for_another(numvoie.as_bytes()) { "" } else { &*numvoie };
        let parsed = self.addresses.key(depcom, number, indrep, typvoie, nomvoie, complident);
        columns.adresse.append_value(&parsed.key);
        if numvoie.is_empty() {
            tally.add(Count::NoNumvoie);
        }
        match parsed.origin {
            Origin::Own => {
                if indrep.is_empty() && parsed.suffix.is_some() {
                    tally.add(Count::SignInNumber);
                }
            }
            Origin::Street => tally.add(Count::NumberInStreet),
            Origin::Complement => {
                tally.add(Count::NoNumberBesideComplement);
                tally.add(Count::NumberInComplement);
            }
            Origin::Nowhere => {
                tally.add(Count::NoNumberBesideComplement);
                tally.add(Count::NoNumber);
            }
        }
        if parsed.numbers.len() > 1 {
            tally.add(Count::SeveralNumbers);
        }
        let digits = complident.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && complident.as_bytes().get(digits) == Some(&b' ') {
            tally.add(Count::ComplementStartsWithNumber);
        }
        let segment = layout.cell(record, Col::CODSEGPATRIM);
        if self.reference.vides_segment.iter().any(|v| v.as_bytes().eq_ignore_ascii_case(segment)) {
            tally.add(Count::NoSegment);
            columns.segment.append_null();
        } else {
            text(&mut columns.segment, segment);
        }
    }

    pub(super) fn place(&mut self, rows: &mut Rows, record: &ByteRecord, depcom: &str) {
        let layout = self.layout;
        let Rows { columns, points, findings, tally, .. } = rows;
        let mut coordinate = |col: Col| {
            let cell = layout.cell(record, col);
            if cell.is_empty() {
                return None;
            }
            if cells::rounded(cell) {
                let message = "Un tableur a arrondi cette coordonnée en l'écrivant en notation scientifique ; elle est ignorée.";
                findings.misfit(8, layout.name(col), cell, message.to_owned());
                return None;
            }
            cells::number(cell, layout.habit(col), Kind::Number, tally).ok().or_else(|| {
                let message = format!(
                    "« {} » n'est pas une coordonnée en mètres ; la cellule est ignorée.",
                    String::from_utf8_lossy(cell)
                );
                findings.misfit(8, layout.name(col), cell, message);
                None
            })
        };
        let (mut x, mut y) = (coordinate(Col::X), coordinate(Col::Y));
        let told = if x.is_none() || y.is_none() { degrees::read(layout, record) } else { Degrees::Nothing };
        let epsg_cell = layout.cell(record, Col::EPSG);
        let filed = if epsg_cell.is_empty() {
            None
        } else {
            cells::integer(epsg_cell, tally).ok().and_then(|v| u16::try_from(v).ok())
        };
        let mut geocoded = None;
        match told {
            Degrees::Point { lon, lat, quality, exchanged } => {
                ((x, y), geocoded) = ((Some(lon), Some(lat)), quality);
                if exchanged {
                    tally.add(Count::Exchanged);
                }
            }
            Degrees::Unsure => tally.add(Count::Unsure),
            Degrees::Abroad => {
                let message = "Le point en degrés est hors de France ; le logement reste sans position.";
                findings.flag(
                    8,
                    layout.name(Col::LONGITUDE),
                    layout.raw(record, Col::LONGITUDE),
                    message.to_owned(),
                );
            }
            Degrees::Unreadable(col) => {
                let message = format!(
                    "« {} » n'est pas une coordonnée en degrés décimaux ; le logement reste sans position.",
                    String::from_utf8_lossy(layout.cell(record, col))
                );
                findings.flag(8, layout.name(col), layout.raw(record, col), message);
            }
            Degrees::Nothing => {}
        }
        if let (Some(a), Some(b)) = (x, y)
            && degrees::exchanged(a, b)
        {
            tally.add(Count::Exchanged);
            (x, y) = (Some(b), Some(a));
        }
        columns.x.append_option(x);
        columns.y.append_option(y);
        if let (Some(x), Some(y)) = (x, y)
            && degrees::are_degrees(x, y)
        {
            tally.add(Count::Degrees);
            columns.epsg.append_value(degrees::EPSG);
            points.push(degrees::EPSG, x, y);
        } else if let (Some(x), Some(y)) = (x, y) {
            let epsg = filed.unwrap_or_else(|| {
                tally.add(Count::EpsgGuessed);
                points.default_epsg(depcom)
            });
            columns.epsg.append_value(epsg);
            match points.domain(epsg) {
                Some([xmin, ymin, xmax, ymax])
                    if (xmin..=xmax).contains(&x) && (ymin..=ymax).contains(&y) =>
                {
                    points.push(epsg, x, y);
                }
                domain => {
                    points.skip();
                    let message = if domain.is_some() {
                        format!(
                            "Le point ({x} ; {y}) est hors de l'emprise d'EPSG:{epsg} ; le logement reste \
                                sans position."
                        )
                    } else {
                        format!(
                            "Le système de coordonnées EPSG:{epsg} n'est pas connu ; le logement reste sans \
                                position."
                        )
                    };
                    findings.flag(8, layout.name(Col::X), layout.raw(record, Col::X), message);
                }
            }
        } else {
            if layout.has(Col::X) || degrees::known(layout) {
                tally.add(Count::NoPoint);
            }
            columns.epsg.append_option(filed);
            points.skip();
        }
        let quality = self.code(rows, record, Col::QUALITE_XY, 13);
        rows.columns.qualite.append_option(quality.or(geocoded));
        let Rows { columns, tally, findings, .. } = rows;
        let precision = layout.cell(record, Col::DISTANCE_PRECISION);
        let habit = layout.habit(Col::DISTANCE_PRECISION);
        let metres = cells::number(precision, habit, Kind::Number, tally).ok().filter(|m| *m >= 0.0);
        if metres.is_none() && !precision.is_empty() {
            unreadable(findings, layout, Col::DISTANCE_PRECISION, precision, "une distance en mètres");
        }
        columns.precision.append_option(metres.map(|m| m as f32));
        for (col, builder) in
            [(Col::PLG_QP15, &mut columns.qpv15_fichier), (Col::PLG_QP24, &mut columns.qpv24_fichier)]
        {
            let cell = layout.cell(record, col);
            let code = qpv(cell);
            if code.is_none() && !cell.is_empty() {
                unreadable(findings, layout, col, cell, "un code de QPV (QP073001, QN07301M)");
            }
            option(builder, code.as_deref().unwrap_or_default());
        }
        self.iris(rows, record, depcom);
        let declared = self.code(rows, record, Col::QPV, 15);
        rows.columns.qpv_declare.append_option(declared);
    }

    fn iris(&self, rows: &mut Rows, record: &ByteRecord, depcom: &str) {
        let layout = self.layout;
        let Rows { columns, tally, findings, .. } = rows;
        let written = layout.cell(record, Col::PLG_IRIS);
        // « 0000 », a commune that is one IRIS, loses its zeros where the others lose theirs.
        let written = match layout.raw(record, Col::PLG_IRIS) {
            zero @ b"0" if layout.short_iris => zero,
            _ => written,
        };
        let iris = fields::unfloat(written);
        // The IRIS of Paris, Lyon and Marseille have the code of an arrondissement: the city's and four
        // digits name none, and wait for the arrondissement (`stock::filed`).
        let of_city = is_city(depcom);
        let iris = iris.strip_prefix(depcom.as_bytes()).filter(|_| of_city).unwrap_or(iris);
        match iris.len() {
            1..=4 if of_city && iris.iter().all(u8::is_ascii_digit) => {
                tally.add(Count::IrisOfCity);
                columns.iris_fichier.append_value(format!("{:0>4}", String::from_utf8_lossy(iris)));
            }
            // The four digits inside the commune, zeros lost or not.
            1..=4 if iris.iter().all(u8::is_ascii_digit) => {
                tally.add(Count::IrisCompleted);
                columns.iris_fichier.append_value(format!("{depcom}{:0>4}", String::from_utf8_lossy(iris)));
            }
            8 if iris.iter().all(u8::is_ascii_digit) => {
                tally.add(Count::IrisCompleted);
                columns.iris_fichier.append_value(format!("0{}", String::from_utf8_lossy(iris)));
            }
            0 => columns.iris_fichier.append_null(),
            9 if iris.iter().all(u8::is_ascii_alphanumeric) => text(&mut columns.iris_fichier, iris),
            _ => {
                unreadable(findings, layout, Col::PLG_IRIS, written, "un code d'IRIS de neuf signes");
                columns.iris_fichier.append_null();
            }
        }
    }
}

/// The postcode of « F-73000 » and « 73000 CHAMBERY CEDEX 2 »: the only run of five digits.
fn five_inside(cell: &[u8]) -> Option<[u8; 5]> {
    let mut runs = cell.split(|b| !b.is_ascii_alphanumeric()).filter_map(|w| <[u8; 5]>::try_from(w).ok());
    let five = runs.find(|w| w.iter().all(u8::is_ascii_digit))?;
    runs.all(|w| !w.iter().all(u8::is_ascii_digit)).then_some(five)
}

/// The code of a QPV in front of its name, or alone.
fn qpv(cell: &[u8]) -> Option<String> {
    let (code, rest) = cell.split_at_checked(8)?;
    let formed = code.iter().all(u8::is_ascii_alphanumeric)
        && code[0].eq_ignore_ascii_case(&b'Q')
        && matches!(code[1].to_ascii_uppercase(), b'P' | b'N');
    let alone = rest.first().is_none_or(|b| !b.is_ascii_alphanumeric());
    (formed && alone).then(|| utf8(code).to_ascii_uppercase())
}
