//! Papers read back: the text of a PDF as its fonts' own tables spell it, apart from what is said to be
//! ornament. Enough for the papers that this program writes; `tests/oracle` reads them with tools of others.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::ZlibDecoder;

/// What a paper says, in the order in which it is drawn.
pub struct Paper {
    pub pages: usize,
    /// Without any space: lines are broken where they have to.
    pub text: String,
    /// Heads, feet, numbers of pages.
    pub ornaments: String,
    /// The file without its streams: structure and metadata.
    pub plain: String,
}

/// A text without its spaces, to be looked for in [`Paper::text`].
pub fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

impl Paper {
    pub fn read(bytes: &[u8]) -> Self {
        assert!(bytes.starts_with(b"%PDF-1.7"), "{}", String::from_utf8_lossy(bytes));
        let objects = objects(bytes);
        let mut out = Self { pages: 0, text: String::new(), ornaments: String::new(), plain: String::new() };
        for (head, _) in objects.values() {
            out.plain += head;
        }
        let pages = objects.values().filter(|(head, _)| named(head, "Type") == Some("Page"));
        for (page, _) in pages {
            out.pages += 1;
            let resources = reference(page, "Resources").map_or(page.as_str(), |n| &objects[&n].0);
            let fonts = fonts(resources, &objects);
            let content = &objects[&reference(page, "Contents").expect("one content a page")].1;
            out.page(content, &fonts);
        }
        out
    }

    /// Whether it says something, however its lines are broken.
    pub fn says(&self, text: &str) -> bool {
        self.text.contains(&squeezed(text))
    }

    fn page(&mut self, content: &[u8], fonts: &BTreeMap<String, BTreeMap<u16, String>>) {
        let none = BTreeMap::new();
        let (mut font, mut operands, mut marks) = (&none, Vec::new(), Vec::new());
        for token in tokens(content) {
            match token {
                Token::Word(word) if word.starts_with('/') => operands.push(Operand::Name(word[1..].into())),
                Token::Text(raw) => operands.push(Operand::Text(raw)),
                Token::Word(word) => {
                    let first = operands.iter().find_map(|o| match o {
                        Operand::Name(name) => Some(name.as_str()),
                        Operand::Text(_) => None,
                    });
                    match word.as_str() {
                        "BDC" | "BMC" => marks.push(first == Some("Artifact")),
                        "EMC" => drop(marks.pop()),
                        "Tf" => font = first.and_then(|name| fonts.get(name)).unwrap_or(&none),
                        "Tj" | "TJ" => {
                            let said: String = operands.iter().map(|o| o.spelt(font)).collect();
                            let ornament = marks.last() == Some(&true);
                            let there = if ornament { &mut self.ornaments } else { &mut self.text };
                            *there += &squeezed(&said);
                        }
                        _ if word.parse::<f64>().is_ok() || "[]<<>>".contains(word.as_str()) => continue,
                        _ => {}
                    }
                    operands.clear();
                }
            }
        }
    }
}

enum Operand {
    Name(String),
    Text(Vec<u8>),
}

impl Operand {
    fn spelt(&self, font: &BTreeMap<u16, String>) -> String {
        let Self::Text(raw) = self else { return String::new() };
        let codes = raw.chunks_exact(2).map(|c| u16::from_be_bytes([c[0], c[1]]));
        codes.map(|c| font.get(&c).map_or("\u{fffd}", String::as_str)).collect()
    }
}

/// Number → what stands before its stream, and the stream, unpacked.
fn objects(bytes: &[u8]) -> BTreeMap<u32, (String, Vec<u8>)> {
    let find = |from: usize, what: &[u8]| {
        bytes[from..].windows(what.len()).position(|w| w == what).map(|at| from + at)
    };
    let mut out = BTreeMap::new();
    let mut at = 0;
    while let Some(begin) = find(at, b" 0 obj") {
        let digits = bytes[..begin].iter().rev().take_while(|b| b.is_ascii_digit()).count();
        let number = String::from_utf8_lossy(&bytes[begin - digits..begin]).parse().unwrap_or_default();
        let body = begin + 6;
        let end = find(body, b"endobj").expect("an object ends");
        let stream = find(body, b"stream").filter(|s| *s < end);
        let head = spaced(&String::from_utf8_lossy(&bytes[body..stream.unwrap_or(end)]));
        let length = |head: &str| head.split("/Length ").nth(1)?.split_whitespace().next()?.parse().ok();
        at = end;
        let mut content = Vec::new();
        if let (Some(start), Some(length)) = (stream, length(&head)) {
            let start = start + 6 + usize::from(bytes[start + 6] == b'\r') + 1;
            let raw: &[u8] = &bytes[start..start + usize::min(length, bytes.len() - start)];
            content = raw.to_vec();
            if head.contains("FlateDecode") {
                content = Vec::new();
                ZlibDecoder::new(raw).read_to_end(&mut content).expect("a stream unpacks");
            }
            at = find(start + length, b"endobj").expect("an object ends");
        }
        out.insert(number, (head, content));
    }
    out
}

/// A dictionary with its signs apart, as keys are looked for.
fn spaced(head: &str) -> String {
    let apart = [("/", " /"), ("<<", " << "), (">>", " >> "), ("[", " [ "), ("]", " ] ")];
    apart.iter().fold(head.to_owned(), |text, (sign, wide)| text.replace(sign, wide))
}

