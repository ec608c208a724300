//! A workbook for people who count in spreadsheets: one line a zone, and all that must be known to read it.
//!
//! Codes are text; a secret is an empty cell with its word in the next column, so that sums and pivot tables
//! never take it for zero. Nothing that someone wrote is ever a formula.

use rust_xlsxwriter::{
    Color, DocProperties, Format, FormatAlign, FormatBorder, IgnoreError, Workbook, Worksheet, XlsxError,
};

use super::PublishError;
use super::table::{Cell, Kind, Table, columns, status};
use crate::reference::publication::publication;
use crate::reference::secrecy::Secrecy;

/// Paper of French offices.
const A4: u8 = 9;

struct Looks {
    head: Format,
    text: Format,
    quiet: Format,
    wrapped: Format,
    title: Format,
    whole: Format,
    /// By number of decimals.
    numbers: [Format; 4],
}

impl Looks {
    fn new() -> Self {
        let number = |code: &str| Format::new().set_num_format(code);
        Self {
            head: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_background_color(Color::RGB(0x00E9_EDF3))
                .set_border_bottom(FormatBorder::Thin),
            // « Texte »: what is typed over a code stays one.
            text: number("@"),
            quiet: Format::new().set_font_color(Color::RGB(0x0067_6E7A)),
            wrapped: Format::new().set_text_wrap().set_align(FormatAlign::Top),
            title: Format::new().set_bold().set_font_size(14),
            whole: number("#,##0"),
            numbers: ["#,##0", "#,##0.0", "#,##0.00", "#,##0.000"].map(number),
        }
    }

    fn number(&self, decimals: u8) -> &Format {
        &self.numbers[usize::from(decimals).min(self.numbers.len() - 1)]
    }
}

/// # Errors
/// It cannot be written.
pub fn write(table: &Table<'_>) -> Result<Vec<u8>, PublishError> {
    let looks = Looks::new();
    let mut book = Workbook::new();
    book.set_properties(&DocProperties::new().set_title(table.title()).set_author("mosaïque"));
    figures(book.add_worksheet(), table, &looks)?;
    let details = table.rows.len() * table.indicators.len();
    let bound = publication().fichier.lignes_max;
    if details <= bound {
        detail(book.add_worksheet(), table, &looks)?;
    }
    readme(book.add_worksheet(), table, details <= bound, &looks)?;
    definitions(book.add_worksheet(), table, &looks)?;
    sources(book.add_worksheet(), table, &looks)?;
    Ok(book.save_to_buffer()?)
}

fn header(sheet: &mut Worksheet, titles: &[String], looks: &Looks) -> Result<(), XlsxError> {
    for (col, title) in (0..).zip(titles) {
        sheet.write_string_with_format(0, col, title, &looks.head)?;
    }
    Ok(())
}

/// Header frozen, filters, print on A4 with the header on each page.
fn laid_out(sheet: &mut Worksheet, rows: usize, cols: usize, frozen: u16) -> Result<(), XlsxError> {
    let (last_row, last_col) = (row(rows), col(cols.saturating_sub(1)));
    sheet.set_freeze_panes(1, frozen)?;
    sheet.autofilter(0, 0, last_row, last_col)?;
    sheet.set_landscape();
    sheet.set_paper_size(A4);
    sheet.set_repeat_rows(0, 0)?;
    sheet.set_print_area(0, 0, last_row, last_col)?;
    sheet.ignore_error_range(0, 0, last_row, last_col, IgnoreError::NumberStoredAsText)?;
    Ok(())
}

