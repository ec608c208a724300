//! One block of the file on one thread: rows to typed columns, flags, repairs and identities.

use std::borrow::Cow;
use std::hash::Hasher;

use csv::ByteRecord;
use polars::prelude::*;
use rustc_hash::FxHasher;

use super::cells::{self, Unreadable};
use super::columns::{Columns, Text};
use super::degrees::{self, Degrees};
use super::flags::{Findings, RULES};
use super::layout::{Col, Layout};
use super::points::Points;
use super::tally::{Count, Tally};
use crate::address::{Normalizer, Origin};
use crate::reference::addresses::words;
use crate::reference::communes::is_city;
use crate::reference::rpls::{Rpls, rpls};
use crate::registers::checks::LOST;
use crate::registers::fields;
use crate::registers::intake::{filled, overflow};
use crate::registers::kit::dates::Doubt;
use crate::registers::kit::numbers::Kind;
use crate::registers::report::Finding;
use crate::registers::table::{Block, Shape};
use crate::registers::text::encoding::{Seen, repair_double};

/// What one block gives.
pub(super) struct Parsed {
    /// Rows that are kept so far, `drapeaux` still apart.
    pub frame: DataFrame,
    pub flags: Vec<u32>,
    /// Who each row is: its IDENT_REP, else a hash of the whole line; 0 = nobody knows.
    pub identities: Vec<u64>,
    pub findings: Vec<Finding>,
    pub rules: [u64; RULES],
    pub tally: Tally,
    pub read: u64,
    pub rejected: u64,
    pub seen: Seen,
}

/// What a thread keeps between its blocks.
pub(super) struct Worker<'a> {
    layout: &'a Layout,
    reference: &'static Rpls,
    millesime: u16,
    /// Codes that each coded column may hold.
    codes: Vec<(Col, [bool; 256])>,
    addresses: Normalizer,
    last_kind: (Vec<u8>, bool),
    replacement: memchr::memmem::Finder<'static>,
}

const CODED: &[(&str, Col)] = &[
    ("DROIT", Col::DROIT),
    ("QPV", Col::QPV),
    ("ORIGINE", Col::ORIGINE),
    ("CONV", Col::CONV),
    ("SORTIEPATRIM", Col::SORTIEPATRIM),
    ("MODE", Col::MODE),
    ("CONTRESLOG", Col::CONTRESLOG),
    ("CUS", Col::CUS),
    ("QUALITE_XY", Col::QUALITE_XY),
];

/// The rows of a block while they are read.
struct Rows {
    columns: Columns,
    points: Points,
    flags: Vec<u32>,
    identities: Vec<u64>,
    findings: Findings,
    tally: Tally,
    read: u64,
    rejected: u64,
}

impl Rows {
    fn with_capacity(expected: usize) -> Self {
        Self {
            columns: Columns::with_capacity(expected),
            points: Points::default(),
            flags: Vec::with_capacity(expected),
            identities: Vec::with_capacity(expected),
            findings: Findings::default(),
            tally: Tally::default(),
            read: 0,
            rejected: 0,
        }
    }
}

/// Rejects a row whose fields are not those of the header (R00).
fn wrong_width(rows: &mut Rows, record: &ByteRecord, width: usize) -> bool {
    let message = format!(
        "La ligne a {} champs et l'en-tête {width} : séparateur en trop ou en moins, ou ligne coupée. Corrigez la ligne puis recommencez.",
        record.len()
    );
    rows.findings.reject(0, "", record.get(0).unwrap_or_default(), message);
    false
}

impl<'a> Worker<'a> {
    pub fn new(layout: &'a Layout, millesime: u16) -> Self {
        let reference = rpls();
        let set = |codes: &[u8]| {
            let mut set = [false; 256];
            codes.iter().for_each(|c| set[usize::from(*c)] = true);
            set
        };
        let mut codes: Vec<_> = CODED
            .iter()
            .map(|(name, col)| (*col, set(reference.codes.get(*name).map_or(&[], Vec::as_slice))))
            .collect();
        let finan: Vec<u8> = reference.finan.iter().map(|f| f.code).collect();
        codes.push((Col::FINAN, set(&finan)));
        Self {
            layout,
            reference,
            millesime,
            codes,
            addresses: Normalizer::new(),
            last_kind: (Vec::new(), false),
            replacement: memchr::memmem::Finder::new("\u{fffd}".as_bytes()),
        }
    }