/// The name that a key has.
fn named<'a>(head: &'a str, key: &str) -> Option<&'a str> {
    let after = head.split(&format!("/{key} /")).nth(1)?;
    after.split(|c: char| !c.is_alphanumeric()).next()
}

/// The object that a key refers to.
fn reference(head: &str, key: &str) -> Option<u32> {
    let mut words = head.split(&format!("/{key} ")).nth(1)?.split_whitespace();
    let number = words.next()?.parse().ok()?;
    (words.next() == Some("0")).then_some(number)
}

/// Letters by code, by the name that a page gives the font.
fn fonts(
    resources: &str,
    objects: &BTreeMap<u32, (String, Vec<u8>)>,
) -> BTreeMap<String, BTreeMap<u16, String>> {
    let list = match reference(resources, "Font") {
        Some(n) => objects[&n].0.clone(),
        None => resources.split("/Font").nth(1).and_then(|r| r.split(">>").next()).unwrap_or("").to_owned(),
    };
    let words: Vec<&str> = list.split_whitespace().collect();
    let one = |w: &[&str]| {
        let name = w[0].trim_start_matches('<').strip_prefix('/')?;
        let font = objects.get(&w[1].parse().ok()?).filter(|_| w[2] == "0")?;
        let table = &objects.get(&reference(&font.0, "ToUnicode")?)?.1;
        Some((name.to_owned(), letters(&String::from_utf8_lossy(table))))
    };
    words.windows(4).filter_map(one).collect()
}

/// Characters by code, from a font's own table.
fn letters(table: &str) -> BTreeMap<u16, String> {
    let code = |hex: &str| u16::from_str_radix(hex, 16).ok();
    let text = |hex: &str| {
        let units: Vec<u16> = (0..hex.len() / 4).filter_map(|i| code(&hex[4 * i..4 * i + 4])).collect();
        String::from_utf16_lossy(&units)
    };
    let hexes = |line: &str| -> Vec<String> {
        line.split('<').skip(1).filter_map(|p| Some(p.split('>').next()?.to_owned())).collect()
    };
    let mut out = BTreeMap::new();
    let mut range = false;
    for line in table.lines() {
        range = (range || line.contains("beginbfrange")) && !line.contains("endbfrange");
        match hexes(line).as_slice() {
            [one, said] if !line.contains("begincodespace") => {
                out.extend(code(one).map(|c| (c, text(said))));
            }
            [low, high, said] if range => {
                let (Some(low), Some(high)) = (code(low), code(high)) else { continue };
                let first = text(said).chars().next().map_or(0, u32::from);
                let letter = |c: u16| char::from_u32(first + u32::from(c - low)).unwrap_or_default();
                out.extend((low..=high).map(|c| (c, letter(c).to_string())));
            }
            _ => {}
        }
    }
    out
}

enum Token {
    Word(String),
    Text(Vec<u8>),
}

/// Words and texts of a content; dictionaries are words too.
fn tokens(content: &[u8]) -> Vec<Token> {
    let mut out = Vec::new();
    let mut i = 0;
    while i < content.len() {
        match content[i] {
            b'(' => {
                let mut raw = Vec::new();
                let mut depth = 1;
                i += 1;
                while depth > 0 {
                    match content[i] {
                        b'\\' => {
                            i += 1;
                            let digits =
                                content[i..].iter().take(3).take_while(|b| (b'0'..b'8').contains(b)).count();
                            if digits > 0 {
                                let octal = content[i..i + digits].iter();
                                raw.push(octal.fold(0u8, |n, b| n.wrapping_mul(8).wrapping_add(b - b'0')));
                                i += digits - 1;
                            } else {
                                raw.push(match content[i] {
                                    b'n' => b'\n',
                                    b'r' => b'\r',
                                    b't' => b'\t',
                                    b'b' => 8,
                                    b'f' => 12,
                                    other => other,
                                });
                            }
                        }
                        b'(' => {
                            depth += 1;
                            raw.push(b'(');
                        }
                        b')' => {
                            depth -= 1;
                            if depth > 0 {
                                raw.push(b')');
                            }
                        }
                        other => raw.push(other),
                    }
                    i += 1;
                }
                out.push(Token::Text(raw));
            }
            b'<' if content.get(i + 1) != Some(&b'<') => {
                let end = i + content[i..].iter().position(|b| *b == b'>').expect("a text ends");
                let hex: String = String::from_utf8_lossy(&content[i + 1..end]).into_owned();
                let byte = |k: usize| u8::from_str_radix(&hex[2 * k..2 * k + 2], 16).unwrap_or_default();
                out.push(Token::Text((0..hex.len() / 2).map(byte).collect()));
                i = end + 1;
            }
            b if b.is_ascii_whitespace() => i += 1,
            b'[' | b']' | b'<' | b'>' => {
                out.push(Token::Word(char::from(content[i]).to_string()));
                i += 1;
            }
            _ => {
                let ends = |b: &u8| b.is_ascii_whitespace() || b"[]()<>/".contains(b);
                let end = content[i + 1..].iter().position(ends).map_or(content.len(), |n| i + 1 + n);
                out.push(Token::Word(String::from_utf8_lossy(&content[i..end]).into_owned()));
                i = end;
            }
        }
    }
    out
}
