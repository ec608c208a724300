//! What spreadsheets, exports and mail do to files, register by register: the same table comes out, or the
//! row says why not.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::common::{cell, findings, fixture, table};
use mosaique::registers::deposit::{self, Kind};
use mosaique::registers::kit::recognise::recognises;
use mosaique::registers::mend::Corrections;
use mosaique::registers::output::Output;
use mosaique::registers::report::Report;
use mosaique::registers::zones::{self, ZonesOptions};
use mosaique::registers::{addresses, attributions, ops, rpls, thresholds, workbook};

pub(crate) struct Done {
    dir: tempfile::TempDir,
    pub(crate) report: Report,
}

impl Done {
    pub(crate) fn column(&self, name: &str) -> Vec<String> {
        let file = ["logements", "menages", "attributions", "seuils", "adresses", "appartenance"]
            .into_iter()
            .find(|n| self.dir.path().join(format!("{n}.parquet")).exists())
            .expect("table");
        let rows = table(self.dir.path(), file);
        (0..rows.height()).map(|i| cell(&rows, name, i)).collect()
    }

    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        (self.report.lignes_lues, self.report.lignes_gardees, self.report.lignes_rejetees)
    }

    pub(crate) fn count(&self, key: &str) -> u64 {
        self.report.comptes.get(key).copied().unwrap_or(0)
    }

    /// Lines flagged or refused by a rule.
    pub(crate) fn lines(&self, rule: &str) -> Vec<u64> {
        findings(self.dir.path()).into_iter().filter(|f| f.2 == rule).map(|f| f.0).collect()
    }
}

/// Imports bytes as a file of this register.
pub(crate) fn import(register: &str, bytes: &[u8]) -> Result<Done, String> {
    let dir = tempfile::tempdir().expect("folder");
    let path = dir.path().join("fichier");
    std::fs::write(&path, bytes).expect("file");
    import_file(register, &path)
}

fn import_file(register: &str, path: &Path) -> Result<Done, String> {
    let dir = tempfile::tempdir().expect("folder");
    let out = Output::new(dir.path());
    let mut file = path.to_owned();
    let unpacked = tempfile::tempdir().expect("folder");
    if workbook::is_workbook(path) {
        file = unpacked.path().join("classeur.csv");
        workbook::to_csv(path, &file, None, &|head| recognises(register, head)).map_err(|e| e.to_string())?;
    }
    let quiet = |_, _| ();
    let said = |e: &dyn std::error::Error| e.to_string();
    let report = match register {
        "rpls" => {
            let options = rpls::RplsOptions { millesime: 2024, workers: None };
            rpls::import(&file, &options, &out, &quiet).map_err(|e| said(&e))
        }
        "ops" => ops::import(&file, &ops::Options { vague: 2024 }, &out, &quiet).map_err(|e| said(&e)),
        "attributions" => {
            let key = unpacked.path().join("cle");
            std::fs::write(&key, "0123456789abcdef0123456789abcdef").expect("key");
            let options = attributions::Options { annee: 2024, cle: Some(key) };
            attributions::import(&file, &options, &out, &quiet).map_err(|e| said(&e))
        }
        "thresholds" => thresholds::import(&file, &thresholds::Options { annee: Some(2024) }, &out, &quiet)
            .map_err(|e| said(&e)),
        "addresses" => {
            let options = addresses::Options { departement: "73".to_owned() };
            addresses::import(&file, &options, &out, &quiet).map_err(|e| said(&e))
        }
        "appartenance" => {
            let options = ZonesOptions { couche: "appartenance".to_owned(), ..ZonesOptions::default() };
            zones::import(&file, &options, &out, &quiet).map_err(|e| said(&e))
        }
        other => panic!("{other}"),
    }?;
    Ok(Done { dir, report })
}

pub(crate) fn read(register: &str, text: &str) -> Done {
    import(register, text.as_bytes()).unwrap_or_else(|e| panic!("{e}"))
}

pub(crate) const RPLS: &str = "IDENT_REP;IDENT_INT;SIRET;DEPCOM;CODEPOSTAL;LIBCOM;NUMVOIE;TYPVOIE;NOMVOIE;NBPIECE;SURFHAB;CONSTRUCT;FINAN;MODE;BAIL;LOYERPRINC;DPEDATE;DPEENERGIE;X;Y";
pub(crate) const OPS: &str = "vague;bailleur_siren;ident_rep;depcom;statut_logement;statut_reponse;date_entree;type_menage;nb_personnes;nb_mineurs;age_titulaire;rfr;pct_plafond;aide_logement";

/// A sound dwelling, with some cells changed.
pub(crate) fn dwelling(n: usize, changes: &[(&str, &str)]) -> String {
    let number = format!("CD{n:08}");
    let mut cells = vec![
        number.as_str(),
        "B-7",
        "77568502900123",
        "38185",
        "38000",
        "Grenoble",
        "4",
        "AV",
        "Édouard Hervé",
        "4",
        "78",
        "1972",
        "13",
        "1",
        "06/2015",
        "531,20",
        "11/2010",
        "D",
        "913000",
        "6457000",
    ];
    change(&mut cells, RPLS, changes)
}

/// A household that answered, with some cells changed.
pub(crate) fn household(n: usize, changes: &[(&str, &str)]) -> String {
    let number = format!("38{n:08}");
    let mut cells = vec![
        "2024",
        "775685029",
        number.as_str(),
        "38185",
        "OCCUPE",
        "REPONSE",
        "2015-06",
        "ISOLE",
        "1",
        "0",
        "52",
        "17400",
        "",
        "APL",
    ];
    change(&mut cells, OPS, changes)
}