/// Rows and columns of a sheet; what is beyond its end is refused by the writer.
fn row(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn col(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

fn figures(sheet: &mut Worksheet, table: &Table<'_>, looks: &Looks) -> Result<(), XlsxError> {
    sheet.set_name("Chiffres")?;
    let columns = columns(&table.indicators);
    header(sheet, &columns.iter().map(|c| c.title.clone()).collect::<Vec<_>>(), looks)?;
    sheet.set_row_height(0, 62)?;
    for (at, column) in columns.iter().enumerate() {
        let width = match (column.name.as_str(), column.kind) {
            ("nom", _) => 30,
            ("code" | "epci", _) => 12,
            (_, Kind::Text) => 9,
            _ => 14,
        };
        sheet.set_column_width(col(at), width)?;
    }
    for (r, line) in (1..).zip(&table.rows) {
        for (at, column) in columns.iter().enumerate() {
            let c = col(at);
            match column.cell(line, table.millesime, table.vague) {
                Cell::Text(text) if column.name.ends_with("_statut") => {
                    sheet.write_string_with_format(r, c, text, &looks.quiet)?;
                }
                Cell::Text(text) => {
                    sheet.write_string_with_format(r, c, text, &looks.text)?;
                }
                Cell::Badge(letter) => {
                    sheet.write_string(r, c, letter.to_string())?;
                }
                // A year is no quantity: 2024, not 2 024.
                Cell::Whole(n) if ["millesime", "vague"].contains(&column.name.as_str()) => {
                    sheet.write_number(r, c, n as f64)?;
                }
                Cell::Whole(n) => {
                    sheet.write_number_with_format(r, c, n as f64, &looks.whole)?;
                }
                Cell::Number(n) => {
                    sheet.write_number_with_format(r, c, n, looks.number(column.decimals(line)))?;
                }
                Cell::Empty => {}
            }
        }
    }
    laid_out(sheet, table.rows.len(), columns.len(), 2)
}

/// One line a figure: what pivot tables and queries are made from, with what each figure stands on.
fn detail(sheet: &mut Worksheet, table: &Table<'_>, looks: &Looks) -> Result<(), XlsxError> {
    const HEAD: [&str; 15] = [
        "Code",
        "Nom",
        "Code EPCI",
        "Code département",
        "Indicateur",
        "Libellé",
        "Unité",
        "Valeur",
        "Statut",
        "±",
        "Numérateur",
        "Dénominateur",
        "Répondants",
        "Motif",
        "Source",
    ];
    sheet.set_name("Détail")?;
    header(sheet, &HEAD.map(str::to_owned), looks)?;
    for (c, width) in (0..).zip([12, 30, 12, 12, 12, 40, 9, 11, 10, 8, 12, 13, 12, 40, 30]) {
        sheet.set_column_width(c, width)?;
    }
    let mut r = 0;
    for line in &table.rows {
        for (figure, described) in line.figures.iter().zip(&table.indicators) {
            r += 1;
            let texts = [
                (0, line.code.as_str()),
                (1, &line.nom),
                (2, line.parents[1].as_deref().unwrap_or("")),
                (3, line.parents[2].as_deref().unwrap_or("")),
                (4, figure.indicateur),
                (5, &described.indicator.libelle),
                (6, figure.unite),
                (8, status(figure)),
                (13, figure.motif.as_deref().unwrap_or("")),
                (14, &figure.source),
            ];
            for (c, text) in texts.into_iter().filter(|(_, t)| !t.is_empty()) {
                sheet.write_string(r, c, text)?;
            }
            let number = looks.number(figure.decimales);
            for (c, value) in [(7, figure.valeur), (9, figure.incertitude)] {
                if let Some(v) = value {
                    sheet.write_number_with_format(r, c, v, number)?;
                }
            }
            // The denominator of a secret figure is not said either.
            let base = figure.denominateur.filter(|_| !figure.secret);
            let whole = |n: Option<u64>| n.map(|n| n as f64);
            let answers = figure.repondants.filter(|_| !figure.secret);
            for (c, count) in [(10, figure.numerateur), (11, whole(base)), (12, whole(answers))] {
                if let Some(n) = count {
                    let format = if n.fract() == 0.0 { &looks.whole } else { looks.number(2) };
                    sheet.write_number_with_format(r, c, n, format)?;
                }
            }
        }
    }
    laid_out(sheet, r as usize, HEAD.len(), 2)
}

fn readme(sheet: &mut Worksheet, table: &Table<'_>, detailed: bool, looks: &Looks) -> Result<(), XlsxError> {
    sheet.set_name("Lisez-moi")?;
    sheet.set_column_width(0, 24)?;
    sheet.set_column_width(1, 100)?;
    sheet.write_string_with_format(0, 0, table.title(), &looks.title)?;
    let mut lines: Vec<(String, String)> =
        table.facts().into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
    lines.push((
        "Feuille « Chiffres »".into(),
        "Une ligne par zone ; à droite de chaque chiffre, son statut.".into(),
    ));
    let told = if detailed {
        "Une ligne par zone et par indicateur, avec numérateur et dénominateur : pour un tableau croisé. Pour réunir des zones, \
            additionner numérateurs et dénominateurs, jamais des taux."
    } else {
        "Absente : elle aurait plus de lignes qu'un tableur n'en lit. Demander moins de zones ou d'indicateurs."
    };
    lines.push(("Feuille « Détail »".into(), told.into()));
    lines.push((
        "Cellules vides".into(),
        "Une cellule de chiffre vide n'est jamais un zéro : la colonne « statut » dit pourquoi elle l'est."
            .into(),
    ));
    let least = Secrecy::embedded().map_or(0, |s| s.n_decimale);
    lines.push((
        "Décimales".into(),
        format!("Un taux dont le dénominateur est inférieur à {least} est arrondi à l'unité, quel que soit son statut : numérateur et dénominateur sont dans « Détail »."),
    ));
    lines.extend(publication().statuts.iter().map(|s| (format!("Statut « {} »", s.code), s.libelle.clone())));
    let mut warned: Vec<&str> =
        table.rows.iter().flat_map(|r| &r.avertissements).map(String::as_str).collect();
    warned.sort_unstable();
    warned.dedup();
    // Those of one zone only are in its sheet on screen.
    let common = warned.into_iter().filter(|w| {
        table.rows.iter().filter(|r| r.avertissements.iter().any(|a| a == w)).count() * 2 > table.rows.len()
    });
    lines.extend(common.map(|w| ("Avertissement".to_owned(), w.to_owned())));
    for (r, (label, text)) in (2..).zip(&lines) {
        sheet.write_string_with_format(r, 0, label, &looks.wrapped)?;
        sheet.write_string_with_format(r, 1, text, &looks.wrapped)?;
    }
    sheet.set_paper_size(A4);
    sheet.set_print_fit_to_pages(1, 0);
    Ok(())
}

fn definitions(sheet: &mut Worksheet, table: &Table<'_>, looks: &Looks) -> Result<(), XlsxError> {
    const HEAD: [&str; 10] = [
        "Indicateur",
        "Libellé",
        "Thème",
        "Unité",
        "Définition",
        "Numérateur",
        "Dénominateur",
        "Référence",
        "Source",
        "Droits d'usage",
    ];
    sheet.set_name("Définitions")?;
    header(sheet, &HEAD.map(str::to_owned), looks)?;
    for (c, width) in (0..).zip([14, 36, 16, 9, 60, 50, 50, 40, 12, 26]) {
        sheet.set_column_width(c, width)?;
    }
    for (r, d) in (1..).zip(&table.indicators) {
        let i = d.indicator;
        let none = d.denominateur.as_deref().unwrap_or("");
        let cells = [
            &i.id,
            &i.libelle,
            &i.theme,
            &i.unite,
            &i.definition,
            &d.numerateur,
            none,
            &i.reference,
            &i.source,
            &publication().droit(d.domaine).nom,
        ];
        for (c, text) in (0..).zip(cells) {
            sheet.write_string_with_format(r, c, text, &looks.wrapped)?;
        }
    }
    laid_out(sheet, table.indicators.len(), HEAD.len(), 1)
}

fn sources(sheet: &mut Worksheet, table: &Table<'_>, looks: &Looks) -> Result<(), XlsxError> {
    sheet.set_name("Sources")?;
    sheet.set_column_width(0, 16)?;
    sheet.set_column_width(1, 60)?;
    sheet.set_column_width(2, 80)?;
    header(sheet, &["Domaine".to_owned(), "Source".to_owned(), "Droits d'usage".to_owned()], looks)?;
    // Codes, names and numbers of dwellings are those of the open file, whatever figures were asked.
    let used = |d: &str| d == "parc" || table.indicators.iter().any(|i| i.domaine == d);
    let mut r = 1;
    for droit in publication().droits.iter().filter(|d| used(&d.domaine)) {
        for (c, text) in (0..).zip([&droit.domaine, &droit.source, &droit.licence]) {
            sheet.write_string_with_format(r, c, text, &looks.wrapped)?;
        }
        r += 1;
    }
    for source in table.sources() {
        sheet.write_string_with_format(r, 0, "édition", &looks.wrapped)?;
        sheet.write_string_with_format(r, 1, source, &looks.wrapped)?;
        r += 1;
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_paper_size(A4);
    sheet.set_print_fit_to_pages(1, 0);
    Ok(())
}
