//! A bailleur's dwellings as the collection file that it deposits: 64 fields by position, behind a line
//! that says whose they are. What was corrected goes out corrected; what this program does not keep of the
//! register is empty.

use super::StockError;
use super::edits::Edits;
use super::lessors::Lessors;
use super::table::{Table, Texts, hash};
use crate::reference::rpls::rpls;
use crate::store::Store;

/// Fields of the first line.
const FIRST: usize = 12;

/// Text columns by their field.
const TEXTS: [(&str, &str); 12] = [
    ("IDENT_REP", "ident_rep"),
    ("IDENT_INT", "ident_int"),
    ("DEPCOM", "depcom"),
    ("CODEPOSTAL", "codepostal"),
    ("LIBCOM", "libcom"),
    ("NUMVOIE", "numvoie"),
    ("INDREP", "indrep"),
    ("TYPVOIE", "typvoie"),
    ("NOMVOIE", "nomvoie"),
    ("COMPLIDENT", "compladr"),
    ("COMPLGEO", "complgeo"),
    ("CODSEGPATRIM", "segment"),
];
/// Codes and small numbers; 0 is « not told ».
const CODES: [(&str, &str); 10] = [
    ("DROIT", "droit"),
    ("QPV", "qpv_declare"),
    ("NBPIECE", "nbpiece"),
    ("ORIGINE", "origine"),
    ("FINAN", "finan"),
    ("CONV", "conv"),
    ("SORTIEPATRIM", "sortie"),
    ("MODE", "mode"),
    ("CUS", "cus"),
    ("CONTRESLOG", "contingent"),
];
const NUMBERS: [(&str, &str); 5] = [
    ("SURFHAB", "surfhab"),
    ("CONSTRUCT", "construct"),
    ("LOCAT", "locat"),
    ("PATRIMOINE", "patrimoine"),
    ("SRU_EXPIR", "sru_expir"),
];
/// C, I, E from 1 to 3; A to G from 1 to 7.
const LETTERS: [(&str, &str, &str); 3] =
    [("TYPECONST", "typeconst", "CIE"), ("DPEENERGIE", "dpe", "ABCDEFG"), ("DPESERRE", "ges", "ABCDEFG")];

/// The file, in UTF-8, and how many dwellings it has. An address whose name the bailleur corrected has its
/// right name, by the same choice as figures ([`Edits::point`]).
///
/// # Errors
/// The register of this year, or what was corrected, cannot be read.
pub fn file(lessors: &Lessors, store: &Store, siren: &str) -> Result<(usize, Vec<u8>), StockError> {
    let names = ["bailleur", "adresse", "bail", "loyer"].into_iter();
    let names = names.chain(TEXTS.iter().map(|c| c.1)).chain(CODES.iter().map(|c| c.1));
    let names = names.chain(NUMBERS.iter().map(|c| c.1)).chain(LETTERS.iter().map(|c| c.1));
    let Some(table) = lessors.as_filed(store, siren, &names.collect::<Vec<_>>())? else {
        return Ok((0, Vec::new()));
    };
    let edits = Edits::of(store)?;
    let edits = if edits.is_empty() { edits } else { edits.carried(&lessors.communes()?) };
    let corrected = |adresse: &str, ident: &str| {
        let number = if ident.is_empty() { 0 } else { hash(ident) };
        let fix = edits.point(lessors.millesime(), siren, number, hash(adresse))?;
        (!fix.cle.is_empty()).then(|| fix.cle.clone())
    };
    let name = table.texts("bailleur")?;
    let name = (0..table.rows()).map(|r| name.get(r)).find(|n| !n.is_empty()).unwrap_or_default();
    let mut out = csv::WriterBuilder::new().delimiter(b';').flexible(true).from_writer(Vec::new());
    let mut first = vec![String::new(); FIRST];
    (first[0], first[2]) = (lessors.millesime().to_string(), name.to_owned());
    (first[9], first[10]) = (siren.to_owned(), table.rows().to_string());
    out.write_record(&first)?;
    let columns = Columns::of(&table)?;
    for row in 0..table.rows() {
        out.write_record(columns.line(row, &corrected))?;
    }
    let bytes = out.into_inner().map_err(|e| csv::Error::from(e.into_error()))?;
    Ok((table.rows(), bytes))
}

