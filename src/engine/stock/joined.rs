//! The register and the survey of a millésime, read and joined by the ladder: what no correction and no event
//! changes, kept beside the cubes ([`super::kept`]). What lessors corrected, and what happened since, comes
//! after ([`super::load`]).

use bytemuck::Pod;
use serde::{Deserialize, Serialize};

use super::StockError;
use super::dwellings::{self, Dwellings};
use super::facts::BuildReport;
use super::households::{self, Households};
use super::join::{self, Matches};
use super::kept::Kept;
use super::parts::Parts;
use super::table::Texts;
use crate::arrays::{CubeError, Mapped, Writer, narrow};
use crate::store::Store;

/// Changes with what reading and joining make of the same tables.
const STEP: &str = "jointure1";

/// What goes over columns one by one: writing them, reading them, cutting them short.
pub(super) trait Tape {
    fn numbers<T: Pod>(&mut self, name: &str, column: &mut Vec<T>) -> Result<(), CubeError>;
    fn texts(&mut self, name: &str, texts: &mut Texts) -> Result<(), CubeError>;
}

/// A millésime as filed, each household in its dwelling.
#[derive(Debug, Default)]
pub struct Joined {
    /// Rows of the register, then of households that have no dwelling in it.
    pub dwellings: Dwellings,
    pub households: Option<Households>,
    pub matches: Option<Matches>,
    /// What the household of each row is known by ([`Households::keys`]); empty without a survey.
    pub menages: Vec<u64>,
    /// What the ladder says.
    pub report: BuildReport,
    /// Communes and owners that the register itself names: those of households follow.
    named: [usize; 2],
}

/// What stands beside the arrays.
#[derive(Debug, Serialize, Deserialize)]
struct Meta {
    registered: usize,
    named: [usize; 2],
    survey: bool,
    report: BuildReport,
}

impl Joined {
    /// Of these files: as it was kept, else read and joined, and kept.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn of(store: &Store, register: &Parts, survey: Option<&Parts>) -> Result<Self, StockError> {
        let step = step(store, register, survey);
        // A table that is gone is told, whatever was kept of it.
        let present = register.present() && survey.is_none_or(Parts::present);
        if present
            && let Some(kept) = step.open::<Meta>().and_then(|(file, meta)| Self::read(&file, meta).ok())
        {
            return Ok(kept);
        }
        let mut made = Self::made(register, survey)?;
        // Without a disk to write on, the next build reads the tables again.
        let _ = step.write(|w| made.write(w));
        Ok(made)
    }

    fn made(register: &Parts, survey: Option<&Parts>) -> Result<Self, StockError> {
        let (dwellings, households) =
            rayon::join(|| dwellings::read(register), || survey.map(households::read).transpose());
        let (mut dwellings, households) = (dwellings?, households?);
        let named = [dwellings.depcom.list.len(), dwellings.siren.list.len()];
        let mut report = BuildReport::default();
        let matches =
            households.as_ref().map(|h| join::ladder(&mut dwellings, h, register.year(), &mut report));
        let menages = match (&households, &matches) {
            (Some(h), Some(m)) => h.keys(&m.household_of),
            _ => Vec::new(),
        };
        Ok(Self { dwellings, households, matches, menages, report, named })
    }

    /// Codes of communes that the register itself has.
    #[must_use]
    pub fn communes(&self) -> &[String] {
        &self.dwellings.depcom.list[..self.named[0]]
    }

    /// The register and the survey as they were before the ladder: events change rows that it then joins.
    #[must_use]
    pub fn apart(mut self) -> (Dwellings, Option<Households>) {
        let d = &mut self.dwellings;
        let registered = d.registered();
        // Cutting never fails.
        let _ = d.columns(&mut Cut(registered));
        d.settle_rows(registered);
        d.depcom.list.truncate(self.named[0]);
        d.siren.list.truncate(self.named[1]);
        (self.dwellings, self.households)
    }

    fn write(&mut self, w: &mut Writer) -> Result<Meta, CubeError> {
        let mut tape = Written(w);
        self.dwellings.columns(&mut tape)?;
        let mut postal: Vec<(u32, &str)> =
            self.dwellings.postal.iter().map(|(row, code)| (narrow(*row), code.as_str())).collect();
        postal.sort_unstable();
        let (rows, codes): (Vec<u32>, Vec<&str>) = postal.into_iter().unzip();
        tape.0.array("postal.lignes", &rows)?;
        tape.0.strings("postal.codes", &codes)?;
        if let (Some(households), Some(matches)) = (&mut self.households, &mut self.matches) {
            households.columns(&mut tape)?;
            tape.numbers("jointure", &mut matches.household_of)?;
            tape.numbers("cles", &mut self.menages)?;
        }
        Ok(Meta {
            registered: self.dwellings.registered(),
            named: self.named,
            survey: self.matches.is_some(),
            report: self.report.clone(),
        })
    }

    fn read(file: &Mapped, meta: Meta) -> Result<Self, CubeError> {
        let mut out = Self { report: meta.report, named: meta.named, ..Self::default() };
        let mut tape = Read(file);
        out.dwellings.columns(&mut tape)?;
        out.dwellings.settle_rows(meta.registered);
        let rows = file.array::<u32>("postal.lignes")?.iter();
        let codes = file.strings("postal.codes")?;
        out.dwellings.postal =
            rows.zip(codes.iter()).map(|(row, code)| (*row as usize, code.to_owned())).collect();
        if meta.survey {
            let (mut households, mut matches) = (Households::default(), Matches { household_of: Vec::new() });
            households.columns(&mut tape)?;
            tape.numbers("jointure", &mut matches.household_of)?;
            tape.numbers("cles", &mut out.menages)?;
            (out.households, out.matches) = (Some(households), Some(matches));
        }
        Ok(out)
    }
}

