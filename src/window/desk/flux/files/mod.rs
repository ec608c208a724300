//! Files of gestion en flux: conventions, bases, rights, events. All or none; each refused line with its
//! column, what stands there and its rule. What is written here is what is read here.

use crate::desk::csv_body;
use crate::publish::csv_file;
use crate::reference::registre::mot;
use crate::registers::headers::canonical;
use crate::registers::{fields, kit::codes::Lost};

mod agreed;
mod bring;
mod events;

use std::collections::BTreeMap;

use csv::StringRecord;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

pub use self::bring::bring;
pub use self::events::{events, in_order, written as events_written};
use crate::desk::flux::view::base_code;
use crate::desk::leases::reservataires;
use crate::desk::problem::Problem;
use crate::state::Versioned;

/// Une ligne refusée.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LigneRefusee {
    pub ligne: u64,
    pub colonne: &'static str,
    pub valeur: String,
    /// F01 date, F02 code inconnu, F03 nombre, F04 valeur hors bornes ou contradictoire, F05 manquant, F06
    /// ordre impossible, F07 identifiant répété, F08 bailleur d'un autre.
    pub regle: &'static str,
    pub message: String,
}

/// What a file of its own holds, one line each.
pub trait Filed: Versioned {
    /// What its files are called.
    const NAME: &'static str;
    const COLUMNS: &'static [&'static str];
    const NEEDED: &'static [&'static str];
    /// # Errors
    /// A column, what stands there, a rule, why.
    fn of_row(row: &Row<'_>) -> Result<Self, Refused>;
    fn cells(&self) -> Vec<String>;
    /// Lessor and département, for rights to write it.
    fn place(&self) -> (&str, &str);
}

/// The lines of a file; two that would be one and the same are refused.
///
/// # Errors
/// The file cannot be read at all, or lacks a column.
pub fn lines<T: Filed>(bytes: &[u8]) -> Result<ReadFile<T>, Problem> {
    let mut out = read(bytes, T::COLUMNS, T::NEEDED, T::of_row)?;
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for (ligne, one) in &out.rows {
        if let Some(first) = seen.insert(one.key(), *ligne) {
            out.refused.push(LigneRefusee {
                ligne: *ligne,
                colonne: T::COLUMNS[0],
                valeur: one.key(),
                regle: "F07",
                message: format!("La ligne {first} dit déjà la même chose : une seule peut être gardée."),
            });
        }
    }
    Ok(out)
}

/// A file that [`lines`] reads.
///
/// # Errors
/// A line cannot be written.
pub fn written<'a, T: Filed + 'a>(list: impl IntoIterator<Item = &'a T>) -> Result<Vec<u8>, csv::Error> {
    let mut w = csv_file::writer();
    w.write_record(T::COLUMNS)?;
    for one in list {
        w.write_record(one.cells())?;
    }
    csv_file::bytes(w)
}

/// A text as it was before [`csv_file::inert`].
fn alive(text: &str) -> &str {
    let signs = ['=', '+', '-', '@'];
    text.strip_prefix('\'').filter(|t| t.starts_with(signs)).unwrap_or(text)
}

/// A word of an enumeration, as files write it.
pub fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn some(n: Option<impl ToString>) -> String {
    n.map(|n| n.to_string()).unwrap_or_default()
}

/// A column, what stands there, its rule, why.
pub type Refused = (&'static str, String, &'static str, String);

/// A line by the names of its columns.
pub struct Row<'a> {
    record: &'a StringRecord,
    at: &'a BTreeMap<&'static str, usize>,
}