/// The columns that are written, with the place of their field.
struct Columns {
    texts: Vec<(usize, Texts)>,
    codes: Vec<(usize, Vec<u8>)>,
    numbers: Vec<(usize, Vec<u16>)>,
    letters: Vec<(usize, Vec<u8>, &'static str)>,
    bail: (usize, Vec<u32>),
    loyer: (usize, Vec<f32>),
    adresse: Texts,
    ident: Texts,
    /// Places of NUMVOIE, INDREP, TYPVOIE, NOMVOIE.
    street: [usize; 4],
}

/// Place of a field; the list of fields is the program's own, and a test writes and reads each.
fn place(field: &str) -> usize {
    rpls().collecte.champs.iter().position(|f| f == field).unwrap_or_default()
}

impl Columns {
    fn of(table: &Table) -> Result<Self, StockError> {
        let texts = TEXTS.iter().map(|(f, c)| Ok((place(f), table.texts(c)?)));
        let codes = CODES.iter().map(|(f, c)| Ok((place(f), table.u8s(c)?)));
        let numbers = NUMBERS.iter().map(|(f, c)| Ok((place(f), table.u16s(c)?)));
        let letters = LETTERS.iter().map(|(f, c, l)| Ok((place(f), table.u8s(c)?, *l)));
        Ok(Self {
            texts: texts.collect::<Result<_, StockError>>()?,
            codes: codes.collect::<Result<_, StockError>>()?,
            numbers: numbers.collect::<Result<_, StockError>>()?,
            letters: letters.collect::<Result<_, StockError>>()?,
            bail: (place("BAIL"), table.u32s("bail")?),
            loyer: (place("LOYERPRINC"), table.f32s("loyer")?),
            adresse: table.texts("adresse")?,
            ident: table.texts("ident_rep")?,
            street: ["NUMVOIE", "INDREP", "TYPVOIE", "NOMVOIE"].map(place),
        })
    }

    fn line(&self, row: usize, corrected: &impl Fn(&str, &str) -> Option<String>) -> Vec<String> {
        let mut out = vec![String::new(); rpls().collecte.champs.len()];
        for (at, column) in &self.texts {
            column.get(row).clone_into(&mut out[*at]);
        }
        for (at, column) in self.codes.iter().filter(|(_, c)| c[row] > 0) {
            out[*at] = column[row].to_string();
        }
        for (at, column) in self.numbers.iter().filter(|(_, c)| c[row] > 0) {
            out[*at] = column[row].to_string();
        }
        for (at, column, letters) in self.letters.iter().filter(|(_, c, _)| c[row] > 0) {
            let letter = letters.chars().nth(usize::from(column[row]) - 1);
            out[*at] = letter.map(String::from).unwrap_or_default();
        }
        let bail = self.bail.1[row];
        if bail > 0 {
            out[self.bail.0] = format!("{:02}/{}", bail % 100, bail / 100);
        }
        let loyer = self.loyer.1[row];
        if loyer.is_finite() && loyer > 0.0 {
            out[self.loyer.0] = loyer.to_string();
        }
        if let Some(key) = corrected(self.adresse.get(row), self.ident.get(row)) {
            let mut parts = key.splitn(4, ':').skip(1);
            let [number, sign, street] = [(); 3].map(|()| parts.next().unwrap_or_default());
            let told = |part: &str, none: &str| if part == none { String::new() } else { part.to_owned() };
            let cells = [told(number, "0"), told(sign, "-"), String::new(), street.to_owned()];
            for (at, cell) in self.street.into_iter().zip(cells) {
                out[at] = cell;
            }
        }
        out
    }
}
