//! The parts beside the sheets: which sheets there are, shared texts, formats of numbers.

use quick_xml::events::Event;

use super::xml::{Archive, Xml, XmlError, attribute, sign};

/// One sheet: its name and its part.
#[derive(Debug, Clone)]
pub(super) struct SheetPart {
    pub name: String,
    pub path: String,
    pub hidden: bool,
}

/// How a number of a cell is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Format {
    #[default]
    Plain,
    Date,
    Percent,
    /// `00000`: with zeros before it, so many digits in all.
    Padded(usize),
}

/// What is read once for all sheets.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub sheets: Vec<SheetPart>,
    pub strings: Vec<String>,
    /// Format of each style.
    pub formats: Vec<Format>,
    /// Days are counted from 1904.
    pub from_1904: bool,
}

impl Parts {
    pub fn read(archive: &mut Archive, size: u64) -> Result<Self, XmlError> {
        let mut parts = Self::default();
        let targets = relations(archive, size)?;
        parts.workbook(archive, size, &targets)?;
        parts.shared(archive, size)?;
        parts.styles(archive, size)?;
        Ok(parts)
    }

    fn workbook(
        &mut self,
        archive: &mut Archive,
        size: u64,
        targets: &[(String, String)],
    ) -> Result<(), XmlError> {
        let Ok(part) = archive.by_name("xl/workbook.xml") else { return Ok(()) };
        let mut xml = Xml::new(part, size);
        while let Some(event) = xml.next()? {
            let (Event::Start(e) | Event::Empty(e)) = event else { continue };
            match e.local_name().as_ref() {
                "workbookPr" => {
                    self.from_1904 = attribute(&e, "date1904").is_some_and(|v| v == "1" || v == "true");
                }
                "sheet" => {
                    let name = attribute(&e, "name").unwrap_or_default();
                    let Some(id) = attribute(&e, "id") else { continue };
                    // « hidden », « veryHidden »; « visible » is seldom written.
                    let hidden = attribute(&e, "state").is_some_and(|s| s != "visible");
                    if let Some((_, path)) = targets.iter().find(|(i, _)| *i == id) {
                        self.sheets.push(SheetPart { name, path: path.clone(), hidden });
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn shared(&mut self, archive: &mut Archive, size: u64) -> Result<(), XmlError> {
        let Ok(part) = archive.by_name("xl/sharedStrings.xml") else { return Ok(()) };
        let mut xml = Xml::new(part, size);
        let mut text = String::new();
        let (mut inside, mut phonetic) = (false, false);
        while let Some(event) = xml.next()? {
            match event {
                Event::Start(e) => match e.local_name().as_ref() {
                    "si" => text.clear(),
                    "rPh" => phonetic = true,
                    "t" => inside = !phonetic,
                    _ => {}
                },
                Event::End(e) => match e.local_name().as_ref() {
                    "si" => self.strings.push(unescaped(std::mem::take(&mut text))),
                    "rPh" => phonetic = false,
                    "t" => inside = false,
                    _ => {}
                },
                Event::Empty(e) if e.local_name().as_ref() == "si" => self.strings.push(String::new()),
                Event::Text(t) if inside => text.push_str(&t.into_inner()),
                Event::CData(t) if inside => text.push_str(&t.into_inner()),
                Event::GeneralRef(r) if inside => text.extend(sign(&r)),
                _ => {}
            }
        }
        Ok(())
    }

    fn styles(&mut self, archive: &mut Archive, size: u64) -> Result<(), XmlError> {
        let Ok(part) = archive.by_name("xl/styles.xml") else { return Ok(()) };
        let mut xml = Xml::new(part, size);
        let mut own: Vec<(u32, Format)> = Vec::new();
        let mut cells = false;
        while let Some(event) = xml.next()? {
            match event {
                Event::Start(e) | Event::Empty(e) => match e.local_name().as_ref() {
                    "numFmt" => {
                        let id = attribute(&e, "numFmtId").and_then(|n| n.parse().ok());
                        if let (Some(id), Some(code)) = (id, attribute(&e, "formatCode")) {
                            own.push((id, format_of(&code)));
                        }
                    }
                    "cellXfs" => cells = true,
                    "xf" if cells => {
                        let id: u32 = attribute(&e, "numFmtId").and_then(|n| n.parse().ok()).unwrap_or(0);
                        let custom = own.iter().find(|(i, _)| *i == id).map(|(_, f)| *f);
                        self.formats.push(custom.unwrap_or_else(|| built_in(id)));
                    }
                    _ => {}
                },
                Event::End(e) if e.local_name().as_ref() == "cellXfs" => cells = false,
                _ => {}
            }
        }
        Ok(())
    }
}

/// Identifiers of the workbook's relations and the parts that they lead to.
fn relations(archive: &mut Archive, size: u64) -> Result<Vec<(String, String)>, XmlError> {
    let Ok(part) = archive.by_name("xl/_rels/workbook.xml.rels") else { return Ok(Vec::new()) };
    let mut xml = Xml::new(part, size);
    let mut out = Vec::new();
    while let Some(event) = xml.next()? {
        let (Event::Start(e) | Event::Empty(e)) = event else { continue };
        if e.local_name().as_ref() != "Relationship" {
            continue;
        }
        let sheet = attribute(&e, "Type").is_some_and(|t| t.ends_with("/worksheet"));
        if let (true, Some(id), Some(target)) = (sheet, attribute(&e, "Id"), attribute(&e, "Target")) {
            let path = match target.strip_prefix('/') {
                Some(whole) => whole.to_owned(),
                None => format!("xl/{}", target.trim_start_matches("./")),
            };
            out.push((id, path));
        }
    }
    Ok(out)
}

/// A text without `_x000D_`: signs that XML cannot hold, by their number, as Office writes them.
pub(super) fn unescaped(text: String) -> String {
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("_x") {
        let digits = rest.get(at + 2..at + 6).filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        let code = digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        match code.and_then(|d| u32::from_str_radix(d, 16).ok()).and_then(char::from_u32) {
            Some(c) => {
                out.push_str(&rest[..at]);
                out.push(c);
                rest = &rest[at + 7..];
            }
            None => {
                out.push_str(&rest[..at + 2]);
                rest = &rest[at + 2..];
            }
        }
    }
    if out.is_empty() {
        return text;
    }
    out.push_str(rest);
    out
}

/// The formats that every spreadsheet knows by number.
pub(super) fn built_in(id: u32) -> Format {
    match id {
        9 | 10 => Format::Percent,
        14..=17 | 22 | 27..=31 | 36 | 50..=58 => Format::Date,
        _ => Format::Plain,
    }
}

/// What a format shows: a date, a percentage, zeros before a number.
pub(super) fn format_of(code: &str) -> Format {
    let mut bare = String::new();
    let (mut quoted, mut bracket, mut escaped) = (false, false, false);
    // The first section is that of positive numbers.
    for c in code.chars() {
        match c {
            _ if std::mem::take(&mut escaped) => {}
            '\\' | '_' | '*' => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => bracket = true,
            ']' if !quoted => bracket = false,
            ';' if !quoted => break,
            c if !quoted && !bracket => bare.push(c.to_ascii_lowercase()),
            _ => {}
        }
    }
    if bare.contains('%') {
        return Format::Percent;
    }
    let days = bare.contains('d') || bare.contains('y') || bare.contains('j') || bare.contains("aa");
    // « mm:ss » and « h:mm » are times; « general » has letters too.
    if days && !bare.contains("general") || (bare.contains("mmm") && !bare.contains('s')) {
        return Format::Date;
    }
    let zeros = bare.len();
    if zeros > 1 && bare.bytes().all(|b| b == b'0') { Format::Padded(zeros) } else { Format::Plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_office_writes_by_number_are_read() {
        for (text, want) in [
            ("RUE DES_x000D_\nLILAS", "RUE DES\r\nLILAS"),
            ("a_x005F_x000D_", "a_x000D_"),
            ("max_x_y", "max_x_y"),
            ("_x00ZZ_", "_x00ZZ_"),
            ("plain", "plain"),
            ("_x000D_", "\r"),
        ] {
            assert_eq!(unescaped(text.to_owned()), want, "{text}");
        }
    }

    #[test]
    fn formats_say_what_a_number_shows() {
        for (code, want) in [
            ("dd/mm/yyyy", Format::Date),
            ("[$-40C]mmm-yy;@", Format::Date),
            ("jj/mm/aaaa", Format::Date),
            ("0.00%", Format::Percent),
            ("00000", Format::Padded(5)),
            ("0", Format::Plain),
            ("#,##0.00\\ \"euros dus\"", Format::Plain),
            ("General", Format::Plain),
            ("h:mm", Format::Plain),
            ("mm:ss", Format::Plain),
        ] {
            assert_eq!(format_of(code), want, "{code}");
        }
    }
}
