//! One block of the file on one thread: rows to typed columns, flags, repairs and identities.

mod cell;
mod dwelling;
mod place;

use std::borrow::Cow;
use std::hash::Hasher;

use csv::ByteRecord;
use polars::prelude::*;
use rustc_hash::FxHasher;

use self::cell::{text, unreadable};
use super::cells;
use super::columns::Columns;
use super::flags::{Findings, RULES};
use super::layout::{Col, Layout};
use super::points::Points;
use super::tally::{Count, Tally};
use crate::address::Normalizer;
use crate::reference::rpls::{Rpls, rpls};
use crate::registers::checks::LOST;
use crate::registers::fields;
use crate::registers::intake::{self, filled, overflow};
use crate::registers::report::Finding;
use crate::registers::table::{Block, Shape};
use crate::registers::text::encoding::Seen;

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
    /// The first line outside of the table, and its beginning.
    pub outside: Option<(u64, String)>,
    /// The file ends amid a line.
    pub cut: bool,
    /// A line that names another organism than the first, and its SIREN.
    pub organisation: Option<(u64, String)>,
    /// Line of a second header whose columns stand otherwise.
    pub reordered: Option<u64>,
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
        let (mut first_outside, mut last) = (None, Shape::Whole);
        let (mut organisation, mut reordered) = (None, None);
        let (width, full, reach) = (self.layout.width, self.layout.full, self.layout.reach);
        let seen = block.rows(full, reach, |line, record, shape| {
            last = shape;
            if fields::is_blank(record.as_slice()) {
                return rows.tally.add(Count::Blank);
            }
            if let Some(siren) = self.layout.organisation_again(record) {
                let first = self.layout.organisation.as_ref().and_then(|o| o.siren.as_ref());
                if first != Some(&siren) {
                    organisation.get_or_insert((line, siren));
                }
                return rows.tally.add(Count::Outside);
            }
            if intake::is_reordered(record, &self.layout.header) {
                reordered.get_or_insert(line);
                return;
            }
            if intake::is_outside(record, &self.layout.header) {
                rows.tally.add(Count::Outside);
                first_outside.get_or_insert_with(|| (line, intake::shown(record)));
                return;
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
            outside: first_outside,
            organisation,
            reordered,
            cut: block.is_unended() && last == Shape::Broken,
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
            let sound = ident.len() == 10 && ident.iter().all(u8::is_ascii_alphanumeric);
            if col == Col::IDENT_REP && !ident.is_empty() && !sound {
                tally.add(Count::OddIdent);
            }
            // A word that says why there is none.
            if col == Col::IDENT_REP && !ident.is_empty() && !ident.iter().any(u8::is_ascii_digit) {
                unreadable(findings, layout, col, cell, "un identifiant à dix lettres et chiffres");
                builder.append_null();
                continue;
            }
            text(builder, &ident);
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
            text(&mut columns.bailleur, name);
        }
        let numconv = layout.raw(record, Col::NUMCONV);
        if numconv.len() > 6 && cells::scientific(numconv) {
            tally.add(Count::Scientific);
        }
    }

    /// Who the row is: IDENT_REP packed without loss where it fits, else the hash of all its named cells.
    fn identity(&self, rows: &mut Rows, record: &ByteRecord) -> u64 {
        if self.layout.has(Col::IDENT_REP) {
            let ident = self.layout.cell(record, Col::IDENT_REP);
            if !ident.iter().any(u8::is_ascii_digit) {
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
}
