//! Numbers as French texts write them, and what the system says of files.

/// A number with thin spaces between thousands.
#[must_use]
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(c);
    }
    out
}

/// A number and what it counts: « 1 ligne », « 1 204 lignes ».
#[must_use]
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(n), if n < 2 { one } else { many })
}

/// A number with so many decimals, a comma and thin spaces: « 12 450,5 », « −2,1 ».
#[must_use]
pub fn number(value: f64, decimals: u8) -> String {
    let text = format!("{:.*}", usize::from(decimals), value.abs());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), thousands);
    let zero = text.bytes().all(|b| b == b'0' || b == b'.');
    let sign = if value < 0.0 && !zero { "−" } else { "" };
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole},{part}") }
}

/// The same without « ,0 »: « 25 », « 17,8 ».
#[must_use]
pub fn short(value: f64, decimals: u8) -> String {
    let text = number(value, decimals);
    text.split_once(',')
        .filter(|(_, part)| part.bytes().all(|b| b == b'0'))
        .map_or(text.clone(), |(n, _)| n.to_owned())
}

/// A number as a cell of a file has it: a comma, all its decimals, nothing between thousands.
#[must_use]
pub fn cell(value: f64) -> String {
    value.to_string().replace('.', ",")
}

/// A message in French, the part that the system wrote in English (`No such file or directory (os error 2)`)
/// too.
#[must_use]
pub fn system(message: &str) -> String {
    let mut out = message.to_owned();
    while let Some(at) = out.find("(os error ") {
        let code = out[at..].chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit);
        let Ok(code) = code.collect::<String>().parse::<i32>() else { break };
        let said = std::io::Error::from_raw_os_error(code).to_string();
        let words = match code {
            2 => "fichier ou dossier introuvable".to_owned(),
            1 | 13 => "accès refusé : vérifiez les droits du fichier ou du dossier".to_owned(),
            17 => "il existe déjà".to_owned(),
            20 => "ce n'est pas un dossier".to_owned(),
            21 => "c'est un dossier, pas un fichier".to_owned(),
            24 => "trop de fichiers ouverts".to_owned(),
            28 => "le disque est plein".to_owned(),
            30 => "le disque est en lecture seule".to_owned(),
            36 => "nom de fichier trop long".to_owned(),
            98 => "adresse déjà prise par un autre programme".to_owned(),
            99 => "cette adresse n'est pas celle de cette machine".to_owned(),
            111 => "personne ne répond à cette adresse".to_owned(),
            n => format!("erreur n° {n} du système"),
        };
        if !out.contains(&said) {
            let end = out[at..].find(')').map_or(out.len(), |i| at + i + 1);
            out.replace_range(at..end, &format!("({words})"));
        } else {
            out = out.replace(&said, &words);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{cell, number, short, system, thousands};

    #[test]
    fn what_the_system_says_is_said_in_french() {
        let said = |code| std::io::Error::from_raw_os_error(code).to_string();
        let missing = system(&format!("f.csv: lecture impossible ({})", said(2)));
        assert_eq!(missing, "f.csv: lecture impossible (fichier ou dossier introuvable)");
        assert_eq!(
            system(&format!("{} ; {}", said(21), said(28))),
            "c'est un dossier, pas un fichier ; le disque est plein"
        );
        assert_eq!(system("Other words (os error 5)"), "Other words (erreur n° 5 du système)");
        assert_eq!(system("tout va bien"), "tout va bien");
    }

    #[test]
    fn numbers_have_a_comma_and_their_sign() {
        let told = [(1234.55, 1), (-2.06, 1), (0.4, 0), (-0.04, 1), (12.0, 0)].map(|(v, d)| number(v, d));
        assert_eq!(told, ["1\u{202f}234,5", "−2,1", "0", "0,0", "12"]);
        assert_eq!(
            [short(25.0, 1), short(17.84, 1), short(0.0, 1), short(30.0, 0)],
            ["25", "17,8", "0", "30"]
        );
        assert_eq!([cell(12_450.5), cell(-3.0)], ["12450,5", "-3"]);
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(thousands),
            ["0", "999", "1\u{202f}000", "1\u{202f}234\u{202f}567"]
        );
    }
}