fn change<'a>(cells: &mut [&'a str], header: &str, changes: &[(&str, &'a str)]) -> String {
    for (name, value) in changes {
        let at = header.split(';').position(|h| h == *name).unwrap_or_else(|| panic!("{name}"));
        cells[at] = value;
    }
    cells.join(";")
}

pub(crate) fn file(header: &str, rows: &[String]) -> String {
    format!("{header}\r\n{}\r\n", rows.join("\r\n"))
}

// --- Workbooks -------------------------------------------------------------------------------------

fn zipped(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, ::zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook of these sheets (name, XML of `sheetData`), with styles 0 general, 1 date, 2 percentage, 3
/// `00000`.
fn book(sheets: &[(&str, String)]) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const R: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let list: String = sheets
        .iter()
        .enumerate()
        .map(|(i, (name, _))| format!(r#"<sheet name="{name}" sheetId="{i}" r:id="r{i}"/>"#))
        .collect();
    let links: String = (0..sheets.len())
        .map(|i| format!(r#"<Relationship Id="r{i}" Type="{R}/worksheet" Target="worksheets/s{i}.xml"/>"#))
        .collect();
    let mut parts = vec![
        (
            "xl/workbook.xml".to_owned(),
            format!(r#"<workbook xmlns="{MAIN}" xmlns:r="{R}"><sheets>{list}</sheets></workbook>"#),
        ),
        ("xl/_rels/workbook.xml.rels".to_owned(), format!("<Relationships>{links}</Relationships>")),
        (
            "xl/styles.xml".to_owned(),
            format!(
                r#"<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="170" formatCode="00000"/></numFmts><cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="10"/><xf numFmtId="170"/></cellXfs></styleSheet>"#
            ),
        ),
    ];
    for (i, (_, data)) in sheets.iter().enumerate() {
        parts.push((
            format!("xl/worksheets/s{i}.xml"),
            format!(r#"<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData></worksheet>"#),
        ));
    }
    let parts: Vec<(&str, Vec<u8>)> =
        parts.iter().map(|(n, t)| (n.as_str(), t.clone().into_bytes())).collect();
    zipped(&parts)
}

fn letters(mut n: usize) -> String {
    let mut out = String::new();
    n += 1;
    while n > 0 {
        out.insert(0, char::from(b'A' + ((n - 1) % 26) as u8));
        n = (n - 1) / 26;
    }
    out
}

/// Rows as a spreadsheet stores them: nothing for an empty cell, numbers as numbers.
fn sheet(text: &str) -> String {
    let mut out = String::new();
    for (r, line) in text.lines().enumerate() {
        out.push_str(&format!(r#"<row r="{}">"#, r + 1));
        for (c, value) in line.split(';').enumerate().filter(|(_, v)| !v.is_empty()) {
            let at = format!("{}{}", letters(c), r + 1);
            let number = value.parse::<f64>().is_ok() && !value.starts_with('0');
            if number || value == "0" {
                out.push_str(&format!(r#"<c r="{at}"><v>{value}</v></c>"#));
            } else {
                let value = value.replace('&', "&amp;").replace('<', "&lt;");
                out.push_str(&format!(r#"<c r="{at}" t="inlineStr"><is><t>{value}</t></is></c>"#));
            }
        }
        out.push_str("</row>");
    }
    out
}

#[test]
fn a_workbook_gives_what_its_csv_gives_whatever_its_rows_end_with() {
    let rows = [
        household(1, &[]),
        household(
            2,
            &[
                ("statut_reponse", "NON_REPONSE"),
                ("date_entree", ""),
                ("type_menage", ""),
                ("nb_personnes", ""),
                ("nb_mineurs", ""),
                ("age_titulaire", ""),
                ("rfr", ""),
                ("aide_logement", ""),
            ],
        ),
        household(3, &[("aide_logement", "")]),
        household(4, &[("aide_logement", ""), ("rfr", "")]),
    ];
    let text = file(OPS, &rows);
    let plain = read("ops", &text);
    let bytes = book(&[("OPS 2024", sheet(&text))]);
    let from_book = import("ops", &bytes).unwrap();
    assert_eq!(plain.counts(), (4, 4, 0), "{:?}", plain.report.regles);
    assert_eq!(from_book.counts(), (4, 4, 0), "{:?}", from_book.report.regles);
    let both = [&plain, &from_book].map(|d| table(d.dir.path(), "menages"));
    assert!(both[0].equals_missing(&both[1]));

    let rows = [
        dwelling(1, &[]),
        dwelling(2, &[("X", ""), ("Y", "")]),
        dwelling(3, &[("DPEENERGIE", ""), ("X", ""), ("Y", "")]),
    ];
    let text = file(RPLS, &rows);
    let both = [read("rpls", &text), import("rpls", &book(&[("a", sheet(&text))])).unwrap()];
    assert_eq!(both[1].counts(), (3, 3, 0));
    let both = both.map(|d| table(d.dir.path(), "logements"));
    assert!(both[0].equals_missing(&both[1]));
}

#[test]
fn formats_of_a_workbook_say_what_its_numbers_are() {
    let header = sheet(OPS);
    let row = |n: usize, cells: &str| format!(r#"<row r="{n}">{cells}</row>"#);
    let text = |at: &str, v: &str| format!(r#"<c r="{at}" t="inlineStr"><is><t>{v}</t></is></c>"#);
    let cells = [
        r#"<c r="A2"><v>2024</v></c><c r="B2"><v>775685029</v></c>"#.to_owned(),
        text("C2", "AB1"),
        r#"<c r="D2" s="3"><v>1004</v></c>"#.to_owned(),
        text("E2", "OCCUPE") + &text("F2", "REPONSE"),
        r#"<c r="G2" s="1"><v>42156</v></c>"#.to_owned(),
        r#"<c r="M2" s="2"><v>0.4026</v></c>"#.to_owned(),
    ]
    .concat();
    let got = import("ops", &book(&[("a", header + &row(2, &cells))])).unwrap();
    assert_eq!(got.counts(), (1, 1, 0), "{:?}", got.report.regles);
    assert_eq!(got.column("depcom"), ["01004"]);
    assert_eq!(got.column("entree"), ["201506"]);
    assert!(got.column("pct_plafond")[0].starts_with("40.2"), "{:?}", got.column("pct_plafond"));
    assert_eq!(got.column("plafond"), ["3"]);
}

#[test]
fn the_sheet_of_the_register_is_found_among_others() {
    let notice = sheet("Lisez-moi\nCe classeur vient du service habitat");
    let bytes = book(&[("Lisez-moi", notice), ("Données", sheet(&file(RPLS, &[dwelling(1, &[])])))]);
    assert_eq!(import("rpls", &bytes).unwrap().counts(), (1, 1, 0));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.xlsx");
    std::fs::write(&path, bytes).unwrap();
    let out = dir.path().join("a.csv");
    let sheet = workbook::to_csv(&path, &out, None, &|head| recognises("rpls", head)).unwrap();
    assert_eq!((sheet.name.as_str(), sheet.others.len()), ("Données", 1));
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_workbook_that_is_made_to_hurt_is_refused_by_the_name_of_its_cell() {
    let refused = |bytes: &[u8]| {
        let start = Instant::now();
        let e = import("ops", bytes).err().expect("refused");
        assert!(start.elapsed().as_secs_f64() < 5.0, "{:?}", start.elapsed());
        e
    };
    let one = |r: &str, at: &str| {
        book(&[(
            "f",
            format!(r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="{r}"><c r="{at}"><v>1</v></c></row>"#),
        )])
    };
    for (r, at, what) in [
        ("2", "XFE2", "XFE2"),
        ("2", "AAAAAAAAAAAAAAAAAAAA2", "AAAAAAAAAA"),
        ("1048577", "A1048577", "1048577"),
        ("18446744073709551616", "A1", "18446744073709551616"),
        ("1048576", "B1048576", "B1048576"),
        ("2", "XFD2", "XFD2"),
        ("1", "A1", "ordre"),
    ] {
        let e = refused(&one(r, at));
        assert!(e.contains(what), "{e}");
    }
    let far: String = (1..=50_000)
        .map(|r| format!(r#"<row r="{r}"><c r="A{r}"><v>1</v></c><c r="XFD{r}"><v>1</v></c></row>"#))
        .collect();
    assert!(refused(&book(&[("f", far)])).contains("XFD1"));
    let long = format!(
        r#"<row r="1"><c r="A1" t="inlineStr"><is><t>{}</t></is></c></row>"#,
        "a".repeat(200_000_000)
    );
    let e = refused(&book(&[("f", long)]));
    assert!(e.contains("plus d'un million de signes"), "{e}");
    let pieces = format!(
        r#"<row r="1"><c r="C1" t="inlineStr"><is>{}</is></c></row>"#,
        "<t>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</t>".repeat(100_000)
    );
    let e = refused(&book(&[("f", pieces)]));
    assert!(e.contains("C1") && e.contains("32 767"), "{e}");
}

#[test]
fn archives_in_archives_and_archives_without_end_are_refused_by_name() {
    let gz = |bytes: &[u8]| {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(bytes).unwrap();
        gz.finish().unwrap()
    };
    let text = file(RPLS, &[dwelling(1, &[])]);
    assert_eq!(import("rpls", &gz(text.as_bytes())).unwrap().counts(), (1, 1, 0));
    let e = import("rpls", &gz(&gz(text.as_bytes()))).err().unwrap();
    assert!(e.contains("une archive gzip dans une archive"), "{e}");
    let inner = zipped(&[("a.csv", text.clone().into_bytes())]);
    assert_eq!(import("rpls", &inner).unwrap().counts(), (1, 1, 0));
    let e = import("rpls", &zipped(&[("b.zip", inner.clone())])).err().unwrap();
    assert!(e.contains("b.zip"), "{e}");
    let e = import("rpls", &gz(&inner)).err().unwrap();
    assert!(e.contains("une archive zip"), "{e}");
    let mut endless = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    endless.write_all(text.as_bytes()).unwrap();
    let blank = b";;;;;;;;;;;;;;;;;;;\r\n".repeat(50_000);
    for _ in 0..400 {
        endless.write_all(&blank).unwrap();
    }
    let e = import("rpls", &endless.finish().unwrap()).err().unwrap();
    assert!(e.contains("300 fois"), "{e}");
}

// --- Rows ------------------------------------------------------------------------------------------

#[test]
fn a_row_without_its_empty_last_cells_is_whole_and_a_row_that_slipped_is_not() {
    let whole = household(1, &[]);
    let short = household(2, &[("aide_logement", ""), ("pct_plafond", ""), ("rfr", "")])
        .trim_end_matches(';')
        .to_owned();
    // A separator is missing in the middle: the following cells are one column too far to the left.
    let slipped = household(3, &[]).replace(";OCCUPE;", " ");
    let halves = household(4, &[]).replace("2015-06", "2015\r\n06");
    let got = read("ops", &file(OPS, &[whole.clone(), short, slipped, halves, household(5, &[])]));
    assert_eq!(got.counts(), (6, 3, 3), "{:?}", got.report.regles);
    assert_eq!(got.column("ident_rep"), ["3800000001", "3800000002", "3800000005"]);
    assert_eq!((got.count("lignes_completees"), got.lines("O00")), (1, vec![4, 5]));
    // The second half of a broken line is of no wave.
    assert_eq!(got.lines("O01"), [6]);

    let short = dwelling(2, &[("X", ""), ("Y", ""), ("DPEENERGIE", "")]).trim_end_matches(';').to_owned();
    let slipped = dwelling(3, &[]).replace("Grenoble;", "");
    let cut: String = dwelling(4, &[]).chars().take(70).collect();
    let text = file(RPLS, &[dwelling(1, &[]), short, slipped]) + &cut;
    let got = read("rpls", &text);
    assert_eq!(got.counts(), (4, 2, 2), "{:?}", got.report.regles);
    assert_eq!((got.count("lignes_completees"), got.lines("R00")), (1, vec![4, 5]));
    assert_eq!(got.column("lon")[1], "");
}

#[test]
fn half_a_file_ends_with_a_refused_line() {
    let text = file(OPS, &[household(1, &[]), household(2, &[])]);
    let cut = &text[..text.len() - 8];
    let got = read("ops", cut);
    assert_eq!((got.counts(), got.lines("O00")), ((2, 1, 1), vec![3]));
}

#[test]
fn what_stands_around_a_table_is_no_row_of_it() {
    let row = [dwelling(1, &[])];
    let blank = ";".repeat(RPLS.matches(';').count());
    let spaces = blank.replace(';', "\u{a0};");
    for (name, text) in [
        ("sep", format!("sep=;\r\n{}", file(RPLS, &row))),
        ("title", format!("Export « parc » - Office de démonstration\r\n\r\n{}", file(RPLS, &row))),
        (
            "wide title",
            format!("Export{blank}\r\n{blank}\r\nOffice;38{}\r\n{}", &blank[1..], file(RPLS, &row)),
        ),
        ("blank rows", file(RPLS, &row) + &format!("{blank}\r\n{spaces}\r\n").repeat(9)),
        (
            "accents",
            file(&RPLS.replace("LIBCOM", " Lib. com ").replace("NOMVOIE", "nomvoié").to_lowercase(), &row),
        ),
    ] {
        let got = read("rpls", &text);
        assert_eq!(got.counts(), (1, 1, 0), "{name} {:?}", got.report.regles);
        assert_eq!(got.column("adresse"), ["38185:4:-:AVENUE EDOUARD HERVE"], "{name}");
    }
    let got = read("rpls", &format!("Titre\r\n\r\n\r\n{}", file(RPLS, &row)));
    assert_eq!(got.column("ligne"), ["5"]);
    assert!(got.report.remarques.iter().any(|r| r.contains("ligne 4")), "{:?}", got.report.remarques);
    let got = read("rpls", &(file(RPLS, &row) + &format!("{blank}\r\n").repeat(20)));
    assert_eq!(got.count("lignes_vides"), 20);

    // The empty row of a workbook, as it becomes a line, breaks nothing in two.
    let rows = [dwelling(1, &[]), "\"\"".to_owned(), dwelling(2, &[]), "\"\"".to_owned(), dwelling(3, &[])];
    assert_eq!(read("rpls", &file(&format!("{RPLS}\r\n\"\""), &rows)).counts(), (3, 3, 0));

    let ops = file(
        &OPS.replace("age_titulaire", "Âge titulaire").replace("nb_personnes", "Nb personnes"),
        &[household(1, &[])],
    );
    for text in
        [format!("sep=;\r\n{ops}"), format!("OPS 2024;;\r\nOffice;;\r\n\r\n{ops}"), ops.replace(';', "\t")]
    {
        let got = read("ops", &text);
        assert_eq!((got.counts(), got.column("age_titulaire")), ((1, 1, 0), vec!["52".to_owned()]));
    }
    let e = import("ops", b"Titre\r\n\r\nvague;siren;statut_logement\r\n2024;775685029;OCCUPE\r\n")
        .err()
        .unwrap();
    assert!(e.contains("statut_reponse"), "{e}");
}

#[test]
fn zeros_behind_a_file_are_left_out_and_told_and_amid_it_refuse_it() {
    let text = file(RPLS, &[dwelling(1, &[]), dwelling(2, &[])]);
    let got = import("rpls", &[text.as_bytes(), &[0; 700]].concat()).unwrap();
    assert_eq!(got.counts(), (2, 2, 0));
    assert!(got.report.remarques.iter().any(|r| r.contains("700 octets nuls")), "{:?}", got.report.remarques);
    let got = import("rpls", &[text.as_bytes(), &[0x1a]].concat()).unwrap();
    assert_eq!((got.counts(), got.report.remarques.len()), ((2, 2, 0), 0));
    let half = text.len() / 2;
    let e = import("rpls", &[&text.as_bytes()[..half], &[0; 9], &text.as_bytes()[half..]].concat()).err();
    assert!(e.as_ref().is_some_and(|e| e.contains("octets nuls")), "{e:?}");
    // Far from the first bytes: the line is named.
    let rows: Vec<String> = (0..3000).map(|n| dwelling(n, &[])).collect();
    let long = file(RPLS, &rows).replace("CD00002500", "CD0000\u{0}500");
    let e = import("rpls", long.as_bytes()).err().unwrap();
    assert!(e.contains("ligne 2502"), "{e}");
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(import("rpls", &wide).unwrap().counts(), (2, 2, 0));
}

#[test]
fn points_in_degrees_and_answers_of_a_geocoder_are_read() {
    let bare = |names: &str, cells: &str| {
        let (header, row) = (format!("{RPLS};{names}"), dwelling(1, &[("X", ""), ("Y", "")]));
        read("rpls", &file(&header, &[format!("{row};{cells}")]))
    };
    let at = |got: &Done| (got.column("lon")[0].clone(), got.column("lat")[0].clone());
    let there = ("5.7268".to_owned(), "45.1885".to_owned());
    for (names, cells) in [
        ("latitude;longitude", "45.1885;5.7268"),
        ("Lat;Lon", "45,1885;5,7268"),
        ("geo_point_2d", "45.1885, 5.7268"),
        ("longitude;latitude;result_score;result_type", "5.7268;45.1885;0.93;housenumber"),
    ] {
        let got = bare(names, cells);
        assert_eq!((at(&got), got.count("coordonnees_en_degres")), (there.clone(), 1), "{names}");
        let quality = if names.contains("result_type") { "41" } else { "" };
        assert_eq!(got.column("qualite")[0], quality, "{names}");
    }
    let street = bare("longitude;latitude;result_score;result_type", "5.7268;45.1885;0.85;street");
    assert_eq!(street.column("qualite")[0], "42");
    for (score, kind) in [("0.62", "housenumber"), ("0.97", "municipality")] {
        let got =
            bare("longitude;latitude;result_score;result_type", &format!("5.7268;45.1885;{score};{kind}"));
        assert_eq!((got.column("lon")[0].as_str(), got.count("geocodages_incertains")), ("", 1));
    }
    let swapped = bare("longitude;latitude", "45.1885;5.7268");
    assert_eq!((at(&swapped), swapped.count("coordonnees_echangees")), (there.clone(), 1));
    let abroad = bare("longitude;latitude", "12.4964;41.9028");
    assert_eq!((abroad.column("lon")[0].as_str(), abroad.lines("R08")), ("", vec![2]));
    // Degrees under the names of metres, and metres that go before degrees.
    let got = read("rpls", &file(RPLS, &[dwelling(1, &[("X", "5.7268"), ("Y", "45.1885")])]));
    assert_eq!(at(&got), there);
    let header = format!("{RPLS};longitude;latitude");
    let got = read("rpls", &file(&header, &[format!("{};2.35;48.85", dwelling(1, &[]))]));
    assert!(got.column("lon")[0].starts_with("5.7"), "{:?}", got.column("lon"));
}

#[test]
fn one_row_an_address_is_refused_by_the_name_of_its_count() {
    // Numbers of rows are no counts.
    let rows: Vec<String> = (1..4).map(|i| format!("{};{i}", dwelling(i, &[]))).collect();
    assert_eq!(read("rpls", &file(&format!("{RPLS};n"), &rows)).counts(), (3, 3, 0));
    for name in ["nb", "Nombre de logements", "NB_LOGTS", "n", "Nb logements sociaux", "quantité"] {
        let header = format!("{RPLS};{name}");
        let several = |counts: &[&str]| {
            let rows: Vec<String> =
                counts.iter().enumerate().map(|(i, n)| format!("{};{n}", dwelling(i, &[]))).collect();
            import("rpls", file(&header, &rows).as_bytes())
        };
        let e = several(&["1", "12"]).err().unwrap();
        assert!(e.contains(name) && e.contains("12 logements") && e.contains("ligne 3"), "{e}");
        assert_eq!(several(&["1", "1"]).unwrap().counts(), (2, 2, 0));
    }
}

// --- Texts -----------------------------------------------------------------------------------------

#[test]
fn every_encoding_gives_the_same_street() {
    let text = file(
        RPLS,
        &[
            dwelling(1, &[("LIBCOM", "SAINT-ÉTIENNE"), ("NOMVOIE", "DES CHÊNES ÉLEVÉS")]),
            dwelling(2, &[("LIBCOM", "Évry"), ("NOMVOIE", "des chênes élevés")]),
        ],
    );
    let utf16 = |big: bool| -> Vec<u8> {
        text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    };
    let of = |encoding: &'static encoding_rs::Encoding| encoding.encode(&text).0.into_owned();
    let dos: Vec<u8> = text
        .chars()
        .map(|c| match c {
            'É' => 0x90,
            'Ê' => 0xd2,
            'é' => 0x82,
            'ê' => 0x88,
            c => c as u8,
        })
        .collect();
    let latin = of(encoding_rs::WINDOWS_1252);
    for (name, bytes) in [
        ("UTF-8", text.clone().into_bytes()),
        ("850", dos),
        ("MacRoman", of(encoding_rs::MACINTOSH)),
        ("ISO-8859-15", of(encoding_rs::ISO_8859_15)),
        ("UTF-16LE", utf16(false)),
        ("UTF-16BE", utf16(true)),
        ("a mark of the other UTF-16", [&[0xff, 0xfe][..], &utf16(true)].concat()),
        ("a mark of UTF-8 before Windows", [&[0xef, 0xbb, 0xbf][..], &latin].concat()),
        ("a mark of UTF-16 before Windows", [&[0xff, 0xfe][..], &latin].concat()),
    ] {
        let got = import("rpls", &bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(got.column("libcom"), ["SAINT-ÉTIENNE", "Évry"], "{name} {}", got.report.encodage);
        assert_eq!(got.column("adresse"), ["38185:4:-:AVENUE DES CHENES ELEVES"; 2], "{name}");
    }
}

#[test]
fn guards_and_spaces_around_codes_are_taken_away_in_every_register() {
    let guarded = dwelling(
        1,
        &[
            ("IDENT_REP", "=\"0000000001\""),
            ("DEPCOM", "=\"01004\""),
            ("CODEPOSTAL", "'01500"),
            ("NBPIECE", "\u{a0}4\u{202f}"),
        ],
    );
    let quoted = dwelling(
        2,
        &[("IDENT_REP", "\"=\"\"0000000002\"\"\""), ("DEPCOM", "01 004"), ("CODEPOSTAL", "1500.0")],
    );
    let got = read("rpls", &file(RPLS, &[guarded, quoted]));
    assert_eq!(got.counts(), (2, 2, 0), "{:?}", got.report.regles);
    assert_eq!(got.column("ident_rep"), ["0000000001", "0000000002"]);
    assert_eq!(
        (got.column("depcom"), got.column("codepostal")),
        (vec!["01004".to_owned(); 2], vec!["01500".to_owned(); 2])
    );
    assert_eq!(got.column("nbpiece"), ["4", "4"]);

    let got = read(
        "ops",
        &file(
            OPS,
            &[household(
                1,
                &[
                    ("ident_rep", "=\"0000000001\""),
                    ("depcom", "\u{2009}1004.0"),
                    ("bailleur_siren", "775 685 029"),
                ],
            )],
        ),
    );
    assert_eq!(
        (got.column("ident_rep"), got.column("depcom"), got.column("siren")),
        (vec!["0000000001".to_owned()], vec!["01004".to_owned()], vec!["775685029".to_owned()])
    );

    let text = "sep=;\nCODGEO;LIBGEO;Épci;LIBEPCI\n38185.0;Grenoble;200 040 715;Métropole\n2b033;Bastia;\"Bastia (242000354)\";CA\n=\"01004\";Ambérieu;=\"240100883\";CC\n;;;\n1,2E+04;x;200040715;y\n";
    let got = read("appartenance", text);
    assert_eq!(got.column("commune"), ["01004", "2B033", "38185"]);
    assert_eq!(got.column("epci"), ["240100883", "242000354", "200040715"]);
    assert_eq!(got.lines("A01"), [7]);

    let text = "Base adresse\n\nid;numero;nom_voie;code_insee;lon;lat\n73065_0001_00012;12;Rue Basse;=\"73065\";5,917;45,566\n73065_0001_00014;14;Rue Basse;73 065;5,918;45,567\n";
    let got = read("addresses", text);
    assert_eq!(
        (got.column("code_insee"), got.column("lon")),
        (vec!["73065".to_owned(); 2], vec!["5.917".to_owned(), "5.918".to_owned()])
    );
}

// --- Numbers ---------------------------------------------------------------------------------------

#[test]
fn a_number_lost_in_scientific_notation_is_said_and_is_no_key() {
    let rows: Vec<String> =
        (0..4).map(|n| dwelling(n, &[("IDENT_REP", "7,31234E+09"), ("IDENT_INT", "8.1E+14")])).collect();
    let got = read("rpls", &file(RPLS, &rows));
    assert_eq!((got.counts(), got.lines("R16").len(), got.count("identifiants_perdus")), ((4, 4, 0), 8, 8));
    assert!(got.column("ident_rep").iter().all(String::is_empty));
    let got = read("rpls", &file(RPLS, &[dwelling(1, &[("SIRET", "7,75686E+13")])]));
    assert_eq!((got.column("siren"), got.lines("R16")), (vec![String::new()], vec![2]));
    // A code with an E in it is a code.
    let got = read("rpls", &file(RPLS, &[dwelling(1, &[("IDENT_REP", "38E0000012")])]));
    assert_eq!((got.column("ident_rep"), got.lines("R16").len()), (vec!["38E0000012".to_owned()], 0));

    let rows: Vec<String> = (0..3).map(|n| household(n, &[("ident_rep", "3,80E+09")])).collect();
    let got = read("ops", &file(OPS, &rows));
    assert_eq!((got.counts(), got.lines("O28")), ((3, 3, 0), vec![2, 3, 4]));

    let text = "nud;date_bail;ident_rep;depcom\n7,31235E+17;2024-04-01;CD00000001;38185\n7,31235E+17;2024-04-01;CD00000001;38185\n";
    let got = read("attributions", text);
    assert_eq!(
        (got.counts(), got.column("nud"), got.lines("A18")),
        ((2, 2, 0), vec![String::new(); 2], vec![2, 3])
    );
}

#[test]
fn a_siren_that_was_a_float_is_the_same_siren() {
    let cells =
        ["775685029.0", "77568502900123.0", "5680013200017.0", "77568502900123,00", "Office (775685029)"];
    let rows: Vec<String> = cells.iter().enumerate().map(|(n, s)| dwelling(n, &[("SIRET", s)])).collect();
    let got = read("rpls", &file(RPLS, &rows));
    assert_eq!(got.column("siren"), ["775685029", "775685029", "056800132", "775685029", "775685029"]);
    let rows: Vec<String> =
        cells.iter().enumerate().map(|(n, s)| household(n, &[("bailleur_siren", s)])).collect();
    assert_eq!(read("ops", &file(OPS, &rows)).column("siren"), got.column("siren"));
    // Three digits are nobody's SIREN.
    let got = read("rpls", &file(RPLS, &[dwelling(1, &[("SIRET", "775")])]));
    assert_eq!((got.column("siren"), got.lines("R15")), (vec![String::new()], vec![2]));
}

fn incomes(cells: &[&str]) -> Done {
    let rows: Vec<String> = cells.iter().enumerate().map(|(n, v)| household(n, &[("rfr", v)])).collect();
    read("ops", &file(OPS, &rows))
}

#[test]
fn thousands_of_a_column_are_never_read_as_units() {
    assert_eq!(incomes(&["17.400", "8.250", "23.000"]).column("rfr"), ["17400", "8250", "23000"]);
    assert_eq!(incomes(&["17,400", "17 400", "17400,49"]).lines("O09"), [2]);
    assert_eq!(incomes(&["1.017.400,50", "17.400"]).column("rfr"), ["1017401", "17400"]);
    assert_eq!(incomes(&["17\u{2009}400 €", "17\u{202f}400,00", "\u{a0}17400"]).column("rfr"), ["17400"; 3]);
    let doubt = incomes(&["17400.5", "17.400"]);
    assert_eq!((doubt.column("rfr"), doubt.lines("O09")), (vec!["17401".to_owned(), String::new()], vec![3]));
    assert_eq!(incomes(&["17.400"]).count("milliers_a_point_ou_virgule"), 1);

    let rents = |cells: &[&str]| {
        let rows: Vec<String> =
            cells.iter().enumerate().map(|(n, v)| dwelling(n, &[("LOYERPRINC", v)])).collect();
        read("rpls", &file(RPLS, &rows)).column("loyer")
    };
    assert_eq!(rents(&["412,5", "1.200"]), ["412.5", "1200.0"]);
    assert_eq!(
        rents(&["412.350", "1.200"]).iter().map(|r| r.parse::<f32>().unwrap() as u32).collect::<Vec<_>>(),
        [412, 1]
    );
}

#[test]
fn percentages_are_fractions_when_their_column_says_so() {
    let of = |cells: &[&str]| {
        let rows: Vec<String> =
            cells.iter().enumerate().map(|(n, v)| household(n, &[("pct_plafond", v), ("rfr", "")])).collect();
        read("ops", &file(OPS, &rows))
    };
    let classes = |cells: &[&str]| of(cells).column("plafond");
    assert_eq!(classes(&["0,4026", "0,62", "1,25"]), classes(&["40,26", "62", "125"]));
    assert_eq!(classes(&["40,26 %", "0,4026"]), classes(&["40,26", "40,26"]));
    // A column of points may hold less than one.
    assert_eq!(classes(&["40,26", "0,9"]), ["3", "1"]);
    let mixed = of(&["40,26 %", "0,4026", "61"]);
    assert_eq!((mixed.column("plafond"), mixed.lines("O30")), (classes(&["40,26", "40,26", "61"]), vec![3]));
}

// --- Dates -----------------------------------------------------------------------------------------

#[test]
fn dates_are_read_alike_in_every_register() {
    for (cell, want) in [
        ("mars-19", "201903"),
        ("janv.-20", "202001"),
        ("févr. 2020", "202002"),
        ("15/03/2019", "201903"),
        ("2019-03-15T00:00:00", "201903"),
        ("43539", "201903"),
        ("1er mars 2019", "201903"),
        ("15-MAR-19", "201903"),
        ("20190315", "201903"),
    ] {
        let rpls = read("rpls", &file(RPLS, &[dwelling(1, &[("BAIL", cell)])]));
        let ops = read("ops", &file(OPS, &[household(1, &[("date_entree", cell)])]));
        assert_eq!(
            (rpls.column("bail"), ops.column("entree")),
            (vec![want.to_owned()], vec![want.to_owned()]),
            "{cell}"
        );
    }
    for cell in ["12 mars 2024", "12/03/2024", "45363", "2024-03-12 00:00:00", "12032024"] {
        let got = read("attributions", &format!("date_bail;depcom;ident_rep\n{cell};38185;CD1\n"));
        assert_eq!(got.column("date_bail"), ["20240312"], "{cell}");
    }
}

#[test]
fn the_month_comes_first_where_the_column_says_so() {
    let of = |cells: &[&str]| {
        let rows: Vec<String> =
            cells.iter().enumerate().map(|(n, v)| household(n, &[("date_entree", v)])).collect();
        read("ops", &file(OPS, &rows))
    };
    assert_eq!(of(&["3/1/2019 12:00:00 AM", "11/1/2020 12:00:00 AM"]).column("entree"), ["201903", "202011"]);
    assert_eq!(of(&["3/1/2019", "3/25/2019"]).column("entree"), ["201903", "201903"]);
    assert_eq!(of(&["03/01/2019", "25/01/2019"]).column("entree"), ["201901", "201901"]);
    let both = of(&["3/1/2019", "3/25/2019", "25/3/2019"]);
    assert_eq!(
        (both.column("entree"), both.lines("O14")),
        (vec![String::new(), "201903".to_owned(), "201903".to_owned()], vec![2])
    );
    let rows: Vec<String> = ["3/1/2019 12:00:00 AM", "8/1/2021 12:00:00 AM"]
        .iter()
        .enumerate()
        .map(|(n, v)| dwelling(n, &[("BAIL", v)]))
        .collect();
    assert_eq!(read("rpls", &file(RPLS, &rows)).column("bail"), ["201903", "202108"]);
    // 01/1900 says « none », and a spreadsheet writes it as it writes 01/2000.
    let got = read("rpls", &file(RPLS, &[dwelling(1, &[("BAIL", "janv-00")])]));
    assert_eq!((got.column("bail"), got.lines("R15")), (vec![String::new()], vec![2]));
}

// --- Tables of the Journal officiel, people, messages ------------------------------------------------

#[test]
fn thresholds_pasted_from_the_journal_officiel_are_read() {
    let text = "Annexe — seuils de ressources\n\nCode département;Département;Nom de l'EPCI;SIRET de l'EPCI;Valeur du seuil\n01;Ain;CC Bugey Sud;200040350;8\u{202f}861 €\n38;Isère;Grenoble-Alpes-Métropole;200 040 715;9\u{a0}254\u{a0}€\n73;Savoie;Grand Chambéry;200069110.0;9.102\n";
    let got = read("thresholds", text);
    assert_eq!(got.counts(), (3, 3, 0), "{:?}", got.report.regles);
    assert_eq!(got.column("epci"), ["200040350", "200040715", "200069110"]);
    assert_eq!(got.column("eur_uc"), ["8861.0", "9254.0", "9102.0"]);
    assert!(got.report.remarques.iter().any(|r| r.contains("ligne 3")));
}

#[test]
fn a_deposit_of_another_register_is_told_what_it_is_and_what_to_choose() {
    let told = |file: &str, register: &str| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::copy(fixture(file), dir.path().join("recu")).unwrap();
        let kind = Kind {
            register: register.to_owned(),
            year: 2023,
            siren: "775685029".to_owned(),
            name: "mon_fichier.csv".to_owned(),
        };
        deposit::check(dir.path(), &kind, &Corrections::new(), &|_, _| ())
            .map_or_else(|e| e.to_string(), |r| format!("{} lignes lues", r.lignes_lues))
    };
    let swapped = [
        ("rpls/2023_complet.csv", "ops", "est reconnu comme RPLS", "Choisissez « RPLS, logements »"),
        ("ops/conforme.csv", "rpls", "est reconnu comme OPS", "Choisissez « OPS, occupation »"),
        ("thresholds/conforme.csv", "ops", "est reconnu comme", "importé par l'administration"),
    ];
    for (file, register, what, todo) in swapped {
        let told = told(file, register);
        assert!(told.contains("mon_fichier.csv") && told.contains(what) && told.contains(todo), "{told}");
    }
    // A file without a header is read by the positions of its own register.
    assert!(told("rpls/2023_collecte_64_champs.txt", "rpls").ends_with("lignes lues"));
}

#[test]
fn a_deposit_that_names_people_is_refused_and_not_kept() {
    let check = |header: &str, extra: &str| {
        let dir = tempfile::tempdir().unwrap();
        let row = format!("{};{extra}", household(1, &[]));
        std::fs::write(dir.path().join("recu"), file(&format!("{OPS};{header}"), &[row])).unwrap();
        let kind = Kind {
            register: "ops".to_owned(),
            year: 2024,
            siren: "775685029".to_owned(),
            name: "a.csv".to_owned(),
        };
        let said = deposit::check(dir.path(), &kind, &Corrections::new(), &|_, _| ());
        (said.map(|r| r.lignes_gardees).map_err(|e| e.to_string()), dir.path().join("recu").exists())
    };
    let nir = format!("1850573065042{:02}", 97 - 1_850_573_065_042u64 % 97);
    for (header, extra) in
        [("Nom de famille", "X"), ("NIR", ""), ("commentaire", "voir a.b@exemple.fr"), ("reference", &nir)]
    {
        let (said, kept) = check(header, extra);
        let said = said.err().unwrap_or_else(|| panic!("{header}"));
        assert!(said.contains(header) && !said.contains(&nir) && !said.contains("exemple.fr"), "{said}");
        assert!(!kept, "{header}");
    }
    assert_eq!(check("commentaire", "rien"), (Ok(1), true));
}

/// Options that the messages of the readers name are options of the parser.
#[test]
fn messages_name_options_that_exist() {
    let mut known = String::new();
    for register in ["rpls", "ops", "zones", "addresses", "attributions", "thresholds", "demandes"] {
        let help = std::process::Command::new(env!("CARGO_BIN_EXE_mosaique"))
            .args(["import", register, "--help"])
            .output()
            .unwrap();
        known.push_str(&String::from_utf8_lossy(&help.stdout));
    }
    let mut named = 0;
    for source in sources(Path::new("src/filing")) {
        let text = std::fs::read_to_string(&source).unwrap();
        for (i, _) in text.match_indices(" --") {
            let option: String =
                text[i + 1..].chars().take_while(|c| *c == '-' || c.is_ascii_lowercase()).collect();
            if option.len() > 4 && option.as_bytes()[2] != b'-' {
                named += 1;
                assert!(known.contains(&format!("{option} ")), "{}: {option}", source.display());
            }
        }
    }
    assert!(named > 2, "{named}");
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
    out
}