    /// Reads a block.
    ///
    /// # Errors
    /// The columns do not make a frame (a fault of the program).
    pub fn parse(&mut self, block: &Block) -> PolarsResult<Parsed> {
        let mut rows = Rows::with_capacity(block.size() / 250 + 16);
        let mut trial: Option<Rows> = None;
        let (width, full, reach) = (self.layout.width, self.layout.full, self.layout.reach);
        let seen = block.rows(full, reach, |line, record, shape| {
            if fields::is_blank(record.as_slice()) {
                return rows.tally.add(Count::Blank);
            }
            rows.read += 1;
            rows.findings.row(line);
            let kept = match shape {
                Shape::Whole if overflow(record, width).is_none() => self.row(&mut rows, line, record),
                Shape::Short if record.len() >= reach => {
                    let whole = filled(record, width);
                    // A row that slipped by a separator is short too: the cells of a sound one fit their
                    // columns.
                    let trial = trial.get_or_insert_with(|| Rows::with_capacity(16));
                    trial.findings.row(line);
                    if self.row(trial, line, &whole) && trial.findings.misfits == 0 {
                        rows.tally.add(Count::Completed);
                        self.row(&mut rows, line, &whole)
                    } else {
                        wrong_width(&mut rows, record, width)
                    }
                }
                _ => wrong_width(&mut rows, record, width),
            };
            if !kept {
                rows.findings.close();
                rows.rejected += 1;
            }
        });
        let kept = rows.flags.len();
        let Rows { mut columns, points, flags, identities, findings, tally, read, rejected } = rows;
        points.place(&mut columns.lon, &mut columns.lat);
        Ok(Parsed {
            frame: columns.finish(kept)?,
            flags,
            identities,
            findings: findings.list,
            rules: findings.rows,
            tally,
            read,
            rejected,
            seen,
        })
    }

    /// Reads a row; `false` when it is rejected.
    fn row(&mut self, rows: &mut Rows, line: u64, record: &ByteRecord) -> bool {
        if let Some(n) = self.layout.dwellings(record).filter(|n| *n != 1.0) {
            let (at, column) = self.layout.counting.as_ref().map_or((0, ""), |(i, name)| (*i, name.as_str()));
            let message = format!("Cette ligne compte {n} logements : un RPLS a une ligne par logement.");
            rows.findings.reject(17, column, record.get(at).unwrap_or_default(), message);
            return false;
        }
        let mut depcom = [0u8; 5];
        if !self.depcom(rows, record, &mut depcom) {
            return false;
        }
        // `is_depcom` accepts ASCII only.
        let depcom = std::str::from_utf8(&depcom).unwrap_or("");
        if self.replacement.find(record.as_slice()).is_some() {
            rows.tally.add(Count::Replacement);
        }
        rows.columns.ligne.append_value(line);
        rows.columns.depcom.append_value(depcom);
        self.who(rows, record);
        self.address(rows, record, depcom);
        self.place(rows, record, depcom);
        self.dwelling(rows, record);
        self.letting(rows, record);
        self.energy_and_rest(rows, record);
        let identity = self.identity(rows, record);
        rows.identities.push(identity);
        let flags = rows.findings.close();
        rows.flags.push(flags);
        true
    }

    fn depcom(&self, rows: &mut Rows, record: &ByteRecord, depcom: &mut [u8; 5]) -> bool {
        let raw = self.layout.raw(record, Col::DEPCOM);
        if raw.len() == 5 && cells::is_depcom(raw) {
            depcom.copy_from_slice(raw);
            return true;
        }
        if let Some(code) = fields::five(raw).filter(|c| cells::is_depcom(c)) {
            let digits = fields::unfloat(raw);
            if digits.len() < raw.len() {
                rows.tally.add(Count::DecimalInteger);
            }
            if digits.len() == 4 {
                rows.tally.add(Count::DepcomZero);
            }
            *depcom = code;
            return true;
        }
        let message = if raw.is_empty() {
            "Le code commune est vide : le logement ne peut être situé. Renseignez le code Insee sur cinq \
                caractères."
                .to_owned()
        } else {
            format!(
                "« {} » n'est pas un code commune Insee (cinq caractères, par exemple 73065, 2A004 ou \
                    97411).",
                String::from_utf8_lossy(raw)
            )
        };
        rows.findings.reject(1, self.layout.name(Col::DEPCOM), raw, message);
        false
    }