impl Row<'_> {
    fn text(&self, name: &'static str) -> &str {
        alive(self.at.get(name).and_then(|i| self.record.get(*i)).map_or("", str::trim))
    }

    fn needed(&self, name: &'static str) -> Result<String, Refused> {
        let text = self.text(name);
        if text.is_empty() {
            return Err((
                name,
                String::new(),
                "F05",
                format!("La colonne « {name} » est vide : elle est obligatoire."),
            ));
        }
        Ok(text.to_owned())
    }

    fn number<T: std::str::FromStr>(&self, name: &'static str) -> Result<Option<T>, Refused> {
        let text = self.text(name);
        if text.is_empty() {
            return Ok(None);
        }
        let wrong =
            || (name, text.to_owned(), "F03", format!("« {text} » n'est pas un nombre acceptable ici."));
        // « 893.0 », « 25 % » and « 1 893 » as spreadsheets write them.
        let bare = text.strip_suffix('%').unwrap_or(text).trim_end();
        let value = fields::decimal(bare.as_bytes()).map_err(|_| wrong())?;
        value.to_string().parse().map(Some).map_err(|_| wrong())
    }

    fn count<T: std::str::FromStr>(&self, name: &'static str) -> Result<T, Refused> {
        self.needed(name)?;
        self.number(name)?
            .ok_or_else(|| (name, String::new(), "F05", format!("La colonne « {name} » est vide.")))
    }

    fn day(&self, name: &'static str) -> Result<Option<String>, Refused> {
        let text = self.text(name);
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = || {
            let why = "Une date s'écrit AAAA-MM-JJ, par exemple 2026-12-31.".to_owned();
            (name, text.to_owned(), "F01", why)
        };
        let date = fields::date(text.as_bytes()).map_err(|_| wrong())?;
        let day = date.day.ok_or_else(wrong)?;
        Ok(Some(format!("{:04}-{:02}-{day:02}", date.year, date.month)))
    }

    fn flag(&self, name: &'static str) -> Result<Option<bool>, Refused> {
        let text = self.text(name);
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = |_| (name, text.to_owned(), "F02", "Attendu : 1, 0, oui, non ou rien.".to_owned());
        fields::boolean(text.as_bytes()).map(Some).map_err(wrong)
    }

    /// A list within a cell, `a|b|c`, each read in the same way.
    fn list<T>(
        &self,
        name: &'static str,
        how: &str,
        of: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, Refused> {
        let text = self.text(name);
        let each = text.split('|').map(str::trim).filter(|t| !t.is_empty());
        let wrong = |t: &str| (name, t.to_owned(), "F02", format!("Attendu : {how}."));
        each.map(|t| of(t).ok_or_else(|| wrong(t))).collect()
    }

    /// One of the words of an enumeration.
    fn word<T: DeserializeOwned>(&self, name: &'static str, accepted: &str) -> Result<T, Refused> {
        let text = self.needed(name)?;
        serde_json::from_value(serde_json::Value::String(plain_word(&text)))
            .map_err(|_| (name, text, "F02", format!("Attendu : {accepted}.")))
    }

    fn siren(&self) -> Result<String, Refused> {
        let text = self.needed("bailleur")?;
        match fields::siren(text.as_bytes()) {
            Ok(siren) => Ok(String::from_utf8_lossy(&siren.digits).into_owned()),
            Err(_) => Err(("bailleur", text, "F02", "Un SIREN a neuf chiffres.".to_owned())),
        }
    }

    /// The number of a dwelling, its first zero given back.
    fn dwelling(&self) -> Result<String, Refused> {
        let text = self.needed("logement")?;
        if fields::lost(text.as_bytes()) {
            return Err(("logement", text, "F02", Lost::Scientific.told().to_owned()));
        }
        Ok(String::from_utf8_lossy(&fields::ident_rep(text.as_bytes()).0).into_owned())
    }

    /// What contradicts itself, as a refusal.
    fn sound<T>(&self, what: T, told: Result<(), (&'static str, String)>) -> Result<T, Refused> {
        told.map_err(|(name, why)| (name, self.text(name).to_owned(), "F04", why))?;
        Ok(what)
    }

    fn reservataire(&self, name: &'static str) -> Result<String, Refused> {
        let text = whole_holder(self.needed(name)?);
        known_holder(&text).map_err(|why| (name, text.clone(), "F02", why))?;
        Ok(text)
    }
}

/// A word of a list as its list has it: `Signée` is `signee`.
pub fn plain_word(text: &str) -> String {
    mot(text).to_lowercase()
}

/// A code with the zero of its commune that a spreadsheet took: `COMMUNE:1901`.
fn whole_holder(code: String) -> String {
    let commune = code.strip_prefix("COMMUNE:").and_then(|c| fields::commune(c.trim().as_bytes()).ok());
    commune.map_or(code, |(commune, _)| format!("COMMUNE:{}", String::from_utf8_lossy(&commune)))
}

/// Checks the code of a réservataire.
pub fn known_holder(code: &str) -> Result<(), String> {
    let list = reservataires();
    if let Some(commune) = code.strip_prefix("COMMUNE:")
        && !fields::commune(commune.as_bytes()).is_ok_and(|(whole, _)| whole == *commune.as_bytes())
    {
        return Err(format!(
            "« {commune} » n'est pas un code commune de l'Insee (cinq signes : COMMUNE:01901)."
        ));
    }
    if list.iter().any(|v| v.id == base_code(code)) {
        return Ok(());
    }
    let all: Vec<&str> = list.iter().map(|v| v.id.as_str()).collect();
    Err(format!("Réservataire inconnu. Attendu : {}, ou COMMUNE:73065 pour préciser.", all.join(", ")))
}

/// What of a file can be read, and its refused lines.
#[derive(Debug)]
pub struct ReadFile<T> {
    /// Line of the file, and what it says.
    pub rows: Vec<(u64, T)>,
    pub refused: Vec<LigneRefusee>,
    /// Columns that nothing here reads.
    pub ignored: Vec<String>,
}

fn read<T>(
    bytes: &[u8],
    columns: &[&'static str],
    needed: &[&'static str],
    of: impl Fn(&Row<'_>) -> Result<T, Refused>,
) -> Result<ReadFile<T>, Problem> {
    let (header, rows) = csv_body::below(bytes, needed)?;
    let (mut at, mut ignored) = (BTreeMap::new(), Vec::new());
    for (i, name) in header.iter().enumerate() {
        if let Some(known) = columns.iter().find(|c| canonical(c) == canonical(name)) {
            at.entry(*known).or_insert(i);
        } else if !name.trim().is_empty() {
            ignored.push(name.trim().to_owned());
        }
    }
    for name in ["part", "taux"] {
        fractions(&rows, name, at.get(name).copied())?;
    }
    let departement = at.get("departement").copied();
    let mut out = ReadFile { rows: Vec::new(), refused: Vec::new(), ignored };
    for (ligne, record) in rows {
        let whole = |(i, cell): (usize, &str)| {
            let lost = Some(i) == departement && cell.len() == 1 && cell.as_bytes()[0].is_ascii_digit();
            if lost { format!("0{cell}") } else { cell.to_owned() }
        };
        let record: StringRecord = record.iter().enumerate().map(whole).collect();
        match of(&Row { record: &record, at: &at }) {
            Ok(row) => out.rows.push((ligne, row)),
            Err((colonne, valeur, regle, message)) => {
                out.refused.push(LigneRefusee { ligne, colonne, valeur, regle, message });
            }
        }
    }
    if out.rows.is_empty() && out.refused.is_empty() {
        return Err(Problem::body("Ce fichier n'a aucune ligne sous son en-tête."));
    }
    Ok(out)
}

/// Refuses shares that a column of percentages lost its sign of: 0,25 for 25 %.
fn fractions(rows: &[(u64, StringRecord)], name: &str, part: Option<usize>) -> Result<(), Problem> {
    let Some(part) = part else { return Ok(()) };
    let cell = |r: &StringRecord| fields::decimal(r.get(part)?.as_bytes()).ok().filter(|v| *v > 0.0);
    let shares: Vec<f64> = rows.iter().filter_map(|(_, r)| cell(r)).collect();
    if shares.len() > 1 && shares.iter().all(|s| *s <= 1.0) {
        return Err(Problem::body(format!(
            "La colonne « {name} » est écrite en fractions (0,25) : écrivez des pourcentages (25)."
        )));
    }
    Ok(())
}

fn bounded(name: &'static str, value: f64, most: f64, why: &str) -> Result<f64, Refused> {
    if (0.0..=most).contains(&value) {
        return Ok(value);
    }
    Err((name, value.to_string(), "F04", why.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::events::EVENTS;
    use super::*;
    use crate::desk::templates::example_of;
    use crate::flow::convention::ConventionFlux;
    use crate::flow::rights::Droit;
    use crate::flow::year::Assiette;

    fn example(name: &str, columns: &[&str]) -> Vec<u8> {
        let text = example_of(name).expect("a template");
        let header = text.trim_start_matches(csv_file::MARK).lines().next().expect("a header");
        assert_eq!(header.split(';').collect::<Vec<_>>(), columns, "columns of {name}");
        text.into_bytes()
    }

    /// The example line of the template is accepted; what is read is written and read again, the same.
    fn round<T: Filed + std::fmt::Debug>(template: &str, lines_of: &str) {
        let read = lines::<T>(&example(template, T::COLUMNS)).expect("a file");
        assert_eq!((read.rows.len(), read.refused), (1, Vec::new()), "{template}");
        let file = format!("{}\n{lines_of}", T::COLUMNS.join(";"));
        let first = lines::<T>(file.as_bytes()).expect("a file");
        assert_eq!(first.refused, []);
        let first: Vec<T> = first.rows.into_iter().map(|r| r.1).collect();
        let again = lines::<T>(&written(&first).expect("written")).expect("a file");
        assert_eq!(again.rows.into_iter().map(|r| r.1).collect::<Vec<T>>(), first);
    }

    #[test]
    fn what_is_exported_is_what_is_imported() {
        let c = "300000006;EPCI:200069110;73;=acte;denoncee;2025-01-15;2026-03-01;2025;2030;Avenant 2;caleol;12,5;3;40;21;60;\
                 T1=15|T5+=45;autre_reservataire;partagee;73065=60,5:3:11|73008=30;1;40;90;35,5;12;1;0\n\
                 300000006;ETAT_PRIO;73;;signee;;;2025;;;bail;25;0;;30;60;;retour_bailleur;directe;;0;;;;;0;1";
        round::<ConventionFlux>("flux_convention", c);
        round::<Droit>(
            "flux_droit",
            "R1;300000006;EPCI:200069110;73;73065;garantie;-Les Tilleuls;\"1; rue X\";1998;48;PLUS;10;droit_de_suite;1998;;\
             COMMUNE:73065;Prêt;1",
        );
        round::<Assiette>(
            "flux_assiette",
            "300000006;73;;2026;2400;204;;210;2390;;2385;;24;10;1;2;3\n300000006;73;73065;2026;90;;;;;;;6,4;0;0;0;0;0",
        );
    }

    #[test]
    fn events_come_back_as_they_went() {
        let read = events(&example("flux_evenement", &EVENTS), Some("300000006")).expect("a file");
        assert_eq!((read.rows.len(), read.refused), (1, Vec::new()));
        let file = format!(
            "{}\ne1;;L1;2026-03-02;preavis;;;;;;;;73065;T3;PLUS;QN07301M;1970-1979;-1;;\n\
             e2;;L1;2026-03-05;oriente;ACTION_LOGEMENT;EPCI:200069110;;;;;;;;;;;;1;1\n\
             e3;;L1;2026-03-06;accepte;;;;;;;;;;;;;;;\ne4;;L1;2026-03-07;candidats;;;;3;;;;;;;;;;;\n\
             e5;;L1;2026-03-08;caleol;;;;;;;;;;;;;;;\ne6;;L1;2026-03-09;bail;;;@mot;;1;0;EXTERNE;;;;;;;;\n",
            EVENTS.join(";")
        );
        let of = |bytes: &[u8]| {
            let read = events(bytes, Some("300000006")).expect("a file");
            assert_eq!(read.refused, []);
            assert_eq!(in_order(&read.rows, &[]), []);
            read.rows.into_iter().map(|r| r.1).collect::<Vec<_>>()
        };
        let first = of(file.as_bytes());
        assert_eq!(of(&events_written(&first).expect("written")), first);
    }

    #[test]
    fn a_refused_line_names_its_column_and_its_rule() {
        let file = |cells: &str| format!("{}\n{cells}", ConventionFlux::COLUMNS.join(";"));
        let told = |cells: &str| {
            let read = lines::<ConventionFlux>(file(cells).as_bytes()).expect("a file");
            let r = read.refused.first().expect("a refusal").clone();
            (r.ligne, r.colonne, r.regle)
        };
        let good = "300000006;EPCI;73;;signee;;;2025;;;bail;12;;;;;;;;;;;;;;;";
        assert_eq!(told(&good.replace("signee", "denoncee")), (2, "denoncee", "F04"));
        assert_eq!(told(&good.replace(";12;", ";112;")), (2, "part", "F04"));
        assert_eq!(told(&good.replace("EPCI", "MAIRE")), (2, "reservataire", "F02"));
        assert_eq!(told(&good.replace(";bail;", ";signature;")), (2, "decompte", "F02"));
        assert_eq!(told(&format!("{good}\n{good}")), (3, "bailleur", "F07"));
        // A column whose name is misspelt is not left out in silence.
        let misspelt = file(good).replace(";minimum;", ";minimun;");
        assert_eq!(lines::<ConventionFlux>(misspelt.as_bytes()).expect("a file").ignored, ["minimun"]);
    }

    #[test]
    fn a_dwelling_of_unknown_place_is_refused() {
        let file = format!("{}\ne1;;L1;2026-03-02;preavis;;;;;;;;;;;;;;;", EVENTS.join(";"));
        let read = events(file.as_bytes(), Some("300000006")).expect("a file");
        let told = in_order(&read.rows, &[]);
        assert_eq!((told[0].ligne, told[0].colonne, told[0].regle), (2, "commune", "F05"));
    }
}