/// Where a millésime is kept.
#[must_use]
pub fn step(store: &Store, register: &Parts, survey: Option<&Parts>) -> Kept {
    let folders = register.folders().iter().chain(survey.iter().flat_map(|p| p.folders()));
    Kept::of(store, STEP, folders.map(String::as_str), "")
}

/// Writes columns; numbers of texts in 16 bits where there are few of them.
struct Written<'a>(&'a mut Writer);

impl Tape for Written<'_> {
    fn numbers<T: Pod>(&mut self, name: &str, column: &mut Vec<T>) -> Result<(), CubeError> {
        self.0.array(name, column)
    }

    fn texts(&mut self, name: &str, texts: &mut Texts) -> Result<(), CubeError> {
        self.0.strings(name, &texts.list)?;
        if texts.list.len() < usize::from(u16::MAX) {
            let narrow: Vec<u16> = texts.of.iter().map(|n| u16::try_from(*n).unwrap_or(u16::MAX)).collect();
            self.0.array(name, &narrow)
        } else {
            self.0.array(name, &texts.of)
        }
    }
}

/// Reads columns that [`Written`] wrote.
struct Read<'a>(&'a Mapped);

impl Tape for Read<'_> {
    fn numbers<T: Pod>(&mut self, name: &str, column: &mut Vec<T>) -> Result<(), CubeError> {
        *column = self.0.array(name)?.to_vec();
        Ok(())
    }

    fn texts(&mut self, name: &str, texts: &mut Texts) -> Result<(), CubeError> {
        texts.list = self.0.strings(name)?.iter().map(str::to_owned).collect();
        texts.of = if texts.list.len() < usize::from(u16::MAX) {
            let wide = |n: &u16| if *n == u16::MAX { u32::MAX } else { u32::from(*n) };
            self.0.array(name)?.iter().map(wide).collect()
        } else {
            self.0.array(name)?.to_vec()
        };
        Ok(())
    }
}

/// Leaves the first rows of columns.
struct Cut(usize);

impl Tape for Cut {
    fn numbers<T: Pod>(&mut self, _: &str, column: &mut Vec<T>) -> Result<(), CubeError> {
        column.truncate(self.0);
        Ok(())
    }

    fn texts(&mut self, _: &str, texts: &mut Texts) -> Result<(), CubeError> {
        texts.of.truncate(self.0);
        Ok(())
    }
}