    fn who(&self, rows: &mut Rows, record: &ByteRecord) {
        let Rows { columns, tally, findings, .. } = rows;
        let layout = self.layout;
        let organisation = layout.organisation.as_ref();
        for (col, builder) in
            [(Col::IDENT_REP, &mut columns.ident_rep), (Col::IDENT_INT, &mut columns.ident_int)]
        {
            let cell = layout.cell(record, col);
            if cell.len() > 4 && fields::lost(cell) {
                tally.add(Count::LostIdent);
                findings.flag(16, layout.name(col), cell, LOST.to_owned());
                builder.append_null();
                continue;
            }
            let (ident, repaired) = if col == Col::IDENT_REP {
                fields::ident_rep(cell)
            } else {
                (Cow::Borrowed(fields::unpoint(cell)), false)
            };
            if repaired {
                tally.add(Count::IdentRepaired);
            }
            text(builder, &ident, tally);
        }
        let siret = layout.cell(record, Col::SIRET);
        if siret.is_empty() {
            columns.siren.append_option(organisation.and_then(|o| o.siren.as_deref()));
        } else if let Ok(siren) = fields::siren(siret) {
            if siren.repaired && siret.first() != Some(&b'0') && siren.digits[0] == b'0' {
                tally.add(Count::SiretZero);
            }
            if !siren.luhn {
                tally.add(Count::SirenLuhn);
            }
            columns.siren.append_value(std::str::from_utf8(&siren.digits).unwrap_or(""));
        } else {
            tally.add(Count::SiretUnreadable);
            if fields::lost(siret) {
                findings.flag(16, layout.name(Col::SIRET), siret, LOST.to_owned());
            } else {
                unreadable(
                    findings,
                    layout,
                    Col::SIRET,
                    siret,
                    "un SIRET (14 chiffres) ou un SIREN (9 chiffres)",
                );
            }
            columns.siren.append_null();
        }
        let name = layout.cell(record, Col::RS);
        if name.is_empty() {
            columns.bailleur.append_option(organisation.and_then(|o| o.name.as_deref()));
        } else {
            text(&mut columns.bailleur, name, tally);
        }
        let numconv = layout.raw(record, Col::NUMCONV);
        if numconv.len() > 6 && cells::scientific(numconv) {
            tally.add(Count::Scientific);
        }
    }

    fn address(&mut self, rows: &mut Rows, record: &ByteRecord, depcom: &str) {
        let Rows { columns, tally, .. } = rows;
        let layout = self.layout;
        let postcode = layout.cell(record, Col::CODEPOSTAL);
        if postcode.is_empty() {
            columns.codepostal.append_null();
        } else if let Some(five) = fields::five(postcode) {
            if fields::unfloat(postcode).len() == 4 {
                tally.add(Count::PostcodeZero);
            }
            columns.codepostal.append_value(std::str::from_utf8(&five).unwrap_or(""));
        } else {
            text(&mut columns.codepostal, postcode, tally);
        }
        text(&mut columns.libcom, layout.cell(record, Col::LIBCOM), tally);
        for col in [Col::IMMEU, Col::BAT, Col::ESC, Col::ENTREE, Col::NUMAPPT, Col::NUMVOIE] {
            if cells::is_date(layout.raw(record, col)) {
                tally.add(Count::DateInstead);
            }
        }
        let numvoie = utf8(layout.cell(record, Col::NUMVOIE), tally);
        let numvoie = fields::house_number(&numvoie);
        let indrep = utf8(layout.cell(record, Col::INDREP), tally);
        let typvoie = utf8(layout.cell(record, Col::TYPVOIE), tally);
        let nomvoie = utf8(layout.cell(record, Col::NOMVOIE), tally);
        let complident = utf8(layout.cell(record, Col::COMPLIDENT), tally);
        let complgeo = utf8(layout.cell(record, Col::COMPLGEO), tally);
        option(&mut columns.numvoie, &numvoie);
        option(&mut columns.indrep, &indrep);
        option(&mut columns.typvoie, &typvoie);
        option(&mut columns.nomvoie, &nomvoie);
        option(&mut columns.compladr, &complident);
        option(&mut columns.complgeo, &complgeo);
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
        let number = if cells::is_date(numvoie.as_bytes()) { "" } else { &*numvoie };
        let parsed = self.addresses.key(depcom, number, &indrep, &typvoie, &nomvoie, &complident);
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
            text(&mut columns.segment, segment, tally);
        }
    }

    fn place(&mut self, rows: &mut Rows, record: &ByteRecord, depcom: &str) {
        let layout = self.layout;
        let Rows { columns, points, findings, tally, .. } = rows;
        let mut coordinate = |col: Col| {
            let cell = layout.cell(record, col);
            if cell.is_empty() {
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
            Degrees::Point { lon, lat, quality } => ((x, y), geocoded) = ((Some(lon), Some(lat)), quality),
            Degrees::Unsure => tally.add(Count::Unsure),
            Degrees::Abroad => {
                let message = "Le point en degrés est hors de France (longitude et latitude échangées ?) ; le \
                               logement reste sans position.";
                findings.flag(
                    8,
                    layout.name(Col::LONGITUDE),
                    layout.raw(record, Col::LONGITUDE),
                    message.to_owned(),
                );
            }
            Degrees::Nothing => {}
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
        let Rows { columns, tally, .. } = rows;
        let precision = layout.cell(record, Col::DISTANCE_PRECISION);
        let habit = layout.habit(Col::DISTANCE_PRECISION);
        let precision = if precision.is_empty() {
            None
        } else {
            cells::number(precision, habit, Kind::Number, tally).ok()
        };
        columns.precision.append_option(precision.map(|p| p as f32));
        text(&mut columns.qpv15_fichier, layout.cell(record, Col::PLG_QP15), tally);
        text(&mut columns.qpv24_fichier, layout.cell(record, Col::PLG_QP24), tally);
        let iris = fields::unfloat(layout.cell(record, Col::PLG_IRIS));
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
            _ => text(&mut columns.iris_fichier, iris, tally),
        }
        let declared = self.code(rows, record, Col::QPV, 15);
        rows.columns.qpv_declare.append_option(declared);
    }

    fn dwelling(&self, rows: &mut Rows, record: &ByteRecord) {
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

    fn letting(&self, rows: &mut Rows, record: &ByteRecord) {
        let layout = self.layout;
        let limits = &self.reference.seuils;
        let mode = self.code(rows, record, Col::MODE, 15);
        rows.columns.mode.append_option(mode);
        let bail_cell = layout.cell(record, Col::BAIL);
        let mut bail = match self.month(rows, record, Col::BAIL) {
            Ok(month) => Some(month),
            Err(_) if bail_cell.is_empty() => None,
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
            let month = cells::integer(layout.cell(record, Col::MOIS_BAIL), &mut rows.tally).ok();
            let month = month.filter(|m| (1..=12).contains(m)).unwrap_or(1);
            bail = u32::try_from(year * 100 + month).ok();
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
        rows.columns.loyer.append_option(rent);
        if let Some(rent) = rent {
            if !(0.0..=limits.loyer_max).contains(&rent) {
                let message = format!("Loyer de {rent} € par mois : attendu jusqu'à {} €.", limits.loyer_max);
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

    fn energy_and_rest(&self, rows: &mut Rows, record: &ByteRecord) {
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
        // No diagnosis is of January 2000: a month that can be 1900 is 1900.
        let either = layout.cell(record, Col::DPEDATE).ends_with(b"-00");
        let undone = match self.month(rows, record, Col::DPEDATE) {
            Ok(month) => month == 190_001,
            Err(doubt) => doubt == Doubt::TwoWays && either,
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
        let over = layout.cell(record, Col::SRU_EXPIR);
        if let Ok(year) = cells::integer(over, &mut rows.tally)
            && year > 1000
            && year < i64::from(self.millesime)
        {
            rows.tally.add(Count::SruOver);
        }
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

    /// Who the row is: IDENT_REP packed without loss where it fits, else the hash of all its named cells.
    fn identity(&self, rows: &mut Rows, record: &ByteRecord) -> u64 {
        if self.layout.has(Col::IDENT_REP) {
            let ident = self.layout.cell(record, Col::IDENT_REP);
            if ident.is_empty() {
                rows.tally.add(Count::NoIdent);
                return 0;
            }
            if fields::lost(ident) {
                return 0;
            }
            let (ident, _) = fields::ident_rep(ident);
            let mut packed = 0u64;
            if ident.len() <= 12 && ident.iter().all(u8::is_ascii_alphanumeric) {
                for b in &*ident {
                    let digit = char::from(*b).to_digit(36).unwrap_or(0);
                    packed = packed * 37 + u64::from(digit) + 1;
                }
                return packed;
            }
            let mut hasher = FxHasher::default();
            hasher.write(&ident);
            return hasher.finish() | 1 << 63;
        }
        let mut hasher = FxHasher::default();
        for (i, cell) in record.iter().enumerate() {
            if !self.layout.unnamed.contains(&i) {
                hasher.write(cell);
                hasher.write_u8(0xff);
            }
        }
        hasher.finish() | 1
    }

    /// A code of a list; anything else is flagged with `rule` and empty.
    fn code(&self, rows: &mut Rows, record: &ByteRecord, col: Col, rule: usize) -> Option<u8> {
        let cell = self.layout.cell(record, col);
        let list = self.codes.iter().find(|(c, _)| *c == col).map(|(_, l)| l)?;
        let value = match cell {
            [] => return None,
            [d @ b'0'..=b'9'] => Ok(i64::from(d - b'0')),
            _ => match cell.first() {
                // « Oui », « Non » of the label files.
                Some(b'O' | b'o') if matches!(col, Col::CONV | Col::QPV) => Ok(1),
                Some(b'N' | b'n') if matches!(col, Col::CONV | Col::QPV) => Ok(2),
                _ => cells::code(cell, &mut rows.tally),
            },
        };
        match value.map(u8::try_from) {
            Ok(Ok(code)) if list[usize::from(code)] => Some(code),
            _ => {
                let name = self.layout.name(col);
                let message = format!(
                    "« {} » n'est pas un code de {name} ; la valeur est ignorée.",
                    String::from_utf8_lossy(cell)
                );
                rows.findings.misfit(rule, name, cell, message);
                None
            }
        }
    }

    /// The month of a date.
    fn month(&self, rows: &mut Rows, record: &ByteRecord, col: Col) -> Result<u32, Doubt> {
        cells::month(self.layout.cell(record, col), self.layout.habit(col), &mut rows.tally)
    }

    /// A whole number; what is not one is flagged with `rule`.
    fn whole(&self, rows: &mut Rows, record: &ByteRecord, col: Col, rule: usize, what: &str) -> Option<i64> {
        let cell = self.layout.cell(record, col);
        if cell.is_empty() {
            return None;
        }
        cells::integer_of(cell, self.layout.habit(col), &mut rows.tally)
            .map_err(|Unreadable| {
                let message = format!(
                    "« {} » n'est pas {what} ; la valeur est ignorée.",
                    String::from_utf8_lossy(cell)
                );
                rows.findings.misfit(rule, self.layout.name(col), cell, message);
            })
            .ok()
    }

    /// A year; one before the first sound year or after the millésime is flagged and kept.
    fn year(&self, rows: &mut Rows, record: &ByteRecord, col: Col) -> Option<u16> {
        let value = self.whole(rows, record, col, 4, "une année")?;
        // Below 1000 it is no year, but what is left of one (`1.974`).
        let year = u16::try_from(value).ok().filter(|y| (1000..=9999).contains(y));
        let least = self.reference.seuils.annee_min;
        if year.is_none_or(|y| y < least || y > self.millesime) {
            let message = format!("Année {value} : attendue de {least} à {}.", self.millesime);
            rows.findings.flag(4, self.layout.name(col), self.layout.raw(record, col), message);
        }
        year
    }
}

fn unreadable(findings: &mut Findings, layout: &Layout, col: Col, cell: &[u8], expected: &str) {
    let message = format!(
        "« {} » n'est pas lisible : attendu {expected} ; la valeur est ignorée.",
        String::from_utf8_lossy(cell)
    );
    findings.misfit(15, layout.name(col), cell, message);
}

/// The cell as text; « Ã© » is put right.
fn utf8<'c>(cell: &'c [u8], tally: &mut Tally) -> Cow<'c, str> {
    // The block was decoded: a cell of it is valid UTF-8, whatever the file was.
    let text = std::str::from_utf8(cell).unwrap_or("");
    if cell.is_ascii() {
        return Cow::Borrowed(text);
    }
    match repair_double(text) {
        Some(repaired) => {
            tally.add(Count::DoubleEncoding);
            Cow::Owned(repaired)
        }
        None => Cow::Borrowed(text),
    }
}

fn text(builder: &mut Text, cell: &[u8], tally: &mut Tally) {
    if cell.is_empty() {
        builder.append_null();
    } else {
        builder.append_value(utf8(cell, tally));
    }
}

fn option(builder: &mut Text, text: &str) {
    if text.is_empty() {
        builder.append_null();
    } else {
        builder.append_value(text);
    }
}
